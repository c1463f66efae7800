package zendesk_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/transport"
)

// replayed starts the replay of what the real Support answered to others, and
// returns a client of it.
func replayed(t *testing.T) *zendesk.Support {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir, err := filepath.Abs("../../sandbox/testdata/zendesk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@grouparoo", "zendesk")); err != nil {
		t.Skip("@grouparoo/zendesk is not installed (npm ci in core/sandbox/testdata/zendesk; .ci/run does it)")
	}
	server := exec.CommandContext(t.Context(), node, filepath.Join(dir, "replay.mjs"))
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		server.Wait() //nolint:errcheck // it is ended by the context, too
	})
	base, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	return zendesk.NewSupport(core.Connection{
		Name: "Recorded", Grant: core.GrantAPIToken, Account: "d3v-grouparoo", Settings: map[string]string{"product": "support", "email": "example.user@grouparoo.com"},
		Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("a token")},
	}, platform.Env{HTTP: b.http, Endpoints: transport.Endpoints{zendesk.ID: {"support": strings.TrimSpace(base)}}, Clock: b.sb.Clock()})
}

// TestPeopleOfTheRealSupportAreReadAsOthersRecordedThem drives the client
// against answers that neither Zendesk nor others made for this project.
func TestPeopleOfTheRealSupportAreReadAsOthersRecordedThem(t *testing.T) {
	t.Parallel()
	s := replayed(t)
	find := func(k lookup.QueryKind, text string) []core.Visitor {
		t.Helper()
		found, err := s.Find(t.Context(), k, text)
		if err != nil {
			t.Fatalf("%s %s: %v", k, text, err)
		}
		return found
	}
	found := find(lookup.ByExternalID, "grouparoo123")
	if len(found) != 1 {
		t.Fatalf("by external id: %+v", found)
	}
	v := found[0]
	if v.Kind != core.VisitorSupport || v.ID != "1263482086730" || v.ExternalID != "grouparoo123" || v.Name == "" || v.Role != "end-user" || v.Blocked {
		t.Errorf("by external id: %+v", v)
	}
	if len(v.Emails) == 0 || !v.Emails[0].Primary || v.Emails[0].Address != "grouparoo@demo.com" {
		t.Errorf("their addresses: %+v", v.Emails)
	}
	if want := time.Date(2021, 4, 27, 0, 0, 0, 0, time.UTC); v.CreatedAt.UTC().Truncate(24*time.Hour) != want {
		t.Errorf("made at %v", v.CreatedAt)
	}
	if v.Link != "https://d3v-grouparoo.zendesk.com/agent/users/1263482086730" {
		t.Errorf("their page: %s", v.Link)
	}
	if found := find(lookup.ByExternalID, "fakegrouparoo123"); len(found) != 0 {
		t.Errorf("nobody's external id: %+v", found)
	}
	if found := find(lookup.ByEmail, "fakegrouparoo@demo.com"); len(found) != 0 {
		t.Errorf("nobody's address: %+v", found)
	}
	other := find(lookup.ByExternalID, "maybegrouparoo123")
	if len(other) != 1 || other[0].ID != "1263531660149" || len(other[0].Emails) < 1 {
		t.Errorf("another: %+v", other)
	}
	// Of whom the further addresses were not recorded, the record itself is seen.
	if found, err := s.Find(t.Context(), lookup.BySupportID, "1263531659969"); err == nil || len(found) != 1 || found[0].Email() != "skywalker@demo.com" {
		t.Errorf("by id: %+v %v", found, err)
	}
	if found, err := s.Find(t.Context(), lookup.ByEmail, "skywalker@demo.com"); err == nil || len(found) != 1 || found[0].ID != "1263531659969" {
		t.Errorf("by e-mail: %+v %v", found, err)
	}
	// What nobody recorded is no answer, and never "nobody".
	if _, err := s.Find(t.Context(), lookup.ByExternalID, "never asked"); err == nil {
		t.Error("a server's refusal counts as nobody")
	}
}
