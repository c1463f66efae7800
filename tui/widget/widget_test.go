package widget

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/theme"
)

func env(t testing.TB, w, h int) screen.Env {
	t.Helper()
	p, err := locale.Load(os.DirFS("../../assets/locales"), locale.English)
	if err != nil {
		t.Fatal(err)
	}
	return screen.Env{Width: w, Height: h, Theme: theme.New(true, theme.Unicode()), Text: p, Now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
}

func key(s string) tea.KeyPressMsg {
	switch s {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "tab":
		return tea.KeyPressMsg{Code: tea.KeyTab}
	case "right":
		return tea.KeyPressMsg{Code: tea.KeyRight}
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	return tea.KeyPressMsg{Code: []rune(s)[0], Text: s}
}

func typed(f *Form, text string) {
	for _, r := range text {
		f.Update(key(string(r)))
	}
}

func FuzzWrapKeepsTheWidthAndTheText(f *testing.F) {
	f.Add("The store is locked. Unlock it first.", 20)
	f.Add("メッセージングのキー、Chat のシークレット、「Xsolla」ログインのキーを。", 11)
	f.Add("https://accounts.example.test/oauth/v2/auth?client_id=1000.ABC&scope=Desk.tickets.READ", 30)
	f.Add("👩‍💻👩‍💻👩‍💻", 3)
	f.Add("\u0601「"+strings.Repeat("a", 30), 20) // a sign without width, and a run that is longer than a line
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = 2 + abs(width)%200
		lines := Wrap(text, width)
		for _, l := range lines {
			if ansi.StringWidth(l) > width {
				t.Fatalf("%q is wider than %d", l, width)
			}
		}
		squeeze := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == ' ' || r == '\n' {
					return -1
				}
				return r
			}, s)
		}
		want := squeeze(strings.Join(Wrap(text, 1<<20), "\n"))
		if got := squeeze(strings.Join(lines, "\n")); got != want {
			t.Fatalf("the text changed: %q, want %q", got, want)
		}
	})
}

func TestWrapLosesNothingWhereALineIsNarrowerThanACharacter(t *testing.T) {
	t.Parallel()
	if got := strings.Join(Wrap("山田a", 1), "|"); got != "山|田|a" {
		t.Errorf("%q", got)
	}
}

