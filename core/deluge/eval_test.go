package deluge_test

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"sort"
	"strings"
	"testing"
	"unicode"
)

// This file is a second reading of Deluge, with nothing of the package's own:
// it runs functions and records the HTTP requests that they make. What is
// unknown (an argument, an answer, another function) is a name between angle
// quotes. It is strict where the rewriter is tolerant.

// sent is one recorded request.
type sent struct {
	Method, URL, Body, Connection string
	Headers                       map[string]string
	Detailed                      bool
}

type dict struct {
	keys   []string
	values map[string]any
}

func (d *dict) put(k string, v any) {
	if _, ok := d.values[k]; !ok {
		d.keys = append(d.keys, k)
	}
	d.values[k] = v
}

func newDict() *dict { return &dict{values: map[string]any{}} }

// machine runs one function under one oracle: conditions are decided by it.
type machine struct {
	toks   []string
	at     int
	vars   map[string]any
	sent   []sent
	log    []string
	oracle int
	asked  int
	dead   bool // parsing without running
	done   bool // returned
}

type halt struct{ why string }

var pieces = regexp.MustCompile(`(?s)//[^\r\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|[“＂][^”"＂\r\n]*[”"＂]|'(?:\\.|[^'\\\r\n])*'|\d+(?:\.\d+)?|[\p{L}_$][\p{L}\p{N}_$ー]*|==|!=|<=|>=|&&|\|\||\+=|\s+|.`)

func execute(src string, oracle int) (m *machine, err error) {
	m = &machine{vars: map[string]any{}, oracle: oracle}
	for _, p := range pieces.FindAllString(strings.TrimPrefix(src, "\ufeff"), -1) {
		if strings.HasPrefix(p, "//") || strings.HasPrefix(p, "/*") || strings.TrimFunc(p, unicode.IsSpace) == "" {
			continue
		}
		m.toks = append(m.toks, p)
	}
	defer func() {
		if p := recover(); p != nil {
			h, ok := p.(halt)
			if !ok {
				panic(p)
			}
			err = fmt.Errorf("%s near %q", h.why, strings.Join(m.toks[max(0, m.at-6):min(len(m.toks), m.at+6)], " "))
		}
	}()
	for m.at < len(m.toks) {
		m.statement()
	}
	return m, nil
}

func (m *machine) peek(ahead int) string {
	if m.at+ahead < len(m.toks) {
		return m.toks[m.at+ahead]
	}
	return ""
}

func (m *machine) is(s string) bool { return strings.EqualFold(m.peek(0), s) }

func (m *machine) want(s string) {
	if !m.is(s) {
		panic(halt{"want " + s})
	}
	m.at++
}

func (m *machine) off() bool { return m.dead || m.done }

func (m *machine) statement() {
	switch {
	case m.is(";"):
		m.at++
	case m.is("if") && m.peek(1) == "(":
		m.at++
		m.branch()
	case m.is("for") && strings.EqualFold(m.peek(1), "each"):
		m.each()
	case m.is("try"):
		m.at++
		m.body(false)
		m.want("catch")
		if m.is("(") {
			m.at += 3
		}
		m.body(true)
	case m.is("{"):
		m.body(false)
	case m.is("return"), m.is("info"):
		word := strings.ToLower(m.peek(0))
		m.at++
		var v any = ""
		if !m.is(";") {
			v = m.expression(1)
		}
		if !m.off() {
			m.log = append(m.log, word+" "+show(v))
			m.done = word == "return"
		}
		m.want(";")
	case m.is("sendmail") && m.peek(1) == "[":
		m.at += 2
		for !m.is("]") {
			m.at += 2
			v := m.expression(1)
			if !m.off() {
				m.log = append(m.log, "mail "+show(v))
			}
		}
		m.at++
	case m.head():
	default:
		m.assignment()
	}
}

// head runs a function's body in variables of its own.
func (m *machine) head() bool {
	i := m.at
	for ; i < len(m.toks) && m.toks[i] != "("; i++ {
		if m.toks[i] != "." && !wordy(m.toks[i]) {
			return false
		}
	}
	for ; i < len(m.toks) && m.toks[i] != ")"; i++ {
	}
	if i+1 >= len(m.toks) || m.toks[i+1] != "{" {
		return false
	}
	m.at = i + 1
	outer, done := m.vars, m.done
	m.vars = map[string]any{}
	m.body(false)
	m.vars, m.done = outer, done
	return true
}

