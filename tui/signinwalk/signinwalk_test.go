package signinwalk_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core/advice"
	"deskward/core/locale"
	walk "deskward/core/signinwalk"
	"deskward/tui"
	"deskward/tui/screen"
	"deskward/tui/signinwalk"
	"deskward/tui/tuitest"
)

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 11, 25, 10, 41, 0, 0, time.UTC) }

type rig struct{ *tuitest.Driver }

func (r rig) press(names ...string) { r.Key(tui.Press, names...) }

func open(t testing.TB, lang locale.Lang, width, height int) rig {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	advices, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := advice.Load(advices)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "keys", Title: "section.keys", Open: signinwalk.New}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(files, l) },
		Lang:     lang,
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			x := catalogue.Explain(err, p)
			return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{}, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := rig{tuitest.Drive(t, m, width, height)}
	m.SetSend(r.Post)
	return r
}

// story plays the n-th ready-made story.
func (r rig) story(n int) {
	r.press("t")
	for range n {
		r.press("j")
	}
	r.press("enter")
}

func TestTheWalkLooksAsAgreed(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(rig){
		"empty":    func(rig) {},
		"mid-chat": func(r rig) { r.story(0) },
		"returns":  func(r rig) { r.story(1) },
		"multi":    func(r rig) { r.story(1); r.press("r") },
		"2022":     func(r rig) { r.story(1); r.press("r", "r") },
		"rejected": func(r rig) { r.story(3) },
		"cannot":   func(r rig) { r.press("r", "r"); r.story(3); r.press("o", "r") },
		"stories":  func(r rig) { r.press("t") },
		"sign-in":  func(r rig) { r.press("i") },
	} {
		for _, lang := range locale.Langs() {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
				id := fmt.Sprintf("%s-%s-%dx%d", name, lang, size[0], size[1])
				t.Run(id, func(t *testing.T) {
					t.Parallel()
					r := open(t, lang, size[0], size[1])
					do(r)
					r.Fits(size[0], size[1])
					if m := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]|<no value>`).FindString(r.Text()); m != "" {
						t.Errorf("%s: the text %s is missing", id, m)
					}
					tuitest.Golden(t, id, r.Text())
				})
			}
		}
	}
}

func TestEventsByKeysMakeTheArticlesFirstExample(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 120, 40)
	r.press("w")
	r.See("User 1 and ticket 1 are made", "User 1: anonymous", "ticket 1: active")
	r.press("i", "enter", "enter")
	r.See("Nobody has user-a yet", "User 1: user-a, authenticated", "Device 1: user 1, signed in", "* otherwise under")
	r.press("r", "r")
	r.See("The rules of 2022", "User 2 is made", "User 2: user-a, authenticated")
	r.press("u")
	r.See("User 1: anonymous")
	r.Gone("User 2")
	r.press("x")
	r.See("Nothing has happened yet")
}

func TestRulesAreSwitchedInTheMiddleOfAStory(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 120, 40)
	r.story(1)
	r.See("ticket 2: ? (was active)", "User 2: merged into user 1")
	r.press("r")
	r.See("User 2: merged into user 1", "ticket 2: active")
	r.press("r")
	r.See("ticket 2: closed, goes on", "User 2: anonymous")
	r.press("r")
	r.See("ticket 2: ? (was active)")
}

func TestAnEventThatTheRulesDoNotAllowIsKeptForThoseThatDo(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 120, 40)
	r.press("r", "r")
	r.story(3)
	r.press("o")
	r.See("7. Signs out")
	r.press("r")
	r.See("can't go on by these rules", "Nobody is signed in")
	r.press("w")
	r.See("can't go on by these rules")
	r.press("r", "r")
	r.See("7. Signs out")
	r.press("r", "u")
	r.Gone("can't go on")
}

func TestWhoSignsInIsCheckedWhileTyped(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 80, 24)
	r.press("i")
	r.Type(" b")
	r.press("tab")
	r.See("without blanks")
	r.press("esc")
	r.See("Nothing has happened yet")
	r.press("i", "tab")
	r.Type("nobody")
	r.press("enter")
	r.See("This is no address")
	r.Type("@example.com")
	r.press("enter")
	r.See("nobody@example.com becomes user 1's")
}

func TestWithTwoTicketsItIsAskedWhich(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 120, 40)
	r.press("w", "d", "w", "s")
	r.See("Which ticket?")
	r.press("right", "enter")
	r.See("ticket 2: solved", "ticket 1: active")
	r.press("s")
	r.See("ticket 1: solved")
	r.press("s", "n", "w")
	r.See("Device 1 is in use now", "Ticket 1 is solved. Whether")
}

func TestKeysThatCanNotWorkSayWhy(t *testing.T) {
	t.Parallel()
	r := open(t, locale.English, 80, 24)
	before := r.Text()
	r.press("o", "s", "c", "n", "u", "x")
	if !strings.Contains(r.Text(), "Nothing has happened") {
		t.Errorf("%s\nbecame\n%s", before, r.Text())
	}
	r.press("o")
	r.See("Nobody is signed in on this device")
}

func TestEveryStoryHasItsWordsAndEveryTextItsStory(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, lang := range locale.Langs() {
		p, err := locale.Load(files, lang)
		if err != nil {
			t.Fatal(err)
		}
		tell := func(key, words string) {
			told[key] = true
			if !p.Has(key) || strings.Contains(words, "<no value>") {
				t.Errorf("%s: %s is told as %q", lang, key, words)
			}
		}
		for _, r := range walk.AllRules() {
			everyStory(r, func(s walk.Step) {
				tell("walk.event."+s.Event.Code(), s.Event.In(p))
				for _, x := range s.Says {
					tell("walk.say."+x.Code, x.In(p))
				}
				for _, f := range s.World.Facts() {
					tell("walk.world."+f.Code, f.In(p))
				}
			})
		}
	}
	raw, err := fs.ReadFile(files, "signinwalk.en.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(walk\.(?:event|say|world)\.[^"]+)"`).FindAllStringSubmatch(string(raw), -1) {
		if !told[m[1]] && m[1] != "walk.say.sourced" {
			t.Errorf("no story tells %s", m[1])
		}
	}
}

// everyStory plays all short stories over a few events, and the long ones that
// lead to what no short one does.
func everyStory(r walk.Rules, see func(walk.Step)) {
	alphabet := []string{"write", "sign-in:a", "sign-in:a,a@x", "sign-in:b,a@x", "sign-in:a,b@x", "sign-out", "solve:1", "close:1", "device", "device:1"}
	play := func(story []string) bool {
		events, err := walk.ParseAll(story)
		if err != nil {
			return false
		}
		steps, err := walk.Walk(r, events)
		if err == nil {
			see(steps[len(steps)-1])
		}
		return err == nil
	}
	var grow func(story []string)
	grow = func(story []string) {
		for _, e := range alphabet {
			longer := append(story[:len(story):len(story)], e)
			if play(longer) && len(longer) < 4 {
				grow(longer)
			}
		}
	}
	grow(nil)
	for _, end := range []string{"write", "solve:1", "solve:2", "close:2", "close:1 write", "solve:1 write", "solve:2 write"} {
		for _, begin := range []string{"", "close:1 ", "solve:1 "} {
			for _, anonymous := range []string{"", "solve:2 ", "close:2 "} {
				story := strings.Fields("sign-in:a write " + begin + "sign-out write " + anonymous + "sign-in:a " + end)
				for n := range story {
					play(story[:n+1])
				}
			}
		}
	}
}
