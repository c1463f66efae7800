package zendesk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The names of Zendesk's endpoints in an endpoints file.
const (
	endpointConversations = "conversations" // the API, before /v2
	endpointAdmin         = "admin"         // the Admin Center, for people
)

// Conversations is a client of the Conversations API. Its methods make one
// call each. It authenticates with the key's id and secret, by HTTP Basic or
// by a token signed with them.
type Conversations struct {
	http   *http.Client
	base   string
	on     string // what errors say the call was about
	app    string
	brand  string // whose users are meant by an external id; "": the account's
	key    string
	kind   keyKind
	signed bool // by a token
	secret core.Secret
	err    error // why it cannot work at all
}

// NewConversations returns a client for a stored connection.
func NewConversations(t *transport.Client, e transport.Endpoints, c core.Connection) *Conversations {
	key := strings.Join(strings.Fields(c.Settings[settingKey]), "")
	base, err := conversationsBase(c, e)
	return &Conversations{
		http: t.For(hostOf(base)), base: base, on: c.Name, err: err,
		app: strings.TrimSpace(c.Settings[settingApp]), brand: strings.TrimSpace(c.Settings[settingBrand]),
		key: key, kind: kindOfKey(key), signed: c.Settings[settingAuth] == authJWT,
		secret: c.Secrets[core.SecretAPIToken],
	}
}

// conversationsBase refuses a subdomain that is none: it would name another's
// host, to which the key would be sent.
func conversationsBase(c core.Connection, e transport.Endpoints) (string, error) {
	builtin := ""
	switch c.Region {
	case regionUS:
		builtin = "https://api.smooch.io"
	case regionEU:
		builtin = "https://api.eu-1.smooch.io"
	default:
		account, err := core.KeyMessaging.CheckAccount(c.Account)
		if err != nil || account == "" {
			return "", &core.Error{Tried: "configure", On: c.Name, Code: "zendesk.no-subdomain", Class: core.Usage}
		}
		builtin = "https://" + account + ".zendesk.com/sc"
	}
	return e.Resolve(ID, endpointConversations, c.Region, builtin), nil
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// OfAccount reports whether the key is of the account's scope, the only one
// that may manage keys.
func (c *Conversations) OfAccount() bool { return c.kind.managesKeys() }

// authorize signs a request. A token's payload has the scope and nothing else,
// as the specification has it: whether exp is read there is unverified.
func (c *Conversations) authorize(req *http.Request) error {
	if !c.signed {
		req.SetBasicAuth(c.key, c.secret.Reveal())
		return nil
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"scope": c.kind.scope()})
	t.Header["kid"] = c.key
	token, err := t.SignedString([]byte(c.secret.Reveal()))
	req.Header.Set("Authorization", "Bearer "+token)
	return err
}

func (c *Conversations) do(ctx context.Context, tried, method, path string, query url.Values, body, into any) error {
	if c.err != nil {
		return c.err
	}
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return &core.Error{Tried: tried, On: c.on, Code: "action.bad-input", Class: core.Usage}
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(data))
	if err != nil {
		return &core.Error{Tried: tried, On: c.on, Code: "endpoints.bad", Class: core.Usage}
	}
	if err := c.authorize(req); err != nil {
		return &core.Error{Tried: tried, On: c.on, Code: "action.bad-input", Class: core.Usage}
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	a, err := transport.Do(c.http, req)
	if err != nil {
		return err
	}
	if err := refusal(tried, c.on, a); err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	return a.Decode(hostOf(c.base), into)
}

// appPath is the path of the app's resources.
func (c *Conversations) appPath(tried, rest string) (string, error) {
	if c.err != nil {
		return "", c.err
	}
	if c.app == "" {
		return "", &core.Error{Tried: tried, On: c.on, Code: "zendesk.no-app-id", Class: core.Usage}
	}
	return "/v2/apps/" + url.PathEscape(c.app) + rest, nil
}

// idPath is the path segment of an id: external ones hold "/", "|" and "@".
// ok is false for what nothing can be called: alone, "." and ".." would be
// taken for steps in the path by whatever is on the way.
func idPath(id string) (segment string, ok bool) {
	return "/" + url.PathEscape(id), id != "" && id != "." && id != ".."
}

// App is an app of Sunshine Conversations: of Zendesk, one account has one.
type App struct {
	ID   string `json:"id"`
	Name string `json:"displayName"`
}

