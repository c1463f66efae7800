package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The names of Zendesk's hosts in an endpoints file, as far as Chat is at
// them.
const (
	endpointChat  = "chat"  // https://{subdomain}.zendesk.com, before /api/v2/chat
	endpointZopim = "zopim" // https://www.zopim.com, before /api/v2
	// endpointSupport is https://{subdomain}.zendesk.com, before /api/v2.
	endpointSupport = "support"
)

// Where Chat's API may be: the values of core.SettingHost, in which a connection
// remembers where Chat answered. There is no way to tell but to ask.
const (
	chatAtSubdomain = "subdomain" // {subdomain}.zendesk.com/api/v2/chat
	chatAtZopim     = "zopim"     // www.zopim.com/api/v2, which was to end on 2025-05-12
)

// The codes of Chat, which has no codes of its own, only words with each
// status. Who is refused, and why, is told by status alone.
const (
	codeChatRefused      = "zendesk.chat-unauthorized"
	codeChatForbidden    = "zendesk.chat-forbidden"
	codeChatSupportToken = "zendesk.chat-support-token"
	codeChatNowhere      = "zendesk.chat-nowhere"
)

// Chat is a client of the REST API of Zendesk Chat (Zopim). Visitors can be
// had by their id and by nothing else: it has no list and no search
// (developer.zendesk.com/api-reference/live-chat/chat-api/visitors).
type Chat struct {
	conn     core.Connection
	env      platform.Env
	http     *http.Client
	hosts    []chatHost
	support  string // base of Support, which tells whose a refused token is
	err      error  // why it cannot work at all
	answered string // the host that answered a check
}

// chatHost is a place where Chat may be.
type chatHost struct{ id, base string }

var (
	_ platform.Checker = (*Chat)(nil)
	_ platform.Learner = (*Chat)(nil)
	_ lookup.Finder    = (*Chat)(nil)
)

// NewChat returns a client for a stored connection.
func NewChat(c core.Connection, env platform.Env) *Chat {
	here, old, err := chatHosts(c, env.Endpoints)
	if err != nil {
		return &Chat{conn: c, err: err}
	}
	support := env.Endpoints.Resolve(ID, endpointSupport, "", here.base)
	chat := &Chat{conn: c, env: env, http: env.HTTP.For(hostOf(here.base), hostOf(old.base), hostOf(support)), support: support, hosts: []chatHost{here, old}}
	chat.hosts[0].base += "/api/v2/chat"
	chat.hosts[1].base += "/api/v2"
	return chat
}

// chatHosts are where Chat and its OAuth are, and where they were.
func chatHosts(c core.Connection, e transport.Endpoints) (here, old chatHost, err error) {
	account, err := core.KeyMessaging.CheckAccount(c.Account)
	if err != nil || account == "" {
		return here, old, &core.Error{Tried: "configure", On: c.Name, Code: "zendesk.no-subdomain", Class: core.Usage}
	}
	here = chatHost{chatAtSubdomain, e.Resolve(ID, endpointChat, "", "https://"+account+".zendesk.com")}
	old = chatHost{chatAtZopim, e.Resolve(ID, endpointZopim, "", "https://www.zopim.com")}
	return here, old, nil
}

// Check proves the token by the list of agents, at the subdomain first: a
// connection that lives on zopim.com moves as soon as the subdomain answers.
func (c *Chat) Check(ctx context.Context) (core.Check, error) {
	if c.err != nil {
		return core.Check{}, c.err
	}
	var refused error
	for _, h := range c.hosts {
		agents, here, err := c.agents(ctx, h)
		switch {
		case !here && err == nil:
			continue
		case here && err == nil:
			c.answered = h.id
			return core.Check{OK: true, Note: agents}, nil
		case core.CodeOf(err) != codeChatRefused:
			return core.Check{}, err // it is here, and something else is wrong
		}
		// The accounts of the two hosts need not know the same tokens.
		if refused == nil {
			refused = err
		}
	}
	if refused == nil {
		return core.Check{}, c.fail("check", codeChatNowhere, core.Refused)
	}
	if c.isSupports(ctx) {
		return core.Check{}, c.fail("check", codeChatSupportToken, core.Refused)
	}
	return core.Check{}, refused
}

