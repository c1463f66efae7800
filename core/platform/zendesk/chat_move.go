package zendesk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The codes of the way from www.zopim.com to the subdomain.
const (
	codeChatOnlyZopim    = "zendesk.chat-only-zopim"
	codeChatNewRefuses   = "zendesk.chat-new-refuses"
	codeChatOtherAccount = "zendesk.chat-other-account"
	codeChatStillZopim   = "zendesk.chat-still-zopim"
	codeVisitorUnknown   = "zendesk.chat-visitor-unknown"
	codeVisitorMissing   = "zendesk.chat-visitor-missing"
	codeVisitorDiffers   = "zendesk.chat-visitor-differs"
)

// moves is the actions around what Zendesk ends: Chat's old host, and the API
// tokens of Support.
type moves struct{ s platform.Services }

func (m *moves) actions() []action.Action {
	return append([]action.Action{
		action.New("zendesk.chat_connection", action.Changes, m.chatConnection),
		action.New("zendesk.probe_chat_hosts", action.Reads, m.probeChatHosts),
		action.New("zendesk.compare_chat_visitor", action.Reads, m.compareChatVisitor),
		action.New("zendesk.prove_chat_home", action.Reads, m.proveChatHome),
		action.New("zendesk.match_places", action.Reads, m.matchPlaces),
	}, m.tokenActions()...)
}

// env is what a client of the stored connection works with.
func (m *moves) env(c core.Connection) platform.Env {
	env := platform.Env{
		HTTP: m.s.HTTP, Endpoints: m.s.Endpoints, Clock: m.s.Clock,
		Token: func(ctx context.Context) (core.Secret, error) { return m.s.Tokens.Access(ctx, c.ID) },
	}
	if r, ok := m.s.Tokens.(platform.Refresher); ok {
		env.Renew = func(ctx context.Context) (core.Secret, error) {
			now, err := r.Refresh(ctx, c.ID)
			return now.Secrets[core.SecretAccessToken], err
		}
	}
	return env
}

// ChatConnectionIn is the input of zendesk.chat_connection. Account and token
// are of a connection that is not stored yet.
type ChatConnectionIn struct {
	Name    string      `name:"name"`
	Account string      `name:"account,optional"`
	Token   core.Secret `name:"token,optional"`
}

// ChatConnectionOut is the output of zendesk.chat_connection.
type ChatConnectionOut struct {
	Connection string `name:"connection"` // id
	Name       string `name:"name"`
	Account    string `name:"account"`
	OldAPI     string `name:"old_api"`
	NewAPI     string `name:"new_api"`
	OldOAuth   string `name:"old_oauth"` // what both addresses began with
	Authorize  string `name:"authorize"`
	TokenURL   string `name:"token_url"`
}

// chatConnection is the stored connection to Chat of that name. Where there is
// none, it is stored with the token that was typed, so that the step can be
// taken again.
func (m *moves) chatConnection(ctx context.Context, in ChatConnectionIn) (ChatConnectionOut, error) {
	c, err := m.s.Connections.ByName(ctx, in.Name)
	if core.CodeOf(err) == "connection.not-found" && in.Account != "" && !in.Token.Empty() {
		c, err = Platform().NewConnection(platform.Answers{
			Name: in.Name, Grant: core.GrantAPIToken,
			Plain:  map[string]string{core.SettingProduct: productChat, "account": in.Account},
			Secret: core.Secrets{core.SecretAPIToken: core.TidySecret(in.Token)},
		})
		if err == nil {
			c, err = m.s.Connections.Add(ctx, c)
		}
	}
	if err == nil {
		err = isChat(c)
	}
	if err != nil {
		return ChatConnectionOut{}, err
	}
	here, old, err := chatHosts(c, m.s.Endpoints)
	return ChatConnectionOut{
		Connection: c.ID, Name: c.Name, Account: c.Account, OldAPI: old.base + "/api/v2/", NewAPI: here.base + "/api/v2/chat/",
		OldOAuth: old.base + "/oauth2/", Authorize: here.base + "/oauth2/chat/authorizations/new", TokenURL: here.base + "/oauth2/chat/token",
	}, err
}

func isChat(c core.Connection) error {
	switch {
	case c.Platform != ID:
		return &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-zendesk", Class: core.Usage}
	case productOf(c) != productChat:
		return &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-chat", Class: core.Usage}
	}
	return nil
}

// chat returns the client of a stored connection to Chat.
func (m *moves) chat(ctx context.Context, name string) (*Chat, error) {
	c, err := m.s.Connections.ByName(ctx, name)
	if err == nil {
		err = isChat(c)
	}
	if err != nil {
		return nil, err
	}
	chat := NewChat(c, m.env(c))
	return chat, chat.err
}

// ConnectionIn names a stored connection.
type ConnectionIn struct {
	Connection string `name:"connection"`
}

