package migrations_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

var (
	errRefused = &core.Error{Tried: "do-step", On: "Acme Europe", Code: "zoho.invalid_client", Class: core.Refused}
	errCut     = &core.Error{Tried: "do-step", On: "Acme Europe", Code: "http.cut", Class: core.Unknown}
)

// states are what the screens can look like: how the world is made, and the
// keys that lead there.
var states = []struct {
	name string
	make func(t *testing.T, w *toy)
	keys []string
	see  string // by language, below
}{
	{"empty", func(*testing.T, *toy) {}, nil, "root"},
	{"list", func(t *testing.T, w *toy) {
		w.at(t, "", "Acme Outlet")
		w.now.Advance(time.Minute)
		w.at(t, "client", "Acme Japan")
		w.now.Advance(time.Minute)
		w.at(t, "dead", "Acme Europe")
		w.now.Advance(3 * time.Hour)
	}, nil, "root"},
	{"start", func(*testing.T, *toy) {}, []string{"enter"}, "start"},
	{"tell", func(t *testing.T, w *toy) { w.at(t, "need", "Acme Europe") }, []string{"enter"}, "tell"},
	{"ask", func(t *testing.T, w *toy) { w.at(t, "client", "Acme Europe") }, []string{"enter"}, "ask"},
	{"prove", func(t *testing.T, w *toy) { w.at(t, "check", "Acme Europe") }, []string{"enter"}, "prove"},
	{"once", func(t *testing.T, w *toy) {
		if err := w.runner.NoteRehearsal(t.Context(), "demo", true); err != nil {
			t.Fatal(err)
		}
		w.at(t, "exchange", "Acme Europe")
	}, []string{"enter"}, "once"},
	{"refused", func(t *testing.T, w *toy) {
		w.fail("exchange", errRefused)
		w.do(t, w.at(t, "exchange", "Acme Europe"))
	}, []string{"enter"}, "refused"},
	{"unknown", func(t *testing.T, w *toy) {
		w.fail("exchange", errCut)
		w.do(t, w.at(t, "exchange", "Acme Europe"))
		w.now.Advance(2 * time.Minute)
	}, []string{"enter"}, "unknown"},
	{"wait", func(t *testing.T, w *toy) { w.at(t, "dead", "Acme Europe") }, []string{"enter"}, "wait"},
	{"steps", func(t *testing.T, w *toy) { w.at(t, "exchange", "Acme Europe") }, []string{"enter", "e"}, "steps"},
	{"report", func(t *testing.T, w *toy) { w.at(t, "exchange", "Acme Europe") }, []string{"enter", "o"}, "report"},
}

// seen are words that are on the screen once a state is reached and complete.
var seen = map[locale.Lang]map[string]string{
	locale.English: {
		"root": "CAN BE STARTED", "start": "Name of this run", "tell": "Do this, then press enter", "ask": "Client ID",
		"prove": "Enter checks it", "once": "Rehearsed", "refused": "try again", "unknown": "Nobody knows how",
		"wait": "This step can be", "steps": "works for Acme Europe", "report": "Still under way",
	},
	locale.Japanese: {
		"root": "開始できるガイド", "start": "この実行の名前", "tell": "操作が終わったら", "ask": "クライアントID",
		"prove": "Enter で確認します", "once": "リハーサル済み", "refused": "拒否されました", "unknown": "h、していない",
		"wait": "この手順は", "steps": "Acme Europe で", "report": "進行中です",
	},
}

func TestEveryStateReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	sizes := []struct {
		lang          locale.Lang
		width, height int
	}{
		{locale.English, 40, 12},
		{locale.English, 80, 24},
		{locale.English, 120, 40},
		{locale.Japanese, 40, 12},
		{locale.Japanese, 80, 24},
	}
	for _, st := range states {
		for _, size := range sizes {
			name := fmt.Sprintf("%s-%dx%d-%s", st.name, size.width, size.height, size.lang)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newToy(t)
				w.deps.Rehearse = func(context.Context, string, func(guide.Run, guide.Step)) (guide.Run, error) { return guide.Run{}, nil }
				w.deps.Functions, w.deps.Tokens = elsewhere, elsewhere
				st.make(t, w)
				c := open(t, w.deps, size.lang, size.width, size.height)
				c.ready(size.lang)
				for _, k := range st.keys {
					c.ready(size.lang)
					c.press(k)
				}
				if size.height > 12 || st.name == "once" { // whether it was rehearsed is read by itself, and comes late
					c.See(seen[size.lang][st.see])
				} else {
					c.ready(size.lang)
				}
				noKeysMissing(t, c.Text())
				c.Fits(size.width, size.height)
				tuitest.Golden(t, name, c.Text())
			})
		}
	}
}

// elsewhere stands for the screens that the root opens: their keys are in its
// footer.
func elsewhere() screen.Screen { return nil }

// ready waits until whatever is read has been.
func (c console) ready(lang locale.Lang) {
	wait := map[locale.Lang]string{locale.English: "Reading the migrations", locale.Japanese: "移行の状況を読み込んで"}[lang]
	c.Gone(wait)
}
