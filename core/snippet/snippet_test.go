package snippet_test

import (
	"encoding/json"
	"go/format"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/snippet"
	"deskward/core/visitortoken"
)

const (
	assets = "../../assets"
	secret = "canary-of-a-shared-secret-that-no-code-may-hold-0123456789"
)

func printer(t testing.TB, l locale.Lang) *locale.Printer {
	t.Helper()
	p, err := locale.Load(os.DirFS(assets+"/locales"), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func keyOf(kind core.KeyKind) core.SigningKey {
	k := core.SigningKey{
		ID: "1", Name: "web 2026", Kind: kind, Account: "acme", Alg: core.AlgHS256,
		Secrets: core.Secrets{core.SecretSigning: core.NewSecret(secret)},
	}
	if kind == core.KeyMessaging {
		k.KID = "app_5f1c2d3e4b5a6978870a1b2c"
	}
	return k
}

func render(t testing.TB, kind snippet.Kind, key core.KeyKind, l locale.Lang) string {
	t.Helper()
	text, err := snippet.Render(os.DirFS(assets), kind, snippet.Values{Key: keyOf(key).Summary(), Say: printer(t, l)})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// each calls do for all code there is.
func each(do func(kind snippet.Kind, key core.KeyKind, l locale.Lang)) {
	for _, key := range core.KeyKinds() {
		for _, kind := range snippet.For(key) {
			for _, l := range locale.Langs() {
				do(kind, key, l)
			}
		}
	}
}

// TestEveryCodeIsAsInItsFile compares with testdata/golden; UPDATE_SCRIPTS=1
// rewrites the files.
func TestEveryCodeIsAsInItsFile(t *testing.T) {
	t.Parallel()
	each(func(kind snippet.Kind, key core.KeyKind, l locale.Lang) {
		got := render(t, kind, key, l)
		// Behind the language's own ending, so that no tool takes it for code of
		// this project.
		name := filepath.Join("testdata", "golden", string(l), string(key), kind.FileName()+".golden")
		if os.Getenv("UPDATE_SCRIPTS") != "" {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is another (UPDATE_SCRIPTS=1 rewrites it):\n%s", name, got)
		}
	})
}

func TestNoCodeHoldsTheSecretAndEveryCommentHasItsText(t *testing.T) {
	t.Parallel()
	each(func(kind snippet.Kind, key core.KeyKind, l locale.Lang) {
		text := render(t, kind, key, l)
		for _, never := range []string{secret, secret[:6], "[snippet.", "<no value>", "\t ", " \n", "\n\n\n\n"} {
			if strings.Contains(text, never) {
				t.Errorf("%s for %s (%s) has %q:\n%s", kind, key, l, never, text)
			}
		}
		if !strings.HasSuffix(text, "}\n") && !strings.HasSuffix(text, ")\n") {
			t.Errorf("%s for %s ends with %q", kind, key, text[len(text)-20:])
		}
	})
}

func TestEveryTextOfACommentStandsInSomeCode(t *testing.T) {
	t.Parallel()
	all := map[locale.Lang]string{}
	each(func(kind snippet.Kind, key core.KeyKind, l locale.Lang) { all[l] += render(t, kind, key, l) })
	for _, l := range locale.Langs() {
		raw, err := os.ReadFile(assets + "/locales/snippet." + string(l) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if !strings.HasPrefix(key, "snippet.") || strings.HasPrefix(key, "snippet.kind.") {
				continue
			}
			for line := range strings.SplitSeq(texts[key], "\n") {
				if !strings.Contains(all[l], line) {
					t.Errorf("%s (%s) stands nowhere: %s", key, l, line)
				}
			}
		}
	}
}

func TestEveryKindHasANameAndAFile(t *testing.T) {
	t.Parallel()
	files := map[string]bool{}
	for _, kind := range snippet.Kinds() {
		if kind.FileName() == "" || files[kind.FileName()] {
			t.Errorf("%s has the file name %q", kind, kind.FileName())
		}
		files[kind.FileName()] = true
		for _, l := range locale.Langs() {
			if !printer(t, l).Has("snippet.kind." + string(kind)) {
				t.Errorf("%s has no name in %s", kind, l)
			}
		}
	}
}

func TestCodeOfAnotherProductIsRefusedWithTheKindsThatFit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind     snippet.Kind
		key      core.KeyKind
		endpoint string
		code     string
		fit      string
	}{
		"chat widget, messaging key": {kind: snippet.WebClassic, key: core.KeyMessaging, code: "snippet.key", fit: "web-messenger, ios, android, node, go, python"},
		"chat SDK, messaging key":    {kind: snippet.ChatSDK, key: core.KeyMessaging, code: "snippet.key", fit: "web-messenger, ios, android, node, go, python"},
		"messenger, Chat secret":     {kind: snippet.WebMessenger, key: core.KeyChat, code: "snippet.key", fit: "web-classic, chat-sdk, node, go, python"},
		"iOS, Chat secret":           {kind: snippet.IOS, key: core.KeyChat, code: "snippet.key", fit: "web-classic, chat-sdk, node, go, python"},
		"a key that only verifies":   {kind: snippet.Node, key: core.KeyXsolla, code: "snippet.verifies"},
		"no such kind":               {kind: "cobol", key: core.KeyChat, code: "snippet.kind", fit: "web-messenger, web-classic, chat-sdk, ios, android, node, go, python"},
		"an address of no page":      {kind: snippet.ChatSDK, key: core.KeyChat, endpoint: "javascript:alert(1)", code: "snippet.endpoint"},
		"an address with a secret":   {kind: snippet.ChatSDK, key: core.KeyChat, endpoint: "https://me:word@example.com/", code: "snippet.endpoint"},
		"an address over two lines":  {kind: snippet.ChatSDK, key: core.KeyChat, endpoint: "https://example.com/\nx", code: "snippet.endpoint"},
	} {
		_, err := snippet.Render(os.DirFS(assets), tc.kind, snippet.Values{Key: keyOf(tc.key).Summary(), Endpoint: tc.endpoint, Say: printer(t, locale.English)})
		e, ok := err.(*core.Error)
		if !ok || e.Code != tc.code || e.Class != core.Usage || e.Params["fit"] != tc.fit {
			t.Errorf("%s: %v (fit %q), want %s (fit %q)", name, err, e.Params["fit"], tc.code, tc.fit)
		}
	}
}

func TestAnAddressCannotLeaveItsStringLiteral(t *testing.T) {
	t.Parallel()
	for _, kind := range []snippet.Kind{snippet.WebMessenger, snippet.Android, snippet.IOS} {
		text, err := snippet.Render(os.DirFS(assets), kind, snippet.Values{
			Key: keyOf(core.KeyMessaging).Summary(), Endpoint: `https://example.com/a"b\(c)${d}` + "`e", Say: printer(t, locale.English),
		})
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`"https://example\.com/[^"\\$`+"`"+`]*"`).MatchString(text) || strings.Contains(text, "${d}") {
			t.Errorf("%s:\n%s", kind, text)
		}
	}
}

