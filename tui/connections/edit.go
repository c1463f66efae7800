package connections

import (
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/tui/widget"
)

// half is a change that was left half filled.
type half struct {
	form *widget.Form
	was  core.Connection // what it was filled with
}

// takeEdit fills the form with what is stored, or goes on with one that was
// begun: what nobody typed over there follows what is stored now.
func (c *change) takeEdit() {
	if h, ok := c.f.edits[c.card.sum.ID]; ok && c.form == nil {
		delete(c.f.edits, c.card.sum.ID)
		c.form, c.was = h.form, h.was
	}
	now := c.f.editFields(c.card.conn)
	if c.form == nil {
		c.form = widget.NewForm(now...)
	} else {
		before, fresh := widget.NewForm(c.f.editFields(c.was)...), widget.NewForm(now...)
		for _, f := range now {
			if c.form.Value(f.Name) == before.Value(f.Name) {
				c.form.Set(f.Name, fresh.Value(f.Name))
			}
		}
	}
	c.was = c.card.conn
}

// expects reports whether a person consents, so that it can be another one
// than was meant.
func expects(g core.Grant) bool { return consentable(g) && !g.Unattended() }

// editFields are the questions for what of a stored connection can be given
// anew, filled with what is stored. Secrets stay empty: left so, they stay.
func (f *family) editFields(c core.Connection) []widget.Field {
	p := f.platforms[c.Platform]
	var out []widget.Field
	for _, ask := range p.Editable(c) {
		fields := (&add{f: f}).ask(p, ask)
		first := &fields[0]
		switch {
		case ask.Secret:
			first.Optional, first.Empty = true, widget.Key("connections.edit.unchanged")
		case ask.Name == "account":
			first.Value = c.Account
		case ask.Later:
			first.Value = platform.Value(c, ask.Name)
		case len(fields) == 2: // scopes: those of the list, and others
			known := func(id string) bool {
				return slices.ContainsFunc(p.Scopes, func(s platform.Scope) bool { return s.ID == id })
			}
			own := slices.DeleteFunc(slices.Clone(c.Scopes), known)
			first.Value, fields[1].Value = strings.Join(c.Scopes, " "), strings.Join(own, " ")
		default:
			first.Value = strings.Join(c.Scopes, " ")
		}
		out = append(out, fields...)
		if ask.Name == core.SecretClientSecret {
			out = append(out, secretEndField(c))
		}
	}
	if expects(c.Grant) {
		out = append(out, widget.Field{Name: fieldExpect, Label: widget.Key("connections.ask.expect"), Hint: widget.Key("connections.ask.expect.hint"), Optional: true, Value: c.Expect})
	}
	return out
}

// secretEndField asks when the client secret ends.
func secretEndField(c core.Connection) widget.Field {
	f := widget.Field{
		Name: fieldSecretEnd, Label: widget.Key("connections.ask.client-secret-ends"), Hint: widget.Key("connections.ask.client-secret-ends.hint"),
		Optional: true, Check: inWords(platform.CheckDate),
	}
	switch t := c.SecretEndsAt; {
	case t.IsZero():
	case t.Equal(t.Truncate(24 * time.Hour)):
		f.Value = t.UTC().Format(time.DateOnly)
	default:
		f.Value = t.UTC().Format(time.RFC3339)
	}
	return f
}

// edited are the answers to editFields.
func (f *family) edited(c core.Connection, form *widget.Form) platform.Answers {
	p := f.platforms[c.Platform]
	out := platform.Answers{Plain: map[string]string{}, Secret: core.Secrets{}, Expect: c.Expect}
	for _, ask := range p.Editable(c) {
		field := askField(p, ask.Name)
		if ask.Secret {
			out.Secret[ask.Name] = form.Secret(field)
			if ask.Name == core.SecretClientSecret {
				out.Plain[platform.AnswerSecretEnds] = form.Value(fieldSecretEnd)
			}
			continue
		}
		out.Plain[ask.Name] = strings.TrimSpace(form.Value(field) + " " + form.Value(field+ownSuffix))
	}
	if expects(c.Grant) {
		out.Expect = form.Value(fieldExpect)
	}
	return out
}
