package xsolla_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/platform/xsolla"
	"deskward/core/sandbox"
)

// subject verifies a token of the HS256 project without deskward's own means.
func (b *bench) subject(token core.Secret) string {
	b.Helper()
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token.Reveal(), claims, func(*jwt.Token) (any, error) { return []byte(b.fix.Secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(b.sb.Clock().Now))
	if err != nil {
		b.Fatal(err)
	}
	sub, err := claims.GetSubject()
	if err != nil {
		b.Fatal(err)
	}
	return sub
}

func TestPasswordSignInByAllVariants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := b.login()
	c, err := l.Password(t.Context(), b.jwt(), b.fix.Username, b.password())
	if err != nil || b.subject(c.Token) != b.fix.UserID {
		t.Errorf("jwt: %v", err)
	}
	s := b.oauth(xsolla.VariantOAuth)
	if c, err = l.Password(t.Context(), s, b.fix.Username, b.password()); err != nil || c.Code.Empty() {
		t.Fatalf("oauth2: %v", err)
	}
	tokens, err := l.Exchange(t.Context(), s, c.Code)
	if err != nil || b.subject(tokens.Access) != b.fix.UserID || tokens.Refresh.Empty() || tokens.Lifetime != time.Hour {
		t.Errorf("oauth2: %+v, %v", tokens, err)
	}
	_, err = l.Exchange(t.Context(), s, c.Code)
	b.wantCode("the code again", err, "xsolla.010-017", core.Refused)
	if tokens, err = l.Refresh(t.Context(), s, tokens.Refresh); err != nil || b.subject(tokens.Access) != b.fix.UserID {
		t.Errorf("refresh: %v", err)
	}
	direct := b.oauth(xsolla.VariantDirect)
	direct.Offline = false
	if tokens, err = l.PasswordTokens(t.Context(), direct, b.fix.Email, b.password()); err != nil || b.subject(tokens.Access) != b.fix.UserID || !tokens.Refresh.Empty() {
		t.Errorf("at once: %+v, %v", tokens, err)
	}
	if me, err := l.Me(t.Context(), tokens.Access); err != nil || me.ID != b.fix.UserID || me.Called() != b.fix.Email {
		t.Errorf("me: %+v, %v", me, err)
	}
}

func TestSocialSignInByBothVariants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := b.login()
	link, err := l.SocialLink(t.Context(), b.jwt(), b.fix.Provider)
	if err != nil {
		t.Fatal(err)
	}
	c, err := xsolla.ReadCallback(b.agree(link), "")
	if err != nil || b.subject(c.Token) == "" {
		t.Errorf("jwt: %v", err)
	}
	s := b.oauth(xsolla.VariantOAuth)
	if link, err = l.SocialLink(t.Context(), s, b.fix.Provider); err != nil {
		t.Fatal(err)
	}
	if c, err = xsolla.ReadCallback(b.agree(link), s.State); err != nil {
		t.Fatal(err)
	}
	if tokens, err := l.Exchange(t.Context(), s, c.Code); err != nil || b.subject(tokens.Access) == "" {
		t.Errorf("oauth2: %v", err)
	}
	_, err = l.SocialLink(t.Context(), b.jwt(), "fax")
	b.wantCode("unknown network", err, "xsolla.003-061", core.Refused)
}

// The code decides, whatever the status: no page says which goes with which.
func TestRefusalsAreToldByTheirCode(t *testing.T) {
	t.Parallel()
	for _, other := range []bool{false, true} {
		b := newBench(t)
		if err := b.sb.Set(sandbox.XsollaStatus422, other); err != nil {
			t.Fatal(err)
		}
		signIn := func(change func(*xsolla.SignIn), user string, password core.Secret) error {
			s := b.jwt()
			change(&s)
			_, err := b.login().Password(t.Context(), s, user, password)
			return err
		}
		same := func(*xsolla.SignIn) {}
		for code, err := range map[string]error{
			"xsolla.003-001": signIn(same, b.fix.Username, core.NewSecret("canary-password")),
			"xsolla.003-007": signIn(same, "unconfirmed", b.password()),
			"xsolla.003-061": signIn(func(s *xsolla.SignIn) { s.ProjectID = b.fix.RSAProjectID[:35] + "1" }, b.fix.Username, b.password()),
			"xsolla.010-011": signIn(func(s *xsolla.SignIn) { s.Callback = "" }, b.fix.Username, b.password()),
			"xsolla.010-012": signIn(func(s *xsolla.SignIn) { s.Callback += "/" }, b.fix.Username, b.password()),
		} {
			b.wantCode(code, err, code, core.Refused)
			b.noSecret(code, err)
		}
		b.wantCode("second factor", signIn(same, "guarded", b.password()), "xsolla.second-factor", core.Usage)
		b.set(sandbox.XsollaCaptcha)
		b.wantCode("captcha", signIn(same, b.fix.Username, b.password()), "xsolla.010-007", core.Refused)
		b.set(sandbox.XsollaTeapot)
		_, err := b.login().ServerToken(t.Context(), b.oauth(xsolla.VariantOAuth))
		want := "xsolla.418"
		if other {
			want = "xsolla.unlisted" // 000-000, with 422
		}
		b.wantCode("teapot", err, want, core.Refused)
	}
}

func TestAnUnknownCodeIsShownAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.oauth(xsolla.VariantOAuth)
	s.State = "short"
	_, err := b.login().Password(t.Context(), s, b.fix.Username, b.password())
	b.wantCode("short state", err, "xsolla.unlisted", core.Refused)
	if e := err.(*core.Error); e.Params["code"] != "000-000" || e.Params["description"] != "000-000" { //nolint:errorlint // made here
		t.Errorf("params: %v", e.Params)
	}
}

func TestValidateSaysWhetherATokenIsValid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := b.login()
	c, err := l.Password(t.Context(), b.jwt(), b.fix.Username, b.password())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Validate(t.Context(), c.Token); err != nil {
		t.Errorf("valid: %v", err)
	}
	text := c.Token.Reveal()
	b.wantCode("changed", l.Validate(t.Context(), core.NewSecret(text[:len(text)-4]+"AAAA")), "xsolla.010-017", core.Refused)
	b.sb.Clock().Advance(24 * time.Hour)
	b.wantCode("expired", l.Validate(t.Context(), c.Token), "xsolla.010-017", core.Refused)
}

// Whatever the service does, every call ends with an error that has a code,
// is no refusal where it says nothing of the credential, and tells no secret.
func TestFaultsOfTheService(t *testing.T) {
	t.Parallel()
	faults := map[string]struct {
		fault sandbox.Fault
		code  string
		class core.Class
	}{
		"throttled":       {sandbox.Fault{Status: 429, RetryAfter: 90 * time.Second}, "xsolla.rate-limited", core.Failed},
		"out of order":    {sandbox.Fault{Status: 503}, "xsolla.unavailable", core.Failed},
		"page":            {sandbox.Fault{HTML: true}, "vendor.html", core.Failed},
		"page with 403":   {sandbox.Fault{HTML: true, Status: 403}, "xsolla.not-login", core.Refused},
		"page with 502":   {sandbox.Fault{HTML: true, Status: 502}, "xsolla.unavailable", core.Failed},
		"refused, no why": {sandbox.Fault{Status: 403}, "xsolla.no-code", core.Refused},
		"empty success":   {sandbox.Fault{Status: 200}, "vendor.malformed", core.Failed},
		"reset":           {sandbox.Fault{Reset: true}, "net.cut", core.Failed},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			l, oauth := b.login(), b.oauth(xsolla.VariantOAuth)
			f.fault.Service = "xsolla.login"
			b.sb.SetFault(f.fault)
			token := core.NewSecret(someJWT)
			for call, do := range map[string]func() error{
				"password": func() error { _, err := l.Password(t.Context(), b.jwt(), b.fix.Username, b.password()); return err },
				"direct":   func() error { _, err := l.PasswordTokens(t.Context(), oauth, b.fix.Username, b.password()); return err },
				"social":   func() error { _, err := l.SocialLink(t.Context(), oauth, "google"); return err },
				"exchange": func() error { _, err := l.Exchange(t.Context(), oauth, token); return err },
				"refresh":  func() error { _, err := l.Refresh(t.Context(), oauth, token); return err },
				"server":   func() error { _, err := l.ServerToken(t.Context(), oauth); return err },
				"validate": func() error { return l.Validate(t.Context(), token) },
				"me":       func() error { _, err := l.Me(t.Context(), token); return err },
				"look up":  func() error { return l.MayLookUp(t.Context(), token, b.fix.ProjectID) },
			} {
				err := do()
				b.wantCode(call, err, f.code, f.class)
				b.noSecret(call, err)
				if f.fault.RetryAfter > 0 && err.(*core.Error).Params["seconds"] != "90" { //nolint:errorlint // made here
					t.Errorf("%s: how long to wait is lost: %v", call, err)
				}
			}
		})
	}
}

func TestAnAnswerCutInHalfIsNoSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sb.SetFault(sandbox.Fault{Service: "xsolla.login", Cut: true})
	_, err := b.login().Password(t.Context(), b.jwt(), b.fix.Username, b.password())
	b.wantCode("cut", err, "net.cut", core.Failed)
}

func TestASlowAnswerIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sb.SetFault(sandbox.Fault{Service: "xsolla.login", Latency: 300 * time.Millisecond})
	if c, err := b.login().Password(t.Context(), b.jwt(), b.fix.Username, b.password()); err != nil || c.Token.Empty() {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.login().Password(ctx, b.jwt(), b.fix.Username, b.password())
	b.wantCode("cancelled", err, "net.cancelled", core.Failed)
}

func TestEvidenceOfASignInHasNoQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var rec core.CallRecorder
	if _, err := b.login().Password(core.WithCallRecorder(t.Context(), &rec), b.jwt(), b.fix.Username, b.password()); err != nil {
		t.Fatal(err)
	}
	calls := rec.Calls()
	if len(calls) != 1 || calls[0].Status != 200 || strings.Contains(calls[0].URL, "?") || !strings.HasSuffix(calls[0].URL, "/api/login") {
		t.Errorf("evidence: %+v", calls)
	}
}
