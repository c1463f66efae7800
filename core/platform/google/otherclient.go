package google

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// LintClientIn is the input of google.lint_client.
type LintClientIn struct {
	File     core.Secret `name:"file"`     // the content of the JSON file
	Callback string      `name:"callback"` // the other system's, as it shows it
	Mailbox  string      `name:"mailbox"`  // that will consent
	Audience string      `name:"audience"` // as Use has it
}

// LintClientOut is the output of google.lint_client.
type LintClientOut struct {
	ClientID   string   `name:"client_id"`
	Project    string   `name:"project"`
	Registered []string `name:"registered"` // the redirect URIs
	Findings   []string `name:"findings"`   // codes of what was found that does not stop it
	Warnings   int      `name:"warnings"`   // of these
	AuthURL    string   `name:"auth_url"`   // as other systems' forms want them, whatever the file says
	TokenURL   string   `name:"token_url"`
	Scope      string   `name:"scope"`

	File   core.Secret `name:"file"`          // as it was given
	Secret core.Secret `name:"client_secret"` // the file's, for the other system's form
}

// lintClient looks at the client that another system will use for a mailbox,
// and gives what that system's form asks for. It makes no call. What cannot
// work is an error with the finding's code: by then no browser was opened.
func (m *service) lintClient(_ context.Context, in LintClientIn) (LintClientOut, error) {
	if err := checkMailbox(in.Mailbox); err != nil {
		return LintClientOut{}, err
	}
	callback, err := checkCallback(in.Callback)
	if err != nil {
		return LintClientOut{}, err
	}
	f, err := ParseFile([]byte(in.File.Reveal()))
	if err != nil {
		return LintClientOut{}, err
	}
	out := LintClientOut{
		ClientID: f.ClientID, Project: f.Project, Registered: f.Redirects, AuthURL: authURLOld, TokenURL: tokenURL, Scope: MailScope, File: in.File,
		Secret: f.ClientSecret,
	}
	for _, found := range Lint(f, Use{
		Grant: core.GrantCode, Redirects: []string{callback}, Elsewhere: true, Audience: in.Audience, Mailbox: in.Mailbox, Scopes: []string{MailScope},
	}) {
		switch found.Level {
		case platform.Stops:
			return LintClientOut{}, unusable(found, f)
		case platform.Warns:
			out.Warnings++
		}
		out.Findings = append(out.Findings, found.Code)
	}
	return out, nil
}

// unusable is a finding that stops a client of another system: nothing was to
// be added here.
func unusable(found platform.Finding, f File) error {
	err := found.Err(f.ClientID)
	if e, ok := errors.AsType[*core.Error](err); ok {
		e.Tried = "use-client"
	}
	return err
}

// checkCallback refuses what Google would not register as a redirect URI of a
// web client: https, save on this machine, without wildcard, user or fragment.
func checkCallback(raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	u, err := url.Parse(raw)
	if err != nil || !registrable(raw, u) ||
		u.Scheme != "https" && (u.Scheme != "http" || !transport.IsLoopback(u.Hostname())) {
		return "", &core.Error{Tried: "read-input", Code: "google.bad-callback", Class: core.Usage}
	}
	return raw, nil
}

// KeepClientIn is the input of google.keep_client.
type KeepClientIn struct {
	Name     string      `name:"name"`
	Theirs   core.Secret `name:"theirs"`       // the JSON file of the other system's client
	Own      core.Secret `name:"own,optional"` // that of a client of the same project for deskward; else the other's is tried
	Mailbox  string      `name:"mailbox"`
	Callback string      `name:"callback"` // the other system's: no answer comes here by it
	Audience string      `name:"audience"`
}

// KeepClientOut is the output of google.keep_client.
type KeepClientOut struct {
	Connection string `name:"connection"` // id
	Name       string `name:"name"`
	ClientID   string `name:"client_id"`
	Shared     bool   `name:"shared"` // it is the other system's client
}

// keepClient stores the connection by which another system's set-up is proved
// before that system is asked: with a client of the same Cloud project, since
// audience, test users and the Admin console's say are that project's. The other
// system's own client does only if a redirect URI of this machine is registered
// with it. It fails with code google.other-project or google.no-way-back.
func (m *service) keepClient(ctx context.Context, in KeepClientIn) (KeepClientOut, error) {
	theirs, err := ParseFile([]byte(in.Theirs.Reveal()))
	if err != nil {
		return KeepClientOut{}, err
	}
	file, f := in.Theirs, theirs
	if !in.Own.Empty() {
		if f, err = ParseFile([]byte(in.Own.Reveal())); err != nil {
			return KeepClientOut{}, err
		}
		file = in.Own
	}
	if f.Project != theirs.Project && slices.Contains([]Kind{KindWeb, KindInstalled}, f.Kind) {
		return KeepClientOut{}, &core.Error{Tried: "add-connection", On: in.Name, Code: "google.other-project", Class: core.Usage, Params: map[string]string{"own": f.Project, "theirs": theirs.Project}}
	}
	c, err := Platform().NewConnection(platform.Answers{
		Name: in.Name, Grant: core.GrantCode, Expect: in.Mailbox,
		Plain: map[string]string{settingAudience: in.Audience, "scopes": MailScope}, Secret: core.Secrets{settingFile: file},
	})
	if err != nil {
		return KeepClientOut{}, err
	}
	c.Settings[settingRedirect] = strings.Join(slices.DeleteFunc(strings.Fields(c.Settings[settingRedirect]), func(r string) bool { return r == strings.TrimSpace(in.Callback) }), " ")
	for _, found := range lintConnection(c) {
		switch {
		case found.Level == platform.Stops:
			return KeepClientOut{}, found.Err(c.Name)
		case slices.Contains([]string{"google.redirect-none", "google.redirect-missing", "google.redirect-almost"}, found.Code):
			return KeepClientOut{}, &core.Error{Tried: "add-connection", On: c.Name, Code: "google.no-way-back", Class: core.Usage, Params: found.Params}
		}
	}
	if c, err = m.storeClient(ctx, c); err != nil {
		return KeepClientOut{}, err
	}
	return KeepClientOut{Connection: c.ID, Name: c.Name, ClientID: c.ClientID, Shared: f.ClientID == theirs.ClientID}, nil
}

