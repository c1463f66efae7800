package xsolla_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/sandbox"
)

const chatSecret = "the-chat-secret-of-acme-b7Qm2xVt9-not-real"

// keys keeps the project's key and the Chat secret.
func (b *bench) keys(alg string) (login, chat string) {
	b.Helper()
	in := map[string]string{"name": "Acme login", "project_id": b.fix.ProjectID, "alg": alg, "!secret": b.fix.Secret}
	if alg == core.AlgRS256 {
		in["project_id"] = b.fix.RSAProjectID
	}
	return b.must("xsolla.add_login_key", in).Plain["key"],
		b.must("xsolla.add_chat_key", map[string]string{"name": "Acme chat", "account": "https://acme.zendesk.com", "!secret": chatSecret}).Plain["key"]
}

// through signs the test user in by a variant of a project.
func (b *bench) through(key, variant, alg string) string {
	b.Helper()
	in := map[string]string{
		"key": key, "variant": variant, "callback": b.fix.Callbacks[0], "client_id": b.fix.ClientID, "!client_secret": b.fix.ClientSecret,
		"username": b.fix.Username, "!password": b.fix.Password,
	}
	if alg == core.AlgRS256 {
		in["client_id"] = b.fix.RSAClientID
		delete(in, "!client_secret")
	}
	return b.must("xsolla.password_sign_in", in).Secret["token"].Reveal()
}

func TestFromASignInToAVisitorOfChat(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{core.AlgHS256, core.AlgRS256} {
		for _, variant := range []string{"jwt", "oauth2", "oauth2-direct"} {
			t.Run(alg+" "+variant, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				if variant == "oauth2" { // the other form of the key list as well
					b.set(sandbox.XsollaKeysBase64URL)
					b.set(sandbox.XsollaKeysObject)
				}
				login, chat := b.keys(alg)
				token := b.through(login, variant, alg)
				b.must("xsolla.validate_token", map[string]string{"key": login, "!token": token})
				who := b.must("xsolla.verify_token", map[string]string{"key": login, "!token": token})
				if who.Plain["user_id"] != b.fix.UserID || who.Plain["email"] != b.fix.Email {
					t.Errorf("verified: %v", who.Plain)
				}
				out := b.must("xsolla.chat_token", map[string]string{"login_key": login, "chat_key": chat, "!token": token})
				minted := out.Secret["chat_token"].Reveal()
				claims := jwt.MapClaims{}
				_, err := jwt.ParseWithClaims(minted, claims, func(*jwt.Token) (any, error) { return []byte(chatSecret), nil },
					jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(b.sb.Clock().Now))
				if err != nil || claims["external_id"] != b.fix.UserID || claims["email"] != b.fix.Email || claims["name"] != b.fix.Email {
					t.Errorf("claims: %v, %v", claims, err)
				}
				b.must("xsolla.prove_chat_token", map[string]string{"chat_key": chat, "!chat_token": minted})
				if k, err := b.services.Keys.Get(t.Context(), chat); err != nil || k.LastUsed.IsZero() {
					t.Errorf("the key's use is not noted: %v", err)
				}
			})
		}
	}
}

func TestSocialSignInByTheActions(t *testing.T) {
	t.Parallel()
	for _, variant := range []string{"jwt", "oauth2"} {
		b := newBench(t)
		login, _ := b.keys(core.AlgHS256)
		in := map[string]string{"key": login, "variant": variant, "callback": b.fix.Callbacks[0], "client_id": b.fix.ClientID, "provider": " Google "}
		link := b.must("xsolla.social_link", in).Plain
		delete(in, "provider")
		in["!answer"], in["state"], in["!client_secret"] = b.agree(link["link"]).Reveal(), link["state"], b.fix.ClientSecret
		who := b.must("xsolla.verify_token", map[string]string{"key": login, "!token": b.must("xsolla.take_answer", in).Secret["token"].Reveal()})
		if who.Plain["email"] != "sol@acme.example" || who.Plain["provider"] != "google" {
			t.Errorf("%s: %v", variant, who.Plain)
		}
		if variant == "jwt" {
			if link["state"] != "" {
				t.Error("the JWT variant has a state")
			}
			continue
		}
		in["state"] = "another-sign-ins"
		_, err := b.run("xsolla.take_answer", in)
		b.wantCode("another state", err, "xsolla.callback-state", core.Usage)
		delete(in, "state")
		_, err = b.run("xsolla.take_answer", in)
		b.wantCode("no state", err, "xsolla.callback-state", core.Usage)
		in["variant"], in["!answer"] = "jwt", "https://shop.acme.example/login/callback?code=abc"
		_, err = b.run("xsolla.take_answer", in)
		b.wantCode("the other variant", err, "xsolla.callback-variant", core.Usage)
	}
}

func TestAUserWithoutEmailIsVerifiedAndIsNoVisitor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	login, chat := b.keys(core.AlgHS256)
	now := b.sb.Clock().Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://login.xsolla.com", "sub": b.fix.UserID, "xsolla_login_project_id": b.fix.ProjectID, "type": "social",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "groups": []any{},
	}).SignedString([]byte(b.fix.Secret))
	if err != nil {
		t.Fatal(err)
	}
	if who := b.must("xsolla.verify_token", map[string]string{"key": login, "!token": token}); who.Plain["email"] != "" {
		t.Errorf("verified: %v", who.Plain)
	}
	_, err = b.run("xsolla.chat_token", map[string]string{"login_key": login, "chat_key": chat, "!token": token})
	if core.CodeOf(err) != "login.no-email" {
		t.Errorf("minted: %v", err)
	}
}

