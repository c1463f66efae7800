package tokenbatch

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"deskward/core"
	"deskward/core/sheet"
)

// Field is what a column of a list holds.
type Field string

// The fields. Their values are what a mapping by hand names.
const (
	FieldToken        Field = "authtoken"
	FieldOrg          Field = "org_id"
	FieldScopes       Field = "scopes"
	FieldOldScopes    Field = "authtoken_scopes"
	FieldClientID     Field = "client_id"
	FieldClientSecret Field = "client_secret"
	FieldName         Field = "name"
	FieldRegion       Field = "region"
	FieldOwner        Field = "owner"
	FieldIgnore       Field = "ignore" // a column that is not read, whatever its header
)

// Fields lists the fields.
func Fields() []Field {
	return []Field{FieldToken, FieldOrg, FieldScopes, FieldOldScopes, FieldClientID, FieldClientSecret, FieldName, FieldRegion, FieldOwner, FieldIgnore}
}

// fieldOf is what the cells below a header are, in the words of Zoho's pages
// and of admins' own lists, English and Japanese.
func fieldOf(header string) (Field, bool) {
	switch sheet.Header(header) {
	case "authtoken", "token", "oldtoken", "legacytoken", "apitoken", "認証トークン", "旧認証トークン", "トークン", "旧トークン":
		return FieldToken, true
	case "orgid", "organizationid", "organisationid", "org", "organization", "portalid", "zsoid", "soid", "組織id", "ポータルid", "組織", "deskの組織id":
		return FieldOrg, true
	case "scope", "scopes", "oauthscope", "oauthscopes", "スコープ", "oauthスコープ":
		return FieldScopes, true
	case "authtokenscope", "authtokenscopes", "oldscope", "oldscopes", "tokenscope", "tokenscopes", "認証トークンのスコープ", "旧スコープ":
		return FieldOldScopes, true
	case "clientid", "client", "oauthclientid", "クライアントid", "クライアント", "oauthのクライアントid":
		return FieldClientID, true
	case "clientsecret", "secret", "oauthclientsecret", "クライアントシークレット", "シークレット", "oauthのクライアントシークレット":
		return FieldClientSecret, true
	case "name", "label", "system", "description", "用途", "名前", "名称", "システム名", "連携名":
		return FieldName, true
	case "region", "datacenter", "datacentre", "dc", "location", "domain", "データセンター", "リージョン", "地域":
		return FieldRegion, true
	case "owner", "user", "useremail", "email", "owneremail", "account", "所有者", "ユーザー", "メールアドレス", "メール", "アカウント":
		return FieldOwner, true
	}
	return "", false
}

// Column is one column of a list and what it was taken for; Field "" means
// that it is not read.
type Column struct {
	Header string `json:"header"`
	Field  Field  `json:"field,omitempty"`
}

// Defaults are the values of what a line, or the whole list, does not say.
type Defaults struct {
	Region, OrgID, ClientID, Owner string
	Scopes, OldScopes              []string
	ClientSecret                   core.Secret
}

// ReadOptions say how a list is read.
type ReadOptions struct {
	Variant  Variant
	Map      map[string]Field // by header; wins over the known headers
	Defaults Defaults
}

// BadLine is a line that can't be used, and why: an error with code
// tokenbatch.line.<why>, or one of the vendor's about a value. No value of the
// line is in it.
type BadLine struct {
	Number int
	Err    error
}

// List is what a file asks for.
type List struct {
	Lines    []Line
	Bad      []BadLine
	Blank    int // lines without anything
	Columns  []Column
	Encoding sheet.Encoding
}

const (
	maxLines = 20_000 // tokens of one list
	maxCell  = 2_000  // bytes of a cell
	maxName  = 120    // bytes of a name
)

// Read reads a table of tokens, whose first row that is not blank is its
// header. It fails where nothing can be read at all, with code
// tokenbatch.not-text, .empty, .no-token-column, .no-header (a mapped header
// that the table has not), .column-twice or .too-many. A single line that can't
// be used is in Bad, and the others are good.
func (s *Service) Read(raw []byte, o ReadOptions) (List, error) {
	text, enc, ok := sheet.Decode(raw)
	if !ok {
		return List{}, readError("not-text", nil)
	}
	r := &reader{vendor: s.Vendor, o: o, out: List{Encoding: enc}, seen: map[string]int{}, names: map[string]bool{}}
	if err := r.table(sheet.Lines(text)); err != nil {
		return List{}, err
	}
	switch n := len(r.out.Lines); {
	case n == 0 && len(r.out.Bad) == 0:
		return List{}, readError("empty", nil)
	case n > maxLines:
		return List{}, readError("too-many", map[string]string{"count": strconv.Itoa(n), "most": strconv.Itoa(maxLines)})
	}
	return r.out, nil
}

func readError(why string, params map[string]string) error {
	return &core.Error{Tried: "read-tokens", Code: "tokenbatch." + why, Class: core.Usage, Params: params}
}

func lineError(why string, nameValue ...string) error {
	e := &core.Error{Tried: "read-tokens", Code: "tokenbatch.line." + why, Class: core.Usage, Params: map[string]string{}}
	for i := 0; i+1 < len(nameValue); i += 2 {
		e.Params[nameValue[i]] = nameValue[i+1]
	}
	return e
}

// LineError is an error of Vendor.Check about one value of a line.
func LineError(why string, nameValue ...string) error { return lineError(why, nameValue...) }

type reader struct {
	vendor Vendor
	o      ReadOptions
	out    List
	at     map[Field]int
	seen   map[string]int // fingerprints, and the line that had each first
	names  map[string]bool
}