func wordy(s string) bool {
	r := []rune(s)
	return len(r) > 0 && (unicode.IsLetter(r[0]) || r[0] == '_' || r[0] == '$')
}

func (m *machine) decide() bool {
	m.asked++
	h := fnv.New32a()
	fmt.Fprint(h, m.oracle, "/", m.asked)
	return h.Sum32()>>7&1 == 0
}

func (m *machine) branch() {
	m.want("(")
	m.expression(1)
	m.want(")")
	yes := false
	if !m.off() {
		yes = m.decide()
	}
	m.body(!yes)
	if !m.is("else") {
		return
	}
	m.at++
	was := m.dead
	m.dead = m.dead || yes
	if m.is("if") {
		m.at++
		m.branch()
	} else {
		m.body(false)
	}
	m.dead = was
}

func (m *machine) body(skip bool) {
	was := m.dead
	m.dead = m.dead || skip
	m.want("{")
	for !m.is("}") {
		if m.at >= len(m.toks) {
			panic(halt{"no end of block"})
		}
		m.statement()
	}
	m.at++
	m.dead = was
}

func (m *machine) each() {
	m.at += 2
	name := m.peek(0)
	m.at++
	m.want("in")
	v := m.expression(1)
	items := []any{"‹first " + name + "›", "‹second " + name + "›"}
	if l, ok := v.([]any); ok {
		items = l
	}
	from := m.at
	if m.off() {
		m.body(true)
		return
	}
	for _, it := range items {
		m.at = from
		m.vars[name] = it
		m.body(false)
	}
}

func (m *machine) assignment() {
	if wordy(m.peek(0)) && (m.peek(1) == "=" || m.peek(1) == "+=") {
		name, op := m.peek(0), m.peek(1)
		m.at += 2
		v := m.expression(1)
		if !m.off() {
			if op == "+=" {
				v = show(m.vars[name]) + show(v)
			}
			m.vars[name] = v
		}
		m.want(";")
		return
	}
	m.expression(1)
	m.want(";")
}

func strength(op string) int {
	switch op {
	case "||":
		return 1
	case "&&":
		return 2
	case "==", "!=", "<", ">", "<=", ">=":
		return 3
	case "+", "-":
		return 4
	case "*", "/":
		return 5
	}
	return 0
}

func (m *machine) expression(least int) any {
	left := m.postfix()
	for {
		op := m.peek(0)
		s := strength(op)
		if s == 0 || s < least {
			return left
		}
		m.at++
		was := m.dead
		if op == "&&" || op == "||" {
			m.dead = m.dead || m.off() || m.decide()
		}
		right := m.expression(s + 1)
		m.dead = was
		if op == "+" {
			left = show(left) + show(right)
		} else {
			left = "‹" + show(left) + op + show(right) + "›"
		}
	}
}

func (m *machine) postfix() any {
	if m.is("!") {
		m.at++
		return "‹!" + show(m.postfix()) + "›"
	}
	v, name := m.primary()
	for m.is(".") {
		member := m.peek(1)
		m.at += 2
		if !m.is("(") {
			v = "‹" + show(v) + "." + member + "›"
			continue
		}
		args := m.arguments()
		v = m.method(v, name, strings.ToLower(member), args)
	}
	return v
}

func (m *machine) arguments() []any {
	m.want("(")
	var out []any
	for !m.is(")") {
		out = append(out, m.expression(1))
		if !m.is(")") {
			m.want(",")
		}
	}
	m.at++
	return out
}

func (m *machine) method(v any, name, member string, args []any) any {
	if d, ok := v.(*dict); ok && member == "put" && len(args) == 2 {
		if !m.off() {
			d.put(show(args[0]), args[1])
		}
		return d
	}
	if d, ok := v.(*dict); ok && member == "get" && len(args) == 1 {
		if got, ok := d.values[show(args[0])]; ok {
			return got
		}
	}
	if member == "tostring" && len(args) == 0 {
		return show(v)
	}
	text := "‹" + show(v) + "." + member + "("
	for i, a := range args {
		if i > 0 {
			text += ","
		}
		text += show(a)
	}
	text += ")›"
	if !m.off() && (strings.HasPrefix(show(v), "‹zoho.") || strings.HasPrefix(show(v), "‹‹zoho.") || strings.HasPrefix(show(v), "‹standalone")) {
		m.log = append(m.log, "call "+text)
	}
	return text
}

