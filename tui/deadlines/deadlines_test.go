package deadlines_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/assets"
	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/deadlines"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

var now = time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC)

type fixed struct{}

func (fixed) Now() time.Time { return now }

// kept is a store with one deadline of each kind.
func kept(t testing.TB) *core.Deadlines {
	t.Helper()
	st := mem.New()
	conns := &core.Connections{Store: st, Events: &core.EventLog{Store: st, Clock: fixed{}, Actor: core.Actor{User: "mina"}}}
	add := func(c core.Connection) core.Connection {
		c, err := conns.Add(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	old := add(core.Connection{Name: "Acme Outlet", Platform: "zoho", Grant: core.GrantAuthtoken, EndsAt: now.Add(21 * time.Hour)})
	add(core.Connection{Name: "Acme Trial", Platform: "zoho", Grant: core.GrantCode, EndsAt: now.Add(40 * 24 * time.Hour)})
	add(core.Connection{
		Name: "Report job", Platform: "oauth2", Grant: core.GrantCode, AccessExpires: now.Add(-2 * time.Hour),
		Secrets: core.Secrets{core.SecretAccessToken: core.NewSecret("canary-access-token")},
	})
	err := st.Update(t.Context(), func(w core.Writer) error {
		return core.PutDeadline(w, core.Deadline{
			Subject: old.Subject(), Code: "zoho.old-token-ends", At: old.EndsAt, Detail: map[string]string{"replaced_by": "Acme Outlet 2026"},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return &core.Deadlines{Store: st, Events: conns.Events}
}

// opened is the screen of a connection, for what the list opens.
type opened struct{ id string }

func (o opened) Title(screen.Env) string        { return "connection" }
func (o opened) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (o opened) Update(tea.Msg) screen.Step     { return screen.Step{} }
func (o opened) Draw(screen.Env) screen.Frame   { return screen.Frame{Text: "opened " + o.id} }
func (o opened) Keys() []screen.Key             { return nil }

type console struct{ *tuitest.Driver }

func (c console) press(names ...string) { c.Key(tui.Press, names...) }

func open(t testing.TB, d deadlines.Deps, lang locale.Lang, width, height int) console {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "deadlines", Title: "section.deadlines", Open: func() screen.Screen { return deadlines.New(d) }}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(files, l) },
		Lang:     lang,
		Explain: func(err error, _ *locale.Printer) screen.Explanation {
			return screen.Explanation{Headline: "Could not read the deadlines.", Code: core.CodeOf(err)}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{},
		Getenv:     func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := console{tuitest.Drive(t, m, width, height)}
	m.SetSend(c.Post)
	return c
}

func TestDeadlinesReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, size := range []struct {
		lang          locale.Lang
		width, height int
	}{
		{locale.English, 40, 12},
		{locale.English, 80, 24},
		{locale.English, 120, 40},
		{locale.Japanese, 40, 12},
		{locale.Japanese, 80, 24},
	} {
		name := fmt.Sprintf("list-%dx%d-%s", size.width, size.height, size.lang)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, deadlines.Deps{All: kept(t).All}, size.lang, size.width, size.height)
			c.See("Report job")
			c.Fits(size.width, size.height)
			tuitest.Golden(t, name, c.Text())
		})
	}
}

func TestEveryCodeHasItsTexts(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		c := open(t, deadlines.Deps{All: func(context.Context) ([]core.Deadline, error) {
			var out []core.Deadline
			for i, code := range []string{"connection.ends", "access.expires", "zoho.old-token-ends", "never.heard-of"} {
				at := now.Add(time.Duration(i-2) * time.Hour)
				out = append(out, core.Deadline{Subject: core.Subject{Kind: core.KindConnection, ID: "c", Name: fmt.Sprint("Acme ", i)}, Code: code, At: at})
			}
			return out, nil
		}}, lang, 120, 40)
		c.See("Acme 0")
		for range 4 {
			for _, missing := range []string{"[deadline", "<no value>"} {
				c.Gone(missing)
			}
			c.press("j")
		}
	}
}

func TestEnterOpensTheConnection(t *testing.T) {
	t.Parallel()
	d := deadlines.Deps{All: kept(t).All, Open: func(id string) screen.Screen { return opened{id} }}
	c := open(t, d, locale.English, 80, 24)
	c.See("Report job")
	c.press("enter")
	c.See("opened ")
	c.press("esc")
	c.See("Report job")
}

func TestWithoutConnectionsTheKeySaysWhy(t *testing.T) {
	t.Parallel()
	c := open(t, deadlines.Deps{All: kept(t).All}, locale.English, 80, 24)
	c.See("Report job")
	c.press("enter")
	c.See("There is no connection to open")
}

func TestEmptyListTeachesWhenDatesAppear(t *testing.T) {
	t.Parallel()
	d := &core.Deadlines{Store: mem.New()}
	c := open(t, deadlines.Deps{All: d.All}, locale.English, 80, 24)
	c.See("Nothing you keep here has an end in sight", "24 hours")
}

func TestFailedReadingIsExplainedAndTriedAgain(t *testing.T) {
	t.Parallel()
	fail := true
	all := kept(t)
	c := open(t, deadlines.Deps{All: func(ctx context.Context) ([]core.Deadline, error) {
		if fail {
			fail = false
			return nil, &core.Error{Tried: "read-deadlines", Code: "store.held", Class: core.Locked, Err: errors.New("canary")}
		}
		return all.All(ctx)
	}}, locale.English, 80, 24)
	c.See("Could not read the deadlines", "store.held")
	c.press("r")
	c.See("Report job")
}