func (r *reader) table(lines []string) error {
	var sep rune
	for i := 0; i < len(lines); {
		if strings.TrimSpace(lines[i]) == "" {
			if i < len(lines)-1 { // the last line break begins no line
				r.out.Blank++
			}
			i++
			continue
		}
		if r.at == nil {
			if sep = sheet.Separator(lines[i]); sep == 0 {
				sep = ','
			}
		}
		cells, used, ok := sheet.Row(lines[i:], sep)
		number := i + 1
		i += used
		switch {
		case r.at == nil && !ok:
			return readError("empty", nil)
		case r.at == nil:
			if err := r.header(cells); err != nil {
				return err
			}
		case !ok:
			r.bad(number, lineError("quote"))
		case !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }):
			r.out.Blank++ // the empty rows that spreadsheets write at the end
		default:
			r.row(number, cells)
		}
	}
	return nil
}

// header finds out which column is what.
func (r *reader) header(cells []string) error {
	r.at = map[Field]int{}
	mapped := map[string]bool{}
	byHand := func(h string) (Field, bool) {
		for name, f := range r.o.Map {
			if strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(h)) || sheet.Header(name) == sheet.Header(h) {
				mapped[name] = true
				return f, true
			}
		}
		return "", false
	}
	hand := map[Field]bool{}
	for i, h := range cells {
		col := Column{Header: core.CleanLine(strings.TrimSpace(h))}
		f, own := byHand(h)
		if !own {
			f, _ = fieldOf(h)
		}
		if f != "" && f != FieldIgnore {
			switch _, twice := r.at[f]; {
			case twice && hand[f] && own, twice && !hand[f] && !own:
				return readError("column-twice", map[string]string{"field": string(f), "column": col.Header})
			case twice && hand[f]: // what the admin said wins
			default:
				if twice {
					r.out.Columns[r.at[f]].Field = ""
				}
				r.at[f], hand[f], col.Field = i, own, f
			}
		}
		r.out.Columns = append(r.out.Columns, col)
	}
	for name := range r.o.Map {
		if !mapped[name] {
			return readError("no-header", map[string]string{"column": core.CleanLine(name), "known": r.headers()})
		}
	}
	if _, ok := r.at[FieldToken]; !ok {
		return readError("no-token-column", map[string]string{"known": r.headers()})
	}
	return nil
}

func (r *reader) headers() string {
	var out []string
	for _, c := range r.out.Columns {
		if looksSecret(c.Header) { // a list without a header begins with a token
			return "?"
		}
		out = append(out, c.Header)
	}
	return strings.Join(out, ", ")
}

// looksSecret reports whether a text may be a token: long, and of one piece.
func looksSecret(s string) bool {
	const least = 20
	return len(s) >= least && !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7e || c <= ' ' || c == '_' })
}

func (r *reader) bad(number int, err error) { r.out.Bad = append(r.out.Bad, BadLine{number, err}) }

// row takes one row as a line.
func (r *reader) row(number int, cells []string) {
	get := func(f Field) string {
		i, ok := r.at[f]
		if !ok || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	for f, i := range r.at {
		if i < len(cells) && len(cells[i]) > maxCell {
			r.bad(number, lineError("too-long", "field", string(f)))
			return
		}
	}
	or := func(a, b string) string {
		if a == "" {
			return b
		}
		return a
	}
	list := func(f Field, otherwise []string) []string {
		if out := splitScopes(get(f)); len(out) > 0 {
			return out
		}
		return otherwise
	}
	d := r.o.Defaults
	l := Line{
		Number: number, Name: get(FieldName), Region: or(get(FieldRegion), d.Region), OrgID: or(get(FieldOrg), d.OrgID),
		ClientID: or(get(FieldClientID), d.ClientID), Owner: or(get(FieldOwner), d.Owner),
		Scopes: list(FieldScopes, d.Scopes), OldScopes: list(FieldOldScopes, d.OldScopes),
		Token: core.NewSecret(get(FieldToken)), ClientSecret: core.NewSecret(get(FieldClientSecret)),
	}
	if l.ClientSecret.Empty() && (l.ClientID == d.ClientID || d.ClientID == "") {
		l.ClientSecret = d.ClientSecret
	}
	l, err := r.check(l)
	if err != nil {
		r.bad(number, err)
		return
	}
	r.out.Lines = append(r.out.Lines, l)
}

// splitScopes parts a cell at what people write between scopes, the Japanese
// comma among it.
func splitScopes(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;|、，；", r) })
}

// check completes a line and says why it can't be used.
func (r *reader) check(l Line) (Line, error) {
	l, err := r.vendor.Check(r.o.Variant, l)
	if err != nil {
		return l, err
	}
	switch {
	case l.Token.Empty():
		return l, lineError("no-token")
	case l.ClientID == "":
		return l, lineError("no-client")
	case l.ClientSecret.Empty():
		return l, lineError("no-secret")
	}
	if first, twice := r.seen[printOf(l.Token)]; twice {
		return l, lineError("twice", "first", strconv.Itoa(first))
	}
	if l.Name == "" {
		l.Name = strings.TrimSpace(l.OrgID + " " + strconv.Itoa(l.Number))
	}
	if core.CleanLine(l.Name) != l.Name || core.CleanLine(l.Owner) != l.Owner {
		return l, lineError("control")
	}
	if len(l.Name) > maxName {
		return l, lineError("too-long", "field", string(FieldName))
	}
	if r.names[strings.ToLower(l.Name)] {
		return l, lineError("name-twice", "name", l.Name)
	}
	r.seen[printOf(l.Token)], r.names[strings.ToLower(l.Name)] = l.Number, true
	return l, nil
}
