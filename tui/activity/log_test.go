package activity_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/locale"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/activity"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

var began = time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC)

type fixed struct{ at time.Time }

func (f fixed) Now() time.Time { return f.at }

func printer(t testing.TB, lang locale.Lang) *locale.Printer {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	p, err := locale.Load(files, lang)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// book is a log on a store in memory, as the product writes it.
func book(t testing.TB, events ...core.Event) *core.EventLog {
	t.Helper()
	l := &core.EventLog{Store: mem.New(), Clock: fixed{began}, Actor: core.Actor{User: "mina", Host: "jump01", TTY: "pts/3", Session: "k2m5"}}
	err := l.Store.Update(t.Context(), func(w core.Writer) error {
		for _, e := range events {
			if err := l.Append(w, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func sample() []core.Event {
	acme := core.Subject{Kind: core.KindConnection, ID: "c1", Name: "Acme Europe"}
	run := core.Subject{Kind: core.KindRun, ID: "r1", Name: "Acme Outlet"}
	at := func(ago time.Duration) time.Time { return began.Add(-ago) }
	return []core.Event{
		{At: at(30 * 24 * time.Hour), Verb: core.VerbStoreCreated, Subject: core.Subject{Name: "deskward.db"}},
		{At: at(50 * time.Hour), Verb: core.VerbAdded, Subject: acme},
		{At: at(3 * time.Hour), Verb: core.VerbRefreshRefused, Subject: acme, Code: "zoho.invalid_code"},
		{At: at(2 * time.Hour), Verb: core.VerbCopied, Subject: acme, Detail: map[string]string{"secret": "refresh_token"}},
		{At: at(9 * time.Minute), Verb: core.VerbStepDone, Subject: run, Detail: map[string]string{"guide": "zoho-authtoken-self", "step": "exchange"}},
		{At: at(40 * time.Second), Verb: core.VerbChecked, Subject: acme},
	}
}

type console struct{ *tuitest.Driver }

func (c console) press(names ...string) { c.Key(tui.Press, names...) }

func open(t testing.TB, d activity.Deps, lang locale.Lang, width, height int) console {
	t.Helper()
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "log", Title: "section.log", Open: func() screen.Screen { return activity.New(d) }}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return printer(t, l), nil },
		Lang:     lang,
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			code := core.CodeOf(err)
			return screen.Explanation{Headline: p.T("error."+code, locale.Params{"seq": "3"}), Next: p.T("error." + code + ".next"), Code: code}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{began},
		Getenv:     func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := console{tuitest.Drive(t, m, width, height)}
	m.SetSend(c.Post)
	return c
}

func deps(l *core.EventLog) activity.Deps { return activity.Deps{Before: l.Before, Verify: l.Verify} }

func TestLogReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, size := range []struct {
		lang          locale.Lang
		width, height int
		see           string
	}{
		{locale.English, 40, 12, "checked"},
		{locale.English, 80, 24, "made the store"},
		{locale.English, 120, 40, "made the store"},
		{locale.Japanese, 40, 12, "確認"},
		{locale.Japanese, 80, 24, "作成しました"},
	} {
		name := fmt.Sprintf("list-%dx%d-%s", size.width, size.height, size.lang)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, deps(book(t, sample()...)), size.lang, size.width, size.height)
			c.See(size.see)
			c.Fits(size.width, size.height)
			tuitest.Golden(t, name, c.Text())
		})
	}
}

func TestDetailShowsThePlaceInTheChain(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		c := open(t, deps(book(t, sample()...)), lang, 80, 24)
		c.See("Acme Europe")
		c.press("j", "j", "j", "enter")
		c.See("zoho.invalid_code", "2026-11-22 07:41:00.000Z")
		c.Fits(80, 24)
		tuitest.Golden(t, "detail-80x24-"+string(lang), c.Text())
	}
}

func TestEmptyLogSaysWhatWillStandThere(t *testing.T) {
	t.Parallel()
	c := open(t, deps(book(t)), locale.English, 80, 24)
	c.See("Nothing has happened yet")
}

