package salesforce_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/salesforce"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, salesforce.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(base string, _ core.Grant) core.Connection {
			return core.Connection{
				Platform: salesforce.ID, Region: "production", ClientID: "3MVG9.test", Scopes: []string{"api", "refresh_token", "id"},
				Settings: map[string]string{"instance": base, "username": "mina@acme.example.crm"},
			}
		},
		Endpoints: func(base string) transport.Endpoints { return transport.Endpoints{salesforce.ID: {"login": base}} },
	})
}

func TestEveryCodeIsAdvised(t *testing.T) {
	t.Parallel()
	catalogue, err := advice.Load(os.DirFS("../../../assets/advice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range salesforce.AdviceKeys() {
		if _, ok := catalogue.Lookup(code, ""); !ok {
			t.Errorf("no advice for %s", code)
		}
	}
}

func TestEveryFindingHasItsTexts(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		words, err := locale.Load(os.DirFS("../../../assets/locales"), lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(salesforce.Findings(), "no-case") {
			for _, key := range []string{"error.salesforce." + f, "error.salesforce." + f + ".next"} {
				if !words.Has(key) {
					t.Errorf("%s has no text %s", lang, key)
				}
			}
		}
	}
}
