package widget

import (
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// RevealTime is how long a secret stays on the screen.
const RevealTime = 10 * time.Second

// Reveal is the secret that is shown now, if any. The screen that has one is
// Ticking while it is On.
type Reveal struct {
	Name  string // "": none
	Until time.Time
}

// On reports whether a secret is shown.
func (r Reveal) On() bool { return r.Name != "" }

// Left is how long it will still be.
func (r Reveal) Left(now time.Time) time.Duration {
	if !r.On() {
		return 0
	}
	return r.Until.Sub(now)
}

// Lines are the secret for as long as it is shown, and when it is hidden again.
func (r Reveal) Lines(e screen.Env, s core.Secret, width int) []string {
	left := r.Left(e.Now)
	if left <= 0 {
		return nil
	}
	var out []string
	for _, l := range Wrap(s.Reveal(), width) {
		out = append(out, e.Theme.Warn.Render(l))
	}
	return append(out, e.Theme.Muted.Render(e.T("secret.left", locale.Params{"n": int((left + time.Second - 1) / time.Second)})))
}

// Dots stand for a secret.
func Dots(e screen.Env, s core.Secret) string {
	if e.Theme.Glyphs.Bullet == "-" && !s.Empty() {
		return "********"
	}
	return s.String()
}

// TypedWord asks for a word to be typed before what can't be undone.
func TypedWord(name, want string) Field {
	p := locale.Params{"word": core.CleanLine(want)}
	return Field{Name: name, Label: Key("form.type", p), Check: func(v string) Words {
		if v == want {
			return nil
		}
		return Key("form.type.differs", p)
	}}
}