// ChatHostsOut is the output of zendesk.probe_chat_hosts. A status is that of
// the answer; "": there was none.
type ChatHostsOut struct {
	NewStatus string    `name:"new_status"`
	OldStatus string    `name:"old_status"`
	Agent     string    `name:"agent"`  // the first at the subdomain
	Agents    int       `name:"agents"` // at the subdomain
	Shared    int       `name:"shared"` // of them, those that the old host has, too
	CheckedAt time.Time `name:"checked_at"`
}

// chatAgent is what two hosts of one account have alike. One person may be an
// agent of two accounts, but not by the same id.
type chatAgent struct {
	ID    lenient `json:"id"`
	Name  lenient `json:"display_name"`
	Email lenient `json:"email"`
}

// ask is one call to one host: the answer, or "" and no error where the old
// host's name is gone or nobody is there.
func (c *Chat) ask(ctx context.Context, h chatHost, path string) (a *transport.Answer, status string, err error) {
	a, err = c.get(ctx, h.base+path)
	if err != nil && h.id == chatAtZopim && strings.HasPrefix(core.CodeOf(err), "net.") {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	return a, strconv.Itoa(a.Status), nil
}

// probeChatHosts asks both hosts for the agents, with the same token. What
// counts is the subdomain; what the old host says, if it says anything, shows
// whether both are the same account.
func (m *moves) probeChatHosts(ctx context.Context, in ConnectionIn) (ChatHostsOut, error) {
	c, err := m.chat(ctx, in.Connection)
	if err != nil {
		return ChatHostsOut{}, err
	}
	var agents [2][]chatAgent
	var answers [2]*transport.Answer
	var status [2]string
	for i, h := range c.hosts {
		if answers[i], status[i], err = c.ask(ctx, h, "/agents"); err != nil {
			return ChatHostsOut{}, err
		}
		if a := answers[i]; a != nil && a.Status == http.StatusOK && !absent(a) {
			if err := a.Decode(hostOf(h.base), &agents[i]); err != nil && i == 0 {
				return ChatHostsOut{}, err
			}
		}
	}
	out := ChatHostsOut{NewStatus: status[0], OldStatus: status[1], Agents: len(agents[0]), CheckedAt: m.s.Clock.Now()}
	for _, one := range agents[0] {
		if out.Agent == "" {
			out.Agent = firstText(one.Email, one.Name)
		}
		if slices.ContainsFunc(agents[1], func(o chatAgent) bool { return o.ID == one.ID && o.Email == one.Email }) {
			out.Shared++
		}
	}
	oldWorks := len(agents[1]) > 0
	switch err := c.refusal("probe-hosts", answers[0]); {
	case absent(answers[0]) && oldWorks:
		return ChatHostsOut{}, c.fail("probe-hosts", codeChatOnlyZopim, core.Refused)
	case absent(answers[0]):
		return ChatHostsOut{}, c.fail("probe-hosts", codeChatNowhere, core.Refused)
	case core.CodeOf(err) == codeChatRefused && oldWorks:
		return ChatHostsOut{}, c.fail("probe-hosts", codeChatNewRefuses, core.Refused)
	case err != nil:
		return ChatHostsOut{}, err
	case oldWorks && out.Shared == 0:
		return ChatHostsOut{}, c.fail("probe-hosts", codeChatOtherAccount, core.Refused)
	}
	return out, nil
}

func firstText(texts ...lenient) string {
	for _, t := range texts {
		if t != "" {
			return core.CleanLine(string(t))
		}
	}
	return ""
}

// VisitorIn is the input of zendesk.compare_chat_visitor.
type VisitorIn struct {
	Connection string `name:"connection"`
	Visitor    string `name:"visitor"` // id, with a dot or a dash
}

// VisitorOut is the output of zendesk.compare_chat_visitor.
type VisitorOut struct {
	Visitor   string    `name:"visitor"` // id as the subdomain has it
	NewStatus string    `name:"new_status"`
	OldStatus string    `name:"old_status"` // "": nobody answered
	Alike     int       `name:"alike"`      // fields compared and alike; 0: the old host gave nobody to compare with
	CheckedAt time.Time `name:"checked_at"`
}

// compareChatVisitor looks one visitor up at both hosts.
func (m *moves) compareChatVisitor(ctx context.Context, in VisitorIn) (VisitorOut, error) {
	c, err := m.chat(ctx, in.Connection)
	if err != nil {
		return VisitorOut{}, err
	}
	var found [2]*core.Visitor
	var status [2]string
	for i, h := range c.hosts {
		if found[i], status[i], err = c.visitorAt(ctx, h, in.Visitor); err != nil && i == 0 {
			return VisitorOut{}, err
		}
	}
	fail := func(code string, fields ...string) error {
		e := c.fail("compare-visitor", code, core.Refused)
		e.Params = map[string]string{"visitor": core.CleanLine(in.Visitor), "fields": strings.Join(fields, ", ")}
		return e
	}
	switch {
	case found[0] == nil && found[1] == nil:
		return VisitorOut{}, fail(codeVisitorUnknown)
	case found[0] == nil:
		return VisitorOut{}, fail(codeVisitorMissing)
	}
	out := VisitorOut{Visitor: core.CleanLine(found[0].ID), NewStatus: status[0], OldStatus: status[1], CheckedAt: m.s.Clock.Now()}
	if found[1] != nil {
		alike, differ := compareVisitors(*found[0], *found[1])
		if len(differ) > 0 {
			return VisitorOut{}, fail(codeVisitorDiffers, differ...)
		}
		out.Alike = len(alike)
	}
	return out, nil
}

// visitorAt asks one host for a visitor, by both forms of the id; nil: that
// host has nobody. The old host fails without an error: its answer is told by
// the status alone.
func (c *Chat) visitorAt(ctx context.Context, h chatHost, typed string) (*core.Visitor, string, error) {
	status := ""
	for _, id := range lookup.ChatIDs(strings.TrimSpace(typed)) {
		segment, ok := idPath(id)
		if !ok {
			continue
		}
		var a *transport.Answer
		var err error
		if a, status, err = c.ask(ctx, h, "/visitors"+segment); err != nil || a == nil {
			return nil, status, err
		}
		if a.Status == http.StatusNotFound {
			continue
		}
		if err := c.refusal("compare-visitor", a); err != nil {
			return nil, status, err
		}
		v, ok := chatVisitor(a.Body)
		if !ok {
			return nil, status, &core.Error{Tried: "compare-visitor", On: c.conn.Name, Code: "vendor.malformed", Params: map[string]string{"status": status}}
		}
		return &v, status, nil
	}
	return nil, status, nil
}

// compareVisitors tells the fields apart in which two answers agree and
// differ. They are compared by what they mean: the forms of ids and times have
// changed.
func compareVisitors(a, b core.Visitor) (alike, differ []string) {
	email := func(v core.Visitor) string {
		if len(v.Emails) == 0 {
			return ""
		}
		return v.Emails[0].Address
	}
	dotted := func(id string) string { return strings.ReplaceAll(id, "-", ".") }
	for _, f := range []struct {
		name string
		same bool
	}{
		{"id", dotted(a.ID) == dotted(b.ID)},
		{"name", a.Name == b.Name},
		{"email", email(a) == email(b)},
		{"phone", a.Phone == b.Phone},
		{"external_id", a.ExternalID == b.ExternalID},
		{"banned", a.Blocked == b.Blocked},
		{"created", a.CreatedAt.Equal(b.CreatedAt)},
	} {
		if f.same {
			alike = append(alike, f.name)
		} else {
			differ = append(differ, f.name)
		}
	}
	return alike, differ
}

// ChatHomeOut is the output of zendesk.prove_chat_home.
type ChatHomeOut struct {
	Host      string    `name:"host"`
	Agent     string    `name:"agent"`
	Deadlines int       `name:"deadlines"` // that the connection still has
	CheckedAt time.Time `name:"checked_at"`
}

// proveChatHome checks the connection, whereby it moves, and looks where it
// lives now.
func (m *moves) proveChatHome(ctx context.Context, in ConnectionIn) (ChatHomeOut, error) {
	chat, err := m.chat(ctx, in.Connection)
	if err != nil {
		return ChatHomeOut{}, err
	}
	c, err := m.s.Checks(ctx, chat.conn.ID)
	if err != nil {
		return ChatHomeOut{}, err
	}
	switch {
	case !c.Check.OK:
		return ChatHomeOut{}, c.Refusal()
	case c.Settings[core.SettingHost] != chatAtSubdomain:
		return ChatHomeOut{}, chat.fail("check", codeChatStillZopim, core.Refused)
	}
	agent, here, err := chat.agents(ctx, chat.hosts[0]) // once more, for this step's own evidence
	if err == nil && !here {
		err = chat.fail("check", codeChatStillZopim, core.Refused)
	}
	if err != nil {
		return ChatHomeOut{}, err
	}
	return ChatHomeOut{
		Host: hostOf(chat.hosts[0].base), Agent: core.CleanLine(agent), Deadlines: len(ends(c.Summary())), CheckedAt: c.Check.At,
	}, nil
}

// PlacesIn is the input of zendesk.match_places: what was found, and what was
// changed.
type PlacesIn struct {
	Places   string `name:"places"`
	Switched string `name:"switched,optional"`
}

// PlacesOut is the output of zendesk.match_places.
type PlacesOut struct {
	Places string `name:"places"`
	Count  int    `name:"count"`
}

// matchPlaces wants each place that was found to be named again once it was
// changed: that one of them was forgotten is what goes wrong most often.
func (m *moves) matchPlaces(_ context.Context, in PlacesIn) (PlacesOut, error) {
	found, switched := placesIn(in.Places), placesIn(in.Switched)
	left := slices.DeleteFunc(slices.Clone(found), func(p string) bool {
		return slices.ContainsFunc(switched, func(s string) bool { return strings.EqualFold(s, p) })
	})
	if len(left) > 0 {
		return PlacesOut{}, &core.Error{
			Tried: "match-places", Code: "zendesk.places-left", Class: core.Usage,
			Params: map[string]string{"left": strings.Join(left, ", "), "count": strconv.Itoa(len(left))},
		}
	}
	return PlacesOut{Places: strings.Join(found, ", "), Count: len(found)}, nil
}
