package xsolla_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/xsolla"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, xsolla.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(_ string, _ core.Grant) core.Connection {
			return core.Connection{
				Platform: xsolla.ID, ClientID: "5001", Scopes: []string{"offline"},
				Settings: map[string]string{"project_id": "5a9d0c1e-0b7c-4f1e-9a35-0f6b1c2d3e40", "provider": "google"},
			}
		},
		Endpoints: func(base string) transport.Endpoints {
			return transport.Endpoints{xsolla.ID: {"login": base}}
		},
	})
}