// A run of a megabyte, which a server may send, takes a thousand times as long
// as one of a kilobyte, not a million times: by the work of one line it would
// take hours here.
func TestWrapPassesOverALongRunOnce(t *testing.T) {
	t.Parallel()
	lines := Wrap(strings.Repeat("a", 1<<20)+" b", 4)
	if want := 1<<18 + 1; len(lines) != want || lines[want-1] != "b" || lines[0] != "aaaa" {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

func TestJapanesePunctuationDoesNotBeginALine(t *testing.T) {
	t.Parallel()
	text := "署名キーの管理は、このバージョンでは、まだ使えません。お待ちください。"
	for width := 4; width < 60; width++ {
		for _, l := range Wrap(text, width) {
			if strings.HasPrefix(l, "。") || strings.HasPrefix(l, "、") {
				t.Errorf("width %d: a line begins with punctuation: %q", width, l)
			}
		}
	}
}

func TestATableFitsAnyWidthAndKeepsItsColumnsOrder(t *testing.T) {
	t.Parallel()
	for width := 24; width < 160; width++ {
		tb := Table{
			Columns: []Column{
				{Title: Text("NAME"), Min: 10, Want: 20},
				{Title: Text("PLATFORM"), Min: 8, Want: 12, Drop: 1},
				{Title: Text("ACCOUNT"), Min: 8, Want: 24, Drop: 2},
				{Title: Text("STATE"), Min: 6, Want: 30},
			},
			Rows: 3, List: &List{Selected: 1},
			Row: func(int) []Cell {
				return []Cell{{Text: "アクメ・ジャパン株式会社 サポート"}, {Text: "Zoho Desk"}, {Text: "org 60001234567 \x1b[31m"}, {Text: "ok renews in 47 min and more words than fit"}}
			},
		}
		lines := tb.Draw(env(t, width, 10), width, 10)
		if len(lines) != 4 {
			t.Fatalf("%d lines", len(lines))
		}
		at := -1
		for _, title := range []string{"NAME", "PLATFORM", "ACCOUNT", "STATE"} {
			if i := strings.Index(lines[0], title); i >= 0 {
				if i < at {
					t.Errorf("width %d: columns changed their order: %q", width, lines[0])
				}
				at = i
			}
		}
		for _, l := range lines {
			if w := ansi.StringWidth(l); w > width {
				t.Errorf("width %d: line of %d cells: %q", width, w, l)
			}
			if strings.Contains(ansi.Strip(l), "\x1b") || strings.Contains(l, "\x1b[31m") {
				t.Errorf("a cell's escape sequence came through: %q", l)
			}
		}
	}
}

func TestScrollingMovesByOneRowOnly(t *testing.T) {
	t.Parallel()
	l := &List{}
	from, _ := l.Window(100, 10)
	for i := range 99 {
		l.Update(key("j"), 100)
		next, to := l.Window(100, 10)
		if next < from || next > from+1 || l.Selected < next || l.Selected >= to {
			t.Fatalf("step %d: window [%d,%d) after %d, selected %d", i, next, to, from, l.Selected)
		}
		from = next
	}
	for range 99 {
		l.Update(key("k"), 100)
		next, _ := l.Window(100, 10)
		if next > from || next < from-1 {
			t.Fatalf("going up jumped from %d to %d", from, next)
		}
		from = next
	}
}

func TestAFormSubmitsOnlyWhenEveryAnswerIsGood(t *testing.T) {
	t.Parallel()
	f := NewForm(
		Field{Name: "name", Label: Text("Name")},
		Field{Name: "region", Label: Text("Region"), Options: []Option{{Value: "us", Label: Text("US")}, {Value: "eu", Label: Text("EU")}}},
		Field{Name: "secret", Label: Text("Secret"), Secret: true, Check: func(v string) Words {
			if len(v) < 4 {
				return Text("too short")
			}
			return nil
		}},
	)
	e := env(t, 60, 20)
	if _, ok := f.Update(key("enter")); ok {
		t.Fatal("submitted an empty form")
	}
	lines, _ := f.Draw(e, 60, 20)
	if !strings.Contains(strings.Join(lines, "\n"), "This is needed.") {
		t.Errorf("it does not say what is missing:\n%s", strings.Join(lines, "\n"))
	}
	typed(f, "Acme")
	f.Update(key("enter"))
	changed, _ := f.Update(key("right"))
	if !changed || f.Value("region") != "eu" {
		t.Errorf("choosing: %v %q", changed, f.Value("region"))
	}
	f.Update(key("enter"))
	typed(f, "abc")
	if _, ok := f.Update(key("enter")); ok {
		t.Error("submitted though the secret is too short")
	}
	typed(f, "def")
	lines, cur := f.Draw(e, 60, 20)
	if strings.Contains(strings.Join(lines, "\n"), "abcdef") {
		t.Error("the secret is on the screen")
	}
	if cur == nil {
		t.Error("no cursor for the input method")
	}
	if _, ok := f.Update(key("enter")); !ok {
		t.Error("did not submit")
	}
	if f.Value("name") != "Acme" || f.Secret("secret").Reveal() != "abcdef" {
		t.Errorf("answers %q %q", f.Value("name"), f.Value("secret"))
	}
}

func TestAChoiceIsAnsweredAlsoByAnOptionThatStandsForNothing(t *testing.T) {
	t.Parallel()
	f := NewForm(Field{Name: "first", Label: Text("First"), Options: []Option{{Value: "", Label: Text("nothing")}, {Value: "revoke", Label: Text("revoke")}}})
	if _, ok := f.Update(key("enter")); !ok {
		t.Error("the option is refused as no answer")
	}
}

func TestAnOptionThatIsAskedIsReadWhole(t *testing.T) {
	t.Parallel()
	f := NewForm(Field{Name: "use", Label: Text("What your programs do"), Options: []Option{
		{Value: "read", Label: Text("Read tickets")}, {Value: "answer", Label: Text("Read and answer tickets")},
	}})
	for _, want := range []string{"< Read tickets > 1 of 2", "< Read and answer tickets > 2 of 2"} {
		lines, _ := f.Draw(env(t, 48, 20), 48, 20)
		if got := ansi.Strip(strings.Join(lines, "\n")); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
		f.Update(key("right"))
	}
}

func TestWhatWasLeftOutIsMarked(t *testing.T) {
	t.Parallel()
	lines := []string{"Proven: tickets.", "Not tried:", "contacts."}
	if got := Head(lines, 2, 12, "…"); got[1] != "Not tried:…" || len(got) != 2 {
		t.Errorf("%q", got)
	}
	if got := Head(lines, 1, 16, "…"); got[0] != "Proven: tickets…" {
		t.Errorf("%q", got)
	}
	if got := Head(lines, 3, 12, "…"); len(got) != 3 || got[2] != "contacts." {
		t.Errorf("%q", got)
	}
}

func TestAnswersStayWhenTheQuestionsChange(t *testing.T) {
	t.Parallel()
	f := NewForm(Field{Name: "a", Label: Text("A")}, Field{Name: "b", Label: Text("B")})
	typed(f, "one")
	f.SetFields(Field{Name: "c", Label: Text("C")}, Field{Name: "a", Label: Text("A")})
	if f.Value("a") != "one" {
		t.Errorf("a = %q", f.Value("a"))
	}
}

func TestAChecklistKeepsTheOrderOfItsOptions(t *testing.T) {
	t.Parallel()
	f := NewForm(Field{Name: "scopes", Label: Text("Scopes"), Many: true, Value: "b", Options: []Option{{Value: "a", Label: Text("a")}, {Value: "b", Label: Text("b")}, {Value: "c", Label: Text("c")}}})
	f.Update(key("space"))
	f.Update(key("down"))
	f.Update(key("down"))
	f.Update(key("space"))
	if got := f.Value("scopes"); got != "a b c" {
		t.Errorf("got %q", got)
	}
}

func TestUpAndDownWalkOverAChoiceWithoutChangingIt(t *testing.T) {
	t.Parallel()
	f := NewForm(
		Field{Name: "kind", Label: Text("Kind"), Options: []Option{{Value: "a", Label: Text("a")}, {Value: "b", Label: Text("b")}}},
		Field{Name: "scopes", Label: Text("Scopes"), Many: true, Optional: true, Options: []Option{{Value: "x", Label: Text("x")}, {Value: "y", Label: Text("y")}}},
		Field{Name: "name", Label: Text("Name"), Optional: true},
	)
	for i, want := range []string{"scopes", "scopes", "name", "kind"} { // two boxes, the end, round again
		if changed, _ := f.Update(key("down")); changed {
			t.Errorf("step %d: down changed an answer", i)
		}
		if f.Focused() != want {
			t.Errorf("step %d: down leads to %s, want %s", i, f.Focused(), want)
		}
	}
	f.Update(key("up"))
	f.Update(key("up"))
	f.Update(key("up"))
	if f.Update(key("up")); f.Focused() != "kind" || f.Value("kind") != "a" {
		t.Errorf("after going back: %s, kind = %q", f.Focused(), f.Value("kind"))
	}
	if changed, _ := f.Update(key("right")); !changed || f.Value("kind") != "b" {
		t.Errorf("right: changed %v, kind = %q", changed, f.Value("kind"))
	}
}

func TestTheFocusedFieldStaysInSight(t *testing.T) {
	t.Parallel()
	var fields []Field
	for _, n := range strings.Split("abcdefghijklmno", "") {
		fields = append(fields, Field{Name: n, Label: Text("field " + n), Optional: true, Hint: Text("a hint")})
	}
	f := NewForm(fields...)
	for _, n := range strings.Split("abcdefghijklmno", "") {
		lines, cur := f.Draw(env(t, 40, 5), 40, 5)
		if len(lines) > 5 || !strings.Contains(strings.Join(lines, "\n"), "field "+n) || cur == nil || cur.Y < 0 || cur.Y >= 5 {
			t.Fatalf("field %s: %d lines, cursor %v:\n%s", n, len(lines), cur, strings.Join(lines, "\n"))
		}
		f.Update(key("tab"))
	}
}

func TestAnEmptyAnswerOfAChoiceIsAnAnswer(t *testing.T) {
	t.Parallel()
	f := NewForm(
		Field{Name: "first", Label: Text("first"), Options: []Option{{Value: "", Label: Text("keep")}, {Value: "revoke", Label: Text("revoke")}}},
		Field{Name: "many", Label: Text("many"), Many: true, Options: []Option{{Value: "a", Label: Text("a")}}},
	)
	enter := key("enter")
	if f.Update(enter); f.Focused() != "many" {
		t.Error("the choice that is there was not taken")
	}
	if _, submit := f.Update(enter); submit {
		t.Error("nothing chosen of several was taken")
	}
}

func TestWhatCannotBeSeenInAPasteIsShownAndKept(t *testing.T) {
	t.Parallel()
	for pasted, want := range map[string]string{
		"1000.AB\u200bC":        "1000.AB?C",
		"file\u202egpj.exe":     "file?gpj.exe",
		"\ufeffclient":          "?client",
		"a\u2066b\u2069":        "a?b?",
		"葛\U000e0100城 👩\u200d💻": "葛\U000e0100城 👩\u200d💻",
		"plain":                 "plain",
	} {
		i := NewInput(false)
		i.Focus()
		i.Update(tea.PasteMsg{Content: pasted})
		line, column := i.Draw(env(t, 80, 24), 40)
		if got := ansi.Strip(line); got != want {
			t.Errorf("%q is drawn as %q", pasted, got)
		}
		if i.Value() != pasted || column != ansi.StringWidth(want) {
			t.Errorf("%q became %q, the cursor is at %d of %q", pasted, i.Value(), column, want)
		}
		i.model.SetCursor(1)
		if _, column := i.Draw(env(t, 80, 24), 40); want[0] < 0x80 && column != 1 {
			t.Errorf("%q: behind the first, the cursor is at %d", pasted, column)
		}
	}
}

func TestGroupsOfATableKeepTheirHeadingsInSight(t *testing.T) {
	t.Parallel()
	list := &List{}
	table := Table{
		Columns: []Column{{Title: Text("NAME"), Min: 5}}, Rows: 6, List: list,
		Row:   func(i int) []Cell { return []Cell{{Text: fmt.Sprint("row ", i)}} },
		Group: func(i int) string { return fmt.Sprint("group ", i/2) },
	}
	for _, at := range []int{0, 1, 2, 5, 4, 3, 2, 0} {
		list.Selected = at
		lines := table.Draw(env(t, 20, 4), 20, 4)
		text := ansi.Strip(strings.Join(lines, "\n"))
		if len(lines) != 4 || !strings.Contains(text, fmt.Sprint("▌ row ", at)) || at%2 == 0 && !strings.Contains(text, fmt.Sprint("group ", at/2)) {
			t.Errorf("at %d:\n%s", at, text)
		}
	}
}
