package visitortoken

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// at is the time of all tests.
func at() time.Time { return time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC) }

const (
	kidA    = "app_5f3a9c0d5f3a9c0d5f3a9c0d"
	kidB    = "app_aa11bb22aa11bb22aa11bb22"
	kidC    = "app_0c0c0c0c0c0c0c0c0c0c0c0c"
	project = "40db2ea4-5d42-11e6-a3ff-005056a0e04a"
	subject = "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
)

// testSecret is as long as Zendesk's and looks like what it is.
func testSecret(of string) string { return strings.Repeat(of+"-not_a_secret-", 6)[:86] }

func keyWith(id string, kind core.KeyKind, account, kid, secret string) core.SigningKey {
	k := core.SigningKey{ID: id, Name: id, Kind: kind, Account: account, KID: kid, Alg: core.AlgHS256}
	k.Secrets = core.Secrets{core.SecretSigning: core.NewSecret(secret)}
	return k
}

func messagingKey() core.SigningKey {
	return keyWith("web", core.KeyMessaging, "acme", kidA, testSecret("web"))
}

func chatKey() core.SigningKey { return keyWith("chat", core.KeyChat, "acme", "", testSecret("chat")) }

func loginKey() core.SigningKey {
	return keyWith("login", core.KeyXsolla, project, "", testSecret("login"))
}

// signed signs with another library than the code that is tested: claims and
// header as they are given.
func signed(t testing.TB, method jwt.SigningMethod, header map[string]any, claims jwt.MapClaims, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for k, v := range header {
		if v == nil {
			delete(token.Header, k)
			continue
		}
		token.Header[k] = v
	}
	out, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func loginClaims(change ...func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": LoginIssuer, "sub": subject, "xsolla_login_project_id": project, "email": "mina@example.com", "username": "mina",
		"iat": at().Add(-time.Minute).Unix(), "exp": at().Add(24 * time.Hour).Unix(), "type": "xsolla_login",
		"groups": []any{map[string]any{"id": 1, "name": "default", "is_default": true}},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
