package visitors_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/assets"
	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
	"deskward/tui/visitors"
)

var now = time.Date(2026, 11, 25, 10, 41, 0, 0, time.UTC)

const (
	sub   = "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
	email = "mina@example.com"
)

type fixed struct{}

func (fixed) Now() time.Time { return now }

// people is one platform: who is there, and how it answers.
type people struct {
	name  string
	takes []lookup.QueryKind
	all   []core.Visitor
	err   error
	hold  chan struct{} // answers only when closed; nil: at once
	calls chan string   // what was asked; nil: nobody listens

	ticketErr error // on the way over tickets
}

func (p *people) Takes() []lookup.QueryKind { return p.takes }

func (p *people) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	if p.calls != nil {
		p.calls <- string(k) + ":" + text
	}
	if p.hold != nil {
		select {
		case <-p.hold:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	core.RecordCall(ctx, core.Call{At: now, Method: "GET", URL: "https://acme.example/api/users", Status: 200, Took: 40 * time.Millisecond})
	if p.err != nil {
		return nil, p.err
	}
	var out []core.Visitor
	for _, v := range p.all {
		hit := false
		switch k {
		case lookup.ByExternalID:
			hit = v.ExternalID == text
		case lookup.ByEmail:
			hit = slices.ContainsFunc(v.Emails, func(e core.VisitorEmail) bool { return e.Address == text })
		case lookup.ByPhone:
			asked, _ := lookup.ReadPhone(text)
			has, ok := lookup.ReadPhone(v.Phone)
			hit = ok && strings.HasSuffix(has.Digits, asked.Subscriber())
		case lookup.ByText:
			hit = strings.Contains(v.Name, text)
		default:
			hit = v.ID == text
		}
		if hit {
			out = append(out, v)
		}
	}
	return out, nil
}

type world struct {
	login, support, messaging, chat, old *people

	bridged bool // Support's tickets lead to Chat
}

func yes() *bool { b := true; return &b }

func mail(address string) []core.VisitorEmail {
	return []core.VisitorEmail{{Address: address, Verified: true, Primary: true}, {Address: "old@example.com"}}
}

// linked is one person on every platform.
func linked() *world {
	return &world{
		login: &people{name: "Xsolla Login", takes: []lookup.QueryKind{lookup.ByLoginID, lookup.ByEmail, lookup.ByText}, all: []core.Visitor{
			{Kind: core.VisitorLogin, ID: sub, ExternalID: sub, Name: "mina", Emails: mail(email)[:1], CreatedAt: now.Add(-300 * 24 * time.Hour)},
		}},
		support: &people{name: "Zendesk Support", takes: []lookup.QueryKind{lookup.BySupportID, lookup.ByExternalID, lookup.ByEmail, lookup.ByPhone, lookup.ByText}, all: []core.Visitor{
			{
				Kind: core.VisitorSupport, ID: "1234", ExternalID: sub, Name: "山田 美奈", Emails: mail(email), Role: "end-user",
				Link: "https://acme.zendesk.com/agent/users/1234", CreatedAt: now.Add(-30 * time.Hour),
				Raw: []byte(`{"id":1234,"name":"山田 美奈","external_id":"` + sub + `","notes":"line one\nline two","tags":["vip"]}`),
			},
		}},
		messaging: &people{name: "Messaging", takes: []lookup.QueryKind{lookup.ByMessaging, lookup.ByExternalID, lookup.ByEmail}, all: []core.Visitor{
			{Kind: core.VisitorMessaging, ID: "5f3a9c0d1111222233334444", ExternalID: sub, Name: "Mina", Authenticated: yes(), SupportID: "1234"},
		}},
		chat: &people{name: "Zendesk Chat", takes: []lookup.QueryKind{lookup.ByChatID, lookup.ByExternalID}, all: []core.Visitor{
			{Kind: core.VisitorChat, ID: "9855790.xjj3ukxyIhn6j3", ExternalID: sub},
		}},
		old: &people{name: "Chat, old host", takes: []lookup.QueryKind{lookup.ByChatID, lookup.ByExternalID}},
	}
}

// taken adds somebody else who has the address.
func (w *world) taken() *world {
	w.messaging.all = append(w.messaging.all, core.Visitor{
		Kind: core.VisitorMessaging, ID: "5f3a9c0d1111222233335555", ExternalID: "usr_991", Name: "M. Y.", Emails: mail(email)[:1],
	})
	return w
}

func (w *world) sources(context.Context) ([]lookup.Source, error) {
	var out []lookup.Source
	for _, p := range []*people{w.login, w.support, w.messaging, w.chat, w.old} {
		if p == nil {
			continue
		}
		src := lookup.Source{ID: "id of " + p.name, Name: p.name, Kind: lookup.Finds(p), Finder: p}
		if w.bridged && p == w.support {
			src.Finder = bridge{p}
		}
		out = append(out, src)
	}
	return out, nil
}

type page struct{ text string }

func (p page) Title(screen.Env) string        { return "page" }
func (p page) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (p page) Update(tea.Msg) screen.Step     { return screen.Step{} }
func (p page) Draw(screen.Env) screen.Frame   { return screen.Frame{Text: p.text} }
func (p page) Keys() []screen.Key             { return nil }

type console struct{ *tuitest.Driver }

func (c console) press(names ...string) { c.Key(tui.Press, names...) }

// settled waits for the end of a look-up that found the person.
func (c console) settled() {
	c.See("sub = ")
	c.Until("the end of the lookup", func() bool {
		return !strings.Contains(c.Text(), "Asking") && !strings.Contains(c.Text(), "検索中です")
	})
}

// find types a query and looks it up.
func (c console) find(text string) {
	c.See("/")
	c.press("/")
	c.Paste(text)
	c.press("enter")
}

func open(t testing.TB, d visitors.Deps, lang locale.Lang, width, height int) console {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	if d.Clock == nil {
		d.Clock = fixed{}
	}
	if d.Find == nil {
		d.Find = (&lookup.Service{Clock: fixed{}}).Find
	}
	locked := false
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{
			{ID: "visitors", Title: "section.visitors", Open: func() screen.Screen { return visitors.New(d) }},
			{ID: "connections", Title: "section.connections", Open: func() screen.Screen { return page{"the connections"} }},
		},
		Printer: func(l locale.Lang) (*locale.Printer, error) { return locale.Load(files, l) },
		Lang:    lang,
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			params := locale.Params{}
			if e, ok := errors.AsType[*core.Error](err); ok {
				params["on"] = e.On
				for k, v := range e.Params {
					params[k] = v
				}
			}
			return screen.Explanation{Headline: p.T("error."+core.CodeOf(err), params), Code: core.CodeOf(err)}
		},
		Protection: func(screen.Env) string { return "" },
		Guard: tui.Guard{
			Lock: func() { locked = true }, Locked: func() bool { return locked }, Screen: func() screen.Screen { return page{"locked"} },
		},
		Clock:  fixed{},
		Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := console{tuitest.Drive(t, m, width, height)}
	m.SetSend(c.Post)
	return c
}

func TestLookupReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	held := func() chan struct{} {
		ch := make(chan struct{})
		t.Cleanup(func() { close(ch) })
		return ch
	}
	frames := map[string]func(*testing.T, *world, console){
		"hints": func(_ *testing.T, _ *world, c console) { c.See("email:") },
		"warning": func(_ *testing.T, _ *world, c console) {
			c.find(sub)
			c.settled()
		},
		"waiting": func(_ *testing.T, _ *world, c console) {
			c.find(sub)
			c.Until("all but the slow one to answer", func() bool {
				text := c.Text()
				return strings.Contains(text, "└") && !strings.Contains(text, "asked when") && !strings.Contains(text, "ほかの応答") &&
					(strings.Contains(text, "one answer is still") || strings.Contains(text, "応答待ち 1 件"))
			})
		},
		"failed": func(_ *testing.T, _ *world, c console) {
			c.find(sub)
		},
		"nobody":  func(_ *testing.T, _ *world, c console) { c.find("usr_0") },
		"several": func(_ *testing.T, _ *world, c console) { c.find("Hanako Yamada") },
		"detail": func(_ *testing.T, _ *world, c console) {
			c.find(sub)
			c.settled()
			c.press("down", "enter")
		},
		"json": func(_ *testing.T, _ *world, c console) {
			c.find(sub)
			c.settled()
			c.press("down", "j")
			c.See("vip")
		},
		"empty": func(*testing.T, *world, console) {},
	}
	done := map[string]map[locale.Lang]string{
		"nobody":  {locale.English: "Nobody is known by this", locale.Japanese: "該当する利用者はいません"},
		"several": {locale.English: "3 people fit", locale.Japanese: "3 人が該当"},
		"warning": {locale.English: "next sign-in of", locale.Japanese: "次回サインイン"},
		"failed":  {locale.English: "mean the same person", locale.Japanese: "同一人物"},
		"detail":  {locale.English: "acme.example", locale.Japanese: "acme.example"},
		"empty":   {locale.English: "No connection here", locale.Japanese: "検索できる連携がまだ"},
	}
	for name, drive := range frames {
		for _, lang := range locale.Langs() {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
				full := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(full, func(t *testing.T) {
					t.Parallel()
					w := linked()
					switch name {
					case "warning":
						w.taken()
					case "waiting":
						w.old.hold = held()
					case "failed":
						w.messaging.err = &core.Error{Tried: "look-up", Code: "net.timeout"}
					case "several":
						for i := range 3 {
							w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: fmt.Sprint("77", i), Name: "Hanako Yamada", ExternalID: fmt.Sprint("usr_", i)})
						}
					case "empty":
						w = &world{}
					}
					c := open(t, visitors.Deps{Sources: w.sources, History: &lookup.History{Store: mem.New(), Clock: fixed{}}, Mint: func(visitors.Person) screen.Screen { return page{"mint"} }}, lang, size[0], size[1])
					if name != "empty" {
						c.See("/ ")
					}
					drive(t, w, c)
					if want := done[name][lang]; want != "" && size[0] > 40 {
						c.See(want)
					}
					c.Until("the end of the lookup", func() bool {
						return name == "waiting" || !strings.Contains(c.Text(), "Asking") && !strings.Contains(c.Text(), "検索中です") && !strings.Contains(c.Text(), "Reading") && !strings.Contains(c.Text(), "読み込んで")
					})
					c.Fits(size[0], size[1])
					for _, bad := range []string{"<no value>", "[lookup.", "[visitors."} {
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

func TestEveryCodeOutcomeAndKindHasItsTexts(t *testing.T) {
	t.Parallel()
	files, _ := fs.Sub(assets.Locales, "locales")
	for _, lang := range locale.Langs() {
		p, err := locale.Load(files, lang)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, c := range lookup.Codes() {
			keys = append(keys, "lookup."+c, "lookup."+c+".means", "lookup."+c+".fix")
		}
		for _, o := range []lookup.Outcome{lookup.Linked, lookup.NotLinked, lookup.Elsewhere, lookup.WillFail, lookup.Several, lookup.NoOne, lookup.CantTell} {
			keys = append(keys, "lookup.outcome."+string(o), "visitors.outcome."+string(o))
		}
		for _, s := range []lookup.State{lookup.Asking, lookup.Limited, lookup.Found, lookup.Nobody, lookup.Failed, lookup.Skipped} {
			keys = append(keys, "lookup.state."+string(s), "lookup.state."+string(s)+".long")
		}
		for _, k := range lookup.QueryKinds() {
			keys = append(keys, "query.kind."+string(k))
		}
		for _, k := range core.VisitorKinds() {
			keys = append(keys, "visitor.kind."+string(k), "visitors.empty."+string(k))
		}
		for _, k := range keys {
			if !p.Has(k) {
				t.Errorf("%s: %s is missing", lang, k)
			}
		}
	}
}

func TestWithoutAnyConnectionTheKeyLeadsToConnections(t *testing.T) {
	t.Parallel()
	c := open(t, visitors.Deps{Sources: (&world{}).sources}, locale.English, 80, 24)
	c.See("No connection here can find people yet")
	c.press("c")
	c.See("the connections")
}

func TestTheSandboxsPeopleAreLookedUpOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := linked()
	c := open(t, visitors.Deps{Sources: w.sources, Samples: []string{sub, "nobody@example.com"}}, locale.English, 80, 24)
	c.See("ctrl+g looks up")
	c.Fits(80, 24)
	c.press("ctrl+g")
	c.See("/ "+sub, "mean the same person")
	c.press("/", "ctrl+g") // from within the line, too
	c.See("/ nobody@example.com", "Nobody is known")
	c.press("ctrl+g")
	c.See("/ "+sub, "mean the same person")
	real := open(t, visitors.Deps{Sources: w.sources}, locale.English, 80, 24)
	real.See("press /")
	real.press("ctrl+g")
	real.See("press /")
	real.Gone("ctrl+g")
}

func TestTheLineSaysWhatItTookTheTextForAndTabChoosesOne(t *testing.T) {
	t.Parallel()
	w := linked()
	w.support.calls = make(chan string, 100)
	c := open(t, visitors.Deps{Sources: w.sources}, locale.English, 120, 40)
	c.See("press /")
	c.press("/")
	c.Type(email)
	c.See("as e-mail address · external ID")
	c.press("tab")
	c.See("only as e-mail address")
	c.press("tab")
	c.See("only as external ID")
	c.press("enter")
	c.See("Nobody is known")
	if got := <-w.support.calls; got != "external:"+email || len(w.support.calls) != 0 {
		t.Errorf("asked %s and %d more", got, len(w.support.calls))
	}
	c.press("tab") // all kinds again, and at once
	c.settled()
	c.See("mean the same person")
	c.press("/", "end")
	c.Type("x")
	c.See(email+"x", "as e-mail address")
	c.press("esc")
	c.See("mean the same person", email+"x")
	c.press("/")
	c.Type("usr_1")
	c.See("/ usr_1", "as external ID · username · name")
	c.Gone(email + "x")
}

func TestWhatIsThereShowsWhileOthersAreAwaitedAndEscStopsOnlyTheLookup(t *testing.T) {
	t.Parallel()
	w := linked()
	w.old.hold = make(chan struct{})
	c := open(t, visitors.Deps{Sources: w.sources}, locale.English, 80, 24)
	c.find(sub)
	c.See("Asking; one answer is still to come. So far", "山田 美奈", "waiting 0 s, by external ID")
	c.press("esc")
	c.See("Stopped before all had answered", "stopped before it answered", "山田 美奈")
	close(w.old.hold)
	c.press("r")
	c.settled()
	c.See("mean the same person")
	c.Gone("Stopped")
}

func TestALimitedSourceSaysUntilWhenAndIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := linked()
	w.messaging.err = &core.Error{Code: "x.limited", Class: core.Refused, Params: map[string]string{"seconds": "7"}}
	waiting := make(chan struct{})
	s := &lookup.Service{Clock: fixed{}, Wait: func(ctx context.Context, _ time.Duration) error {
		select {
		case <-waiting:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	c := open(t, visitors.Deps{Sources: w.sources, Find: s.Find}, locale.English, 80, 24)
	c.find(sub)
	c.See("asked again in 0:07", "山田 美奈")
	close(waiting)
	c.See("Messaging could not be asked")
}

func TestKeysActOnTheSelectedPerson(t *testing.T) {
	t.Parallel()
	var minted []visitors.Person
	var mu sync.Mutex
	w := linked()
	d := visitors.Deps{Sources: w.sources, Mint: func(p visitors.Person) screen.Screen {
		mu.Lock()
		defer mu.Unlock()
		minted = append(minted, p)
		return page{"mint here"}
	}}
	c := open(t, d, locale.English, 80, 24)
	c.find(sub)
	c.settled()
	c.See("mean the same person")
	c.press("o")
	c.See("The vendor has no page")
	c.press("down", "m")
	c.See("mint here")
	c.press("esc")
	if want := (visitors.Person{ExternalID: sub, Name: "山田 美奈", Email: email, EmailVerified: true}); len(minted) != 1 || minted[0] != want {
		t.Errorf("minted for %+v", minted)
	}
	c.press("o") // no browser here: the link is copied
	c.See("Link (no browser opens from here)")
	c.press("j")
	c.See(`"tags": [`)
	c.press("esc", "enter")
	c.See("old@example.com", "not verified", "(2026-11-24 04:41Z)", "GET https://acme.example/api/users")
	c.press("y")
	c.See("Verdict as text", "External ID")
	c.press("enter")
	c.See("External ID: ")
	c.press("esc", "y", "end", "up", "up", "enter")
	c.See("Verdict as text: ")
	c.press("down", "down", "down", "enter") // a source that knows nobody
	c.See("It was asked, and nobody there fits")
	c.press("j")
	c.See("There is nobody in this row")
}

type browser struct{ opened chan string }

func (b browser) Open(_ context.Context, url string) error {
	b.opened <- url
	return errors.New("canary")
}

func TestTheVendorsPageOpensWhereThereIsABrowser(t *testing.T) {
	t.Parallel()
	b := browser{make(chan string, 1)}
	c := open(t, visitors.Deps{Sources: linked().sources, Browser: b}, locale.English, 80, 24)
	c.find(sub)
	c.settled()
	c.See("mean the same person")
	c.press("down", "o")
	c.See("visitor.no-browser") // it failed, and that is said
	if got := <-b.opened; got != "https://acme.zendesk.com/agent/users/1234" {
		t.Error(got)
	}
}

func TestWithoutMintOrHistoryTheKeysSayWhy(t *testing.T) {
	t.Parallel()
	c := open(t, visitors.Deps{Sources: linked().sources}, locale.English, 80, 24)
	c.find(sub)
	c.settled()
	c.See("mean the same person")
	c.press("m")
	c.See("No signing key is at hand")
	c.press("h")
	c.See("Look-ups are not remembered here")
}

func TestHistoryIsOffUntilSwitchedOnLooksUpAgainAndForgets(t *testing.T) {
	t.Parallel()
	h := &lookup.History{Store: mem.New(), Clock: fixed{}}
	c := open(t, visitors.Deps{Sources: linked().sources, History: h}, locale.English, 80, 24)
	c.find(email)
	c.settled()
	c.See("mean the same person")
	c.press("h")
	c.See("Look-ups are not remembered.")
	c.press("w")
	c.See("remembered for 7 d", "None is remembered yet")
	c.press("esc")
	c.find("external:usr_0")
	c.See("Nobody is known")
	c.find("email:" + email)
	c.settled()
	c.See("mean the same person")
	c.press("h")
	c.See("external:usr_0", "email:"+email, "nobody", "linked")
	c.press("down", "enter")
	c.See("Nobody is known by this", "external:usr_0")
	c.press("h")
	c.See("external:usr_0")
	c.press("x")
	c.See("can't be undone")
	c.press("x")
	c.See("Look-ups are not remembered.")
	if m, err := h.Read(t.Context()); err != nil || m.Keep != 0 || len(m.Past) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestLockingEndsTheLookupAndForgetsThePerson(t *testing.T) {
	t.Parallel()
	w := linked()
	w.old.hold = make(chan struct{})
	t.Cleanup(func() { close(w.old.hold) })
	c := open(t, visitors.Deps{Sources: w.sources}, locale.English, 80, 24)
	c.find(sub)
	c.See("山田 美奈")
	c.press("ctrl+l")
	c.See("locked")
	c.Gone("山田 美奈")
	c.Gone(sub)
}

func TestSourcesThatCannotBeReadAreExplainedAndReadAgain(t *testing.T) {
	t.Parallel()
	var tries int
	c := open(t, visitors.Deps{Sources: func(ctx context.Context) ([]lookup.Source, error) {
		if tries++; tries == 1 {
			return nil, core.ErrConflict
		}
		return linked().sources(ctx)
	}}, locale.English, 80, 24)
	c.See("conflict")
	c.press("r")
	c.See("press /")
}

func TestHostileNamesNotesAndAddressesDrawSafelyAndLineUp(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"\x1b]0;owned\x07\x1b[2Jname", "\u202egnp.exe\u2066", "山田👨‍👩‍👧‍👦美奈", strings.Repeat("long ", 2000), strings.Repeat("長", 4000), "e\u0301\u0301\u0301\u200b\ufeff", "\x9b31m\x00\xff", "two\r\nlines\tand tab",
	}
	for i, text := range hostile {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprint(i, size), func(t *testing.T) {
				t.Parallel()
				w := linked()
				v := &w.support.all[0]
				v.Name, v.Phone, v.Brand, v.Role = text, text, text, text
				v.Emails = append(v.Emails, core.VisitorEmail{Address: text, Verified: true})
				v.Raw = []byte(`{"notes":"` + strings.ToValidUTF8(text, "?") + `"}`)
				w.messaging.all[0].ExternalID = text
				w.messaging.all[0].Emails = mail(email)
				w.support.name = text
				c := open(t, visitors.Deps{Sources: w.sources}, locale.English, size[0], size[1])
				c.find(sub)
				c.See("sub = ")
				c.Until("the end of the lookup", func() bool { return !strings.Contains(c.Text(), "Asking") })
				safe := func(where string) {
					t.Helper()
					c.Fits(size[0], size[1])
					if got := c.Text(); core.CleanText(got) != got {
						t.Errorf("%s: not safe: %q", where, got)
					}
				}
				safe("list")
				c.press("down", "enter")
				c.Gone("sub = ")
				safe("detail")
				c.press("j")
				c.See(`"notes":`)
				safe("JSON")
				c.press("esc", "y")
				c.See("What is to be copied?")
				safe("copy menu")
			})
		}
	}
}

func TestAPhoneNumberOnTheSearchLineIsOneQuery(t *testing.T) {
	t.Parallel()
	w := linked()
	w.support.all[0].Phone = "+81 90-1234-5678"
	w.support.calls = make(chan string, 100)
	c := open(t, visitors.Deps{Sources: w.sources}, locale.English, 80, 24)
	c.See("press /")
	c.press("/")
	c.Type("(090) 1234-5678")
	c.See("telephone number")
	c.press("enter")
	c.See("山田 美奈")
	if got := <-w.support.calls; got != "phone:(090) 1234-5678" {
		t.Error(got)
	}
}
