package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The limits of Zendesk's documents: App Keys at an app
// (github.com/zendesk/sunshine-conversations-api-spec), and how long an
// external_id in a token may be (support.zendesk.com article 4411666638746).
const (
	zendeskMaxKeys       = 10
	zendeskMaxExternalID = 255
)

// zendeskKey is a Conversations API key. Its prefix says what it may do:
// app_ one app, act_ the account.
type zendeskKey struct{ id, name, secret string }

// zendeskUser is a user of messaging.
type zendeskUser struct {
	id, externalID, supportID string
	brand                     string // whose user it is, where brands have users of their own
	name                      string
	authenticated             bool
	identities                []zendeskIdentity
}

type zendeskIdentity struct {
	Type         string `json:"type"`
	Value        string `json:"value"`
	Verification string `json:"verification,omitempty"`
}

// zendesk is one Zendesk account: its messaging users, the keys of the
// Conversations API, and what signs visitor tokens.
// Support and Chat of the same account are in files of their own.
//
// The Conversations API is written from the published specification
// (github.com/zendesk/sunshine-conversations-api-spec, v17). How visitors sign
// in is not published; it is written from Zendesk's rules for tokens (support
// articles 4411666638746 and 4408838925082) and from the answers that users
// report.
type zendesk struct {
	sb  *Sandbox
	fix ZendeskFixtures

	mu     sync.Mutex
	keys   []zendeskKey // of the Conversations API
	signs  []zendeskKey // messaging keys, which the Admin Center lists
	users  []*zendeskUser
	served int // users made, for their ids

	support *support
	chat    *chat
}

func (sb *Sandbox) startZendesk() error {
	z := &zendesk{sb: sb, fix: zendeskFixtures()}
	f := z.fix
	z.keys = []zendeskKey{{f.AppKeyID, "deskward", f.AppKeySecret}, {f.AccountKeyID, "account", f.AccountKeySecret}}
	z.signs = []zendeskKey{{f.KID, "web", f.Secret}, {f.NewKID, "web, new", f.NewSecret}}
	z.users = []*zendeskUser{
		{
			id: "6f1d0c2b3a4e5f60718293a4", externalID: f.TakenExternalID, supportID: "900123450001", name: "Taro Taken", authenticated: true,
			identities: []zendeskIdentity{{"email", f.TakenEmail, "sso"}},
		},
		{id: "6f1d0c2b3a4e5f60718293a5", externalID: f.BrandExternalID, brand: f.BrandID, supportID: "900123450002", name: "Bo Brand", authenticated: true},
		{id: f.AnonymousID},
	}
	z.users = append(z.users, messagingCast(f.Cast)...)
	sb.zendesk = z
	conversations, base, err := sb.open()
	if err != nil {
		return err
	}
	sb.mount(conversations, "zendesk.conversations", z.conversationsHandler())
	sb.point("zendesk", "conversations", base+"/sc")
	widget, base, err := sb.open()
	if err != nil {
		return err
	}
	// Not an endpoint of the platform: only widgets call it, and no client of
	// ours may.
	sb.mount(widget, "zendesk.widget", z.widgetHandler())
	z.fix.WidgetURL = base
	if err := z.startSupport(); err != nil {
		return err
	}
	return z.startAdmin()
}

