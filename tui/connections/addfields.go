package connections

import (
	"strings"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The fields that every platform has.
const (
	fieldPlatform  = "platform"
	fieldGrant     = "grant"
	fieldExpect    = "expect"
	fieldSecretEnd = "client-secret-ends"
	ownSuffix      = ".own" // of the field for scopes that are not in the list
)

// askField names the field of an ask. The platform is part of it, so that one
// platform's answer is never taken for another's.
func askField(p platform.Platform, ask string) string { return "ask." + string(p.ID) + "." + ask }

// fields are the questions for a platform and a grant.
func (a *add) fields(p platform.Platform, g core.Grant) []widget.Field {
	var platforms, grants []widget.Option
	for _, q := range a.f.Platforms {
		if len(q.Grants) > 0 {
			platforms = append(platforms, widget.Option{Value: string(q.ID), Label: widget.Text(q.Name)})
		}
	}
	for _, q := range p.Grants {
		grants = append(grants, widget.Option{Value: string(q), Label: widget.Key("grant." + string(q))})
	}
	out := []widget.Field{
		{Name: fieldPlatform, Label: widget.Key("connections.ask.platform"), Options: platforms, Value: string(p.ID), Hint: widget.Key("connections.ask.platform.hint")},
		{Name: fieldGrant, Label: widget.Key("connections.ask.grant"), Options: grants, Value: string(g), Hint: widget.FirstNamed("", askField(p, "grant."+string(g)), "connections.ask.grant."+string(g))},
	}
	for _, ask := range p.AsksFor(g, a.typed(p)) {
		out = append(out, a.ask(p, ask)...)
	}
	if g == core.GrantCode || g == core.GrantDevice || g == core.GrantPastedCode {
		out = append(out, widget.Field{Name: fieldExpect, Label: widget.Key("connections.ask.expect"), Hint: widget.Key("connections.ask.expect.hint"), Optional: true})
	}
	return append(out, widget.Field{
		Name: fieldName, Label: widget.Key("connections.ask.name"), Hint: widget.Key("connections.ask.name.hint"),
		Check: func(v string) widget.Words {
			if a.f.taken[strings.ToLower(v)] {
				return widget.Key("connections.name.taken")
			}
			return nil
		},
	})
}

// ask makes the field of one ask; scopes have two: the known ones as a
// checklist, and a line for others.
func (a *add) ask(p platform.Platform, ask platform.Ask) []widget.Field {
	id := "ask." + string(p.ID) + "." + ask.Name
	f := widget.Field{
		Name: askField(p, ask.Name), Secret: ask.Secret, Value: ask.Default,
		Optional: ask.Optional || ask.Default != "",
		Label:    widget.FirstNamed(ask.Name, id, "connections.ask."+ask.Name),
		Hint:     widget.FirstNamed("", id+".hint", "connections.ask."+ask.Name+".hint"),
	}
	if ask.Check != nil {
		f.Check = inWords(ask.Check)
	}
	switch {
	case len(ask.Options) > 0:
		f.Options, f.Check = askOptions(p, ask), nil
	case ask.Name == "region" && len(p.Regions) > 0:
		f.Options, f.Check = regionOptions(p), nil
	case ask.Name == "scopes" && len(p.Scopes) > 0:
		own := f
		own.Name, own.Value, own.Optional = f.Name+ownSuffix, "", true
		own.Label, own.Hint = widget.Key("connections.ask.scopes-own"), widget.Key("connections.ask.scopes-own.hint")
		f.Options, f.Value = scopeOptions(p)
		f.Many, f.Check = true, nil
		f.Hint = widget.Key("connections.ask.scopes.hint")
		return []widget.Field{f, own}
	}
	return []widget.Field{f}
}

// inWords puts a platform's check of a typed value into words.
func inWords(check func(string) error) func(string) widget.Words {
	return func(v string) widget.Words {
		err := check(v)
		if err == nil {
			return nil
		}
		return widget.Reason(err)
	}
}

func askOptions(p platform.Platform, ask platform.Ask) []widget.Option {
	var out []widget.Option
	for _, v := range ask.Options {
		out = append(out, widget.Option{Value: v, Label: widget.FirstNamed(v, "ask."+string(p.ID)+"."+ask.Name+"."+v)})
	}
	return out
}

func regionOptions(p platform.Platform) []widget.Option {
	var out []widget.Option
	for _, r := range p.Regions {
		out = append(out, widget.Option{Value: r.ID, Label: func(e screen.Env) string {
			words := r.ID
			if name := widget.Named(e, r.Name, "region."+string(p.ID)+"."+r.ID); name != "" {
				words += "  " + name
			}
			if r.Doubtful {
				words += "  " + e.T("connections.doubtful")
			}
			return words
		}})
	}
	return out
}

// scopeOptions returns the known scopes with words for them, the disputed
// ones marked, and the least set as the value to begin with.
func scopeOptions(p platform.Platform) (options []widget.Option, least string) {
	var on []string
	for _, s := range p.Scopes {
		if s.Least {
			on = append(on, s.ID)
		}
		options = append(options, widget.Option{Value: s.ID, Muted: s.Disputed, Label: func(e screen.Env) string {
			words := widget.Pad(s.ID, 24)
			if text := scopeWords(e, p.ID, s.ID); text != "" {
				words += " " + text
			}
			if s.Disputed {
				words += "  " + e.T("connections.disputed", locale.Params{})
			}
			return strings.TrimRight(words, " ")
		}})
	}
	return options, strings.Join(on, " ")
}
