package oauth2_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/platform/oauth2"
	"deskward/core/platform/platformtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]string{"userinfo": "userinfo_url", "introspection": "introspect_url"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platformtest.Run(t, oauth2.Platform(), platformtest.Options{
				Locales: os.DirFS("../../../assets/locales"),
				Connection: func(base string, _ core.Grant) core.Connection {
					return core.Connection{
						Platform: oauth2.ID, Issuer: base, ClientID: "client-1", Scopes: []string{"openid"}, Granted: []string{"openid"},
						Settings: map[string]string{
							"auth_url": base + "/auth", "token_url": base + "/token", "device_url": base + "/device",
							"discovered.revoke_url": base + "/revoke", "discovered." + ask: base + "/asked",
						},
					}
				},
			})
		})
	}
}