func TestVerifySaysThatTheChainIsWhole(t *testing.T) {
	t.Parallel()
	c := open(t, deps(book(t, sample()...)), locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("v")
	c.See("The log is whole: 6 lines", "Last hash")
}

func TestVerifyFindsAChangedLine(t *testing.T) {
	t.Parallel()
	l := book(t, sample()...)
	err := l.Store.Update(t.Context(), func(w core.Writer) error {
		rec, err := w.Get(core.KindEvent, fmt.Sprintf("%016x", 3))
		if err != nil {
			return err
		}
		rec.Head = []byte(strings.Replace(string(rec.Head), "mina", "none", 1))
		_, err = w.Put(rec)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, deps(l), locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("v")
	c.See("does not fit together at line 3", "events.broken")
}

// long is a log of n checks, the connection's number in its name.
func long(t testing.TB, n int) *core.EventLog {
	events := make([]core.Event, n)
	for i := range events {
		events[i] = core.Event{
			At: began.Add(-time.Duration(n-i) * time.Second), Verb: core.VerbChecked,
			Subject: core.Subject{Kind: core.KindConnection, ID: "c", Name: fmt.Sprintf("customer-%05d", i+1)},
		}
	}
	return book(t, events...)
}

func TestFilterFindsTheOldestOfTenThousand(t *testing.T) {
	t.Parallel()
	c := open(t, deps(long(t, 10_000)), locale.English, 80, 24)
	c.See("customer-10000")
	c.press("/")
	c.Type("checked customer-00001")
	c.See("1 of 10000", "checked customer-00001")
	c.press("esc")
	c.See("customer-10000")
}

func TestJapaneseWordsFindEventsInJapanese(t *testing.T) {
	t.Parallel()
	c := open(t, deps(book(t, sample()...)), locale.Japanese, 80, 24)
	c.See("Acme Europe")
	c.press("/")
	c.Paste("ストア")
	c.See("6 件中 1 件")
}

func TestOnlyWhatIsLookedAtIsRead(t *testing.T) {
	t.Parallel()
	l := long(t, 10_000)
	var reads atomic.Int64
	d := deps(l)
	d.Before = func(ctx context.Context, seq uint64, limit int) ([]core.Event, error) {
		reads.Add(1)
		return l.Before(ctx, seq, limit)
	}
	c := open(t, d, locale.English, 80, 24)
	c.See("customer-10000")
	if n := reads.Load(); n != 1 {
		t.Errorf("%d pages read to show the first", n)
	}
	c.press("G")
	c.Until("the second page", func() bool {
		c.press("G")
		return strings.Contains(c.Text(), "customer-09001")
	})
}

func TestNewEventsAppearOnTop(t *testing.T) {
	t.Parallel()
	l := book(t, sample()...)
	c := open(t, deps(l), locale.English, 80, 24)
	c.See("Acme Europe")
	if err := l.Record(t.Context(), core.Event{Verb: core.VerbRemoved, Subject: core.Subject{Name: "Acme Test"}}); err != nil {
		t.Fatal(err)
	}
	c.press("r")
	c.See("removed Acme Test", "checked Acme Europe")
}

func TestAVerdictDoesNotSpeakForLinesWrittenLater(t *testing.T) {
	t.Parallel()
	l := book(t, sample()...)
	c := open(t, deps(l), locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("v")
	c.See("The log is whole: 6 lines")
	if err := l.Record(t.Context(), core.Event{Verb: core.VerbRemoved, Subject: core.Subject{Name: "Acme Test"}}); err != nil {
		t.Fatal(err)
	}
	c.press("r")
	c.See("removed Acme Test")
	c.Gone("The log is whole")
}

func TestEveryVerbHasASentenceInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		p := printer(t, lang)
		for _, v := range core.Verbs() {
			got := p.Event(core.Event{Verb: v, Subject: core.Subject{Name: "Acme"}, Detail: map[string]string{"step": "exchange"}})
			if strings.HasPrefix(got, "[") || strings.Contains(got, "<no value>") {
				t.Errorf("%s, %s: %s", lang, v, got)
			}
		}
	}
}

// BenchmarkKeyInTheLog is a cursor move and a frame over ten thousand events.
func BenchmarkKeyInTheLog(b *testing.B) {
	l := long(b, 10_000)
	c := open(b, deps(l), locale.English, 120, 40)
	c.See("customer-10000")
	c.press("/")
	c.Type("customer")
	c.See("10000 of 10000")
	c.press("enter")
	for b.Loop() {
		c.press("j")
		c.Text()
	}
}
