package zendesk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
)

func TestATokenPassesThatOnlyDiffersFromWhatIsDocumented(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.keep("web", b.fix.KID, b.fix.Secret)
	token := b.token(b.fix.KID, b.fix.Secret, func(c jwt.MapClaims) { c["external_id"] = "auth0|123" })
	if why := b.sb.ZendeskSignIn(token); why != "" {
		t.Fatalf("the vendor's double refuses it: %s", why)
	}
	out, err := b.run("zendesk.inspect_token", map[string]string{"key": key}, core.Secrets{"token": core.NewSecret(token)})
	if err != nil {
		t.Fatal(err)
	}
	if p := out.Plain; p["key_name"] != "web" || p["external_id"] != "auth0|123" || p["unsure"] != "1" || p["doubts"] != "messaging.external_id.characters" {
		t.Errorf("evidence: %v", p)
	}
}

func TestARefusedTokenIsExplainedByTheRuleThatItBreaks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.keep("web", b.fix.KID, b.fix.Secret)
	tok := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"scope": "user", "external_id": "usr_1", "kid": b.fix.KID})
	raw, err := tok.SignedString([]byte(b.fix.Secret))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.run("zendesk.inspect_token", map[string]string{"key": key}, core.Secrets{"token": core.NewSecret(raw)})
	wantCode(t, err, "finding.messaging.kid.in-payload", core.Refused)
	catalogue, loadErr := advice.Load(os.DirFS("../../../assets/advice"))
	if loadErr != nil {
		t.Fatal(loadErr)
	}
	for _, lang := range locale.Langs() {
		words, loadErr := locale.Load(os.DirFS("../../../assets/locales"), lang)
		if loadErr != nil {
			t.Fatal(loadErr)
		}
		x := catalogue.Explain(err, words)
		if !strings.Contains(x.Headline, words.T("finding.messaging.kid.in-payload")) || x.Means == "" || x.Next != words.T("finding.messaging.kid.in-payload.fix") || !x.Sure {
			t.Errorf("%s: %+v", lang, x)
		}
	}
}

func TestARefusedTokenOfSeveralIsNamedByItsNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, fresh := b.keep("old", b.fix.KID, b.fix.Secret), b.keep("new", b.fix.NewKID, b.fix.NewSecret)
	tokens := b.token(b.fix.NewKID, b.fix.NewSecret, nil) + "\n" + b.token(b.fix.NewKID, b.fix.NewSecret, func(c jwt.MapClaims) { c["scope"] = "app" })
	_, err := b.run("zendesk.prove_new_key", map[string]string{"new_key": fresh, "old_key": old}, core.Secrets{"tokens": core.NewSecret(tokens)})
	wantCode(t, err, "finding.messaging.scope.value", core.Refused)
	if e, ok := err.(*core.Error); !ok || e.Params["number"] != "2" { //nolint:errorlint // the outermost one is meant
		t.Errorf("not named: %+v", err)
	}
}