// Learned implements platform.Learner.
func (c *Chat) Learned() map[string]string {
	if c.answered == "" {
		return nil
	}
	return map[string]string{core.SettingHost: c.answered}
}

// agents asks one host for the agents and names the first of them. here is
// false where that host has no Chat API.
func (c *Chat) agents(ctx context.Context, h chatHost) (note string, here bool, err error) {
	a, err := c.get(ctx, h.base+"/agents")
	switch {
	case err != nil && h.id == chatAtZopim && strings.HasPrefix(core.CodeOf(err), "net."):
		return "", false, nil // the name may be gone; what the subdomain said counts
	case err != nil:
		return "", false, err
	case absent(a):
		return "", false, nil
	}
	if err := c.refusal("check", a); err != nil {
		return "", true, err
	}
	var agents []struct {
		Name  lenient `json:"display_name"`
		Email lenient `json:"email"`
	}
	if err := a.Decode(hostOf(h.base), &agents); err != nil {
		return "", true, err
	}
	for _, agent := range agents {
		for _, known := range []lenient{agent.Email, agent.Name} {
			if known != "" {
				return string(known), true, nil
			}
		}
	}
	return "", true, nil
}

// absent reports whether an answer says that its host has no Chat API: that
// the path is not there, is gone, or is a web page's.
func absent(a *transport.Answer) bool {
	switch {
	case a.Status == http.StatusNotFound, a.Status == http.StatusGone, a.Status >= 300 && a.Status < 400:
		return true
	case a.Status == http.StatusTooManyRequests || a.Status >= http.StatusInternalServerError:
		return false
	}
	return core.CodeOf(a.Decode("", &json.RawMessage{})) == "vendor.html"
}

// isSupports asks Support whether it knows the token that Chat refuses. Its
// /users/me answers the anonymous too, so only a person with an id counts, or
// that a scope is missing.
func (c *Chat) isSupports(ctx context.Context) bool {
	a, err := c.get(ctx, c.support+"/api/v2/users/me.json")
	if err != nil {
		return false
	}
	if a.Status == http.StatusForbidden {
		return true
	}
	var me struct {
		User struct {
			ID lenient `json:"id"`
		} `json:"user"`
	}
	return a.Status == http.StatusOK && a.Decode("", &me) == nil && me.User.ID != ""
}

// get asks with the connection's token, once more with a renewed one where the
// first is not taken.
func (c *Chat) get(ctx context.Context, target string) (*transport.Answer, error) {
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	a, err := c.send(ctx, target, token)
	if err != nil || a.Status != http.StatusUnauthorized || !c.renewable() {
		return a, err
	}
	if token, err = c.env.Renew(ctx); err != nil {
		return nil, err
	}
	return c.send(ctx, target, token)
}

// token is the pasted one, or one of a consent.
func (c *Chat) token(ctx context.Context) (core.Secret, error) {
	if c.conn.Grant == core.GrantAPIToken {
		return c.conn.Secrets[core.SecretAPIToken], nil
	}
	return c.env.Token(ctx)
}

func (c *Chat) renewable() bool {
	return c.env.Renew != nil && c.conn.Grant != core.GrantAPIToken &&
		(c.conn.Grant == core.GrantClientCredentials || !c.conn.Secrets[core.SecretRefreshToken].Empty())
}

