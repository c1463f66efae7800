package keys

import (
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The fields of the form. In the sandbox they are filled in by these names.
const (
	fieldExternalID = "external_id"
	fieldUser       = "user"
	fieldEmail      = "email"
	fieldVerified   = "email_verified"
	fieldLife       = "life"
	fieldLogin      = "login"  // a token of Xsolla Login
	fieldSigner     = "signer" // id of the key that signs
)

// yes is the answer to fieldVerified.
const yes = "yes"

// fieldAt is the field that a place in the token comes from.
func fieldAt(where string) string {
	return map[string]string{
		"payload.external_id": fieldExternalID, "payload.name": fieldUser, "payload.email": fieldEmail,
		"payload.email_verified": fieldVerified, "payload.exp": fieldLife, "payload.iat": fieldLife,
	}[where]
}

// signers are the keys that can sign for a user of Login: those of Chat first,
// which is what Xsolla's own guide is about.
func signers(all []core.KeySummary) []core.KeySummary {
	out := slices.DeleteFunc(slices.Clone(all), func(k core.KeySummary) bool { return k.Kind == core.KeyXsolla || !k.RetiredAt.IsZero() })
	slices.SortStableFunc(out, func(a, b core.KeySummary) int {
		return slices.Index(core.KeyKinds(), b.Kind) - slices.Index(core.KeyKinds(), a.Kind)
	})
	return out
}

// ask puts the questions for the key.
func (m *mint) ask() {
	text := func(name, label string) widget.Field {
		return widget.Field{Name: name, Label: widget.Key(label), Hint: widget.Key(label + ".hint")}
	}
	optional := func(f widget.Field) widget.Field {
		f.Optional = true
		return f
	}
	life := optional(text(fieldLife, "keys.ask.life"))
	life.Check = lifeCheck
	switch m.sum.Kind {
	case core.KeyMessaging:
		life.Value = words(visitortoken.DefaultMessagingLife)
		verified := text(fieldVerified, "keys.ask.verified")
		verified.Options = []widget.Option{{Value: "", Label: widget.Key("keys.ask.verified.no")}, {Value: yes, Label: widget.Key("keys.ask.verified.yes")}}
		m.form.SetFields(text(fieldExternalID, "keys.ask.external-id"), optional(text(fieldUser, "keys.ask.user")), optional(text(fieldEmail, "keys.ask.email")), verified, life)
	case core.KeyChat:
		life.Value = words(visitortoken.DefaultChatLife)
		life.Hint = widget.Key("keys.ask.life.chat")
		email := optional(text(fieldEmail, "keys.ask.email"))
		email.Hint = widget.Key("keys.ask.email.chat")
		m.form.SetFields(text(fieldExternalID, "keys.ask.external-id"), optional(text(fieldUser, "keys.ask.user")), email, life)
	case core.KeyXsolla:
		login := text(fieldLogin, "keys.ask.login")
		login.Secret = true
		fields := []widget.Field{login}
		if len(m.signer) > 0 {
			by := text(fieldSigner, "keys.ask.signer")
			for _, k := range m.signer {
				by.Options = append(by.Options, widget.Option{Value: k.ID, Label: func(e screen.Env) string {
					return core.CleanLine(k.Name) + "  " + e.T("key.kind."+string(k.Kind))
				}})
			}
			fields = append(fields, by)
		}
		life.Hint = widget.Key("keys.ask.life.chat")
		m.form.SetFields(append(fields, life)...)
	}
}

// words is a duration as it is typed: "5m", "1h".
func words(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func lifeCheck(v string) widget.Words {
	if d, err := time.ParseDuration(v); err != nil || d <= 0 {
		return widget.Key("keys.ask.life.wrong")
	}
	return nil
}
