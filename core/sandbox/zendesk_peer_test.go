package sandbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What the double answers is read by the client that Zendesk publishes
// (sunshine-conversations-client), which knows nothing of this project.
func TestZendesksOwnClientReadsTheDouble(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir, err := filepath.Abs("testdata/zendesk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("sunshine-conversations-client is not installed (npm ci in core/sandbox/testdata/zendesk; .ci/run does it)")
	}
	a := newAcme(t)
	const visitor = "auth0|7/é@acme"
	if why := a.sb.ZendeskSignIn(a.visitor(map[string]any{"external_id": visitor, "name": "Mina Yamada", "email": a.fix.Email, "email_verified": true})); why != "" {
		t.Fatal(why)
	}
	in, err := json.Marshal(map[string]any{
		"base": a.api, "app": a.fix.AppID, "visitor": visitor, "gone": a.fix.TakenExternalID,
		"appKey":     map[string]string{"id": a.fix.AppKeyID, "secret": a.fix.AppKeySecret, "scope": "app"},
		"accountKey": map[string]string{"id": a.fix.AccountKeyID, "secret": a.fix.AccountKeySecret, "scope": "account"},
	})
	if err != nil {
		t.Fatal(err)
	}
	try := exec.CommandContext(t.Context(), node, filepath.Join(dir, "drive.mjs"), string(in))
	try.Stderr = os.Stderr
	raw, err := try.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	part := func(name, field string) any {
		m, _ := out[name].(map[string]any)
		return m[field]
	}
	for _, how := range []string{"basic", "jwt"} {
		if part("app by "+how, "id") != a.fix.AppID || part("app by "+how, "displayName") == "" {
			t.Errorf("app by %s: %v", how, out["app by "+how])
		}
	}
	for name, want := range map[string]struct {
		status float64
		code   string
	}{
		"wrong secret": {401, "unauthorized"}, "keys with an app key": {403, "forbidden"}, "no user": {404, "user_not_found"},
		"deleted user again": {404, "user_not_found"}, "deleted again": {404, "app_key_not_found"},
		"a name too long": {400, "bad_request"}, "one too many": {400, "limit_exceeded"},
	} {
		if part(name, "status") != want.status || part(name, "code") != want.code || part(name, "title") == "" {
			t.Errorf("%s: %v, want %v", name, out[name], want)
		}
	}
	profile, _ := part("user", "profile").(map[string]any)
	identities, _ := part("user", "identities").([]any)
	if part("user", "externalId") != visitor || profile["givenName"] != "Mina" || len(identities) != 1 {
		t.Errorf("user: %v", out["user"])
	}
	if list, _ := out["apps"].([]any); len(list) != 1 || list[0] != a.fix.AppID {
		t.Errorf("apps: %v", out["apps"])
	}
	if secret, _ := part("made", "secret").(float64); part("made", "displayName") != "made by the vendor’s client" || secret < 24 {
		t.Errorf("made: %v", out["made"])
	}
	if out["found"] != true || out["listed"] != true || part("deleted", "status") != nil || part("deleted user", "status") != nil {
		t.Errorf("found %v, listed %v, deleted %v and %v", out["found"], out["listed"], out["deleted"], out["deleted user"])
	}
}