func TestATokenOfAnotherProjectIsNotVerified(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hs, chat := b.keys(core.AlgHS256)
	rs := b.must("xsolla.add_login_key", map[string]string{"name": "Other", "project_id": b.fix.RSAProjectID, "alg": core.AlgRS256}).Plain["key"]
	tokens := map[string]string{hs: b.through(rs, "jwt", core.AlgRS256), rs: b.through(hs, "jwt", core.AlgHS256)}
	for key, foreign := range tokens {
		_, err := b.run("xsolla.verify_token", map[string]string{"key": key, "!token": foreign})
		if !strings.HasPrefix(core.CodeOf(err), "login.") {
			t.Errorf("verified: %v", err)
		}
	}
	_, err := b.run("xsolla.prove_chat_token", map[string]string{"chat_key": chat, "!chat_token": tokens[rs]})
	b.wantCode("a Login token as a Chat token", err, "xsolla.chat-token-refused", core.Refused)
	_, err = b.run("xsolla.verify_token", map[string]string{"key": chat, "!token": tokens[rs]})
	b.wantCode("with the Chat key", err, "xsolla.other-key", core.Usage)
}

func TestAKeyThatIsKeptIsNeverReplacedByTheGuide(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	login, chat := b.keys(core.AlgHS256)
	if again, same := b.keys(core.AlgHS256); again != login || same != chat {
		t.Error("a second run keeps a second key")
	}
	_, err := b.run("xsolla.add_login_key", map[string]string{"name": "New", "project_id": b.fix.ProjectID, "alg": core.AlgHS256, "!secret": chatSecret + "-2"})
	b.wantCode("another secret", err, "xsolla.key-differs", core.Usage)
	_, err = b.run("xsolla.add_chat_key", map[string]string{"name": "New", "account": "acme", "!secret": b.fix.Secret})
	b.wantCode("another Chat secret", err, "xsolla.key-differs", core.Usage)
	_, err = b.run("xsolla.add_login_key", map[string]string{"name": "New", "project_id": b.fix.ProjectID, "alg": core.AlgRS256})
	b.wantCode("no public keys", err, "xsolla.no-keys", core.Refused)
	_, err = b.run("xsolla.fetch_keys", map[string]string{"key": login})
	b.wantCode("fetch for HS256", err, "xsolla.not-rs256", core.Usage)
	_, err = b.run("xsolla.add_login_key", map[string]string{"name": "New", "project_id": b.fix.ProjectID, "alg": "none"})
	b.wantCode("algorithm", err, "xsolla.bad-alg", core.Usage)
	if k, err := b.services.Keys.Get(t.Context(), login); err != nil || k.Secret().Reveal() != b.fix.Secret {
		t.Errorf("the kept secret changed: %v", err)
	}
}

func TestPublicKeysAreReadAfresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	login, _ := b.keys(core.AlgRS256)
	first, err := b.services.Keys.Get(t.Context(), login)
	if err != nil || first.KeyList == "" {
		t.Fatal(err)
	}
	b.sb.Clock().Advance(time.Hour)
	b.set(sandbox.XsollaKeysBase64URL)
	out := b.must("xsolla.fetch_keys", map[string]string{"key": login})
	again, err := b.services.Keys.Get(t.Context(), login)
	if err != nil || again.KeyList == first.KeyList || !again.KeyListAt.After(first.KeyListAt) || out.Plain["kids"] != "sandbox-key-1 sandbox-key-2" {
		t.Errorf("%v at %s, %v", out.Plain, again.KeyListAt, err)
	}
	b.sb.SetFault(sandbox.Fault{Service: "xsolla.login", HTML: true})
	if _, err = b.run("xsolla.fetch_keys", map[string]string{"key": login}); core.CodeOf(err) != "vendor.html" {
		t.Errorf("a page: %v", err)
	}
	if kept, err := b.services.Keys.Get(t.Context(), login); err != nil || kept.KeyList != again.KeyList {
		t.Errorf("a page took the keys' place: %v", err)
	}
}

func TestWhatASignInLacksIsSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	login, _ := b.keys(core.AlgHS256)
	before := len(b.sb.Calls())
	whole := func(with map[string]string) map[string]string {
		in := map[string]string{"key": login, "variant": "oauth2", "callback": b.fix.Callbacks[0], "client_id": b.fix.ClientID, "username": "x", "!password": "y"}
		for k, v := range with {
			in[k] = v
		}
		return in
	}
	for code, with := range map[string]map[string]string{
		"xsolla.no-client":     {"client_id": ""},
		"xsolla.bad-client-id": {"client_id": b.fix.ProjectID},
		"xsolla.bad-variant":   {"variant": "saml"},
		"xsolla.no-password":   {"username": ""},
	} {
		_, err := b.run("xsolla.password_sign_in", whole(with))
		b.wantCode(code, err, code, core.Usage)
	}
	_, err := b.run("xsolla.social_link", map[string]string{"key": login, "variant": "jwt", "provider": "../x"})
	b.wantCode("provider", err, "xsolla.bad-provider", core.Usage)
	if n := len(b.sb.Calls()); n != before {
		t.Errorf("%d calls were made", n-before)
	}
}
