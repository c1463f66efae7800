package zendesk_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/zendesk"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, product := range []string{"support", "chat"} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			conform(t, product)
		})
	}
}

func conform(t *testing.T, product string) {
	platformtest.Run(t, zendesk.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(_ string, g core.Grant) core.Connection {
			if g != core.GrantAppKey {
				return core.Connection{Platform: zendesk.ID, Account: "acme", ClientID: "client", Settings: map[string]string{"product": product, "email": "agnes@acme.example"}}
			}
			return core.Connection{
				Platform: zendesk.ID, Account: "acme",
				Settings: map[string]string{"app_id": "5e2f1d0c9b8a7f6e5d4c3b2a", "key_id": "app_7b5c1e2f4d906abac8e2fb04"},
			}
		},
		Endpoints: func(base string) transport.Endpoints {
			return transport.Endpoints{zendesk.ID: {"conversations": base, "chat": base, "zopim": base, "support": base}}
		},
	})
}

func TestEveryFindingIsToldInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		words, err := locale.Load(os.DirFS("../../../assets/locales"), lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range zendesk.Findings() {
			for _, end := range []string{"", ".means", ".fix"} {
				if !words.Has("finding." + code + end) {
					t.Errorf("%s: no text finding.%s%s", lang, code, end)
				}
			}
		}
	}
}

func TestEveryCodeIsAdvised(t *testing.T) {
	t.Parallel()
	catalogue, err := advice.Load(os.DirFS("../../../assets/advice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range zendesk.AdviceKeys() {
		if _, ok := catalogue.Lookup(code, ""); !ok {
			t.Errorf("no advice for %s", code)
		}
	}
}