// visitors of the servers' tests: as JSON, the way every language reads it.
const (
	whole = `{"id": 4711, "name": "Käthe", "email": "kaethe@example.com", "verified": true}`
	bare  = `{"id": "usr_1", "name": "", "email": "", "verified": false}`
)

// wantToken checks a token that some backend made, with another JWT library
// and with deskward's own eyes.
func wantToken(t *testing.T, token string, key core.KeyKind, isBare bool) {
	t.Helper()
	claims := jwt.MapClaims{}
	parsed, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(time.Minute))
	if err != nil {
		t.Fatalf("%v: %s", err, token)
	}
	iat, exp := claims["iat"].(float64), claims["exp"].(float64)
	delete(claims, "iat")
	delete(claims, "exp")
	want, life := jwt.MapClaims{"external_id": "4711", "name": "Käthe", "email": "kaethe@example.com"}, 300.0
	if key == core.KeyMessaging {
		want["scope"], want["email_verified"], life = "user", true, 3600
		if isBare {
			want = jwt.MapClaims{"external_id": "usr_1", "scope": "user"}
		}
	}
	if !maps.Equal(claims, want) || exp-iat != life {
		t.Errorf("claims %v, life %v; want %v, %v", claims, exp-iat, want, life)
	}
	kid, _ := parsed.Header["kid"].(string)
	if kid != keyOf(key).KID || parsed.Header["typ"] != "JWT" {
		t.Errorf("header %v", parsed.Header)
	}
	r := visitortoken.Inspect(token, visitortoken.Options{Keys: []core.SigningKey{keyOf(key)}, Now: time.Now()})
	if r.Verdict == visitortoken.Refuse {
		t.Errorf("the vendor would refuse it: %+v", r.Findings)
	}
}

