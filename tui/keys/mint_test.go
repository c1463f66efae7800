package keys_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// claimsOf are a token's, its signature verified with a library of its own.
func claimsOf(t testing.TB, token, secret string, now time.Time) (header, claims map[string]any) {
	t.Helper()
	got, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		t.Fatalf("%v: %s", err, token)
	}
	return got.Header, got.Claims.(jwt.MapClaims)
}

// loginToken is a token of Xsolla Login, as its documentation has it.
func loginToken(t testing.TB, secret string, now time.Time, change func(map[string]any)) string {
	t.Helper()
	c := map[string]any{
		"iss": "https://login.xsolla.com", "sub": "6b7a3c1e-95d2-4f0b-8a57-1d2e3f405162", "email": "mina@example.com", "type": "xsolla_login",
		"xsolla_login_project_id": project, "groups": []any{}, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	if change != nil {
		change(c)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(raw)
	mac, err := jwt.SigningMethodHS256.Sign(signed, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + enc.EncodeToString(mac)
}

// shown is the token on the screen, its lines joined.
func (r *rig) shown() string {
	r.t.Helper()
	var token strings.Builder
	for _, l := range strings.Split(r.Text(), "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "eyJ") || token.Len() > 0 && l != "" {
			token.WriteString(l)
		} else if token.Len() > 0 {
			break
		}
	}
	return token.String()
}

func TestMessagingTokenIsSeenWhileItIsFilledInAndThenSigned(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	r.press("m")
	r.See("Sign a messaging token with web 2026", `"kid":"`+webKID+`"`, "It follows what you type")
	r.fill("user-123456", "Mina Yamada", "mina@example.com")
	r.See(`"external_id":"user-123456","name":"Mina`, `"email_verified":false`)
	r.press("tab", "right")
	r.See(`"email_verified":true`, "It keeps the rules of Zendesk messaging")
	r.press("tab", "enter")
	r.See("Signed with web 2026. It is good for 60 min", "until 11:41:00Z")
	header, claims := claimsOf(t, r.shown(), webSecret, r.clock.Now())
	if header["kid"] != webKID || claims["external_id"] != "user-123456" || claims["email_verified"] != true || claims["scope"] != "user" {
		t.Errorf("signed %v %v", header, claims)
	}
	if ev := r.lastEvent(k.ID); ev.Verb != core.VerbMinted || ev.Detail["visitor"] != "user-123456" {
		t.Errorf("log %+v", ev)
	}
	if got := r.byName(k.Name).LastUsed; !got.Equal(r.clock.Now()) {
		t.Errorf("last used %v", got)
	}
	r.press("y")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	r.press("n")
	r.See("user-123456", "Sign a messaging token")
}

func TestWhatZendeskWouldRefuseIsNotSigned(t *testing.T) {
	t.Parallel()
	r, k := one(t, chat())
	r.press("m")
	r.See("Sign a Chat token")
	r.fill("user-1", "Mina", "mina@exämple.com", "")
	r.See("Zendesk Chat would refuse it: 1 reason", "chat.email.")
	r.press("ctrl+s")
	r.See("▸ E-mail")
	r.press("tab", "backspace", "backspace")
	r.Type("1h")
	r.See("would refuse it: 2 reasons")
	r.press("shift+tab")
	for range "ämple.com" {
		r.press("backspace")
	}
	r.Type("ample.com")
	r.press("ctrl+s")
	r.See("▸ Good for")
	if ev := r.lastEvent(k.ID); ev.Verb == core.VerbMinted {
		t.Error("signed all the same")
	}
	r.press("backspace", "backspace")
	r.Type("7m")
	r.press("enter")
	r.See("Signed with chat")
	_, claims := claimsOf(t, r.shown(), chatSecret, r.clock.Now())
	if exp, iat := claims["exp"].(float64), claims["iat"].(float64); exp-iat != 420 {
		t.Errorf("good for %v s", exp-iat)
	}
}

func TestMistypedLifetimeIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("m")
	r.fill("user-1", "", "", "", "x")
	r.press("ctrl+s")
	r.See("Write it as 5m")
}

func TestHiddenKeySignsAndIsNotShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.add(chat())
	if _, err := r.keys.Hide(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	r.start(80, 24)
	r.See("hidden")
	r.press("m")
	r.fill("user-1", "Mina", "mina@example.com")
	r.press("ctrl+s")
	r.See("Signed with chat")
	claimsOf(t, r.shown(), chatSecret, r.clock.Now())
}

func TestWhatWasTypedForATokenIsKeptAndTheTokenIsNot(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("m")
	r.fill("user-123456")
	r.press("ctrl+s")
	r.See("Signed with web 2026")
	r.press("esc")
	r.See("token signed for user-123456")
	r.press("m")
	r.See("user-123456", "Sign a messaging token")
	if contains(r.Text(), "eyJ") {
		t.Errorf("the token is still there:\n%s", r.Text())
	}
}

// withLogin keeps a key of Xsolla Login and one of Chat, and opens the first.
func withLogin(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.add(core.SigningKey{Name: "login", Kind: core.KeyXsolla, Account: project, Secrets: secrets(oldSecret)})
	r.add(web())
	r.add(chat())
	r.start(80, 24)
	r.See("login")
	r.press("/")
	r.Type("kind:xsolla")
	r.press("enter", "m")
	r.See("Paste a token of Xsolla Login")
	return r
}

func TestTokenOfLoginBecomesOneOfChat(t *testing.T) {
	t.Parallel()
	r := withLogin(t)
	token := loginToken(t, oldSecret, r.clock.Now(), nil)
	r.Paste("\"" + token + "\"\n")
	r.See("Genuine: user 6b7a3c1e", "mina@example.com", "It keeps the rules of Zendesk Chat")
	if contains(r.Text(), token[:24]) {
		t.Errorf("the token of Login is on the screen:\n%s", r.Text())
	}
	r.press("ctrl+s")
	r.See("Signed with chat")
	_, claims := claimsOf(t, r.shown(), chatSecret, r.clock.Now())
	if claims["external_id"] != "6b7a3c1e-95d2-4f0b-8a57-1d2e3f405162" || claims["email"] != "mina@example.com" || claims["name"] != "mina@example.com" {
		t.Errorf("signed %v", claims)
	}
	if ev := r.lastEvent(r.byName("chat").ID); ev.Verb != core.VerbMinted || !contains(ev.Detail["visitor"], "6b7a3c1e") {
		t.Errorf("log %+v", ev)
	}
}

func TestTokenOfLoginThatIsNotGenuineSignsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret string
		change func(map[string]any)
		code   string
	}{
		"another secret":  {webSecret, nil, "login.signature"},
		"another project": {oldSecret, func(c map[string]any) { c["xsolla_login_project_id"] = "00000000-0000-0000-0000-000000000000" }, "login.project"},
		"another issuer":  {oldSecret, func(c map[string]any) { c["iss"] = "https://evil.example" }, "login.issuer"},
		"expired":         {oldSecret, func(c map[string]any) { c["exp"] = 1_700_000_000 }, "login.expired"},
		"no address":      {oldSecret, func(c map[string]any) { delete(c, "email") }, "login.no-email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := withLogin(t)
			r.Paste(loginToken(t, c.secret, r.clock.Now(), c.change))
			r.See(c.code)
			r.press("ctrl+s")
			if contains(r.Text(), "Signed") {
				t.Error("signed")
			}
			if ev := r.lastEvent(r.byName("chat").ID); ev.Verb == core.VerbMinted {
				t.Errorf("log %+v", ev)
			}
		})
	}
}

func TestWithoutAZendeskKeyALoginTokenCannotBeTurned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(core.SigningKey{Name: "login", Kind: core.KeyXsolla, Account: project, Secrets: secrets(oldSecret)})
	r.start(80, 24)
	r.See("login")
	r.press("m")
	r.See("no key of Zendesk Chat or messaging")
	r.press("ctrl+s")
	r.See("Add one first")
}

func TestSandboxFillsInAVisitor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deps.Visitor = map[string]string{"external_id": "user-77", "user": "Sol", "email": "sol@acme.example"}
	r.add(web())
	r.start(80, 24)
	r.See("web 2026")
	r.press("m", "ctrl+g")
	r.See(`"external_id":"user-77"`, "sol@acme.example", "It keeps the rules")
	r.clock.Advance(700 * time.Millisecond)
	r.press("ctrl+s")
	r.See("It is good for 60 min")
}
