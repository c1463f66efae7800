package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// Mailbox is a client of the Gmail API for one connection. It is a
// platform.Checker and Owner, and no Revoker: see the package comment.
type Mailbox struct {
	conn core.Connection
	env  platform.Env
	http *http.Client
	base string
}

var (
	_ platform.Checker = (*Mailbox)(nil)
	_ platform.Owner   = (*Mailbox)(nil)
)

func dial(c core.Connection, env platform.Env) *Mailbox {
	return &Mailbox{
		conn: c, env: env, http: env.HTTPClient(hosts(env.Endpoints)),
		base: env.Endpoints.Resolve(ID, endpointGmail, "", "https://gmail.googleapis.com"),
	}
}

func (m *Mailbox) host() string {
	u, err := url.Parse(m.base)
	if err != nil {
		return ""
	}
	return u.Host
}

// mailbox is whose mailbox is meant, as far as the admin said.
func (m *Mailbox) mailbox() string {
	if m.conn.Account != "" {
		return m.conn.Account
	}
	return m.conn.Expect
}

// Profile is what the Gmail API tells of a mailbox.
type Profile struct {
	Address  string
	Messages int64
}

// Profile returns whose mailbox the token opens.
func (m *Mailbox) Profile(ctx context.Context) (Profile, error) {
	var body struct {
		Address  string `json:"emailAddress"`
		Messages int64  `json:"messagesTotal"`
	}
	if err := m.get(ctx, "check", "profile", &body); err != nil {
		return Profile{}, err
	}
	if body.Address == "" {
		return Profile{}, &core.Error{Tried: "check", On: m.conn.Name, Code: "vendor.malformed", Params: map[string]string{"status": "200"}}
	}
	return Profile{core.CleanLine(body.Address), body.Messages}, nil
}

// Labels returns the names of the mailbox's labels, at most a few hundred.
func (m *Mailbox) Labels(ctx context.Context) ([]string, error) {
	var body struct {
		Labels []struct {
			Name string `json:"name"`
		} `json:"labels"`
	}
	if err := m.get(ctx, "list-labels", "labels", &body); err != nil {
		return nil, err
	}
	var out []string
	for _, l := range body.Labels {
		out = append(out, core.CleanLine(l.Name))
	}
	return out, nil
}

// get makes one call for the token's own mailbox. An access token that is no
// longer taken is renewed once.
func (m *Mailbox) get(ctx context.Context, tried, what string, into any) error {
	token, err := m.env.Token(ctx)
	if err != nil {
		return err
	}
	a, err := m.once(ctx, what, token)
	if err == nil && a.Status == http.StatusUnauthorized && m.env.Renew != nil {
		if token, err = m.env.Renew(ctx); err != nil {
			return err
		}
		a, err = m.once(ctx, what, token)
	}
	if err != nil {
		return err
	}
	if err := m.apiError(tried, a); err != nil {
		return err
	}
	return a.Decode(m.host(), into)
}

func (m *Mailbox) once(ctx context.Context, what string, token core.Secret) (*transport.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base+"/gmail/v1/users/me/"+what, nil)
	if err != nil {
		return nil, &core.Error{Tried: "call", Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Accept", "application/json")
	return transport.Do(m.http, req)
}

const gmailScope = "https://www.googleapis.com/auth/gmail."

// mayProfile and mayLabels report whether the granted scopes reach. Which they
// are for getProfile is unverified, so only what surely does not is left out.
func (m *Mailbox) mayProfile() bool {
	return !m.only("send", "labels", "insert", "settings.basic", "settings.sharing")
}

func (m *Mailbox) mayLabels() bool {
	return !m.only("send", "compose", "insert", "settings.basic", "settings.sharing")
}

// only reports whether nothing but these was granted.
func (m *Mailbox) only(names ...string) bool {
	if len(m.conn.Granted) == 0 {
		return false
	}
	return !slices.ContainsFunc(m.conn.Granted, func(s string) bool {
		return !identityOnly([]string{s}) && !slices.ContainsFunc(names, func(n string) bool { return s == gmailScope+n })
	})
}

// Check proves the credential by the two calls that change nothing: whose
// mailbox it is, and its labels. A token that reaches neither (one for sending
// alone) fails with code google.nothing-to-ask, class Usage.
func (m *Mailbox) Check(ctx context.Context) (core.Check, error) {
	check := core.Check{OK: true}
	switch {
	case len(m.conn.Granted) > 0 && identityOnly(m.conn.Granted):
		return core.Check{}, &core.Error{Tried: "check", On: m.conn.Name, Code: "google.insufficientPermissions", Class: core.Refused}
	case !m.mayProfile() && !m.mayLabels():
		return core.Check{}, &core.Error{Tried: "check", On: m.conn.Name, Code: "google.nothing-to-ask", Class: core.Usage}
	}
	if m.mayProfile() {
		p, err := m.Profile(ctx)
		if err != nil {
			return core.Check{}, err
		}
		check.Note = p.Address
	}
	if m.mayLabels() {
		if _, err := m.Labels(ctx); err != nil {
			return core.Check{}, err
		}
	}
	return check, nil
}

// Owner returns the address of the mailbox that the token opens: the person
// who consented, or whom the service account acts for.
func (m *Mailbox) Owner(ctx context.Context) (string, error) {
	if !m.mayProfile() {
		return "", errors.New("no scope for it")
	}
	p, err := m.Profile(ctx)
	return p.Address, err
}
