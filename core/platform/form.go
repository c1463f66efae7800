package platform

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
)

// Answers are what an admin said of a new connection: by Ask name, secrets
// apart.
type Answers struct {
	Name   string // the connection's
	Grant  core.Grant
	Expect string // the account expected to consent; "": any
	Plain  map[string]string
	Secret core.Secrets
}

// AnswerSecretEnds is the answer that is no Ask: on which date the client secret
// ends at the vendor, where one is asked for. Some vendors end them (Microsoft
// Entra after two years at most), some companies do, and no vendor of these
// tells it by its API: so it may be said of any connection with one.
const AnswerSecretEnds = "client_secret_ends"

// ParseDate reads a date, which begins in UTC, or a date with a time; zero
// where nothing was said. It fails with code platform.bad-date.
func ParseDate(v string) (time.Time, error) {
	v = strings.TrimSpace(v)
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04Z"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &core.Error{Tried: "read-input", On: core.CleanLine(v), Code: "platform.bad-date", Class: core.Usage, Params: map[string]string{"value": core.CleanLine(v)}}
}

// CheckDate reports what is wrong with a typed date.
func CheckDate(v string) error {
	_, err := ParseDate(v)
	return err
}

// Accepts reports whether the platform knows a grant.
func (p Platform) Accepts(g core.Grant) bool { return slices.Contains(p.Grants, g) }

// AsksFor returns what is asked for one grant, in order, given the answers so
// far: what was not answered counts as its default.
func (p Platform) AsksFor(g core.Grant, plain map[string]string) []Ask {
	var out []Ask
	said := map[string]string{}
	for _, ask := range p.Asks {
		if len(ask.Grants) > 0 && !slices.Contains(ask.Grants, g) || !ask.applies(said) {
			continue
		}
		ask.Optional = ask.Optional || slices.Contains(ask.OptionalFor, g)
		said[ask.Name] = cmp.Or(strings.TrimSpace(plain[ask.Name]), ask.Default)
		out = append(out, ask)
	}
	return out
}

// applies reports whether the earlier answers are those of When.
func (a Ask) applies(said map[string]string) bool {
	for name, want := range a.When {
		if said[name] != want {
			return false
		}
	}
	return true
}

// NewConnection makes the connection that the answers describe, with the
// defaults of what was left out. It fails with code platform.grant when the
// platform does not know the grant, platform.ask-unknown when an answer
// belongs to no Ask, platform.ask-missing when a needed one is not there, and
// otherwise as the Ask's own check. It stores nothing.
func (p Platform) NewConnection(a Answers) (core.Connection, error) {
	if !p.Accepts(a.Grant) {
		return core.Connection{}, p.inputError("platform.grant", map[string]string{"grant": string(a.Grant), "grants": joinGrants(p.Grants)})
	}
	c := core.Connection{
		Name: strings.TrimSpace(a.Name), Platform: p.ID, Grant: a.Grant, Expect: strings.TrimSpace(a.Expect),
		Settings: map[string]string{}, Secrets: core.Secrets{},
	}
	known := map[string]bool{}
	for _, ask := range p.AsksFor(a.Grant, a.Plain) {
		known[ask.Name] = true
		if err := p.take(&c, ask, a); err != nil {
			return core.Connection{}, err
		}
	}
	if known[core.SecretClientSecret] {
		var err error
		if c.SecretEndsAt, err = ParseDate(a.Plain[AnswerSecretEnds]); err != nil {
			return core.Connection{}, err
		}
		known[AnswerSecretEnds] = true
	}
	for name := range a.all() {
		if !known[name] {
			return core.Connection{}, p.inputError("platform.ask-unknown", map[string]string{
				"input": core.CleanLine(name), "grant": string(a.Grant), "known": strings.Join(slices.Sorted(maps.Keys(known)), ", "),
			})
		}
	}
	for _, ask := range p.AsksFor(a.Grant, a.Plain) {
		if file := a.Secret[ask.Name]; ask.File && p.Import != nil && !file.Empty() {
			return p.Import(c, []byte(file.Reveal()))
		}
	}
	return p.settled(c), nil
}

// settled is Settle, where the platform has it.
func (p Platform) settled(c core.Connection) core.Connection {
	if p.Settle == nil {
		return c
	}
	return p.Settle(c)
}

// Findings are what Lint says, worst first; none where the platform has nothing
// to lint.
func (p Platform) Findings(c core.Connection) []Finding {
	if p.Lint == nil {
		return nil
	}
	return p.Lint(c)
}

// take puts one answer where it belongs.
func (p Platform) take(c *core.Connection, ask Ask, a Answers) error {
	if ask.Secret {
		secret := a.Secret[ask.Name]
		switch {
		case ask.File && !secret.Empty():
		case !secret.Empty():
			c.Secrets = c.Secrets.With(ask.Name, secret)
		case !ask.Optional:
			return p.inputError("platform.ask-missing", map[string]string{"input": ask.Name})
		}
		return nil
	}
	value := strings.TrimSpace(a.Plain[ask.Name])
	if value == "" {
		value = ask.Default
	}
	if value == "" {
		if !ask.Optional {
			return p.inputError("platform.ask-missing", map[string]string{"input": ask.Name})
		}
		return nil
	}
	if len(ask.Options) > 0 && !slices.Contains(ask.Options, value) {
		return p.inputError("platform.ask-option", map[string]string{"input": ask.Name, "value": core.CleanLine(value), "options": strings.Join(ask.Options, ", ")})
	}
	if ask.Check != nil {
		if err := ask.Check(value); err != nil {
			return err
		}
	}
	switch ask.Name {
	case "client_id":
		c.ClientID = value
	case "region":
		c.Region = value
	case "scopes":
		c.Scopes = action.SplitList(value)
	case "account":
		c.Account = value
	case "issuer":
		c.Issuer = value
	default:
		c.Settings[ask.Name] = value
	}
	return nil
}

// all yields the names of everything that was answered.
func (a Answers) all() map[string]bool {
	names := map[string]bool{}
	for name, value := range a.Plain {
		if value != "" {
			names[name] = true
		}
	}
	for name, s := range a.Secret {
		if !s.Empty() {
			names[name] = true
		}
	}
	return names
}

func (p Platform) inputError(code string, params map[string]string) error {
	params["platform"] = p.Name
	return &core.Error{Tried: "add-connection", On: p.Name, Code: code, Class: core.Usage, Params: params}
}

func joinGrants(grants []core.Grant) string {
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = string(g)
	}
	return strings.Join(words, ", ")
}
