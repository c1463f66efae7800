package inspect_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/golang-jwt/jwt/v5"

	"deskward/assets"
	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui"
	"deskward/tui/inspect"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

var now = time.Date(2026, 11, 25, 10, 41, 0, 0, time.UTC)

type fixed struct{}

func (fixed) Now() time.Time { return now }

const (
	secret = "canaryZk3vW9pQ2xR7tB5nM8cL1dF4gH6jS0aYeU-web"
	kid    = "app_5f3a9c0d2b7e41f8a6c0d9e2"
)

func web() core.SigningKey {
	return core.SigningKey{
		ID: "k1", Name: "web 2026", Kind: core.KeyMessaging, Account: "acme", KID: kid, Alg: core.AlgHS256,
		Secrets: core.Secrets{core.SecretSigning: core.NewSecret(secret)},
	}
}

func chat() core.SigningKey {
	return core.SigningKey{
		ID: "k2", Name: "chat", Kind: core.KeyChat, Account: "acme", Alg: core.AlgHS256,
		Secrets: core.Secrets{core.SecretSigning: core.NewSecret("canaryChat5vN8wE2rT6yU9iO3pA7sD1fG4hJ0kL")},
	}
}

// sign makes a token as a developer's backend would, whatever is in it.
func sign(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	tok := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims))
	for k, v := range header {
		tok.Header[k] = v
	}
	s, err := tok.SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func good(t testing.TB) string {
	return sign(t, map[string]any{"kid": kid}, map[string]any{"scope": "user", "external_id": "usr_12345", "exp": now.Add(5 * time.Minute).Unix()})
}

// broken is the token of the picture: three things are wrong with it.
func broken(t testing.TB) string {
	return sign(t, nil, map[string]any{
		"scope": "user", "external_id": 12345, "email": "a@example.com", "email_verified": "true", "exp": now.Add(252 * time.Second).Unix(),
	})
}

type opened struct{ name string }

func (o opened) Title(screen.Env) string        { return "mint" }
func (o opened) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (o opened) Update(tea.Msg) screen.Step     { return screen.Step{} }
func (o opened) Draw(screen.Env) screen.Frame   { return screen.Frame{Text: "opened " + o.name} }
func (o opened) Keys() []screen.Key             { return nil }

type rig struct {
	*tuitest.Driver
	copied *atomic.Pointer[string] // what was put on the clipboard last
}

func (r rig) press(names ...string) { r.Key(tui.Press, names...) }

func open(t testing.TB, keys []core.SigningKey, lang locale.Lang, width, height int) rig {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	d := inspect.Deps{
		Clock: fixed{},
		List: func(context.Context) ([]core.KeySummary, error) {
			var out []core.KeySummary
			for _, k := range keys {
				out = append(out, k.Summary())
			}
			return out, nil
		},
		Inspect: func(_ context.Context, pasted core.Secret, o visitortoken.Options) (visitortoken.Report, error) {
			o.Keys = keys
			return visitortoken.Inspect(pasted.Reveal(), o), nil
		},
		Mint: func(k core.KeySummary) screen.Screen { return opened{k.Name} },
	}
	copied := &atomic.Pointer[string]{}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "keys", Title: "section.keys", Open: func() screen.Screen { return inspect.New(d, "") }}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(files, l) },
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

func both() []core.SigningKey { return []core.SigningKey{web(), chat()} }

func TestInspectionReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for name, do := range map[string]func(rig){
				"waiting": func(rig) {},
				"refused": func(r rig) { r.Paste(broken(t)); r.See("kid") },
				"good":    func(r rig) { r.Paste(good(t)); r.See("web 2026") },
				"rules":   func(r rig) { r.Paste(good(t)); r.See("web 2026"); r.press("s") },
				"moment":  func(r rig) { r.Paste(good(t)); r.See("web 2026"); r.press("n") },
				"copy":    func(r rig) { r.Paste(good(t)); r.See("web 2026"); r.press("y"); r.See("JSON") },
			} {
				name := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := open(t, both(), lang, size[0], size[1])
					do(r)
					r.Fits(size[0], size[1])
					tuitest.Golden(t, name, r.Text())
					if strings.Contains(r.Text(), secret[:8]) {
						t.Error("a secret is shown")
					}
				})
			}
		}
	}
}

