package zendesk_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/zendesk"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, zendesk.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(_ string, g core.Grant) core.Connection {
			if g != core.GrantAppKey {
				return core.Connection{Platform: zendesk.ID, Account: "acme", ClientID: "client", Settings: map[string]string{"product": "chat"}}
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