// storeClient stores c, or brings what is there under its name up to date, so
// that the step can be taken again.
func (m *service) storeClient(ctx context.Context, c core.Connection) (core.Connection, error) {
	was, err := m.s.Connections.ByName(ctx, c.Name)
	if core.CodeOf(err) == "connection.not-found" {
		return m.s.Connections.Add(ctx, c)
	} else if err != nil {
		return c, err
	}
	if was.Platform != ID || was.Grant != c.Grant || was.ClientID != c.ClientID || !strings.EqualFold(was.Expect, c.Expect) {
		return c, &core.Error{Tried: "name-connection", On: c.Name, Code: "connection.name-taken", Class: core.Usage, Err: core.ErrExists}
	}
	return m.s.Connections.Change(ctx, was.ID, core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": core.SecretClientSecret}}, func(now *core.Connection) error {
		now.Settings, now.Scopes = c.Settings, c.Scopes
		now.Secrets = now.Secrets.With(core.SecretClientSecret, c.Secrets[core.SecretClientSecret])
		return nil
	})
}

func (m *service) consents() (consent.Asker, error) {
	if c, ok := m.s.Tokens.(consent.Asker); ok {
		return c, nil
	}
	return nil, &core.Error{Tried: "consent", Code: "platform.cannot.consent", Class: core.Usage, Params: map[string]string{"platform": string(ID)}}
}

// AskConsentOut is the output of google.ask_consent.
type AskConsentOut struct {
	URL      string    `name:"url"` // to be opened by the mailbox's owner
	Redirect string    `name:"redirect"`
	Port     int       `name:"port"` // that the answer comes to, by itself or through a tunnel
	Begun    time.Time `name:"begun"`
	Expires  time.Time `name:"expires"`
}

// askConsent begins a consent and listens for its answer, which comes there or is
// given to google.take_consent. Done again, it begins another, and the one of
// before is void.
func (m *service) askConsent(ctx context.Context, in MailboxIn) (AskConsentOut, error) {
	c, err := m.own(ctx, in.Connection)
	if err != nil {
		return AskConsentOut{}, err
	}
	ask, err := m.consents()
	if err != nil {
		return AskConsentOut{}, err
	}
	begun := m.s.Clock.Now()
	a, err := m.hearing.Begin(ctx, ask, c.ID, begun)
	return AskConsentOut{URL: a.URL, Redirect: a.Redirect, Port: a.Port, Begun: begun, Expires: a.Expires}, err
}

// TakeConsentIn is the input of google.take_consent.
type TakeConsentIn struct {
	Connection string      `name:"connection"`
	Answer     core.Secret `name:"answer,optional"` // the address at which the browser ended; none: it was answered by itself
	Begun      time.Time   `name:"begun,optional"`  // when it was asked, where there is no Answer
}

// TakeConsentOut is the output of google.take_consent.
type TakeConsentOut struct {
	Connection string   `name:"connection"` // its name
	Granted    []string `name:"granted"`
}

// takeConsent trades the answer for tokens, or looks whether that was done when
// the browser came to the port. It fails where the box of the mail
// scope was not ticked, with code google.insufficientPermissions, and where
// another account consented. When the first check could not be made, or the
// Gmail API is off, the tokens are kept all the same: the proofs that follow say
// so.
func (m *service) takeConsent(ctx context.Context, in TakeConsentIn) (TakeConsentOut, error) {
	c, err := m.own(ctx, in.Connection)
	if err != nil {
		return TakeConsentOut{}, err
	}
	ask, err := m.consents()
	if err != nil {
		return TakeConsentOut{}, err
	}
	res, err := m.hearing.Take(ctx, ask, m.s.Connections.Get, consent.Answered{Connection: c.ID, Address: in.Answer, Begun: in.Begun})
	if err != nil {
		return TakeConsentOut{}, err
	}
	return taken(res.Connection)
}

// taken is a consent that was saved, if it is the one that was asked for.
func taken(c core.Connection) (TakeConsentOut, error) {
	switch {
	case len(c.Granted) > 0 && slices.Contains(c.Scopes, MailScope) && !slices.Contains(c.Granted, MailScope):
		return TakeConsentOut{}, &core.Error{Tried: "consent", On: c.Name, Code: "google.insufficientPermissions", Class: core.Refused}
	case c.Check.Code == "connection.wrong-account":
		return TakeConsentOut{}, c.Refusal()
	}
	return TakeConsentOut{Connection: c.Name, Granted: c.Granted}, nil
}
