package rewrite_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/deluge/folder"
	"deskward/core/locale"
	"deskward/tui"
	"deskward/tui/rewrite"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC) }

const token = "canary-token-of-the-desk"

func functions() map[string]string {
	return map[string]string{
		"close.dg": `// チケットを閉じる
tok = "` + token + `";
r = invokeurl
[
	url :"https://desk.zoho.com/api/v1/tickets/" + ticketId
	type :PATCH
	headers:{"orgId":"1","Authorization":"Zoho-authtoken " + tok}
	parameters:{"status":"Closed"}.toString()
];
a = getUrl("https://desk.zoho.com/api/v1/agents?authtoken=" + tok + "&limit=5");
info a;
`,
		"by-hand.dg": "r = invokeurl [ url: somewhere type: GET headers: {\"Authorization\":\"Zoho-authtoken \" + t} ];\n",
		"task.dg":    "x = zoho.desk.create(orgId,\"tickets\",m);\n",
	}
}

type rig struct {
	*tuitest.Driver
	folder string
}

func (r rig) press(names ...string) { r.Key(tui.Press, names...) }

func open(t testing.TB, files map[string]string, lang locale.Lang, width, height int) rig {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "migrations", Title: "section.migrations", Open: func() screen.Screen {
			return rewrite.New(rewrite.Deps{Scan: folder.Scan})
		}}},
		Printer: func(l locale.Lang) (*locale.Printer, error) { return locale.Load(texts, l) },
		Lang:    lang,
		Explain: func(err error, _ *locale.Printer) screen.Explanation {
			return screen.Explanation{Headline: err.Error(), Code: core.CodeOf(err)}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{}, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := rig{tuitest.Drive(t, m, width, height), dir}
	m.SetSend(r.Post)
	return r
}

// look fills the form in.
func (r rig) look() {
	r.Paste(r.folder)
	r.press("tab")
	r.Type("deskoperation")
	r.press("enter")
	r.See("close.dg")
}

func (r rig) file(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// atEverySize draws states of the screen over files and compares them with
// their golden screens.
func atEverySize(t *testing.T, files func() map[string]string, states map[string]func(rig)) {
	t.Helper()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for state, do := range states {
				name := fmt.Sprintf("%s-%dx%d-%s", state, size[0], size[1], lang)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := open(t, files(), lang, size[0], size[1])
					do(r)
					r.Fits(size[0], size[1])
					tuitest.Golden(t, name, r.Text())
					if strings.Contains(r.Text(), "canary") {
						t.Error("a token is shown")
					}
				})
			}
		}
	}
}

func TestRewritingReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	atEverySize(t, functions, map[string]func(rig){
		"form":  func(rig) {},
		"found": func(r rig) { r.look() },
		"close": func(r rig) { r.look(); r.press("j") },
		"ask":   func(r rig) { r.look(); r.press("w") },
	})
}

func TestARequestThatIsLeftStaysAndTheOthersAreWritten(t *testing.T) {
	t.Parallel()
	r := open(t, functions(), locale.English, 120, 40)
	r.look()
	r.See("rewritten: 2, in files: 1")
	r.press("j")
	r.See("connection:")
	r.press("space")
	r.See("rewritten: 1, in files: 1", "You left it as it is")
	r.press("w", "y")
	r.See("Files written: 1")
	got := r.file(t, "close.dg")
	if !strings.Contains(got, `"Authorization":"Zoho-authtoken " + tok`) || !strings.Contains(got, "a = invokeurl") || !strings.Contains(got, "チケットを閉じる") {
		t.Error(got)
	}
	if r.file(t, "close.dg.bak") != functions()["close.dg"] {
		t.Error("the backup is not what the file was")
	}
	if r.file(t, "by-hand.dg") != functions()["by-hand.dg"] {
		t.Error("an unsafe function was touched")
	}
}

func TestAnOfferedTaskIsTakenBySpaceAndLeftAgain(t *testing.T) {
	t.Parallel()
	r := open(t, functions(), locale.English, 120, 40)
	r.look()
	r.press("G")
	r.See("Not changed unless you say so")
	r.press("space")
	r.See("rewritten: 3, in files: 2", "+x = zoho.desk.create(")
	r.press("space")
	r.See("rewritten: 2, in files: 1")
}

func TestNothingIsWrittenWithoutYes(t *testing.T) {
	t.Parallel()
	r := open(t, functions(), locale.English, 80, 24)
	r.look()
	r.press("w", "n")
	r.See("rewritten: 2, in files: 1")
	if r.file(t, "close.dg") != functions()["close.dg"] {
		t.Error("it was written")
	}
}

func TestAFileThatChangedMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := open(t, functions(), locale.English, 80, 24)
	r.look()
	if err := os.WriteFile(filepath.Join(r.folder, "close.dg"), []byte("info 1;"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.press("w", "y")
	r.See("function.changed")
	if r.file(t, "close.dg") != "info 1;" {
		t.Error("it was overwritten")
	}
}

func TestTheLineOfAFindingThatStaysIsShownWithItsTokenAsDots(t *testing.T) {
	t.Parallel()
	files := map[string]string{"close.dg": functions()["close.dg"], "two.dg": strings.Repeat("info 1;\r\n", 60) +
		"k = \"Zoho-authtoken " + token + "\";\r\nh = other.get(k);\r\nr = invokeurl [ url: somewhere type: GET headers: {\"Authorization\":\"Zoho-authtoken " + token + "\"} ];\r\n"}
	r := open(t, files, locale.English, 80, 24)
	r.look()
	r.press("n")
	r.See("two.dg:61", "61 ▌ k = ", "••••••••")
	r.press("n")
	r.See("two.dg:63", "63 ▌ r = invokeurl", "Where it goes can't be told")
	r.press("n")
	r.See("61 ▌ k = ")
	if strings.Contains(r.Text(), "canary") {
		t.Error("a token is shown")
	}
}