func zendeskFixtures() ZendeskFixtures {
	return ZendeskFixtures{
		Subdomain: "acme", AppID: "5e2f1d0c9b8a7f6e5d4c3b2a",
		KID: "app_5f3a9c0d2b7e41f8a6c0d9e2", Secret: "Zk3vW9-sandbox-messaging-pQ2xR7tB5nM8cL1dF4gH6jS0aYeU",
		NewKID: "app_6a4b0d1e3c8f52a9b7d1eaf3", NewSecret: "uY8iO3-sandbox-messaging-new-pA7sD1fG4hJ0kLq2Wx5vN9b",
		ChatSecret: "sandbox-chat-secret-of-acme-b7Qm2xVt9",
		AppKeyID:   "app_7b5c1e2f4d906abac8e2fb04", AppKeySecret: "sandbox-conversations-app-T6yU9iO3pA7sD1fG4hJ0kL",
		AccountKeyID: "act_8c6d2f305ea17bcbd9f30c15", AccountKeySecret: "sandbox-conversations-account-mN4bV7cX1zL8kJ5hG",
		ExternalID: "usr_12345", Email: "mina@acme.example", Name: "Mina Yamada",
		TakenExternalID: "usr_991", TakenEmail: "taro@acme.example",
		AdminEmail: "admin@acme.example", AgentEmail: "agent@acme.example", EndUserEmail: "enduser@acme.example",
		OAuthClientID: "deskward_sandbox", OAuthClientSecret: "sandbox-support-oauth-client-secret", OAuthPublicID: "deskward_sandbox_public",
		OAuthOldID: "nightly_export_sandbox", OAuthOldSecret: "sandbox-support-oauth-old-secret",
		OAuthRedirects: []string{
			"http://127.0.0.1:48105/callback/zendesk", "http://127.0.0.1:48106/callback/zendesk", "http://127.0.0.1:48107/callback/zendesk",
		},
		ChatRedirects: []string{
			"http://localhost:48105/callback/zendesk", "http://localhost:48106/callback/zendesk", "http://localhost:48107/callback/zendesk",
			"http://localhost:8080",
		},
		APIToken: "sandbox-support-api-token-in-use", IdleAPIToken: "sandbox-support-api-token-forgotten",
		ChatClientID: "sandbox-chat-client", ChatClientSecret: "sandbox-chat-client-secret",
		ChatServerID: "sandbox-chat-server", ChatServerSecret: "sandbox-chat-server-secret", ChatToken: "sandbox-chat-token-of-before",
		MessagingVisitorID: "9855790.xjj3u5xPWhW1F9", Cast: zendeskCast(),
		BrandID: "900120000007", BrandExternalID: "usr_772", AnonymousID: "6f1d0c2b3a4e5f60718293ff",
	}
}

// conversationsHandler is https://{subdomain}.zendesk.com/sc.
func (z *zendesk) conversationsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sc/v2/apps", z.api(true, z.listApps))
	mux.HandleFunc("GET /sc/v2/apps/{app}", z.api(false, z.showApp))
	mux.HandleFunc("GET /sc/v2/apps/{app}/keys", z.api(true, z.listKeys))
	mux.HandleFunc("POST /sc/v2/apps/{app}/keys", z.api(true, z.makeKey))
	mux.HandleFunc("GET /sc/v2/apps/{app}/keys/{key}", z.api(true, z.showKey))
	mux.HandleFunc("DELETE /sc/v2/apps/{app}/keys/{key}", z.api(true, z.deleteKey))
	mux.HandleFunc("GET /sc/v2/apps/{app}/users", z.api(false, z.findUsers))
	mux.HandleFunc("GET /sc/v2/apps/{app}/users/{user}", z.api(false, z.showUser))
	mux.HandleFunc("DELETE /sc/v2/apps/{app}/users/{user}", z.api(false, z.deleteUser))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		z.fail(w, http.StatusNotFound, "not_found", "The requested resource does not exist")
	})
	return mux
}

// fail answers an error of the Conversations API, version 2.
func (z *zendesk) fail(w http.ResponseWriter, status int, code, title string) {
	zendeskFail(w, status, code, title, z.sb.is(ZendeskOldErrors))
}

// zendeskFail answers an error in the shape of the specification, or in the
// older one.
func zendeskFail(w http.ResponseWriter, status int, code, title string, old bool) {
	if old {
		writeJSON(w, status, map[string]any{"error": map[string]string{"code": code, "description": title}})
		return
	}
	writeJSON(w, status, map[string]any{"errors": []map[string]string{{"code": code, "title": title}}})
}

