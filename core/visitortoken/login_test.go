package visitortoken

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

func TestALoginTokenIsBelievedOnlyWhenEverythingAgrees(t *testing.T) {
	t.Parallel()
	secret := []byte(testSecret("login"))
	hs := func(change ...func(jwt.MapClaims)) string {
		return signed(t, jwt.SigningMethodHS256, nil, loginClaims(change...), secret)
	}
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	without := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	good := hs()
	head, body, mac := func() (string, string, string) { p := strings.Split(good, "."); return p[0], p[1], p[2] }()
	raw := func(header, payload string) string {
		enc := base64.RawURLEncoding
		s := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
		sig, err := jwt.SigningMethodHS256.Sign(s, secret)
		if err != nil {
			t.Fatal(err)
		}
		return s + "." + enc.EncodeToString(sig)
	}
	private, ps := rsaKey(t, 2048), printers(t)
	for name, c := range map[string]struct{ token, code string }{
		"as Xsolla sends it":   {good, ""},
		"a little in advance":  {hs(set("iat", at().Add(20*time.Second).Unix())), ""},
		"just over":            {hs(set("exp", at().Add(-20*time.Second).Unix())), ""},
		"project in capitals":  {hs(set("xsolla_login_project_id", strings.ToUpper(project))), ""},
		"no e-mail":            {hs(without("email")), ""},
		"no iat":               {hs(without("iat")), ""},
		"empty":                {"", "login.malformed"},
		"two parts":            {head + "." + body, "login.malformed"},
		"four parts":           {good + ".x", "login.malformed"},
		"padded":               {good + "=", "login.malformed"},
		"header is no object":  {raw(`["HS256"]`, `{}`), "login.malformed"},
		"payload is no object": {raw(`{"alg":"HS256"}`, `"x"`), "login.malformed"},
		"sub twice":            {raw(`{"alg":"HS256"}`, `{"sub":"a","sub":"b"}`), "login.malformed"},
		"alg twice":            {raw(`{"alg":"HS256","alg":"none"}`, `{}`), "login.malformed"},
		"not UTF-8":            {raw(`{"alg":"HS256"}`, "{\"sub\":\"\xff\"}"), "login.malformed"},
		"critical header":      {raw(`{"alg":"HS256","crit":["b64"],"b64":false}`, `{}`), "login.malformed"},
		"too long":             {hs(set("payload", strings.Repeat("x", maxLoginToken))), "login.malformed"},
		"another secret":       {signed(t, jwt.SigningMethodHS256, nil, loginClaims(), []byte("another")), "login.signature"},
		"no signature":         {head + "." + body + ".", "login.signature"},
		"another payload":      {head + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "." + mac, "login.signature"},
		"alg none":             {signed(t, jwt.SigningMethodNone, nil, loginClaims(), jwt.UnsafeAllowNoneSignatureType), "login.algorithm"},
		"HS512":                {signed(t, jwt.SigningMethodHS512, nil, loginClaims(), secret), "login.algorithm"},
		"RS256":                {signed(t, jwt.SigningMethodRS256, nil, loginClaims(), private), "login.algorithm"},
		"another issuer":       {hs(set("iss", "https://login.example.com")), "login.issuer"},
		"issuer with a slash":  {hs(set("iss", LoginIssuer+"/")), "login.issuer"},
		"no issuer":            {hs(without("iss")), "login.issuer"},
		"another project":      {hs(set("xsolla_login_project_id", "00000000-0000-0000-0000-000000000000")), "login.project"},
		"no project":           {hs(without("xsolla_login_project_id")), "login.project"},
		"expired":              {hs(set("exp", at().Add(-31*time.Second).Unix())), "login.expired"},
		"no exp":               {hs(without("exp")), "login.no-exp"},
		"exp as a text":        {hs(set("exp", fmt.Sprint(at().Add(time.Hour).Unix()))), "login.no-exp"},
		"exp in milliseconds":  {hs(set("exp", at().Add(time.Hour).UnixMilli())), "login.no-exp"},
		"not yet":              {hs(set("nbf", at().Add(31*time.Second).Unix())), "login.not-yet"},
		"issued tomorrow":      {hs(set("iat", at().Add(24*time.Hour).Unix())), "login.not-yet"},
		"iat as a text":        {hs(set("iat", "now")), "login.not-yet"},
		"no sub":               {hs(without("sub")), "login.no-sub"},
		"empty sub":            {hs(set("sub", " ")), "login.no-sub"},
		"sub is a number":      {hs(set("sub", 12)), "login.no-sub"},
		"sub with an escape":   {hs(set("sub", "a\x1b[2J")), "login.no-sub"},
	} {
		l, err := VerifyLogin(loginKey(), core.NewSecret(c.token), at())
		if err != nil {
			hasErrorTexts(t, ps, err)
		}
		if got := core.CodeOf(err); got != c.code {
			t.Errorf("%s: %q, want %q", name, got, c.code)
		}
		if (err == nil) != (l.Subject == subject) || err != nil && l != (Login{}) {
			t.Errorf("%s: got %+v", name, l)
		}
	}
	if _, err := VerifyLogin(keyWith("x", core.KeyXsolla, project, "", ""), core.NewSecret(good), at()); core.CodeOf(err) != "login.no-key" {
		t.Errorf("verified without a secret: %v", err)
	}
}

