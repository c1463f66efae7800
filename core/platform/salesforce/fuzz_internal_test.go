package salesforce

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/transport"
)

func FuzzReadSettings(f *testing.F) {
	f.Add([]byte(`<e:Envelope xmlns:e="x"><e:Body><readMetadataResponse><result><records><fullName>Case</fullName><emailToCase><enableEmailToCase>true</enableEmailToCase><routingAddresses><emailAddress>a@b.example</emailAddress><isVerified>false</isVerified></routingAddresses></emailToCase></records></result></readMetadataResponse></e:Body></e:Envelope>`))
	f.Add([]byte(`<html><body>Maintenance</body></html>`))
	f.Add([]byte(`<a><b>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, ok := readSettings(body)
		if !ok {
			return
		}
		for _, a := range s.Addresses {
			if strings.ContainsAny(a.Address+a.Services+a.Type+a.Senders, "\x1b\n\x00") {
				t.Errorf("an address is not clean: %q", a.Address)
			}
		}
	})
}

func FuzzVendorError(f *testing.F) {
	f.Add([]byte(`[{"errorCode":"INVALID_SESSION_ID","message":"x"}]`))
	f.Add([]byte(`<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode></e:Fault></e:Body></e:Envelope>`))
	f.Add([]byte(`{"error":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if code := vendorError(body); code != "" && !codeShape().MatchString(code) {
			t.Errorf("code %q", code)
		}
	})
}

// Whatever a token answer says, the host that is called is Salesforce's.
func FuzzTrusted(f *testing.F) {
	for _, s := range []string{
		"https://acme.my.salesforce.com", "https://na1.salesforce.com/", "http://acme.my.salesforce.com", "https://salesforce.com.stranger.example",
		"https://acme.my.salesforce.com@stranger.example", "https://acme.my.salesforce.com:8443", "https://stranger.example/.salesforce.com", "//x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		base, _ := trusted(raw, nil)
		if base != "" && (!strings.HasPrefix(base, "https://") || !strings.HasSuffix(base, ".salesforce.com") || strings.ContainsAny(base[8:], "/@:?#")) {
			t.Errorf("%q is trusted as %q", raw, base)
		}
	})
}

func TestMyDomainsAreReadAsPeoplePasteThem(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		" https://Acme.my.salesforce.com/lightning/page ":  "acme.my.salesforce.com",
		"acme--uat.sandbox.my.salesforce.com":              "acme--uat.sandbox.my.salesforce.com",
		"https://acme.lightning.force.com/lightning/setup": "acme.my.salesforce.com",
		"acme-dev-ed.develop.my.salesforce-setup.com":      "acme-dev-ed.develop.my.salesforce.com",
		"acme.my.salesforce.com.stranger.example":          "",
		"stranger.example/.my.salesforce.com":              "",
		"login.salesforce.com":                             "",
		"acme.my.salesforce.com:8443":                      "",
		"mina@acme.my.salesforce.com":                      "",
	} {
		err := checkDomain(given)
		if (err == nil) != (want != "") || want != "" && tidyDomain(given) != want {
			t.Errorf("%q: %q, %v", given, tidyDomain(given), err)
		}
	}
}

func TestAudienceFollowsTheKindOfOrg(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ region, domain, want string }{
		{"production", "", "https://login.salesforce.com"},
		{"sandbox", "", "https://test.salesforce.com"},
		{"production", "acme.my.salesforce.com", "https://login.salesforce.com"},
		{"production", "acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"},
	} {
		conn := core.Connection{Region: c.region, Settings: map[string]string{settingDomain: c.domain}}
		if got := audience(conn); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
		if base, err := loginBase(conn, transport.Endpoints{}); err != nil || c.domain != "" && base != "https://"+c.domain {
			t.Errorf("%v: %s, %v", c, base, err)
		}
	}
}

func TestAKeyIsReadWithoutItsLineBreaks(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range []*pem.Block{{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}, {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		text := string(pem.EncodeToMemory(block))
		for _, given := range []string{text, strings.ReplaceAll(text, "\n", ""), strings.ReplaceAll(text, "\n", " "), "Bag Attributes\n" + text} {
			if got, err := privateKey(core.NewSecret(given)); err != nil || !got.Equal(key) {
				t.Errorf("%s: %v", block.Type, err)
			}
		}
	}
	for _, bad := range []string{"", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----"} {
		if _, err := privateKey(core.NewSecret(bad)); core.CodeOf(err) != "salesforce.bad-key" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
