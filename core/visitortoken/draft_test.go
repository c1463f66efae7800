package visitortoken

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

func TestADraftShowsExactlyWhatIsSigned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key             core.SigningKey
		visitor         Visitor
		header, payload string
	}{
		"messaging": {
			messagingKey(),
			Visitor{ExternalID: "usr_12345", Name: `Mina <"M"> 山田`, Email: "mina@example.com", EmailVerified: true},
			`{"alg":"HS256","typ":"JWT","kid":"app_5f3a9c0d5f3a9c0d5f3a9c0d"}`,
			`{"scope":"user","external_id":"usr_12345","name":"Mina <\"M\"> 山田","email":"mina@example.com","email_verified":true,"exp":1795602600}`,
		},
		"messaging, id only": {
			messagingKey(),
			Visitor{ExternalID: "usr_12345", EmailVerified: true},
			`{"alg":"HS256","typ":"JWT","kid":"app_5f3a9c0d5f3a9c0d5f3a9c0d"}`,
			`{"scope":"user","external_id":"usr_12345","exp":1795602600}`,
		},
		"chat": {
			chatKey(),
			Visitor{ExternalID: subject, Name: "mina@example.com", Email: "mina@example.com", EmailVerified: true},
			`{"alg":"HS256","typ":"JWT"}`,
			`{"name":"mina@example.com","email":"mina@example.com","external_id":"` + subject + `","iat":1795599000,"exp":1795599300}`,
		},
	} {
		d := NewDraft(c.key, c.visitor, 0, at())
		if d.Header != c.header || d.Payload != c.payload {
			t.Errorf("%s: got %s %s", name, d.Header, d.Payload)
		}
		token, err := d.Sign(c.key.Secret())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		minted, err := Mint(c.key, c.visitor, 0, at())
		if err != nil || !minted.Equal(token) {
			t.Errorf("%s: minted %q and signed %q: %v", name, minted.Reveal(), token.Reveal(), err)
		}
		// Another reading of the same bytes.
		parsed, err := jwt.Parse(token.Reveal(), func(*jwt.Token) (any, error) { return []byte(c.key.Secret().Reveal()), nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(at))
		if err != nil || !parsed.Valid {
			t.Errorf("%s: %v", name, err)
		}
		if exp, err := parsed.Claims.GetExpirationTime(); err != nil || !exp.Equal(d.ExpiresAt) {
			t.Errorf("%s: expires %v, draft says %v: %v", name, exp, d.ExpiresAt, err)
		}
	}
}

func TestWhatTheVendorWouldRefuseIsNotSigned(t *testing.T) {
	t.Parallel()
	retired := func(k core.SigningKey) core.SigningKey { k.RetiredAt = at(); return k }
	noKID := messagingKey()
	noKID.KID = ""
	ps := printers(t)
	for name, c := range map[string]struct {
		key     core.SigningKey
		visitor Visitor
		life    time.Duration
		code    string
	}{
		"no id":                     {messagingKey(), Visitor{}, 0, "token.messaging.external_id.empty"},
		"id of 256 characters":      {messagingKey(), Visitor{ExternalID: strings.Repeat("é", 256)}, 0, "token.messaging.external_id.long"},
		"id with a NUL":             {messagingKey(), Visitor{ExternalID: "a\x00b"}, 0, "token.messaging.external_id.control"},
		"id that is not UTF-8":      {messagingKey(), Visitor{ExternalID: "a\xffb"}, 0, "token.payload.utf8"},
		"name that is not UTF-8":    {chatKey(), Visitor{ExternalID: "a", Name: "\xc3", Email: "a@example.com"}, 0, "token.payload.utf8"},
		"no key id":                 {noKID, Visitor{ExternalID: "a"}, 0, "token.messaging.kid.missing"},
		"key deleted at the vendor": {retired(messagingKey()), Visitor{ExternalID: "a"}, 0, "token.messaging.kid.retired"},
		"secret regenerated":        {retired(chatKey()), Visitor{ExternalID: "a"}, 0, "token.chat.key.retired"},
		"over when it is made":      {messagingKey(), Visitor{ExternalID: "a"}, -time.Second, "token.messaging.exp.past"},
		"Chat, seven minutes and more": {
			chatKey(), Visitor{ExternalID: "a", Name: "A", Email: "a@example.com"}, 7*time.Minute + time.Second, "token.chat.exp.too-long",
		},
		"Chat, accents in the e-mail": {chatKey(), Visitor{ExternalID: "a", Name: "A", Email: "renée@example.com"}, 0, "token.chat.email.ascii"},
		"a key that verifies":         {loginKey(), Visitor{ExternalID: "a"}, 0, "token.key.kind"},
	} {
		d := NewDraft(c.key, c.visitor, c.life, at())
		if got := core.CodeOf(d.Refusal()); got != c.code {
			t.Errorf("%s: %q", name, got)
		}
		hasErrorTexts(t, ps, d.Refusal())
		if s, err := d.Sign(core.NewSecret("x")); core.CodeOf(err) != c.code || !s.Empty() {
			t.Errorf("%s: signed, %v", name, err)
		}
		if s, err := Mint(c.key, c.visitor, c.life, at()); core.CodeOf(err) != c.code || !s.Empty() {
			t.Errorf("%s: minted, %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		key     core.SigningKey
		visitor Visitor
		life    time.Duration
	}{
		"id of 255 characters in 510 bytes": {messagingKey(), Visitor{ExternalID: strings.Repeat("é", 255)}, 0},
		"messaging for a month":             {messagingKey(), Visitor{ExternalID: "a"}, 30 * 24 * time.Hour},
		"Chat for seven minutes":            {chatKey(), Visitor{ExternalID: "a", Name: "A", Email: "a@example.com"}, MaxChatLife},
		"Chat without e-mail":               {chatKey(), Visitor{ExternalID: "a", Name: "A"}, 0},
	} {
		if s, err := Mint(c.key, c.visitor, c.life, at()); err != nil || s.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsSignedWithoutASecret(t *testing.T) {
	t.Parallel()
	k := messagingKey()
	k.Secrets = nil
	if s, err := Mint(k, Visitor{ExternalID: "a"}, 0, at()); core.CodeOf(err) != "token.no-secret" || !s.Empty() {
		t.Errorf("got %v", err)
	}
}

// The floor is golang-jwt doing nothing but making the same token.
func BenchmarkMint(b *testing.B) {
	k := messagingKey()
	v := Visitor{ExternalID: "usr_12345", Name: "Mina Yamada", Email: "mina@example.com", EmailVerified: true}
	secret, exp := []byte(k.Secret().Reveal()), at().Add(time.Hour).Unix()
	var ours, floor time.Duration
	for b.Loop() {
		start := time.Now()
		for range 100 {
			if _, err := Mint(k, v, 0, at()); err != nil {
				b.Fatal(err)
			}
		}
		between := time.Now()
		for range 100 {
			t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
				"scope": "user", "external_id": v.ExternalID, "name": v.Name, "email": v.Email, "email_verified": true, "exp": exp,
			})
			t.Header["kid"] = k.KID
			if _, err := t.SignedString(secret); err != nil {
				b.Fatal(err)
			}
		}
		ours += between.Sub(start)
		floor += time.Since(between)
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-golang-jwt")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/100, "ns/mint")
}
