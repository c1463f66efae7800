// Package manifest puts a connection into the plugin-manifest.json of a Zoho
// Desk extension, where the vendor's own validator accepts it.
//
// Zoho's page says to paste the connection's JSON into the file. The
// validator of zoho-extension-toolkit 1.0.24 refuses most of what comes of
// that: a connection to Zoho itself must be the object zohoAuthorisation and
// needs a "type", which the copied JSON lacks; only other services go into
// the array connectors. Everything else in the file stays byte for byte.
package manifest

import (
	"strings"

	"deskward/core"
)

// Rule is one thing that was done to the manifest, and why. Texts:
// manifest.rule.<Code>.
type Rule struct {
	Code  string `json:"code"`
	Value string `json:"value,omitempty"`
}

// The codes of rules.
const (
	RuleZoho        = "zoho"         // a connection to Zoho belongs into zohoAuthorisation
	RuleType        = "type"         // which needs a type
	RuleReplaced    = "replaced"     // what was there is replaced
	RuleLegacy      = "legacy"       // an entry of the old place is taken out
	RuleThirdParty  = "third-party"  // another service belongs into connectors
	RuleConnectors  = "connectors"   // connectors must be there, though empty
	RuleSameService = "same-service" // a service may be there once
	RuleAlready     = "already"      // it is there already
)

// zlabs is the service name of every connection to Zoho itself.
const zlabs = "zlabs_integration"

// Placed is a manifest with the connection in it.
type Placed struct {
	Text          string
	Rules         []Rule
	Before, After []Problem
	Link          string // the connection's link name
}

// Place puts a connection into a manifest. Both are JSON texts. Errors:
// manifest.not-json, manifest.duplicate-key, manifest.not-object,
// connection-json.not-json, connection-json.not-connection.
func Place(manifest, connection string) (Placed, error) {
	doc, err := object(manifest, "manifest")
	if err != nil {
		return Placed{}, err
	}
	conn, text, err := connectionOf(connection)
	if err != nil {
		return Placed{}, err
	}
	e := &editor{src: manifest, doc: doc}
	e.style()
	service, _ := conn.textOf(text, "serviceName")
	link, _ := conn.textOf(text, "connectionLinkName")
	if service == zlabs {
		e.zoho(conn, text)
	} else {
		e.thirdParty(conn, text, service, link)
	}
	out := Placed{Text: e.apply(), Rules: e.rules, Link: link, Before: Check(manifest)}
	out.After = Check(out.Text)
	if out.Text == manifest {
		out.Rules = []Rule{{Code: RuleAlready, Value: link}}
	}
	return out, nil
}

func object(src, what string) (*value, error) {
	v, err := parse(src)
	if err != nil {
		at := 0
		if b, ok := err.(badJSON); ok {
			at = b.at
		}
		return nil, &core.Error{Tried: "place-connection", Code: what + ".not-json", Class: core.Usage, Params: map[string]string{"line": lineOf(src, at)}, Err: err}
	}
	if src[v.start] != '{' {
		return nil, &core.Error{Tried: "place-connection", Code: what + ".not-object", Class: core.Usage}
	}
	seen := map[string]bool{}
	for _, m := range v.members {
		if seen[m.key] {
			return nil, &core.Error{Tried: "place-connection", Code: what + ".duplicate-key", Class: core.Usage, Params: map[string]string{"key": core.CleanLine(m.key)}}
		}
		seen[m.key] = true
	}
	return v, nil
}

func lineOf(src string, at int) string {
	n := 1 + strings.Count(src[:min(at, len(src))], "\n")
	digits := ""
	for ; n > 0; n /= 10 {
		digits = string(rune('0'+n%10)) + digits
	}
	return digits
}

// connectionOf reads what was copied from the connection's page: the object,
// or an array with it alone, or an object under zohoAuthorisation.
func connectionOf(src string) (*value, string, error) {
	src = strings.TrimPrefix(src, "\ufeff")
	v, err := parse(src)
	if err == nil && src[v.start] == '[' && len(v.items) == 1 {
		src = src[v.items[0].start:v.items[0].end]
	} else if err == nil {
		if m := v.get("zohoAuthorisation"); m != nil && len(v.members) == 1 {
			src = src[m.value.start:m.value.end]
		}
	}
	if v, err = object(src, "connection-json"); err != nil {
		return nil, "", err
	}
	for _, key := range []string{"connectionLinkName", "connectionName", "serviceName"} {
		if s, ok := v.textOf(src, key); !ok || s == "" {
			return nil, "", &core.Error{Tried: "place-connection", Code: "connection-json.not-connection", Class: core.Usage, Params: map[string]string{"key": key}}
		}
	}
	return v, src, nil
}

// zoho puts a connection to Zoho into zohoAuthorisation.
func (e *editor) zoho(conn *value, text string) {
	e.rule(RuleZoho, "")
	var members []string
	if conn.get("type") == nil {
		e.rule(RuleType, "")
		members = append(members, `"type"`+e.colon+`"connectors"`)
	}
	written := e.write(conn, text, members, 1)
	connectors := e.doc.get("connectors")
	switch have := e.doc.get("zohoAuthorisation"); {
	case have == nil:
		e.insert("zohoAuthorisation", written, connectors)
	case !same(e.src[have.value.start:have.value.end], written):
		if len(have.value.members) > 0 {
			e.rule(RuleReplaced, "zohoAuthorisation")
		}
		e.replace(have.value, written)
	}
	if connectors == nil {
		e.rule(RuleConnectors, "")
		e.insert("connectors", "[]", nil)
		return
	}
	for _, it := range connectors.value.items {
		if s, _ := it.textOf(e.src, "serviceName"); s == zlabs {
			link, _ := it.textOf(e.src, "connectionLinkName")
			e.rule(RuleLegacy, link)
			e.remove(connectors.value, it)
		}
	}
}

// thirdParty puts a connection to another service into connectors.
func (e *editor) thirdParty(conn *value, text, service, link string) {
	e.rule(RuleThirdParty, service)
	connectors := e.doc.get("connectors")
	if connectors == nil {
		e.rule(RuleConnectors, "")
		e.insert("connectors", e.array(e.write(conn, text, nil, 2)), nil)
		return
	}
	if connectors.value.kind(e.src) != '[' {
		e.rule(RuleReplaced, "connectors")
		e.replace(connectors.value, e.array(e.write(conn, text, nil, 2)))
		return
	}
	written := e.write(conn, text, nil, 2)
	placed := false
	for _, it := range connectors.value.items {
		s, _ := it.textOf(e.src, "serviceName")
		l, _ := it.textOf(e.src, "connectionLinkName")
		if s != service && l != link {
			continue
		}
		if placed {
			e.rule(RuleSameService, l)
			e.remove(connectors.value, it)
			continue
		}
		placed = true
		if !same(e.src[it.start:it.end], written) {
			e.rule(RuleReplaced, l)
			e.replace(it, written)
		}
	}
	if !placed {
		e.append(connectors.value, written)
	}
}

func (e *editor) rule(code, value string) {
	e.rules = append(e.rules, Rule{code, core.CleanLine(value)})
}