// App returns the connection's app, or, with a key of the account's scope and
// no app named, the first there is.
func (c *Conversations) App(ctx context.Context) (App, error) {
	if c.OfAccount() && c.app == "" {
		var found struct {
			Apps []App `json:"apps"`
		}
		if err := c.do(ctx, "check", http.MethodGet, "/v2/apps", nil, nil, &found); err != nil {
			return App{}, err
		}
		if len(found.Apps) == 0 {
			return App{}, &core.Error{Tried: "check", On: c.on, Code: "zendesk.no-app", Class: core.Refused}
		}
		return found.Apps[0], nil
	}
	path, err := c.appPath("check", "")
	if err != nil {
		return App{}, err
	}
	var found struct {
		App App `json:"app"`
	}
	err = c.do(ctx, "check", http.MethodGet, path, nil, nil, &found)
	if err == nil && found.App.ID == "" {
		err = c.malformed("check")
	}
	return found.App, err
}

func (c *Conversations) malformed(tried string) error {
	return &core.Error{Tried: tried, On: c.on, Code: "vendor.malformed", Params: map[string]string{"status": "200"}}
}

type wireKey struct {
	ID     string `json:"id"`
	Name   string `json:"displayName"`
	Secret string `json:"secret"`
}

// VendorKeys lists the app's keys. The API gives their secrets along; they are
// dropped here. It wants a key of the account's scope.
func (c *Conversations) VendorKeys(ctx context.Context) ([]platform.VendorKey, error) {
	path, err := c.keysPath("list-keys", "")
	if err != nil {
		return nil, err
	}
	var found struct {
		Keys *[]wireKey `json:"keys"`
	}
	if err := c.do(ctx, "list-keys", http.MethodGet, path, nil, nil, &found); err != nil {
		return nil, err
	}
	if found.Keys == nil {
		return nil, c.malformed("list-keys")
	}
	var out []platform.VendorKey
	for _, k := range *found.Keys {
		out = append(out, platform.VendorKey{ID: core.CleanLine(k.ID), Name: core.CleanLine(k.Name)})
	}
	return out, nil
}

// VendorKey returns one key with its secret.
func (c *Conversations) VendorKey(ctx context.Context, id string) (platform.VendorKey, error) {
	segment, err := keySegment("list-keys", id)
	if err != nil {
		return platform.VendorKey{}, err
	}
	return c.oneKey(ctx, "list-keys", http.MethodGet, segment, nil)
}

// MakeVendorKey makes a key; the vendor chooses id and secret.
func (c *Conversations) MakeVendorKey(ctx context.Context, name string) (platform.VendorKey, error) {
	return c.oneKey(ctx, "make-key", http.MethodPost, "", map[string]string{"displayName": name})
}

func (c *Conversations) oneKey(ctx context.Context, tried, method, rest string, body any) (platform.VendorKey, error) {
	path, err := c.keysPath(tried, rest)
	if err != nil {
		return platform.VendorKey{}, err
	}
	var found struct {
		Key wireKey `json:"key"`
	}
	if err := c.do(ctx, tried, method, path, nil, body, &found); err != nil {
		return platform.VendorKey{}, err
	}
	if found.Key.ID == "" || found.Key.Secret == "" || !core.IsToken(found.Key.Secret) {
		return platform.VendorKey{}, c.malformed(tried)
	}
	return platform.VendorKey{ID: core.CleanLine(found.Key.ID), Name: core.CleanLine(found.Key.Name), Secret: core.NewSecret(found.Key.Secret)}, nil
}

// DeleteVendorKey deletes a key. Tokens signed with it are refused from then on.
func (c *Conversations) DeleteVendorKey(ctx context.Context, id string) error {
	segment, err := keySegment("delete-key", id)
	if err != nil {
		return err
	}
	path, err := c.keysPath("delete-key", segment)
	if err != nil {
		return err
	}
	return c.do(ctx, "delete-key", http.MethodDelete, path, nil, nil, nil)
}

// keySegment takes only what looks like a key's id: a call about a key that
// reached another address could delete more than one.
func keySegment(tried, id string) (string, error) {
	kid, err := core.CheckKID(id)
	if err != nil {
		return "", &core.Error{Tried: tried, On: core.CleanLine(id), Code: "key.kid", Class: core.Usage}
	}
	return "/" + kid, nil
}