// out runs a program and returns what it prints.
func out(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &stderr)
	}
	return strings.TrimSpace(string(text))
}

func lookPath(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed (Debian package %s; .ci/run installs it)", program, pkg)
	}
	return path
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eachServer runs do for the keys that sign, and for a visitor with an
// address and, for messaging, one without.
func eachServer(t *testing.T, do func(t *testing.T, key core.KeyKind, visitor string)) {
	for _, key := range []core.KeyKind{core.KeyMessaging, core.KeyChat} {
		for name, visitor := range map[string]string{"whole": whole, "bare": bare} {
			t.Run(string(key)+" "+name, func(t *testing.T) { do(t, key, visitor) })
		}
	}
}

// refuses reports whether a backend must make no token: Zendesk Chat wants an
// address.
func refuses(key core.KeyKind, visitor string) bool { return key == core.KeyChat && visitor == bare }

const goMain = `package main

import (
	"encoding/json"
	"fmt"
	"os"

	"example.com/try/zendesk"
)

func main() {
	var v struct {
		ID          any
		Name, Email string
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &v); err != nil {
		panic(err)
	}
	u := zendesk.User{ID: fmt.Sprint(v.ID), Name: v.Name, Email: v.Email}
	VERIFIED
	token, err := zendesk.Token(u)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	fmt.Println(token)
}
`

func TestTheGoBackendIsFormatted(t *testing.T) {
	t.Parallel()
	for _, key := range []core.KeyKind{core.KeyMessaging, core.KeyChat} {
		text := render(t, snippet.Go, key, locale.English)
		formatted, err := format.Source([]byte(text))
		if err != nil || string(formatted) != text {
			t.Errorf("%s: %v: gofmt makes of it\n%s", key, err, formatted)
		}
	}
}

func TestTheGoBackendCompilesAndItsTokensVerify(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`github.com/golang-jwt/jwt/v5 (\S+)`).FindSubmatch(mod)
	eachServer(t, func(t *testing.T, key core.KeyKind, visitor string) {
		dir := t.TempDir()
		verified := "u.EmailVerified = v.Email != \"\""
		if key == core.KeyChat {
			verified = ""
		}
		write(t, filepath.Join(dir, "go.mod"), "module example.com/try\n\ngo 1.26.0\n\nrequire github.com/golang-jwt/jwt/v5 "+string(version[1])+"\n")
		write(t, filepath.Join(dir, "go.sum"), string(sums))
		write(t, filepath.Join(dir, "main.go"), strings.Replace(goMain, "VERIFIED", verified, 1))
		write(t, filepath.Join(dir, "zendesk", snippet.Go.FileName()), render(t, snippet.Go, key, locale.Japanese))
		build := exec.Command("go", "build", "-o", "try", ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		try := exec.Command(filepath.Join(dir, "try"), visitor)
		try.Env = []string{snippet.Variable(key) + "=" + secret}
		token := out(t, try)
		if refuses(key, visitor) {
			if !strings.HasPrefix(token, "refused:") {
				t.Errorf("a token without an address: %s", token)
			}
			return
		}
		wantToken(t, token, key, visitor == bare)
		try = exec.Command(filepath.Join(dir, "try"), visitor)
		try.Env = []string{}
		if got := out(t, try); !strings.Contains(got, snippet.Variable(key)+" is not set") {
			t.Errorf("without a secret it says %q", got)
		}
	})
}

