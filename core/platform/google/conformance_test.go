package google_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/platform/google"
	"deskward/core/platform/platformtest"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, google.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(_ string, g core.Grant) core.Connection {
			c := core.Connection{
				Platform: google.ID, ClientID: "100000000001-suite.apps.googleusercontent.com", Scopes: []string{google.MailScope},
				Settings: map[string]string{"client_type": "installed", "audience": "testing"},
			}
			if g == core.GrantServiceAccount {
				c.Account = "support@acme.example"
			}
			return c
		},
		Endpoints: func(base string) transport.Endpoints {
			return transport.Endpoints{google.ID: {"accounts": base, "oauth2": base, "gmail": base}}
		},
	})
}

func TestEveryCodeIsAdvised(t *testing.T) {
	t.Parallel()
	catalogue, err := advice.Load(os.DirFS("../../../assets/advice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range google.AdviceKeys() {
		if _, ok := catalogue.Lookup(code, ""); !ok {
			t.Errorf("no advice for %s", code)
		}
	}
}

func TestEveryFindingHasItsTexts(t *testing.T) {
	t.Parallel()
	for _, l := range locale.Langs() {
		p, err := locale.Load(os.DirFS("../../../assets/locales"), l)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range google.AllFindings() {
			for _, part := range []string{"", ".means", ".fix"} {
				if !p.Has("finding." + code + part) {
					t.Errorf("%s has no text finding.%s%s", l, code, part)
				}
			}
		}
	}
}