// api asks for a key of the Conversations API, by HTTP Basic or a token signed
// with it, and of the account's scope where account says so.
func (z *zendesk) api(account bool, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		z.mu.Lock()
		defer z.mu.Unlock()
		id, ok := z.caller(r)
		switch {
		case !ok:
			z.fail(w, http.StatusUnauthorized, "unauthorized", "Authorization is required")
			return
		case account && !strings.HasPrefix(id, "act_"):
			z.fail(w, http.StatusForbidden, "forbidden", "Access to this resource is not permitted with the given credentials")
			return
		}
		if app := r.PathValue("app"); app != "" && app != z.fix.AppID {
			z.fail(w, http.StatusNotFound, "app_not_found", "App not found")
			return
		}
		h(w, r)
	}
}

func (z *zendesk) caller(r *http.Request) (id string, ok bool) {
	if id, secret, basic := r.BasicAuth(); basic {
		return id, slices.ContainsFunc(z.callers(), func(k zendeskKey) bool { return k.id == id && same(k.secret, secret) })
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return "", false
	}
	return z.signedByKey(token)
}

// callers are the keys that open the API. Whether one that signs visitors in
// does, too, is uncertain: Zendesk says no, and its own demo does it.
func (z *zendesk) callers() []zendeskKey {
	if z.sb.is(ZendeskKeysInterchange) {
		return slices.Concat(z.keys, z.signs)
	}
	return z.keys
}

// signers are the keys that sign visitors in.
func (z *zendesk) signers() []zendeskKey {
	if z.sb.is(ZendeskKeysInterchange) {
		return slices.Concat(z.signs, z.appKeys())
	}
	return z.signs
}

func (z *zendesk) app() map[string]any {
	return map[string]any{"id": z.fix.AppID, "displayName": "Acme (rehearsal)", "subdomain": z.fix.Subdomain, "settings": map[string]any{"multiConvoEnabled": true}}
}

func (z *zendesk) listApps(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"apps": []any{z.app()}, "meta": map[string]any{"hasMore": false}})
}

func (z *zendesk) showApp(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"app": z.app()})
}

// appKey is a key as the API shows it: List and Get give the secret whole.
func appKey(k zendeskKey) map[string]string {
	return map[string]string{"id": k.id, "displayName": k.name, "secret": k.secret}
}

