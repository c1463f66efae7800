package zoho_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/zoho"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, zoho.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(_ string, _ core.Grant) core.Connection {
			return core.Connection{
				Platform: zoho.ID, Region: "eu", Account: "60009876543", ClientID: "1000.TESTCLIENT",
				Scopes: []string{"Desk.basic.READ", "Desk.tickets.READ", "AaaServer.profile.READ"},
			}
		},
		Endpoints: func(base string) transport.Endpoints {
			return transport.Endpoints{zoho.ID: {"accounts": base, "desk": base, "console": base}}
		},
	})
}
