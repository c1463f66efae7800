package zendesk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
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

func TestAnAddressOfSomebodyElseIsToldBeforeTheSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conn := b.add(nil)
	check := func(email string, plain map[string]string) (map[string]string, error) {
		in := map[string]string{"external_id": b.fix.ExternalID, "email": email}
		for k, v := range plain {
			in[k] = v
		}
		secret := core.Secrets{}
		if in["key_id"] != "" {
			secret["key_secret"] = core.NewSecret(b.fix.AppKeySecret)
		}
		out, err := b.run("zendesk.check_email", in, secret)
		return out.Plain, err
	}
	stored := map[string]string{"connection": conn.Name}
	_, err := check(b.fix.TakenEmail, stored)
	wantCode(t, err, "zendesk.email-taken", core.Refused)
	if why := b.sb.ZendeskSignIn(b.token(b.fix.KID, b.fix.Secret, func(c jwt.MapClaims) { c["email"], c["email_verified"] = b.fix.TakenEmail, true })); why == "" {
		t.Error("what is predicted does not happen")
	}
	if out, err := check(b.fix.Email, stored); err != nil || out["asked_at"] == "" || out["owner"] != "" {
		t.Errorf("nobody's: %v, %v", out, err)
	}
	typed := map[string]string{"account": "acme", "app_id": b.fix.AppID, "key_id": b.fix.AppKeyID, "external_id": b.fix.TakenExternalID}
	if out, err := check(b.fix.TakenEmail, typed); err != nil || out["owner"] != b.fix.TakenExternalID {
		t.Errorf("one's own: %v, %v", out, err)
	}
	if out, err := check(b.fix.TakenEmail, nil); err != nil || out["asked_at"] != "" {
		t.Errorf("nobody can be asked: %v, %v", out, err)
	}
	_, err = check(b.fix.TakenEmail, map[string]string{"account": "acme", "app_id": b.fix.AppID})
	wantCode(t, err, "zendesk.api-key-incomplete", core.Usage)
	typed["app_id"] = b.fix.KID
	_, err = check(b.fix.TakenEmail, typed)
	wantCode(t, err, "zendesk.app-id-is-key", core.Usage)
}

func TestARotationNeedsNoOldSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, err := b.run("zendesk.old_key", map[string]string{"key": "lost", "account": "acme", "kid": b.fix.KID}, nil)
	if err != nil || old.Plain["key"] != "" || old.Plain["kid"] != b.fix.KID || old.Plain["account"] != "acme" {
		t.Fatalf("%v, %v", old.Plain, err)
	}
	places, err := b.run("zendesk.note_deployed", map[string]string{"where": "shop, app, shop"}, nil)
	if err != nil || places.Plain["count"] != "2" || places.Plain["where"] != "shop, app" {
		t.Fatalf("%v, %v", places.Plain, err)
	}
	fresh := b.keep("new", b.fix.NewKID, b.fix.NewSecret)
	prove := func(tokens ...string) error {
		_, err := b.run("zendesk.prove_new_key", map[string]string{"new_key": fresh, "old_kid": b.fix.KID, "places": "2"}, core.Secrets{"tokens": core.NewSecret(strings.Join(tokens, " "))})
		return err
	}
	newToken := b.token(b.fix.NewKID, b.fix.NewSecret, nil)
	wantCode(t, prove(newToken, b.token(b.fix.KID, b.fix.Secret, nil)), "zendesk.old-key-used", core.Refused)
	wantCode(t, prove(newToken), "zendesk.places-missing", core.Usage)
	if err := prove(newToken, newToken); err != nil {
		t.Error(err)
	}
	if out, err := b.run("zendesk.retire_key", map[string]string{"kid": b.fix.KID, "deleted": b.fix.KID}, nil); err != nil || out.Plain["name"] != b.fix.KID {
		t.Errorf("%v, %v", out.Plain, err)
	}
	_, err = b.run("zendesk.old_key", map[string]string{"key": "lost", "kid": "nothing"}, nil)
	wantCode(t, err, "key.kid", core.Usage)
}

func TestADeletedKeyThatWasNotMeantIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.keep("old", b.fix.KID, b.fix.Secret)
	_, err := b.run("zendesk.retire_key", map[string]string{"key": old, "deleted": b.fix.NewKID}, nil)
	wantCode(t, err, "zendesk.other-key-deleted", core.Usage)
	if k, err := b.keys.Get(t.Context(), old); err != nil || !k.RetiredAt.IsZero() {
		t.Errorf("it is marked all the same: %v, %v", k.RetiredAt, err)
	}
	if _, err := b.run("zendesk.retire_key", map[string]string{"key": old, "deleted": b.fix.KID[:8] + " " + b.fix.KID[8:]}, nil); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestTheAdminCenterIsTheAccountsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out, err := b.run("zendesk.admin_center", map[string]string{"account": "https://Acme.zendesk.com/agent"}, nil)
	if err != nil || out.Plain["account"] != "acme" || out.Plain["url"] != b.fix.AdminURL {
		t.Errorf("%v, %v", out.Plain, err)
	}
	_, err = b.run("zendesk.admin_center", map[string]string{"account": "stranger.example#"}, nil)
	wantCode(t, err, "key.account", core.Usage)
	for _, a := range zendesk.Platform().Actions(platform.Services{Keys: b.keys}) {
		if a.Name != "zendesk.admin_center" {
			continue
		}
		for account, want := range map[string]string{"acme": "https://acme.zendesk.com/admin/", "": ""} {
			if out, err := a.Run(t.Context(), action.Values{Plain: map[string]string{"account": account}}); err != nil || out.Plain["url"] != want {
				t.Errorf("of %q: %v, %v", account, out.Plain, err)
			}
		}
	}
}
