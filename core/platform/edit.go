package platform

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"deskward/core"
)

// Editable returns what of a stored connection can be given anew: its secrets
// that are no tokens of a consent, the account, the scopes, and what is asked
// Later. Client, region
// and server are not in it: tokens belong to them, and must never be sent to
// others, so another one is another connection.
func (p Platform) Editable(c core.Connection) []Ask {
	var out []Ask
	for _, ask := range p.Asks {
		if ask.File {
			continue // another file is another client
		}
		asked := len(ask.Grants) == 0 || slices.Contains(ask.Grants, c.Grant)
		switch {
		case ask.Secret && (asked || !c.Secrets[ask.Name].Empty()), // a migrated connection has the client's, too
			asked && (ask.Name == "account" || ask.Name == "scopes" || ask.Later && p.askedIn(c, ask)):
			out = append(out, ask)
		}
	}
	return out
}

// askedIn reports whether what was answered asks for this, too.
func (p Platform) askedIn(c core.Connection, ask Ask) bool {
	return slices.ContainsFunc(p.AsksFor(c.Grant, c.Settings), func(a Ask) bool { return a.Name == ask.Name })
}

// Value is what a connection has for an ask that is no secret.
func Value(c core.Connection, ask string) string {
	switch ask {
	case "account":
		return c.Account
	case "scopes":
		return strings.Join(c.Scopes, " ")
	}
	return c.Settings[ask]
}

// HasSecretEnd reports whether it may be said of a connection when its client
// secret ends.
func (p Platform) HasSecretEnd(c core.Connection) bool {
	return slices.ContainsFunc(p.Editable(c), func(ask Ask) bool { return ask.Name == core.SecretClientSecret })
}

// Edit gives the connection, as it was read, other values of what is
// Editable, and another account to expect. The end of the client secret stays
// where AnswerSecretEnds is not among the answers, unless the secret is another. A secret left empty stays, and so does
// what is asked Later and not among the answers. Only what differs from was is written, and the last check, which did not see it,
// is dropped; ErrConflict when somebody else changed the same meanwhile.
func (s *Service) Edit(ctx context.Context, was core.Connection, a Answers) (core.Connection, error) {
	p, err := Find(s.Platforms, was.Platform)
	if err != nil {
		return was, err
	}
	next := was
	next.Expect, next.Secrets, next.Settings = strings.TrimSpace(a.Expect), maps.Clone(was.Secrets), maps.Clone(was.Settings)
	var what, later []string
	for _, ask := range p.Editable(was) {
		if ask.Secret {
			if v := a.Secret[ask.Name]; !v.Empty() && !v.Equal(was.Secrets[ask.Name]) {
				next.Secrets = next.Secrets.With(ask.Name, v)
				what = append(what, ask.Name)
			}
			continue
		}
		if _, said := a.Plain[ask.Name]; ask.Later && !said {
			continue
		} else if ask.Later {
			later = append(later, ask.Name)
		}
		put(&next, ask.Name, core.Connection{})
		if err := p.take(&next, ask, a); err != nil {
			return was, err
		}
	}
	if v, said := a.Plain[AnswerSecretEnds]; said && p.HasSecretEnd(was) {
		if next.SecretEndsAt, err = ParseDate(v); err != nil {
			return was, err
		}
	}
	if slices.Contains(what, core.SecretClientSecret) && next.SecretEndsAt.Equal(was.SecretEndsAt) {
		next.SecretEndsAt = time.Time{} // it was that of the former one
	}
	for _, name := range append([]string{"account", "scopes", "expect", AnswerSecretEnds}, later...) {
		if !sameValue(next, was, name) {
			what = append(what, name)
		}
	}
	if len(what) == 0 {
		return was, nil
	}
	ev := core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": strings.Join(what, " ")}}
	return s.Connections.Change(ctx, was.ID, ev, func(now *core.Connection) error {
		for _, name := range what {
			if !sameValue(*now, was, name) {
				return core.ErrConflict
			}
			put(now, name, next)
			if name == core.SecretAuthtoken || name == core.SecretAPIToken {
				now.EndsAt = time.Time{} // the end was that of the former one
			}
		}
		if !slices.Equal(what, []string{AnswerSecretEnds}) { // a date changes nothing of what was checked
			now.Check = core.Check{}
		}
		*now = p.settled(*now)
		return nil
	})
}

// sameValue reports whether two readings of a connection agree in what Edit
// can change.
func sameValue(a, b core.Connection, name string) bool {
	switch name {
	case "account":
		return a.Account == b.Account
	case "scopes":
		return slices.Equal(a.Scopes, b.Scopes)
	case "expect":
		return a.Expect == b.Expect
	case AnswerSecretEnds:
		return a.SecretEndsAt.Equal(b.SecretEndsAt)
	}
	return a.Secrets[name].Equal(b.Secrets[name]) && a.Settings[name] == b.Settings[name]
}

// put copies one value.
func put(c *core.Connection, name string, from core.Connection) {
	switch name {
	case "account":
		c.Account = from.Account
	case "scopes":
		c.Scopes = from.Scopes
	case "expect":
		c.Expect = from.Expect
	case AnswerSecretEnds:
		c.SecretEndsAt = from.SecretEndsAt
	default: // a secret, or a setting; no name is both
		c.Secrets = c.Secrets.With(name, from.Secrets[name])
		c.Settings = maps.Clone(c.Settings)
		if delete(c.Settings, name); from.Settings[name] != "" {
			c.Settings[name] = from.Settings[name]
		}
	}
}