func (z *zendesk) listKeys(w http.ResponseWriter, _ *http.Request) {
	keys := []map[string]string{}
	for _, k := range z.appKeys() {
		keys = append(keys, appKey(k))
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

func (z *zendesk) appKeys() []zendeskKey {
	return slices.DeleteFunc(slices.Clone(z.keys), func(k zendeskKey) bool { return !strings.HasPrefix(k.id, "app_") })
}

func (z *zendesk) makeKey(w http.ResponseWriter, r *http.Request) {
	var in struct{ DisplayName string }
	if !z.readJSON(w, r, &in) {
		return
	}
	if n := len([]rune(in.DisplayName)); n < 1 || n > 100 {
		z.fail(w, http.StatusBadRequest, "bad_request", "displayName must have 1 to 100 characters")
		return
	}
	if len(z.appKeys()) >= zendeskMaxKeys {
		z.fail(w, http.StatusBadRequest, "limit_exceeded", "An app can have at most 10 keys")
		return
	}
	k := zendeskKey{"app_" + random(12), in.DisplayName, "sandbox-made-" + random(32)}
	z.keys, z.signs = append(z.keys, k), append(z.signs, k) // a direct account's key does both
	writeJSON(w, http.StatusCreated, map[string]any{"key": appKey(k)})
}

func (z *zendesk) showKey(w http.ResponseWriter, r *http.Request) {
	for _, k := range z.appKeys() {
		if k.id == r.PathValue("key") {
			writeJSON(w, http.StatusOK, map[string]any{"key": appKey(k)})
			return
		}
	}
	z.fail(w, http.StatusNotFound, "app_key_not_found", "Key not found")
}

func (z *zendesk) deleteKey(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(z.keys, func(k zendeskKey) bool { return k.id == r.PathValue("key") })
	if i < 0 {
		z.fail(w, http.StatusNotFound, "app_key_not_found", "Key not found")
		return
	}
	z.keys = slices.Delete(z.keys, i, i+1)
	z.signs = slices.DeleteFunc(z.signs, func(k zendeskKey) bool { return k.id == r.PathValue("key") })
	writeJSON(w, http.StatusOK, map[string]any{})
}

func (z *zendesk) person(u *zendeskUser) map[string]any {
	given, surname, _ := strings.Cut(u.name, " ")
	out := map[string]any{
		"id": u.id, "authenticated": u.authenticated, "signedUpAt": "2026-11-02T09:00:00.000Z",
		"profile": map[string]any{"givenName": given, "surname": surname, "locale": "en"}, "identities": u.identities, "metadata": map[string]any{},
	}
	if u.identities == nil {
		out["identities"] = []zendeskIdentity{}
	}
	if u.externalID != "" {
		out["externalId"] = u.externalID
	}
	for name, id := range map[string]string{"zendeskId": u.supportID, "brandId": u.brand} {
		switch {
		case id == "":
		case z.sb.is(ZendeskNumberIDs):
			out[name] = json.Number(id)
		default:
			out[name] = id
		}
	}
	return out
}

// showUser takes an id, or an external id of the account or of one brand.
func (z *zendesk) showUser(w http.ResponseWriter, r *http.Request) {
	if i := z.named(r); i >= 0 {
		writeJSON(w, http.StatusOK, map[string]any{"user": z.person(z.users[i])})
		return
	}
	z.fail(w, http.StatusNotFound, "user_not_found", "User not found")
}

// named finds the user whom a request names.
func (z *zendesk) named(r *http.Request) int {
	id, brand := r.PathValue("user"), r.URL.Query().Get("brandId")
	return slices.IndexFunc(z.users, func(u *zendeskUser) bool {
		return u.id == id || u.externalID != "" && u.externalID == id && u.brand == brand
	})
}

// deleteUser takes a user away with the addresses, which are free again.
func (z *zendesk) deleteUser(w http.ResponseWriter, r *http.Request) {
	i := z.named(r)
	if i < 0 {
		z.fail(w, http.StatusNotFound, "user_not_found", "User not found")
		return
	}
	z.users = slices.Delete(z.users, i, i+1)
	writeJSON(w, http.StatusOK, map[string]any{})
}

// findUsers wants a filter, and looks at identities only.
func (z *zendesk) findUsers(w http.ResponseWriter, r *http.Request) {
	email := r.URL.Query().Get("filter[identities.email]")
	if email == "" {
		z.fail(w, http.StatusBadRequest, "bad_request", "filter is required")
		return
	}
	users := []any{}
	for _, u := range z.users {
		if u.hasEmail(email) {
			users = append(users, z.person(u))
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": users, "meta": map[string]any{"hasMore": false}})
}

func (u *zendeskUser) hasEmail(address string) bool {
	return slices.ContainsFunc(u.identities, func(i zendeskIdentity) bool {
		return i.Type == "email" && strings.EqualFold(i.Value, address)
	})
}

// ZendeskSignIn signs a visitor in as the web widget does with a token that
// the company's page gave it, and returns what Zendesk answered: "" when it
// took the token.
func (sb *Sandbox) ZendeskSignIn(token string) string {
	z := sb.zendesk
	z.mu.Lock()
	defer z.mu.Unlock()
	_, why := z.signIn(token, "")
	return why
}

// widgetHandler is what Zendesk's widgets call.
func (z *zendesk) widgetHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/apps/{app}/login", func(w http.ResponseWriter, r *http.Request) {
		z.mu.Lock()
		defer z.mu.Unlock()
		var in struct{ AppUserID string } // the widget's own user, before the sign-in
		if r.ContentLength != 0 && !z.readJSON(w, r, &in) {
			return
		}
		if r.PathValue("app") != z.fix.AppID {
			z.fail(w, http.StatusNotFound, "app_not_found", "App not found")
			return
		}
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		u, why := z.signIn(token, in.AppUserID)
		if why != "" {
			zendeskFail(w, http.StatusUnauthorized, "invalid_auth", why, !z.sb.is(ZendeskNewErrors))
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"appUser": z.person(u)})
	})
	mux.HandleFunc("POST /authenticated/web/jwt", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Token string }
		if !z.readJSON(w, r, &in) {
			return
		}
		if why := z.takeChat(in.Token); why != "" {
			writeJSON(w, http.StatusOK, map[string]any{"success": false, "error": "jwt verification error"})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"success": true, "expires_in": 7200})
	})
	return mux
}