func (c *Conversations) keysPath(tried, rest string) (string, error) {
	if c.err == nil && !c.OfAccount() {
		return "", &core.Error{Tried: tried, On: c.on, Code: "zendesk.not-direct", Class: core.Usage}
	}
	return c.appPath(tried, "/keys"+rest)
}

// wireUser is a messaging user; ids may come as numbers.
type wireUser struct {
	ID            lenient         `json:"id"`
	ExternalID    lenient         `json:"externalId"`
	ZendeskID     lenient         `json:"zendeskId"`
	BrandID       lenient         `json:"brandId"`
	Authenticated *bool           `json:"authenticated"`
	SignedUpAt    json.RawMessage `json:"signedUpAt"`
	Profile       struct {
		GivenName lenient `json:"givenName"`
		Surname   lenient `json:"surname"`
		Email     lenient `json:"email"`
	} `json:"profile"`
	Identities []struct {
		Type         lenient `json:"type"`
		Value        lenient `json:"value"`
		Verification lenient `json:"verification"`
	} `json:"identities"`
}

// lenient is one line of text, or a number as it stands; whatever else comes
// in its place is left out.
type lenient string

// UnmarshalJSON implements json.Unmarshaler. It never fails: a member of
// another shape hides none of the others.
func (l *lenient) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		*l = lenient(core.CleanLine(s))
	case raw[0] != '"' && json.Unmarshal(raw, &n) == nil:
		*l = lenient(n.String())
	}
	return nil
}

// User returns the user of an id or an external id, of one brand where one is
// named; ok is false when there is none.
func (c *Conversations) User(ctx context.Context, id, brand string) (v core.Visitor, ok bool, err error) {
	segment, ok := idPath(id)
	if !ok {
		return v, false, nil
	}
	path, err := c.appPath("look-up", "/users"+segment)
	if err != nil {
		return v, false, err
	}
	query := url.Values{}
	if brand != "" {
		query.Set("brandId", brand)
	}
	var found struct {
		User json.RawMessage `json:"user"`
	}
	if err = c.do(ctx, "look-up", http.MethodGet, path, query, nil, &found); err != nil {
		if core.CodeOf(err) == codeUserNotFound {
			return v, false, nil
		}
		return v, false, err
	}
	v, ok = c.visitor(found.User)
	if !ok {
		return v, false, c.malformed("look-up")
	}
	return v, true, nil
}

// UsersByEmail returns the users who have an address as an identity.
func (c *Conversations) UsersByEmail(ctx context.Context, email string) ([]core.Visitor, error) {
	path, err := c.appPath("look-up", "/users")
	if err != nil {
		return nil, err
	}
	var found struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := c.do(ctx, "look-up", http.MethodGet, path, url.Values{"filter[identities.email]": {email}}, nil, &found); err != nil {
		return nil, err
	}
	if found.Users == nil {
		return nil, c.malformed("look-up")
	}
	var out []core.Visitor
	for _, raw := range *found.Users {
		if v, ok := c.visitor(raw); ok {
			out = append(out, v)
		}
	}
	return out, nil
}

func (c *Conversations) visitor(raw json.RawMessage) (core.Visitor, bool) {
	var u wireUser
	if _ = json.Unmarshal(raw, &u); u.ID == "" { // what could be read of it counts
		return core.Visitor{}, false
	}
	v := core.Visitor{
		Kind: core.VisitorMessaging, ID: string(u.ID), ExternalID: string(u.ExternalID), SupportID: string(u.ZendeskID), Brand: string(u.BrandID),
		Name:          strings.TrimSpace(string(u.Profile.GivenName + " " + u.Profile.Surname)),
		Authenticated: u.Authenticated, Raw: raw,
	}
	var signedUp time.Time
	if json.Unmarshal(u.SignedUpAt, &signedUp) == nil {
		v.CreatedAt = signedUp
	}
	for _, i := range u.Identities {
		if i.Type == "email" && i.Value != "" {
			// What makes an identity verified is not documented; seen are "sso"
			// and "embed", and an empty word.
			v.Emails = append(v.Emails, core.VisitorEmail{Address: string(i.Value), Verified: i.Verification != "" && i.Verification != "none", Primary: len(v.Emails) == 0})
		}
	}
	return v, true
}
