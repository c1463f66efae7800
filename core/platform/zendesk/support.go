package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The codes of Support. It has many of its own in four shapes, of which no
// list is published: who is refused is told by status, and by what the call was.
const (
	codeSupportRefused    = "zendesk.support-unauthorized"
	codeSupportToken      = "zendesk.support-api-token"
	codeSupportAnonymous  = "zendesk.support-anonymous"
	codeSupportEndUser    = "zendesk.support-end-user"
	codeSupportScope      = "zendesk.support-scope"
	codeSupportForbidden  = "zendesk.support-forbidden"
	codeSupportQuestion   = "zendesk.support-question"
	codeSupportChatToken  = "zendesk.support-chat-token"
	codeSupportOAuthToken = "zendesk.support-oauth-token"
	codeSupportStillLive  = "zendesk.support-still-live"
	codeSupportClient     = "zendesk.support-client"
	codeSupportPublic     = "zendesk.support-client-public"
	codeSupportScopes     = "zendesk.support-client-scope"
)

// Support is a client of the part of Zendesk Support's API by which people are
// found (developer.zendesk.com/api-reference/ticketing).
type Support struct {
	conn    core.Connection
	env     platform.Env
	http    *http.Client
	base    string
	account string // the subdomain
	err     error  // why it cannot work at all
}

var (
	_ platform.Checker     = (*Support)(nil)
	_ platform.ScopeProber = (*Support)(nil)
	_ platform.Owner       = (*Support)(nil)
	_ platform.Revoker     = (*Support)(nil)
	_ lookup.BatchFinder   = (*Support)(nil)
	_ lookup.Finder        = (*Support)(nil)
	_ lookup.Bridge        = (*Support)(nil)
)

// NewSupport returns a client for a stored connection.
func NewSupport(c core.Connection, env platform.Env) *Support {
	base, err := supportBase(c, env.Endpoints)
	if err != nil {
		return &Support{conn: c, err: err}
	}
	account, _ := core.KeyMessaging.CheckAccount(c.Account) // supportBase has looked
	return &Support{conn: c, env: env, base: base, account: account, http: env.HTTP.For(hostOf(base))}
}

// supportMe is the answer of /users/me, which the anonymous get, too.
type supportMe struct {
	User struct {
		ID    lenient `json:"id"`
		Name  lenient `json:"name"`
		Email lenient `json:"email"`
		Role  lenient `json:"role"`
	} `json:"user"`
}

const pathMe = "/api/v2/users/me.json"

// Check proves the credential by the person it acts for. That Support answers
// is no proof: it answers everybody there.
func (s *Support) Check(ctx context.Context) (core.Check, error) {
	me, err := s.me(ctx, "check")
	if err != nil {
		return core.Check{}, s.lookAlike(ctx, err)
	}
	switch me.User.Role {
	case "agent", "admin":
		return core.Check{OK: true, Note: string(me.User.Email)}, nil
	}
	return core.Check{}, s.fail("check", codeSupportEndUser, core.Refused)
}

// me asks who the credential acts for.
func (s *Support) me(ctx context.Context, tried string) (supportMe, error) {
	var me supportMe
	a, err := s.get(ctx, tried, pathMe, nil)
	if err != nil {
		return me, err
	}
	if a.Status == http.StatusNotFound {
		return me, s.fail(tried, codeNotAPI, core.Refused) // this path is always there
	}
	if err := s.refusal(tried, "users:read", a); err != nil {
		return me, err
	}
	if err := a.Decode(hostOf(s.base), &me); err != nil {
		return me, err
	}
	if me.User.ID == "" {
		if me.User.Role == "" {
			return me, s.malformed(tried)
		}
		return me, s.fail(tried, codeSupportAnonymous, core.Refused)
	}
	return me, nil
}

// lookAlike tells another credential of Zendesk's from one that nobody knows:
// an OAuth token that was given as an API token, and a token of Chat's.
// The secret stays at the host that it was for.
func (s *Support) lookAlike(ctx context.Context, refused error) error {
	switch core.CodeOf(refused) {
	case codeSupportRefused, codeSupportToken, codeSupportAnonymous:
	default:
		return refused
	}
	token, err := s.secret(ctx)
	if err != nil {
		return refused
	}
	if s.conn.Grant == core.GrantAPIToken {
		a, err := s.send(ctx, "check", http.MethodGet, s.base+pathMe, "Bearer "+token.Reveal())
		var me supportMe
		if err == nil && (a.Status == http.StatusForbidden || a.Status == http.StatusOK && a.Decode("", &me) == nil && me.User.ID != "") {
			return s.fail("check", codeSupportOAuthToken, core.Refused)
		}
	}
	a, err := s.send(ctx, "check", http.MethodGet, s.base+"/api/v2/chat/agents", "Bearer "+token.Reveal())
	if err != nil {
		return refused
	}
	var agents []json.RawMessage
	if a.Status == http.StatusOK && a.Decode("", &agents) == nil {
		return s.fail("check", codeSupportChatToken, core.Refused)
	}
	return refused
}

