package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui"
	"deskward/tui/screen"
)

// broke is a screen that shows an error.
type broke struct {
	lister
	err error
}

func (b *broke) Trouble() error { return b.err }

// answer is the screen that a key opens on an error.
type answer struct{ code string }

func (answer) Title(screen.Env) string          { return "answer" }
func (answer) Init(*screen.Scope) screen.Step   { return screen.Step{} }
func (answer) Update(tea.Msg) screen.Step       { return screen.Step{} }
func (a answer) Draw(e screen.Env) screen.Frame { return screen.Frame{Text: "answer to " + a.code} }
func (answer) Keys() []screen.Key               { return nil }

// explaining gives the console a screen for errors; those of deskward itself
// (own.…) have nothing more to say.
func explaining(first screen.Screen) func(*tui.Options, *console) {
	return func(o *tui.Options, _ *console) {
		o.Sections[0].Open = func() screen.Screen { return first }
		o.About = func(err error) screen.Screen { return answer{core.CodeOf(err)} }
		o.Explain = func(err error, _ *locale.Printer) screen.Explanation {
			code := core.CodeOf(err)
			return screen.Explanation{Headline: "It did not work.", Code: code, More: !strings.HasPrefix(code, "own.")}
		}
	}
}

func TestOneKeyExplainsTheErrorInSight(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first"}, &core.Error{Code: "google.invalid_grant", Class: core.Refused}}))
	c.See("! explain")
	c.press("!")
	c.See("answer to google.invalid_grant")
	c.press("esc")
	c.See("first got")
	c.press("f") // what has just happened is in front of what the screen shows
	c.See("zoho.invalid_code")
	c.press("!")
	c.See("answer to zoho.invalid_code")
	c.Gone("It did not work.")
	c.press("esc", "?")
	c.See("Everywhere", "!           explain")
}

func TestTheKeyThatExplainsIsThereOnlyForWhatAVendorSaid(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no error":      nil,
		"typed wrong":   &core.Error{Code: "guide.answer-missing", Class: core.Usage},
		"locked":        core.ErrLocked,
		"somebody else": core.ErrConflict,
		"found here":    &core.Error{Code: "own.e2c-off", Class: core.Refused},
	} {
		c := start(t, 80, 24, explaining(&broke{lister{name: "first"}, err}))
		c.press("!")
		c.See("first got !")
		if strings.Contains(c.Text(), "! explain") {
			t.Errorf("%s: offered", name)
		}
		c.press("?")
		c.See("There is no error of a vendor in sight.")
	}
}

func TestTheKeyThatExplainsIsALetterWhereTextIsTaken(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first", text: true}, &core.Error{Code: "google.invalid_grant", Class: core.Refused}}))
	c.press("!")
	c.See("first got !")
}

func TestWhereTextIsTakenAControlKeyExplainsTheErrorInSight(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first", text: true}, &core.Error{Code: "google.invalid_grant", Class: core.Refused}}))
	c.See("ctrl+o explain")
	c.press("a", "ctrl+o")
	c.See("answer to google.invalid_grant")
	c.press("esc")
	c.See("first got a") // what was typed is still there
	if strings.Contains(c.Text(), "ctrl+o,") {
		t.Error("the key reached the screen too")
	}
}

func TestTheControlKeyThatExplainsIsTheScreensOwnWithoutAnError(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first", text: true}, nil}))
	c.press("ctrl+o")
	c.See("first got ctrl+o")
	if strings.Contains(c.Text(), "explain") {
		t.Errorf("offered:\n%s", c.Text())
	}
}

func TestTheControlKeyExplainsWhereverTheLetterDoes(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first"}, &core.Error{Code: "google.invalid_grant", Class: core.Refused}}))
	c.press("ctrl+o")
	c.See("answer to google.invalid_grant")
}

func TestThePaletteBeginsWithTheErrorInSight(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, explaining(&broke{lister{name: "first"}, &core.Error{Code: "google.invalid_grant", Class: core.Refused}}))
	c.press(":", "enter")
	c.See("answer to google.invalid_grant")
}
