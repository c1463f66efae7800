package zendesk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// endpointConversations is the name of the Conversations API's endpoint.
const endpointConversations = "conversations"

// Conversations is a client of the Conversations API. Its methods make one
// call each. It authenticates with the key's id and secret by HTTP Basic.
type Conversations struct {
	http   *http.Client
	base   string
	on     string // what errors say the call was about
	app    string
	key    string
	secret core.Secret
}

// NewConversations returns a client for a stored connection.
func NewConversations(t *transport.Client, e transport.Endpoints, c core.Connection) *Conversations {
	base := conversationsBase(c, e)
	return &Conversations{
		http: t.For(hostOf(base)), base: base, on: c.Name,
		app: strings.TrimSpace(c.Settings[settingApp]), key: strings.Join(strings.Fields(c.Settings[settingKey]), ""),
		secret: c.Secrets[core.SecretAPIToken],
	}
}

func conversationsBase(c core.Connection, e transport.Endpoints) string {
	builtin := "https://" + core.Subdomain(c.Account) + ".zendesk.com/sc"
	switch c.Region {
	case regionUS:
		builtin = "https://api.smooch.io"
	case regionEU:
		builtin = "https://api.eu-1.smooch.io"
	}
	return e.Resolve(ID, endpointConversations, c.Region, builtin)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// OfAccount reports whether the key is of the account's scope, the only one
// that may manage keys: by its prefix (specification, "authentication").
func (c *Conversations) OfAccount() bool { return strings.HasPrefix(c.key, "act_") }

func (c *Conversations) do(ctx context.Context, tried, method, path string, query url.Values, body, into any) error {
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
	req.SetBasicAuth(c.key, c.secret.Reveal())
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
	if c.app == "" {
		return "", &core.Error{Tried: tried, On: c.on, Code: "zendesk.no-app-id", Class: core.Usage}
	}
	return "/v2/apps/" + url.PathEscape(c.app) + rest, nil
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
	return c.oneKey(ctx, "list-keys", http.MethodGet, "/"+url.PathEscape(id), nil)
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
	if found.Key.ID == "" || found.Key.Secret == "" {
		return platform.VendorKey{}, c.malformed(tried)
	}
	return platform.VendorKey{ID: core.CleanLine(found.Key.ID), Name: core.CleanLine(found.Key.Name), Secret: core.NewSecret(found.Key.Secret)}, nil
}

// DeleteVendorKey deletes a key. Tokens signed with it are refused from then on.
func (c *Conversations) DeleteVendorKey(ctx context.Context, id string) error {
	path, err := c.keysPath("delete-key", "/"+url.PathEscape(id))
	if err != nil {
		return err
	}
	return c.do(ctx, "delete-key", http.MethodDelete, path, nil, nil, nil)
}

func (c *Conversations) keysPath(tried, rest string) (string, error) {
	if !c.OfAccount() {
		return "", &core.Error{Tried: tried, On: c.on, Code: "zendesk.not-direct", Class: core.Usage}
	}
	return c.appPath(tried, "/keys"+rest)
}

// wireUser is a messaging user; ids may come as numbers.
type wireUser struct {
	ID            lenientID       `json:"id"`
	ExternalID    lenientID       `json:"externalId"`
	ZendeskID     lenientID       `json:"zendeskId"`
	BrandID       lenientID       `json:"brandId"`
	Authenticated *bool           `json:"authenticated"`
	SignedUpAt    json.RawMessage `json:"signedUpAt"`
	Profile       struct {
		GivenName string `json:"givenName"`
		Surname   string `json:"surname"`
		Email     string `json:"email"`
	} `json:"profile"`
	Identities []struct {
		Type         string `json:"type"`
		Value        string `json:"value"`
		Verification string `json:"verification"`
	} `json:"identities"`
}

// lenientID is an id that is a text, or a number in some versions.
type lenientID string

// UnmarshalJSON implements json.Unmarshaler.
func (l *lenientID) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	if len(raw) > 0 && raw[0] != '"' {
		var n json.Number
		err := json.Unmarshal(raw, &n)
		*l = lenientID(n.String())
		return err
	}
	var s string
	err := json.Unmarshal(raw, &s)
	*l = lenientID(core.CleanLine(s))
	return err
}

// User returns the user of an id or an external id, of one brand where one is
// named; ok is false when there is none.
func (c *Conversations) User(ctx context.Context, id, brand string) (v core.Visitor, ok bool, err error) {
	path, err := c.appPath("look-up", "/users/"+url.PathEscape(id))
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
	if json.Unmarshal(raw, &u) != nil || u.ID == "" {
		return core.Visitor{}, false
	}
	v := core.Visitor{
		Kind: core.VisitorMessaging, ID: string(u.ID), ExternalID: string(u.ExternalID), SupportID: string(u.ZendeskID), Brand: string(u.BrandID),
		Name:          strings.TrimSpace(core.CleanLine(u.Profile.GivenName) + " " + core.CleanLine(u.Profile.Surname)),
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
			v.Emails = append(v.Emails, core.VisitorEmail{Address: core.CleanLine(i.Value), Verified: i.Verification != "" && i.Verification != "none", Primary: len(v.Emails) == 0})
		}
	}
	return v, true
}
