package sandbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What the double of Support answers is read by node-zendesk, which is others'
// work and knows nothing of this project.
func TestAClientOfOthersReadsTheDoubleOfSupport(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir, err := filepath.Abs("testdata/zendesk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "node-zendesk")); err != nil {
		t.Skip("node-zendesk is not installed (npm ci in core/sandbox/testdata/zendesk; .ci/run does it)")
	}
	u := supportPeople(t)
	linked, ben := u.fix.Cast.Linked, u.fix.Cast.Banned
	_, all := u.oauth(u.confidential("client_credentials", "scope", "users:read tickets:read"))
	_, few := u.oauth(u.confidential("client_credentials", "scope", "users:read"))
	in, err := json.Marshal(map[string]any{
		"base": u.base, "email": u.fix.AdminEmail, "apiToken": u.fix.APIToken, "accessToken": all["access_token"], "narrow": few["access_token"],
		"user": linked.SupportID, "external": linked.ExternalID, "ticket": linked.TicketID, "several": []string{linked.SupportID, ben.SupportID, "7"},
	})
	if err != nil {
		t.Fatal(err)
	}
	try := exec.CommandContext(t.Context(), node, filepath.Join(dir, "support.mjs"), string(in))
	try.Stderr = os.Stderr
	raw, err := try.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	for what, want := range map[string]string{
		"me by api token": `"role":"admin"`, "me by oauth": `"role":"admin"`, "me by a wrong token": "Zendesk Error (401)",
		"show": `"external_id":"` + linked.ExternalID + `"`, "show nobody": "Zendesk Error (404)", "tooMany": "Zendesk Error (422)",
		"audits": `"visitor_id":"` + linked.ChatID + `"`, "a scope too few": `"title":"Forbidden"`, "no such thing": `"error":"InvalidEndpoint"`,
		"tickets": `"channel":"chat"`, "identities": `"deliverable_state"`,
	} {
		if !contains(string(out[what]), want) {
			t.Errorf("%s: %s, want %s in it", what, out[what], want)
		}
	}
	for what, want := range map[string]int{"search": 1, "search by query": 2, "many": 2, "search in pages": 11, "identities": 4, "tickets": 2, "audits": 2} {
		var list []any
		if err := json.Unmarshal(out[what], &list); err != nil || len(list) != want {
			t.Errorf("%s: %s (%v), want %d", what, out[what], err, want)
		}
	}
}
