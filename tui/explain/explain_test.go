package explain_test

import (
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/tui"
	"deskward/tui/explain"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 11, 25, 10, 41, 0, 0, time.UTC) }

type rig struct {
	*tuitest.Driver
	copied *atomic.Pointer[string]
}

func (r rig) press(names ...string) { r.Key(tui.Press, names...) }

func open(t testing.TB, lang locale.Lang, width, height int) rig {
	t.Helper()
	sub := func(files fs.FS, name string) fs.FS {
		out, err := fs.Sub(files, name)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	catalogue, err := advice.Load(sub(assets.Advice, "advice"))
	if err != nil {
		t.Fatal(err)
	}
	texts := sub(assets.Locales, "locales")
	newScreen := func() screen.Screen {
		return explain.New(explain.Deps{Explain: func(text string, l locale.Lang) (advice.Answer, error) { return catalogue.ExplainText(text, l), nil }})
	}
	copied := &atomic.Pointer[string]{}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "keys", Title: "section.keys", Open: newScreen}},
		Actions:  []tui.Action{{Label: "palette.explain", Open: newScreen}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(texts, l) },
		Lang:     lang,
		Explain: func(err error, _ *locale.Printer) screen.Explanation {
			return screen.Explanation{Headline: err.Error(), Code: core.CodeOf(err)}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{}, Getenv: func(string) string { return "" },
		Native: func(text string) (func(), error) { copied.Store(&text); return func() {}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := rig{tuitest.Drive(t, m, width, height), copied}
	m.SetSend(r.Post)
	return r
}

const (
	page   = "Access blocked: This app’s request is invalid\nError 400: redirect_uri_mismatch"
	denied = "http://127.0.0.1:48105/callback/google?error=access_denied&state=canary0Zq7canary0Zq7"
)

func TestExplanationsReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for name, do := range map[string]func(rig){
				"waiting": func(rig) {},
				"known":   func(r rig) { r.Paste(page); r.See("Google") },
				"several": func(r rig) { r.Paste("invalid_grant"); r.See("OAuth 2.0") },
				"unknown": func(r rig) { r.Paste("smtp.gmail.com does nothing"); r.See("!") },
				"copy":    func(r rig) { r.Paste(page); r.See("Google"); r.press("y"); r.See("google.red") },
			} {
				name := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := open(t, lang, size[0], size[1])
					do(r)
					r.Fits(size[0], size[1])
					tuitest.Golden(t, name, r.Text())
				})
			}
		}
	}
}

func TestATypedErrorIsExplainedAndAnotherTakesItsPlace(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 80, 24)
	r.Type("admin_policy_enforced")
	r.press("enter")
	r.See("Google says so", "API controls")
	r.press("p")
	r.See("What does this error mean?")
	r.Paste(denied)
	r.See("pressed Cancel")
}

func TestNoSecretOfThePastedTextIsShownOrCopied(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 120, 40)
	r.Paste(denied)
	r.See("pressed Cancel", "without secrets")
	if strings.Contains(r.Text(), "canary") {
		t.Errorf("a secret is shown:\n%s", r.Text())
	}
	r.press("y", "enter")
	r.Until("something is copied", func() bool { return r.copied.Load() != nil })
	if text := *r.copied.Load(); strings.Contains(text, "canary") || !strings.Contains(text, "API controls") {
		t.Errorf("copied %q", text)
	}
}

func TestAnErrorFullOfEscapesAndAMegabyteLongDrawsWithinTheScreen(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 80, 24)
	r.Paste("Error 400: redirect_uri_mismatch \x1b[2J\u202e" + strings.Repeat("漢", 1<<18))
	r.See("Google says so")
	r.Fits(80, 24)
}

func TestThePaletteExplainsAnErrorFromAnywhere(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 80, 24)
	r.Paste(page)
	r.See("Google says so")
	r.press(":")
	r.Type("explain an")
	r.See("explain an error")
	r.press("enter")
	r.See("What does this error mean?")
}