func TestARotatedProjectIsVerifiedByTheKeyThatIsNamed(t *testing.T) {
	t.Parallel()
	old, now := rsaKey(t, 2048), rsaKey(t, 2048)
	k := core.SigningKey{Name: "login", Kind: core.KeyXsolla, Account: project, Alg: core.AlgRS256}
	k.KeyList = fmt.Sprintf(`[{"kty":"RSA","use":"sig","alg":"RS256","kid":"old","n":"%x","e":"%x"},{"kty":"RSA","use":"sig","alg":"RS256","kid":"new","n":"%x","e":"%x"}]`,
		old.N, old.E, now.N, now.E)
	sign := func(kid any, claims jwt.MapClaims, key any) string {
		return signed(t, jwt.SigningMethodRS256, map[string]any{"kid": kid}, claims, key)
	}
	for name, c := range map[string]struct{ token, code string }{
		"the first":       {sign("old", loginClaims(), old), ""},
		"the second":      {sign("new", loginClaims(), now), ""},
		"kid in payload":  {sign(nil, loginClaims(func(c jwt.MapClaims) { c["kid"] = "new" }), now), ""},
		"the other's kid": {sign("old", loginClaims(), now), "login.signature"},
		"unknown kid":     {sign("newest", loginClaims(), now), "login.kid"},
		"no kid":          {sign(nil, loginClaims(), old), "login.kid"},
		"kid of a number": {sign(1, loginClaims(), old), "login.kid"},
		// CVE-2015-9235: the public key, which everybody has, taken as a secret.
		"public key as HMAC secret": {signed(t, jwt.SigningMethodHS256, map[string]any{"kid": "old"}, loginClaims(), []byte(k.KeyList)), "login.algorithm"},
	} {
		if _, err := VerifyLogin(k, core.NewSecret(c.token), at()); core.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
	k.KeyList = "[]"
	if _, err := VerifyLogin(k, core.NewSecret(sign("old", loginClaims(), old)), at()); core.CodeOf(err) != "login.key-list" {
		t.Errorf("without keys: %v", err)
	}
}

func TestALoginIsAChatVisitorAsXsollasPageHasIt(t *testing.T) {
	t.Parallel()
	token := signed(t, jwt.SigningMethodHS256, nil, loginClaims(), []byte(testSecret("login")))
	l, err := VerifyLogin(loginKey(), core.NewSecret(token), at())
	if err != nil {
		t.Fatal(err)
	}
	v, err := l.ChatVisitor()
	if err != nil || v != (Visitor{ExternalID: subject, Name: "mina@example.com", Email: "mina@example.com"}) {
		t.Errorf("got %+v, %v", v, err)
	}
	if !l.IssuedAt.Equal(at().Add(-time.Minute)) || !l.ExpiresAt.Equal(at().Add(24*time.Hour)) || l.Username != "mina" || l.ProjectID != project {
		t.Errorf("got %+v", l)
	}
	l.Email = ""
	if _, err := l.ChatVisitor(); core.CodeOf(err) != "login.no-email" {
		t.Errorf("a visitor without e-mail: %v", err)
	}
}

func TestASecretKeptWithoutItsProjectIsPinnedByItself(t *testing.T) {
	t.Parallel()
	k := loginKey()
	k.Account = ""
	own := signed(t, jwt.SigningMethodHS256, nil, loginClaims(func(jwt.MapClaims) {}), []byte(k.Secret().Reveal()))
	if l, err := VerifyLogin(k, core.NewSecret(own), at()); err != nil || l.Subject != subject {
		t.Errorf("%+v, %v", l, err)
	}
	if r := Inspect(own, Options{Keys: []core.SigningKey{k}, Now: at()}); r.Verdict != Accept || r.KeyID != k.ID {
		t.Errorf("inspected: %+v", r)
	}
	other := signed(t, jwt.SigningMethodHS256, nil, loginClaims(func(jwt.MapClaims) {}), []byte("another project's secret"))
	if _, err := VerifyLogin(k, core.NewSecret(other), at()); core.CodeOf(err) != "login.signature" {
		t.Errorf("another project's: %v", err)
	}
	k.Alg = core.AlgRS256 // keys that need not be one project's
	if _, err := VerifyLogin(k, core.NewSecret(own), at()); err == nil {
		t.Error("public keys without a project take a token")
	}
}