func unquote(s string) string {
	s = strings.TrimRight(strings.TrimLeft(s, `"“'＂`), `"”'＂`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\/`, "/").Replace(s)
}

func (m *machine) primary() (v any, name string) {
	t := m.peek(0)
	m.at++
	switch {
	case t == "":
		panic(halt{"end of text"})
	case t == `""` || t == `''`:
		return "", ""
	case strings.HasPrefix(t, `"`), strings.HasPrefix(t, "“"), strings.HasPrefix(t, "＂"), strings.HasPrefix(t, "'"):
		return unquote(t), ""
	case unicode.IsDigit([]rune(t)[0]):
		return t, ""
	case t == "(":
		v := m.expression(1)
		m.want(")")
		return v, ""
	case t == "{":
		return m.braces(), ""
	case strings.EqualFold(t, "invokeurl") && m.is("["):
		return m.invoke(), ""
	case wordy(t):
		return m.name(t), t
	}
	m.at--
	panic(halt{"no expression"})
}

func (m *machine) name(t string) any {
	if m.is("(") {
		args := m.arguments()
		switch strings.ToLower(t) {
		case "map":
			return newDict()
		case "geturl", "posturl":
			return m.function(strings.EqualFold(t, "posturl"), args)
		}
		text := "‹" + t
		for _, a := range args {
			text += " " + show(a)
		}
		return text + "›"
	}
	if v, ok := m.vars[t]; ok {
		return v
	}
	if t == "true" || t == "false" {
		return t
	}
	return "‹" + t + "›"
}

func (m *machine) braces() any {
	d, list, isMap := newDict(), []any{}, false
	for !m.is("}") {
		k := m.expression(1)
		if m.is(":") {
			isMap = true
			m.at++
			d.put(show(k), m.expression(1))
		} else {
			list = append(list, k)
		}
		if !m.is("}") {
			m.want(",")
		}
	}
	m.at++
	if isMap || len(list) == 0 {
		return d
	}
	return list
}

func (m *machine) invoke() any {
	m.want("[")
	q := sent{Method: "GET", Headers: map[string]string{}}
	for !m.is("]") {
		key := strings.ToLower(m.peek(0))
		if !wordy(key) {
			panic(halt{"no key in invokeurl"})
		}
		m.at++
		for m.is("-") {
			key += "-" + m.peek(1)
			m.at += 2
		}
		m.want(":")
		if key == "type" {
			q.Method = strings.ToUpper(m.peek(0))
			m.at++
			continue
		}
		v := m.expression(1)
		switch key {
		case "url":
			q.URL = show(v)
		case "headers":
			headersOf(&q, v)
		case "parameters", "body":
			q.Body = show(v)
		case "connection":
			q.Connection = show(v)
		case "detailed":
			q.Detailed = show(v) == "true"
		default:
			panic(halt{"key " + key})
		}
	}
	m.at++
	return m.send(q)
}

func headersOf(q *sent, v any) {
	d, ok := v.(*dict)
	if !ok {
		q.Headers["*"] = show(v)
		return
	}
	for _, k := range d.keys {
		q.Headers[strings.ToLower(k)] = strings.TrimSpace(show(d.values[k]))
	}
}

func (m *machine) function(post bool, args []any) any {
	q := sent{Method: "GET", Headers: map[string]string{}, URL: show(args[0])}
	args = args[1:]
	if post {
		q.Method, q.Body, args = "POST", show(args[0]), args[1:]
	}
	for _, a := range args {
		switch a {
		case "true":
		case "false":
			q.Detailed = true
		default:
			headersOf(&q, a)
		}
	}
	return m.send(q)
}

func (m *machine) send(q sent) any {
	if m.off() {
		return ""
	}
	m.sent = append(m.sent, q)
	if q.Detailed {
		return fmt.Sprintf("‹detailed answer %d›", len(m.sent))
	}
	return fmt.Sprintf("‹answer %d›", len(m.sent))
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case *dict:
		var parts []string
		for _, k := range v.keys {
			parts = append(parts, fmt.Sprintf("%q:%q", k, show(v.values[k])))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, show(x))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	panic(fmt.Sprintf("a value of type %T", v))
}