func deps(d *core.Deadlines) deadlines.Deps {
	return deadlines.Deps{All: d.All, Dismiss: d.Dismiss, Restore: d.Restore}
}

func TestDismissingAsksWhyHidesAndCanBeUndone(t *testing.T) {
	t.Parallel()
	d := kept(t)
	c := open(t, deps(d), locale.English, 80, 24)
	c.See("Report job", "One thing has stopped")
	c.press("x")
	c.See("Why does this not matter?", "counts again")
	c.Type("a job of last year, q")
	c.press("enter")
	c.See("dismissed until its date changes", "The next end is in")
	if all, err := d.List(t.Context()); err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	c.press("u")
	c.See("counts again", "One thing has stopped")
	c.press("g", "x", "enter") // no reason is one, too
	c.See("The next end is in")
	c.press("a", "g")
	c.See("Report job", "Dismissed just now by mina")
	c.press("x")
	c.See("dismissed already")
	c.press("u")
	c.See("One thing has stopped")
	c.press("u")
	c.See("Nothing was dismissed that could be undone here")
	c.press("x", "esc")
	c.See("One thing has stopped")
	if all, err := d.List(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
}

func TestTheGuideThatLeadsOutOfADeadlineIsOneKeyAway(t *testing.T) {
	t.Parallel()
	d := kept(t)
	d.Known = func(s core.Summary) []core.End {
		if s.Name != "Acme Trial" {
			return nil
		}
		return []core.End{{Code: "vendor.ends", At: now.Add(-time.Hour * 24), Guide: "the-guide", Source: "https://vendor.example/news"}}
	}
	o := deps(d)
	o.Guide = func(id, name string) screen.Screen { return opened{id + " for " + name} }
	c := open(t, o, locale.English, 80, 24)
	c.See("https://vendor.example/news")
	c.press("m")
	c.See("opened the-guide for Acme Trial")
	c.press("esc")
	c.press("j", "m")
	c.See("No guide leads out of this one")
}

func TestDismissingReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for name, keys := range map[string][]string{"dismiss": {"x"}, "dismissed": {"x", "enter", "a", "g"}} {
				full := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(full, func(t *testing.T) {
					t.Parallel()
					c := open(t, deps(kept(t)), lang, size[0], size[1])
					c.See("Report job")
					for _, k := range keys {
						c.press(k)
						if k == "enter" {
							c.See(map[locale.Lang]string{locale.English: "The next end is", locale.Japanese: "次の期限は"}[lang])
						}
					}
					c.Fits(size[0], size[1])
					tuitest.Golden(t, full, c.Text())
				})
			}
		}
	}
}

// mayEnd is the end of an old token of a list, whose exchange nobody saw the
// end of.
func mayEnd(list string) core.Deadline {
	return core.Deadline{
		ID: "e", Subject: core.Subject{Kind: core.KindTokenRow, ID: "b-000007", Name: "Warehouse"}, Code: "tokenbatch.old-token-may-end", At: now.Add(23 * time.Hour),
		Detail: map[string]string{tokenbatch.DetailBatch: "b", tokenbatch.DetailList: list, tokenbatch.DetailLine: "7", tokenbatch.DetailToken: "0004"},
	}
}

func TestTheEndOfATokenOfAListReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func() core.Deadline{
		"token": func() core.Deadline { return mayEnd("tokens.csv") },
		"token-dismissed": func() core.Deadline {
			d := mayEnd("")
			d.Dismissed = &core.Dismissal{Until: d.At, On: now.Add(-3 * time.Hour), By: "mina@jump01", Reason: "known to its owner"}
			return d
		},
	} {
		for _, lang := range locale.Langs() {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
				full := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(full, func(t *testing.T) {
					t.Parallel()
					all := []core.Deadline{of()}
					c := open(t, deadlines.Deps{
						All:    func(context.Context) ([]core.Deadline, error) { return all, nil },
						Tokens: func(string, int) screen.Screen { return opened{} },
					}, lang, size[0], size[1])
					if all[0].Dismissed != nil {
						c.Until("what was dismissed is counted", func() bool { return strings.Contains(c.Text(), "a ") })
						c.press("a")
					}
					c.See("Warehouse")
					c.Fits(size[0], size[1])
					for _, bad := range []string{"<no value>", "[deadline"} {
						if strings.Contains(c.Text(), bad) {
							t.Errorf("%s in\n%s", bad, c.Text())
						}
					}
					tuitest.Golden(t, full, c.Text())
				})
			}
		}
	}
}

func TestEnterOpensTheListOfATokenAtItsLine(t *testing.T) {
	t.Parallel()
	old := mayEnd("tokens.csv")
	old.ID, old.Subject.Name, old.Detail = "o", "Of an older version", nil
	c := open(t, deadlines.Deps{
		All:    func(context.Context) ([]core.Deadline, error) { return []core.Deadline{mayEnd("tokens.csv"), old}, nil },
		Tokens: func(id string, line int) screen.Screen { return opened{fmt.Sprint(id, " at ", line)} },
	}, locale.English, 80, 24)
	c.See("Line 7 of tokens.csv, token …0004.", "open the list")
	c.press("enter")
	c.See("opened b at 7")
	c.press("esc", "j")
	c.See("Of an older version")
	c.Gone("open the list")
	c.press("enter")
	c.See("There is no connection to open for this one.")
}