func (c *Chat) send(ctx context.Context, target string, token core.Secret) (*transport.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, &core.Error{Tried: "check", On: c.conn.Name, Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Accept", "application/json")
	return transport.Do(c.http, req)
}

func (c *Chat) fail(tried, code string, class core.Class) *core.Error {
	return &core.Error{Tried: tried, On: c.conn.Name, Code: code, Class: class}
}

// refusal is what an answer that is no success says.
func (c *Chat) refusal(tried string, a *transport.Answer) error {
	switch a.Status {
	case http.StatusUnauthorized:
		return c.fail(tried, codeChatRefused, core.Refused)
	case http.StatusForbidden:
		return c.fail(tried, codeChatForbidden, core.Refused)
	}
	return refusal(tried, c.conn.Name, a)
}

// Takes implements lookup.Finder.
func (*Chat) Takes() []lookup.QueryKind { return []lookup.QueryKind{lookup.ByChatID} }

// Find returns the visitor of an id, in the API's own form or in that of the
// dashboard, where a dash stands for the dot.
func (c *Chat) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	if c.err != nil || k != lookup.ByChatID {
		return nil, c.err
	}
	base, err := c.base(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range lookup.ChatIDs(strings.TrimSpace(text)) {
		segment, ok := idPath(id)
		if !ok {
			continue
		}
		a, err := c.get(ctx, base+"/visitors"+segment)
		switch {
		case err != nil:
			return nil, err
		case a.Status == http.StatusNotFound:
			continue
		}
		if err := c.refusal("look-up", a); err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := a.Decode(hostOf(base), &raw); err != nil {
			return nil, err
		}
		v, ok := chatVisitor(raw)
		if !ok {
			return nil, &core.Error{Tried: "look-up", On: c.conn.Name, Code: "vendor.malformed", Params: map[string]string{"status": strconv.Itoa(a.Status)}}
		}
		return []core.Visitor{v}, nil
	}
	return nil, nil
}

// base is where Chat answered when it was last checked. Where that is not
// known it is found out: a 404 of the wrong host would read as "nobody".
func (c *Chat) base(ctx context.Context) (string, error) {
	at := c.answered
	if at == "" {
		at = c.conn.Settings[core.SettingHost]
	}
	if !slices.ContainsFunc(c.hosts, func(h chatHost) bool { return h.id == at }) {
		if _, err := c.Check(ctx); err != nil {
			return "", err
		}
		at = c.answered
	}
	i := slices.IndexFunc(c.hosts, func(h chatHost) bool { return h.id == at })
	return c.hosts[i].base, nil
}

// chatVisitor reads a visitor. The id is a text in newer documents and a
// number in older ones; "created" is a text there, and seconds since 1970 in
// an answer that was kept.
func chatVisitor(raw json.RawMessage) (core.Visitor, bool) {
	var w struct {
		ID         lenient         `json:"id"`
		Name       lenient         `json:"name"`
		Email      lenient         `json:"email"`
		Phone      lenient         `json:"phone"`
		ExternalID lenient         `json:"external_id"`
		Banned     json.RawMessage `json:"banned"`
		Created    json.RawMessage `json:"created"`
	}
	if _ = json.Unmarshal(raw, &w); w.ID == "" { // what could be read of it counts
		return core.Visitor{}, false
	}
	v := core.Visitor{
		Kind: core.VisitorChat, ID: string(w.ID), ExternalID: string(w.ExternalID), Name: string(w.Name), Phone: string(w.Phone),
		Blocked: string(w.Banned) == "true", CreatedAt: chatTime(w.Created), Raw: raw,
	}
	if w.Email != "" {
		v.Emails = []core.VisitorEmail{{Address: string(w.Email), Primary: true}} // typed by the visitor: nobody verified it
	}
	return v, true
}

var chatSeconds = core.Pattern(`^"?([0-9]{9,10})"?$`)

// chatTime reads a time in either form; zero where it is neither.
func chatTime(raw json.RawMessage) time.Time {
	if m := chatSeconds().FindSubmatch(raw); m != nil {
		n, err := strconv.ParseInt(string(m[1]), 10, 64)
		if err == nil {
			return time.Unix(n, 0).UTC()
		}
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
