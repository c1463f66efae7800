package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"deskward/core/sandbox"
)

// What the double answers is read by the clients that Google publishes for
// Node, which know nothing of this project.
func TestGooglesOwnClientsReadTheDouble(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir, err := filepath.Abs("testdata/google")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("@googleapis/gmail is not installed (npm ci in core/sandbox/testdata/google; .ci/run does it)")
	}
	sb, fix := startGoogle(t)
	sb.GoogleDelegate(fix.ServiceAccountID, fix.Scopes...)
	file, err := sb.GoogleServiceAccountFile()
	if err != nil {
		t.Fatal(err)
	}
	e := sb.Endpoints()["google"]
	client := func(id, secret string) map[string]string { return map[string]string{"id": id, "secret": secret} }
	in, err := json.Marshal(map[string]any{
		"accounts": e["accounts"], "oauth2": e["oauth2"], "rootUrl": e["gmail"], "serviceKey": json.RawMessage(file),
		"desktop": client(fix.DesktopClientID, fix.DesktopClientSecret), "web": client(fix.WebClientID, fix.WebClientSecret),
		"off": client(fix.OffClientID, fix.OffClientSecret), "mailbox": fix.Mailbox, "other": fix.Other, "scope": fix.Scopes[0],
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
	for name, want := range map[string]string{
		"wrong verifier":                `{"status":400,"error":"invalid_grant","description":"Invalid code verifier."}`,
		"tokens":                        `{"scope":"https://mail.google.com/","refresh":true,"type":"Bearer","lives":true}`,
		"code again":                    `{"status":400,"error":"invalid_grant","description":"Bad Request"}`,
		"profile":                       `{"emailAddress":"support@acme.example","historyId":"4711","messagesTotal":42,"threadsTotal":17}`,
		"labels":                        `["INBOX","SENT","SPAM","TRASH","UNREAD","Refunds"]`,
		"another mailbox":               `{"status":403,"error":"PERMISSION_DENIED","reason":"forbidden"}`,
		"refreshed":                     `true`,
		"no tester":                     `{"page":"Access blocked · Error 403: access_denied"}`,
		"web, online":                   `false`,
		"web, offline again, no prompt": `false`,
		"web, consent":                  `true`,
		"web, another redirect":         `{"page":"Access blocked · Error 400: redirect_uri_mismatch"}`,
		"API off":                       `{"status":403,"error":"PERMISSION_DENIED","reason":"accessNotConfigured"}`,
		"robot for a mailbox":           `{"emailAddress":"support@acme.example","historyId":"4711","messagesTotal":42,"threadsTotal":17}`,
		"robot for nobody":              `{"status":400,"error":"FAILED_PRECONDITION","reason":"failedPrecondition"}`,
		"robot for a stranger":          `{"status":400,"error":"invalid_grant","description":"Invalid email or User ID"}`,
		"robot, another scope":          `{"status":400,"error":"access_denied","description":"Requested client not authorized."}`,
		"revoked":                       `{"status":400,"error":"invalid_grant","description":"Token has been expired or revoked."}`,
	} {
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(out[name], wanted) {
			got, _ := json.Marshal(out[name])
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if info, _ := out["info"].(map[string]any); info["aud"] != fix.DesktopClientID {
		t.Errorf("info: %v", out["info"])
	}
}

// The same by the Go library, from the very files that the console offers.
func TestGooglesGoLibraryReadsTheDoublesFiles(t *testing.T) {
	t.Parallel()
	sb, fix := startGoogle(t)
	e := sb.Endpoints()["google"]
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, http.DefaultClient)
	file, err := sb.GoogleClientFile(fix.DesktopClientID)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := google.ConfigFromJSON(file, fix.Scopes...)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint.AuthURL, cfg.Endpoint.TokenURL = e["accounts"]+"/o/oauth2/auth", e["oauth2"]+"/token"
	verifier := oauth2.GenerateVerifier()
	to, err := sb.GrantAs(ctx, cfg.AuthCodeURL("s", oauth2.AccessTypeOffline, oauth2.ApprovalForce, oauth2.S256ChallengeOption(verifier)), fix.Mailbox, nil)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := cfg.Exchange(ctx, query(t, to).Get("code"), oauth2.VerifierOption(verifier))
	if err != nil || tok.RefreshToken == "" {
		t.Fatalf("%v, refresh token %t", err, tok != nil && tok.RefreshToken != "")
	}
	if got := getJSON(t, cfg.Client(ctx, tok), e["gmail"]+"/gmail/v1/users/me/profile"); got["emailAddress"] != fix.Mailbox {
		t.Errorf("profile: %v", got)
	}

	file, err = sb.GoogleServiceAccountFile()
	if err != nil {
		t.Fatal(err)
	}
	jwtConfig, err := google.JWTConfigFromJSON(file, fix.Scopes...)
	if err != nil {
		t.Fatal(err)
	}
	jwtConfig.TokenURL, jwtConfig.Subject = e["oauth2"]+"/token", fix.Mailbox
	if _, err = jwtConfig.TokenSource(ctx).Token(); err == nil || !strings.Contains(err.Error(), "unauthorized_client") {
		t.Errorf("not delegated: %v", err)
	}
	sb.GoogleDelegate(fix.ServiceAccountID, fix.Scopes...)
	if got := getJSON(t, jwtConfig.Client(ctx), e["gmail"]+"/gmail/v1/users/me/labels"); got["labels"] == nil {
		t.Errorf("labels: %v", got)
	}
}

func startGoogle(t *testing.T) (*sandbox.Sandbox, sandbox.GoogleFixtures) {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	return sb, sb.Fixtures().Google
}

func getJSON(t *testing.T, client *http.Client, target string) map[string]any {
	t.Helper()
	resp, err := client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body
}

func query(t *testing.T, raw string) url.Values {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
