package connections

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/mailproof"
	"deskward/tui/screen"
)

// work is what is being done to one connection.
type work string

// The works. Their words are the locale texts connections.doing.<work>.
const (
	checking   work = "checking"
	refreshing work = "refreshing"
	probing    work = "probing"
)

// done is the outcome of a check or a refresh.
type done struct {
	what work
	sum  core.Summary    // before
	conn core.Connection // after; its ID is "" when err is not nil
	err  error
}

// check proves one connection with a real call.
func (f *family) check(s *screen.Scope, sum core.Summary) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		c, err := f.Service.Check(ctx, sum.ID)
		return done{what: checking, sum: sum, conn: c, err: err}
	})
}

// refresh renews the access token now.
func (f *family) refresh(s *screen.Scope, sum core.Summary) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		c, err := f.Consent.Refresh(ctx, sum.ID)
		return done{what: refreshing, sum: sum, conn: c, err: err}
	})
}

// say tells what came of it. A check that the vendor refused is no error of
// the check, but it is what the admin must read, so it is explained as one.
func (d done) say() screen.Step {
	name := locale.Params{"name": d.sum.Name}
	switch {
	case d.err != nil:
		return screen.Fail(d.err)
	case d.what == refreshing:
		return screen.Say("connections.refreshed", name)
	case !d.conn.Check.OK:
		return screen.Fail(d.conn.Refusal())
	}
	return screen.Say("connections.checked", name)
}

// consentable reports whether a person or the vendor can be asked for a grant.
func consentable(g core.Grant) bool {
	return slices.Contains([]core.Grant{core.GrantCode, core.GrantPastedCode, core.GrantMigrated, core.GrantDevice, core.GrantClientCredentials, core.GrantServiceAccount, core.GrantJWTBearer}, g)
}

// grantScreen opens the way of consent that fits the connection.
func (f *family) grantScreen(who subject) screen.Screen {
	switch who.grant {
	case core.GrantPastedCode, core.GrantMigrated: // what was migrated belongs to a self client
		return newPasted(f, who)
	case core.GrantDevice:
		return newDevice(f, who)
	case core.GrantClientCredentials, core.GrantServiceAccount, core.GrantJWTBearer:
		return newObtain(f, who)
	}
	return newConsent(f, who)
}

// subject is the connection that a consent screen is about.
type subject struct {
	id, name string
	platform core.PlatformID
	grant    core.Grant
	inside   bool // opened from the connection's own screen: going back shows it
}

// title is the header's part of a consent screen: whose consent it is, unless
// the screen below says so already.
func (s subject) title(e screen.Env) string {
	if s.inside {
		return e.T("connections.consent.title")
	}
	return s.name + " " + e.Theme.Glyphs.Crumb + " " + e.T("connections.consent.title")
}

func subjectOf(s core.Summary, inside bool) subject {
	return subject{id: s.ID, name: s.Name, platform: s.Platform, grant: s.Grant, inside: inside}
}

// rowKeys are the keys that act on one connection, with the reason where one
// cannot work now.
func (f *family) rowKeys(s core.Summary, some bool, busy work) map[string]screen.Key {
	const none = "connections.off.none"
	has := s.HasAccess || s.HasRefresh || s.HasCredential || s.Grant.Unattended()
	idle := func(k screen.Key) screen.Key {
		return k.If(busy == "", "connections.off.busy").If(some, none)
	}
	return map[string]screen.Key{
		"check":   idle(screen.NewKey("c", "connections.key.check", "c").If(has || s.Grant == core.GrantRecord, "connections.off.no-token")),
		"refresh": idle(screen.NewKey("r", "connections.key.refresh", "r").If(s.HasRefresh || s.Grant.Unattended(), "connections.off.no-refresh")),
		"consent": screen.NewKey("o", "connections.key.consent", "o").If(consentable(s.Grant), "connections.off.no-consent").If(some, none),
		"migrate": screen.NewKey("m", "connections.key.migrate", "m").If(f.Migrate != nil, "connections.off.no-migration").If(f.ends(s), "connections.off.not-legacy").If(some, none),
		"copy":    screen.NewKey("y", "connections.key.copy", "y").If(some, none),
		"rename":  screen.NewKey("R", "connections.key.rename", "R").If(some, none),
		"edit":    screen.NewKey("E", "connections.key.edit", "E").If(some, none),
		"revoke":  screen.NewKey("V", "connections.key.revoke", "V").If(has, "connections.off.no-token").If(some, none),
		"remove":  screen.NewKey("x", "connections.key.remove", "x").If(some, none),
	}
}

// end is the last of the ends that the platform knows of a connection and has a
// guide out of: what comes before it may be put off.
func (f *family) end(s core.Summary) (core.End, bool) {
	p := f.platforms[s.Platform]
	if p.Ends == nil {
		return core.End{}, false
	}
	var last core.End
	for _, e := range p.Ends(s) {
		if e.Guide != "" && (last.Guide == "" || e.At.After(last.At)) {
			last = e
		}
	}
	return last, last.Guide != ""
}

// ends reports whether a connection is of a kind that is coming to its end, and
// there is a migration out of it.
func (f *family) ends(s core.Summary) bool {
	_, known := f.end(s)
	return known || s.Grant == core.GrantAuthtoken
}

// mailKey proves a connection by mail. It shares m with migrating, which only
// what is coming to its end can.
func (f *family) mailKey(c core.Connection, s core.Summary) screen.Key {
	_, _, known := mailproof.Defaults(c)
	k := screen.NewKey("m", "connections.key.mail", "m").
		If(s.HasAccess || s.HasRefresh || s.Grant.Unattended(), "connections.off.no-bearer").
		If(known, "connections.off.no-mail-server")
	if !known {
		return k.Hide()
	}
	return k
}

// open opens what a key of rowKeys stands for, for the keys that open a
// screen; ok is false for others. inside: from the connection's own screen.
func (f *family) open(key string, s core.Summary, inside bool) (step screen.Step, ok bool) {
	switch key {
	case "o":
		return screen.Step{Open: f.grantScreen(subjectOf(s, inside))}, true
	case "m":
		switch {
		case f.ends(s) && f.Migrate != nil:
			guide := ""
			if end, known := f.end(s); known {
				guide = end.Guide
			}
			return screen.Step{Open: f.Migrate(s, guide)}, true
		case f.Mail != nil:
			return screen.Step{Open: f.Mail(s)}, true
		}
		return screen.Step{}, false
	case "y":
		return screen.Step{Open: newCopyMenu(f, s)}, true
	case "R":
		return screen.Step{Open: newRename(f, s)}, true
	case "E":
		return screen.Step{Open: newEdit(f, s)}, true
	case "V":
		return screen.Step{Open: newRevoke(f, s)}, true
	case "x":
		return screen.Step{Open: newRemove(f, s)}, true
	}
	return screen.Step{}, false
}