// Owner is the address of the person whom the credential acts for.
func (s *Support) Owner(ctx context.Context) (string, error) {
	me, err := s.me(ctx, "check")
	return string(me.User.Email), err
}

// Revoke ends the access token. There are reports of tokens that went on after
// Zendesk had said that this one was ended (community posts 5537132288282,
// 4627188332186), so it is tried once more. An API token is ended by hand.
func (s *Support) Revoke(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.conn.Grant == core.GrantAPIToken:
		return s.fail("revoke", "zendesk.api-token-by-hand", core.Usage)
	}
	token, err := s.secret(ctx)
	if err != nil {
		return err
	}
	bearer := "Bearer " + token.Reveal()
	a, err := s.send(ctx, "revoke", http.MethodDelete, s.base+"/api/v2/oauth/tokens/current.json", bearer)
	if err != nil {
		return err
	}
	if err := s.refusal("revoke", "write", a); err != nil {
		return err
	}
	a, err = s.send(ctx, "revoke", http.MethodGet, s.base+pathMe, bearer)
	if err != nil {
		return err
	}
	var me supportMe
	switch {
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusOK && a.Decode("", &me) == nil && me.User.ID == "" && me.User.Role != "":
		return nil
	case a.Status == http.StatusOK, a.Status == http.StatusForbidden:
		return s.fail("revoke", codeSupportStillLive, core.Failed)
	}
	return s.refusal("revoke", "", a)
}