// ZendeskFixtures belong to the Zendesk double.
type ZendeskFixtures struct {
	Subdomain string `json:"subdomain"`
	AppID     string `json:"app_id"`
	WidgetURL string `json:"widget_url"` // where the web widget would sign visitors in
	AdminURL  string `json:"admin_url"`  // the page with the messaging keys
	APIsURL   string `json:"apis_url"`   // the page with API tokens and OAuth clients

	KID        string `json:"kid"` // a messaging key
	Secret     string `json:"secret"`
	NewKID     string `json:"new_kid"` // another, made for a rotation
	NewSecret  string `json:"new_secret"`
	ChatSecret string `json:"chat_secret"`

	AppKeyID         string `json:"app_key_id"` // of the Conversations API
	AppKeySecret     string `json:"app_key_secret"`
	AccountKeyID     string `json:"account_key_id"` // of a direct account
	AccountKeySecret string `json:"account_key_secret"`

	SupportURL     string   `json:"support_url"` // stands in for https://{subdomain}.zendesk.com
	ZopimURL       string   `json:"zopim_url"`   // for https://www.zopim.com
	AdminEmail     string   `json:"admin_email"` // of team members, and one person who is none
	AgentEmail     string   `json:"agent_email"`
	EndUserEmail   string   `json:"end_user_email"`
	OAuthRedirects []string `json:"oauth_redirects"` // of all clients of Support
	ChatRedirects  []string `json:"chat_redirects"`  // of all clients of Chat: https, or localhost

	OAuthClientID     string `json:"oauth_client_id"` // of Support, confidential
	OAuthClientSecret string `json:"oauth_client_secret"`
	OAuthPublicID     string `json:"oauth_public_id"` // has no secret
	OAuthOldID        string `json:"oauth_old_id"`    // made before there were refresh tokens
	OAuthOldSecret    string `json:"oauth_old_secret"`
	APIToken          string `json:"api_token"`      // of Support, goes with AdminEmail or AgentEmail
	IdleAPIToken      string `json:"idle_api_token"` // not used for more than 30 days

	ChatClientID     string `json:"chat_client_id"` // of Chat, public though it has a secret
	ChatClientSecret string `json:"chat_client_secret"`
	ChatServerID     string `json:"chat_server_id"` // confidential
	ChatServerSecret string `json:"chat_server_secret"`
	ChatToken        string `json:"chat_token"` // got without a code, has no end

	MessagingVisitorID string       `json:"messaging_visitor_id"` // a Chat visitor who is a messaging user of Cast.Linked
	Cast               CastFixtures `json:"cast"`

	ExternalID      string `json:"external_id"` // nobody has signed in by it yet
	Email           string `json:"email"`
	Name            string `json:"name"`
	TakenExternalID string `json:"taken_external_id"` // has the next address as its own
	TakenEmail      string `json:"taken_email"`
	BrandID         string `json:"brand_id"`          // a brand with users of its own
	BrandExternalID string `json:"brand_external_id"` // of a user whom only that brand has
	AnonymousID     string `json:"anonymous_id"`      // a widget's user whom nobody has signed in
}

// readJSON reads a JSON body into v, or answers that it is none.
func (z *zendesk) readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 100<<10)).Decode(v); err != nil {
		z.fail(w, http.StatusBadRequest, "bad_request", "The request body is not valid JSON")
		return false
	}
	return true
}