const nodeMain = `
const { zendeskToken } = await import(process.argv[2]);
const v = JSON.parse(process.argv[3]);
try {
  console.log(zendeskToken({ id: v.id, name: v.name, email: v.email, emailVerified: v.verified }));
} catch (error) {
  console.log("refused: " + error.message);
}
`

func TestTheNodeBackendRunsAndItsTokensVerify(t *testing.T) {
	t.Parallel()
	node := lookPath(t, "node", "nodejs")
	modules, err := filepath.Abs("testdata/node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err != nil {
		t.Skip("jsonwebtoken is not installed (npm ci in core/snippet/testdata/node; .ci/run does it)")
	}
	eachServer(t, func(t *testing.T, key core.KeyKind, visitor string) {
		dir := t.TempDir()
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		code := filepath.Join(dir, snippet.Node.FileName())
		write(t, code, render(t, snippet.Node, key, locale.Japanese))
		write(t, filepath.Join(dir, "main.mjs"), nodeMain)
		try := exec.Command(node, filepath.Join(dir, "main.mjs"), code, visitor)
		try.Env = []string{snippet.Variable(key) + "=" + secret}
		token := out(t, try)
		if refuses(key, visitor) {
			if !strings.HasPrefix(token, "refused: email") {
				t.Errorf("a token without an address: %s", token)
			}
			return
		}
		wantToken(t, token, key, visitor == bare)
		try = exec.Command(node, filepath.Join(dir, "main.mjs"), code, visitor)
		try.Env = []string{"HOME=" + dir}
		if got := out(t, try); !strings.Contains(got, snippet.Variable(key)+" is not set") {
			t.Errorf("without a secret it says %q", got)
		}
	})
}

const pythonMain = `
import json, sys, zendesk_token
v = json.loads(sys.argv[1])
more = {"email_verified": v["verified"]} if hasattr(zendesk_token, "KEY_ID") else {}
try:
    print(zendesk_token.zendesk_token(v["id"], v["name"], v["email"], **more))
except (RuntimeError, ValueError) as error:
    print("refused:", error)
`

func TestThePythonBackendRunsAndItsTokensVerify(t *testing.T) {
	t.Parallel()
	python := lookPath(t, "python3", "python3")
	// Debian's own has the packages of apt; another before it on the path has not.
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		python = "/usr/bin/python3"
	}
	eachServer(t, func(t *testing.T, key core.KeyKind, visitor string) {
		dir := t.TempDir()
		code := filepath.Join(dir, snippet.Python.FileName())
		write(t, code, render(t, snippet.Python, key, locale.Japanese))
		write(t, filepath.Join(dir, "main.py"), pythonMain)
		out(t, exec.Command(python, "-m", "py_compile", code))
		if exec.Command(python, "-c", "import jwt; jwt.encode").Run() != nil {
			t.Skip("PyJWT is not installed (Debian package python3-jwt; .ci/run installs it): the code was only compiled")
		}
		try := exec.Command(python, filepath.Join(dir, "main.py"), visitor)
		try.Env = []string{snippet.Variable(key) + "=" + secret}
		token := out(t, try)
		if refuses(key, visitor) {
			if !strings.HasPrefix(token, "refused: email") {
				t.Errorf("a token without an address: %s", token)
			}
			return
		}
		wantToken(t, token, key, visitor == bare)
		try = exec.Command(python, filepath.Join(dir, "main.py"), visitor)
		try.Env = []string{}
		if got := out(t, try); !strings.Contains(got, snippet.Variable(key)+" is not set") {
			t.Errorf("without a secret it says %q", got)
		}
	})
}