// ProbeScopes asks one thing per scope. There is no harmless question for the
// scopes that write.
func (s *Support) ProbeScopes(ctx context.Context) ([]platform.ScopeProbe, error) {
	var out []platform.ScopeProbe
	id := ""
	for _, scope := range scopesOf(s.conn) {
		p := platform.ScopeProbe{Scope: scope}
		var rec core.CallRecorder
		within := core.WithCallRecorder(ctx, &rec)
		var err error
		switch scope {
		case "users:read":
			var me supportMe
			if me, err = s.me(within, "probe"); err == nil {
				id = string(me.User.ID)
			}
		case "tickets:read", "read":
			if id == "" {
				id = s.ownID(within)
			}
			if id == "" {
				p.Unsure = true
				break
			}
			_, err = s.list(within, "probe", "/api/v2/users/"+url.PathEscape(id)+"/tickets/requested.json", url.Values{"page[size]": {"1"}}, "tickets", "tickets:read")
		default:
			p.Unsure = true
		}
		if calls := rec.Calls(); len(calls) > 0 {
			p.Call = calls[len(calls)-1]
		}
		switch code := core.CodeOf(err); {
		case p.Unsure:
		case err == nil:
			p.Allowed = true
		case code == codeSupportScope, code == codeSupportForbidden:
			p.Code = code
		default:
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

// ownID is who the credential acts for, as the token's own record says, which
// wants no scope for users; "" where it does not say.
func (s *Support) ownID(ctx context.Context) string {
	a, err := s.get(ctx, "probe", "/api/v2/oauth/tokens/current.json", nil)
	if err != nil || a.Status != http.StatusOK {
		if me, err := s.me(ctx, "probe"); err == nil {
			return string(me.User.ID)
		}
		return ""
	}
	var found struct {
		Token struct {
			UserID lenient `json:"user_id"`
		} `json:"token"`
	}
	if a.Decode("", &found) != nil {
		return ""
	}
	return string(found.Token.UserID)
}

// get asks with the connection's credential, once more with a renewed token
// where the first is not taken.
func (s *Support) get(ctx context.Context, tried, path string, query url.Values) (*transport.Answer, error) {
	if s.err != nil {
		return nil, s.err
	}
	target := s.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	token, err := s.secret(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.send(ctx, tried, http.MethodGet, target, s.authorization(token))
	if err != nil || a.Status != http.StatusUnauthorized || !s.renewable() {
		return a, err
	}
	if token, err = s.env.Renew(ctx); err != nil {
		return nil, err
	}
	return s.send(ctx, tried, http.MethodGet, target, s.authorization(token))
}

// secret is the API token, or an access token of a consent.
func (s *Support) secret(ctx context.Context) (core.Secret, error) {
	if s.conn.Grant == core.GrantAPIToken {
		return s.conn.Secrets[core.SecretAPIToken], nil
	}
	return s.env.Token(ctx)
}

// authorization is the header's value: an API token goes as the password of
// its agent.
func (s *Support) authorization(token core.Secret) string {
	if s.conn.Grant != core.GrantAPIToken {
		return "Bearer " + token.Reveal()
	}
	var req http.Request
	req.Header = http.Header{}
	req.SetBasicAuth(strings.TrimSuffix(strings.TrimSpace(s.conn.Settings[settingEmail]), "/token")+"/token", token.Reveal())
	return req.Header.Get("Authorization")
}

func (s *Support) renewable() bool {
	return s.env.Renew != nil && s.conn.Grant != core.GrantAPIToken &&
		(s.conn.Grant == core.GrantClientCredentials || !s.conn.Secrets[core.SecretRefreshToken].Empty())
}

func (s *Support) send(ctx context.Context, tried, method, target, authorization string) (*transport.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, &core.Error{Tried: tried, On: s.conn.Name, Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Accept", "application/json")
	return transport.Do(s.http, req)
}

func (s *Support) fail(tried, code string, class core.Class) *core.Error {
	return &core.Error{Tried: tried, On: s.conn.Name, Code: code, Class: class}
}

func (s *Support) malformed(tried string) error {
	return &core.Error{Tried: tried, On: s.conn.Name, Code: "vendor.malformed", Params: map[string]string{"status": "200"}}
}

// badGatewayWait is how long Support is left alone after a 502, which passes by
// itself: integrations that Zendesk's customers publish try again after it.
const badGatewayWait = 2 * time.Second

// refusal is what an answer that is no success says; scope is the one that the
// call needs, besides which "read" would do.
func (s *Support) refusal(tried, scope string, a *transport.Answer) error {
	word, description := supportFault(a.Body)
	params := map[string]string{"status": strconv.Itoa(a.Status), "code": word, "scope": scope}
	var e *core.Error
	switch a.Status {
	case http.StatusUnauthorized:
		if s.conn.Grant == core.GrantAPIToken {
			e = s.fail(tried, codeSupportToken, core.Refused)
		} else {
			e = s.fail(tried, codeSupportRefused, core.Refused)
		}
	case http.StatusForbidden:
		// Which of the two it is, only its sentence tells.
		if e = s.fail(tried, codeSupportForbidden, core.Refused); strings.Contains(strings.ToLower(description), "scope") {
			e.Code = codeSupportScope
		}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity:
		e = s.fail(tried, codeSupportQuestion, core.Refused)
	default:
		return s.passing(refusal(tried, s.conn.Name, a), a)
	}
	e.Params = params
	return e
}

// passing adds when to ask again: after a 429 by the header that Support's
// lists have besides Retry-After, and after a 502 soon.
func (s *Support) passing(err error, a *transport.Answer) error {
	e, ok := err.(*core.Error) //nolint:errorlint // refusal wraps nothing
	if !ok {
		return err
	}
	switch reset, _ := strconv.Atoi(a.Header.Get("Ratelimit-Reset")); {
	case a.RetryAfter > 0:
	case a.Status == http.StatusTooManyRequests && reset > 0:
		e.Params["seconds"] = strconv.Itoa(min(reset, int(core.LongestRest.Seconds())))
	case a.Status == http.StatusBadGateway:
		e.Params["seconds"] = strconv.Itoa(int(badGatewayWait.Seconds()))
	}
	return e
}

// faultShape is what Support's words for errors look like. Anything else may
// repeat what was sent.
var faultShape = core.Pattern(`^[A-Za-z][A-Za-z0-9_]{1,59}$`)

// supportFault reads the four shapes in which Support errs: a word and a
// description, the same with details for each field, an object with a title,
// and a status with a sentence. OAuth's own shape is a fifth. The description
// is for telling errors apart and is shown nowhere: it may repeat what was sent.
func supportFault(body []byte) (word, description string) {
	var e struct {
		Error       json.RawMessage `json:"error"`
		Description lenient         `json:"description"`
		OAuth       lenient         `json:"error_description"`
	}
	if transport.DecodeJSON(body, &e) != nil {
		return "", ""
	}
	var titled struct {
		Title   lenient `json:"title"`
		Message lenient `json:"message"`
	}
	var text string
	if json.Unmarshal(e.Error, &text) == nil {
		word = text
	} else if json.Unmarshal(e.Error, &titled) == nil {
		word = string(titled.Title)
	}
	description = string(e.Description + e.OAuth + titled.Message)
	if !faultShape().MatchString(word) {
		word = ""
	}
	return word, description
}