var (
	zohoURL    = regexp.MustCompile(`^https?://[^/?]*\.(zoho|zohoapis|zohocloud)\.[^/?]*([/?]|$)`)
	tokenField = regexp.MustCompile(`"(authtoken)":"[^"]*",?|"scope":"[^"]*api",?`)
)

// allowed takes the authentication out of a request and says how it was
// authenticated.
func allowed(q sent) (sent, string) {
	how := ""
	if q.Connection != "" {
		how = "connection " + q.Connection
	}
	token := func(name string) {
		if how == "" {
			how = name
		}
	}
	if v := q.Headers["authorization"]; strings.HasPrefix(strings.ToLower(v), "zoho-authtoken") {
		delete(q.Headers, "authorization")
		token("token")
	}
	ours := zohoURL.MatchString(q.URL) && !strings.Contains(q.URL, "example")
	if !ours {
		return q, how
	}
	if base, query, ok := strings.Cut(q.URL, "?"); ok {
		kept, found := withoutToken(strings.Split(query, "&"))
		if found {
			token("token")
			q.URL = strings.TrimSuffix(base+"?"+strings.Join(kept, "&"), "?")
		}
	}
	if fields := strings.Split(q.Body, "&"); len(fields) > 1 {
		if kept, found := withoutToken(fields); found {
			token("token")
			q.Body = strings.Join(kept, "&")
		}
	}
	if strings.Contains(q.Body, `"authtoken":`) {
		token("token")
		q.Body = strings.ReplaceAll(tokenField.ReplaceAllString(q.Body, ""), ",}", "}")
	}
	q.URL = strings.TrimSuffix(q.URL, "?")
	return q, how
}

func withoutToken(pairs []string) (kept []string, found bool) {
	for _, p := range pairs {
		switch k, v, _ := strings.Cut(p, "="); {
		case strings.EqualFold(k, "authtoken"):
			found = true
		case strings.EqualFold(k, "scope") && strings.HasSuffix(v, "api"):
		default:
			kept = append(kept, p)
		}
	}
	return kept, found
}

// describe is a request as one line, its authentication left out.
func describe(q sent) string {
	var heads []string
	for k, v := range q.Headers {
		heads = append(heads, k+"="+v)
	}
	sort.Strings(heads)
	return fmt.Sprintf("%s %s headers %v body %s detailed %v", q.Method, q.URL, heads, q.Body, q.Detailed)
}

// sameMeaning runs both and reports how they differ, and how many requests
// went from a token to the connection.
func sameMeaning(t *testing.T, before, after string) (moved int) {
	t.Helper()
	for oracle := range 12 {
		a, err := execute(before, oracle)
		if err != nil {
			t.Fatalf("the function itself: %v", err)
		}
		b, err := execute(after, oracle)
		if err != nil {
			t.Fatalf("rewritten: %v\n%s", err, after)
		}
		if len(a.sent) != len(b.sent) {
			t.Fatalf("%d requests became %d:\n%s", len(a.sent), len(b.sent), after)
		}
		for i := range a.sent {
			x, was := allowed(a.sent[i])
			y, is := allowed(b.sent[i])
			if describe(x) != describe(y) {
				t.Errorf("request %d was\n%s\nand is\n%s", i, describe(x), describe(y))
			}
			switch {
			case was == is:
			case was == "token" && is == "connection "+link:
				moved++
			default:
				t.Errorf("request %d was authenticated by %q and is by %q", i, was, is)
			}
		}
		if x, y := logged(a), logged(b); x != y {
			t.Errorf("it logged, returned and called\n%s\nand does\n%s", x, y)
		}
	}
	return moved
}

// logged is what a function wrote into its log, returned and called; of an
// address, headers or parameters in it the token is left out.
func logged(m *machine) string {
	text := loggedToken.ReplaceAllString(strings.Join(m.log, "\n"), "")
	return loggedRest.ReplaceAllStringFunc(text, func(s string) string { return strings.Trim(s, ",?&") })
}

var (
	loggedToken = regexp.MustCompile(`authtoken=(?:‹‹‹[^›]*›[^›]*›[^›]*›|‹‹[^›]*›[^›]*›|‹[^›]*›|[^&.\n]*)&?|scope=crmapi&?|"Authorization":"Zoho-authtoken [^"]*",?|"authtoken":"[^"]*",?|"scope":"crmapi",?`)
	loggedRest  = regexp.MustCompile(`,}|[?&]+(\n|$)`)
)
