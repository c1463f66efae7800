package sandbox_test

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// What the double answers is read by jsforce, a published client of Salesforce's
// APIs, which knows nothing of this project.
func TestJsforceReadsTheDouble(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir, err := filepath.Abs("testdata/salesforce")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("jsforce is not installed (npm ci in core/sandbox/testdata/salesforce; .ci/run does it)")
	}
	u := start(t)
	s := u.sb.Fixtures().Salesforce
	at := u.sb.Endpoints()["salesforce"]
	const nonce = "deskward-a-nonce-of-jsforce"
	for _, subject := range []string{"one", nonce + " two", "three", "four", "five"} {
		if err := u.sb.SalesforceMail("ken@customer.example", u.salesforceServices(), subject); err != nil {
			t.Fatal(err)
		}
	}
	u.sb.Clock().Advance(10 * time.Second)
	code := u.grant(u.salesforceAuth("login.production", nil)).Get("code")
	in, err := json.Marshal(map[string]string{
		"login": at["login.production"], "instance": s.Instance, "clientId": s.ClientID, "clientSecret": s.ClientSecret,
		"redirect": s.Redirects[0], "code": code, "verifier": verifier, "nonce": nonce, "mailbox": s.Mailbox,
	})
	if err != nil {
		t.Fatal(err)
	}
	try := exec.CommandContext(t.Context(), node, filepath.Join(dir, "drive.mjs"), string(in))
	try.Stderr = os.Stderr
	raw, err := try.Output()
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	for name, want := range map[string]string{
		"authorized": `{"instance":"` + s.Instance + `","refresh":true}`,
		"identity":   `{"username":"` + s.Username + `","email":"` + s.Email + `"}`,
		"wide":       `["news@acme.example","` + s.Mailbox + `"]`,
		"routes":     `["` + s.Mailbox + `"]`,
		"ordered":    `["` + s.Mailbox + `"]`,
		"pages":      `["00001001","00001002","00001003","00001004","00001005"]`,
		"mails":      `["` + nonce + ` two"]`,
		"settings":   `{"name":"Case","on":"true","address":"` + s.Mailbox + `","verified":"true"}`,
		"rotated":    "true", "renewed": "2", "refreshed": "1", "machine": "true",
	} {
		if got := string(out[name]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"code again": "invalid_grant", "no such field": "INVALID_FIELD", "no such object": "INVALID_TYPE", "no query": "MALFORMED_QUERY",
		"no session": "INVALID_SESSION_ID", "no session by SOAP": "sf:INVALID_SESSION_ID", "old token": "invalid_grant",
		"wrong domain": "invalid_grant", "wrong secret": "invalid_client",
	} {
		var got struct{ Error string }
		if err := json.Unmarshal(out[name], &got); err != nil || got.Error != want {
			t.Errorf("%s: %s, want %s", name, out[name], want)
		}
	}
}

// salesforceServices is the address to which the mailbox forwards.
func (u *user) salesforceServices() string { return u.sb.SalesforceRoute().Services() }

// salesforceAuth is an authorization request of the app at one host.
func (u *user) salesforceAuth(host string, with url.Values) string {
	s := u.sb.Fixtures().Salesforce
	q := url.Values{
		"client_id": {s.ClientID}, "redirect_uri": {s.Redirects[0]}, "response_type": {"code"}, "scope": {"api refresh_token id"},
		"state": {"the-state"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for name, v := range with {
		q[name] = v
	}
	return u.sb.Endpoints()["salesforce"][host] + "/services/oauth2/authorize?" + q.Encode()
}