func TestTheVerdictComesFirstThenTheReasonsWithTheirCodes(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 100, 40)
	r.Paste(broken(t))
	r.See("will refuse this token", "messaging.kid.missing", "messaging.external_id", "messaging.email_verified", `Signed with the secret of "web 2026"`)
	lines := r.Text()
	if strings.Index(lines, "will refuse") > strings.Index(lines, "messaging.kid.missing") {
		t.Error("the reasons stand before the verdict")
	}
}

func TestATokenThatIsTypedInsteadOfPastedIsInspected(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Type(good(t))
	if strings.Contains(r.Text(), "eyJ") {
		t.Error("the token is drawn while it is typed")
	}
	r.press("enter")
	r.See("would accept")
}

func TestTimeCanBeMoved(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"+6m", "2026-11-25T11:00:00Z", fmt.Sprint(now.Add(time.Hour).Unix())} {
		r := open(t, both(), locale.English, 80, 24)
		r.Paste(good(t))
		r.See("would accept")
		r.press("n")
		r.Type(typed)
		r.press("enter")
		r.See("will refuse", "exp")
		r.press("n", "enter")
		r.See("would accept")
	}
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(good(t))
	r.See("would accept")
	r.press("n")
	r.Type("tomorrow")
	r.press("enter")
	r.See("This is no time")
	r.press("esc")
	r.See("would accept")
}

func TestTabChoosesTheKeyItIsMeantFor(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(good(t))
	r.See("any key", "would accept")
	r.press("tab")
	r.See(`key "web 2026"`, "would accept")
	r.press("tab")
	r.See(`key "chat"`, "will refuse")
	r.press("tab")
	r.See("any key", "would accept")
}

func TestItCanBeJudgedAsAnotherKind(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(good(t))
	r.See("would accept")
	r.press("a", "a")
	r.See("judged as Zendesk Chat", "will refuse")
}

func TestARightTokenIsSignedWithTheKeyThatSignedThis(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(broken(t))
	r.See("will refuse")
	r.press("m")
	r.See("opened web 2026")
}

func TestWithoutKeysTheKeysSayWhy(t *testing.T) {
	t.Parallel()
	r := open(t, nil, locale.English, 80, 24)
	r.Paste(good(t))
	r.See("can't be told")
	r.press("m")
	r.See("Choose a key with tab first")
}

func TestTheTokenIsNeverAmongWhatIsCopied(t *testing.T) {
	t.Parallel()
	token := good(t)
	signature := token[strings.LastIndex(token, ".")+1:]
	for n := range 5 {
		r := open(t, both(), locale.English, 80, 24)
		r.Paste(token)
		r.See("would accept")
		r.press("y")
		for range n {
			r.press("j")
		}
		r.press("enter")
		r.Until("something is copied", func() bool { return r.copied.Load() != nil })
		if text := *r.copied.Load(); strings.Contains(text, signature) || strings.Contains(text, secret[:8]) {
			t.Errorf("item %d holds the token: %s", n, text)
		}
	}
}

func TestAnotherTokenTakesThePlaceOfTheFirst(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(good(t))
	r.See("would accept")
	r.Paste(broken(t))
	r.See("will refuse")
	r.press("p")
	r.See("Paste a visitor token here")
}

func TestWhatIsNoTokenIsNotDrawn(t *testing.T) {
	t.Parallel()
	for _, pasted := range []string{secret, "pass.word.canary", "https://example.com/canary.html", "\"Bearer canary"} {
		r := open(t, both(), locale.English, 80, 24)
		r.Paste(pasted)
		r.See("(not a JSON web token)")
		if strings.Contains(r.Text(), "canary") || strings.Contains(r.Text(), "pass") {
			t.Errorf("what was pasted is drawn:\n%s", r.Text())
		}
	}
}

func TestAPasteOfAMegabyteIsSaidAndDrawnWithinTheScreen(t *testing.T) {
	t.Parallel()
	r := open(t, both(), locale.English, 80, 24)
	r.Paste(strings.Repeat("eyJh", 1<<18) + "x")
	r.See("more than 1024 KiB")
	r.Fits(80, 24)
	evil := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte("{\"scope\":\"\x1b[2J\u202e\",\"external_id\":\""+strings.Repeat("漢", 5000)+"\"}")) + "."
	r.Paste(evil)
	r.See("alg")
	r.Fits(80, 24)
}
