package google_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/google"
	"deskward/core/sandbox"
)

const (
	goodID   = "123456789012-abc123def456.apps.googleusercontent.com"
	ourURI   = "http://127.0.0.1:48105/callback/google"
	webexURI = "https://acme.connect.example/callback"
)

func parse(t *testing.T, raw string) google.File {
	t.Helper()
	f, err := google.ParseFile([]byte(raw))
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return f
}

func codes(list []platform.Finding, least platform.Level) []string {
	var out []string
	for _, f := range list {
		if f.Level >= least {
			out = append(out, strings.TrimPrefix(f.Code, "google."))
		}
	}
	slices.Sort(out)
	return out
}

func TestKindOfAFileIsToldByItsContent(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]google.Kind{
		`{"web":{"client_id":"a"}}`:                           google.KindWeb,
		"\ufeff" + `{"installed":{"client_id":"a"}}`:          google.KindInstalled,
		`{"type":"service_account","private_key":"k"}`:        google.KindServiceAccount,
		`{"private_key":"k","client_email":"a@b"}`:            google.KindServiceAccount,
		`{"type":"authorized_user","client_id":"a"}`:          google.KindAuthorizedUser,
		`{"type":"external_account"}`:                         google.KindExternal,
		`{"type":"external_account_authorized_user"}`:         google.KindExternalUser,
		`{"type":"impersonated_service_account"}`:             google.KindImpersonated,
		`{"type":"gdch_service_account"}`:                     google.KindGDCH,
		`{"project_info":{},"client":[]}`:                     google.KindAndroid,
		`{"client_id":"1000.X","client_secret":"s"}`:          google.KindFlat,
		`{"hello":"world"}`:                                   google.KindOther,
		`{"type":7}`:                                          google.KindOther,
		`{"redirect_uris":"not a list","type":"external_ac"}`: google.KindOther,
	} {
		if f := parse(t, raw); f.Kind != want {
			t.Errorf("%s is %s, want %s", raw, f.Kind, want)
		}
	}
	for _, raw := range []string{"", "[]", "null", "{", `"web"`, `{"web":[]}`, `{"web":{"redirect_uris":"x"}}`, "-----BEGIN PRIVATE KEY-----", strings.Repeat(" ", 2<<20)} {
		if _, err := google.ParseFile([]byte(raw)); core.CodeOf(err) != "google.file-malformed" {
			t.Errorf("%.20q: %v", raw, err)
		}
	}
}

func TestAFileThatAnEditorSavedIsRead(t *testing.T) {
	t.Parallel()
	raw := []byte{0xff, 0xfe}
	for _, r := range `{"web":{"client_id":"a"}}` {
		raw = append(raw, byte(r), 0)
	}
	if f := parse(t, string(raw)); f.Kind != google.KindWeb || f.ClientID != "a" {
		t.Errorf("UTF-16: %+v", f)
	}
	for _, page := range []string{"<!DOCTYPE html><html></html>", "\ufeff\n <html>"} {
		if _, err := google.ParseFile([]byte(page)); core.CodeOf(err) != "google.file-web-page" {
			t.Errorf("%q: %v", page, err)
		}
	}
}

func TestLintNamesEveryProblemOfAClient(t *testing.T) {
	t.Parallel()
	web := func(members string) string { return `{"web":{"client_id":"` + goodID + `",` + members + `}}` }
	const secret = `"client_secret":"GOCSPX-x"`
	const now = `,"auth_uri":"https://accounts.google.com/o/oauth2/auth","token_uri":"https://oauth2.googleapis.com/token"`
	for name, tc := range map[string]struct {
		file string
		want string // codes of what warns or stops, by blanks
	}{
		"good web client":           {web(secret + `,"redirect_uris":["` + ourURI + `"]` + now), ""},
		"good desktop client":       {`{"installed":{"client_id":"` + goodID + `",` + secret + `,"redirect_uris":["http://localhost"]` + now + `}}`, ""},
		"oldest kind of id":         {`{"installed":{"client_id":"123456789012.apps.googleusercontent.com",` + secret + `}}`, ""},
		"desktop without secret":    {`{"installed":{"client_id":"` + goodID + `"}}`, "secret-optional"},
		"web without secret":        {web(`"redirect_uris":["` + ourURI + `"]`), "secret-missing"},
		"origins only":              {web(secret + `,"javascript_origins":["https://acme.example"]`), "redirect-none"},
		"another system's callback": {web(secret + `,"redirect_uris":["` + webexURI + `"]`), "redirect-missing"},
		"both":                      {web(secret + `,"redirect_uris":["` + webexURI + `","` + ourURI + `"]`), "shared-client"},
		"a slash more":              {web(secret + `,"redirect_uris":["` + ourURI + `/"]`), "redirect-almost"},
		"localhost":                 {web(secret + `,"redirect_uris":["http://localhost:48105/callback/google"]`), "redirect-almost"},
		"another port":              {web(secret + `,"redirect_uris":["http://127.0.0.1:8080/callback/google"]`), "redirect-almost"},
		"capitals":                  {web(secret + `,"redirect_uris":["http://127.0.0.1:48105/Callback/google"]`), "redirect-almost"},
		"plain http":                {web(secret + `,"redirect_uris":["` + ourURI + `","http://10.0.0.7/cb"]`), "redirect-insecure"},
		"stale token URL":           {web(secret + `,"redirect_uris":["` + ourURI + `"],"token_uri":"https://accounts.google.com/o/oauth2/token"`), "token-url-stale"},
		"older token URL":           {web(secret + `,"redirect_uris":["` + ourURI + `"],"token_uri":"https://www.googleapis.com/oauth2/v3/token"`), "token-url-stale"},
		"token URL of a stranger":   {web(secret + `,"redirect_uris":["` + ourURI + `"],"token_uri":"https://oauth2.googleapis.com.stranger.example/token"`), "token-url-foreign"},
		"stale authorization URL":   {web(secret + `,"redirect_uris":["` + ourURI + `"],"auth_uri":"https://accounts.google.com/o/oauth2/auth2"`), "auth-url-stale"},
		"no client id":              {`{"web":{` + secret + `,"redirect_uris":["` + ourURI + `"]}}`, "client-id-missing"},
		"half a client id":          {`{"installed":{"client_id":"123456789012-abc",` + secret + `}}`, "client-id-malformed"},
		"Thunderbird's":             {`{"installed":{"client_id":"406964657835-aq8lmia8j95dhl1a2bvharmfk3t1hgqj.apps.googleusercontent.com",` + secret + `}}`, "borrowed-client"},
		"gcloud's credential":       {`{"type":"authorized_user","client_id":"764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"}`, "kind-authorized_user"},
		"a service account":         {`{"type":"service_account"}`, "grant-code"},
		"a hidden secret":           {web(`"client_secret":"****a1b2","redirect_uris":["` + ourURI + `"]`), "secret-masked"},
		"an address for a host":     {web(secret + `,"redirect_uris":["` + ourURI + `","https://10.0.0.7/cb"]`), "redirect-impossible shared-client"},
		"a wildcard":                {web(secret + `,"redirect_uris":["` + ourURI + `","https://*.acme.example/cb"]`), "redirect-impossible shared-client"},
		"a way upwards":             {web(secret + `,"redirect_uris":["` + ourURI + `","https://acme.example/a/../cb"]`), "redirect-impossible shared-client"},
		"an empty fragment":         {web(secret + `,"redirect_uris":["` + ourURI + `","https://acme.example/cb#"]`), "redirect-impossible shared-client"},
		"dots in a name":            {web(secret + `,"redirect_uris":["` + ourURI + `","https://acme.example/a..b"]`), "shared-client"},
		"another universe":          {`{"installed":{"client_id":"` + goodID + `",` + secret + `,"universe_domain":"cloud.example"}}`, "universe"},
		"much at once": {
			`{"web":{"client_id":"x","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"],"token_uri":"https://accounts.google.com/o/oauth2/token"}}`,
			"client-id-malformed redirect-missing secret-missing token-url-stale",
		},
	} {
		use := google.Use{Grant: core.GrantCode, Redirects: []string{ourURI}, Audience: "production", Scopes: []string{google.MailScope}}
		got := codes(google.Lint(parse(t, tc.file), use), platform.Warns)
		want := strings.Fields(tc.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Guides to other systems lint the same file for that system's callback.
func TestLintForAnotherSystemWantsItsCallback(t *testing.T) {
	t.Parallel()
	use := google.Use{Grant: core.GrantCode, Redirects: []string{webexURI}, Audience: "production"}
	file := `{"web":{"client_id":"` + goodID + `","client_secret":"s","redirect_uris":["` + ourURI + `"]}}`
	if got := codes(google.Lint(parse(t, file), use), platform.Warns); !slices.Equal(got, []string{"redirect-missing"}) {
		t.Errorf("without it: %v", got)
	}
	file = strings.Replace(file, ourURI, webexURI, 1)
	if got := codes(google.Lint(parse(t, file), use), platform.Warns); len(got) > 0 {
		t.Errorf("with it: %v", got)
	}
}

// What stops another system can't be mended by deskward's own choice of a
// redirect, so it stops here.
func TestLintStopsAClientThatCannotLeadBackToItsSystem(t *testing.T) {
	t.Parallel()
	use := google.Use{Grant: core.GrantCode, Redirects: []string{webexURI}, Elsewhere: true, Audience: "production"}
	for name, tc := range map[string]struct{ kind, uris, want string }{
		"origins only":          {"web", "", "callback-none"},
		"deskward's alone":      {"web", `"` + ourURI + `"`, "callback-missing"},
		"a slash more":          {"web", `"` + webexURI + `/"`, "callback-almost"},
		"its callback":          {"web", `"` + webexURI + `"`, ""},
		"its callback and ours": {"web", `"` + ourURI + `","` + webexURI + `"`, ""},
		"a desktop client":      {"installed", `"http://localhost"`, "callback-desktop"},
	} {
		file := `{"` + tc.kind + `":{"client_id":"` + goodID + `","client_secret":"s","redirect_uris":[` + tc.uris + `]}}`
		if got := strings.Join(codes(google.Lint(parse(t, file), use), platform.Stops), " "); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestLintSaysWhatTheAudienceMeans(t *testing.T) {
	t.Parallel()
	file := `{"installed":{"client_id":"` + goodID + `","client_secret":"s"}}`
	for name, tc := range map[string]struct {
		audience, mailbox, want string
		scopes                  []string
	}{
		"testing":                {"testing", "support@acme.example", "testing-seven-days", nil},
		"unknown":                {"unknown", "", "audience-unknown", nil},
		"internal, of gmail.com": {"internal", "acme.desk@gmail.com", "internal-consumer", nil},
		"internal":               {"internal", "support@acme.example", "", nil},
		"no mail scope":          {"production", "", "scope-mail", []string{"https://www.googleapis.com/auth/gmail.readonly"}},
	} {
		use := google.Use{Grant: core.GrantCode, Audience: tc.audience, Mailbox: tc.mailbox, Scopes: tc.scopes}
		if got := strings.Join(codes(google.Lint(parse(t, file), use), platform.Notes), " "); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestLintNamesEveryProblemOfAServiceAccount(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	good, err := sb.GoogleServiceAccountFile()
	if err != nil {
		t.Fatal(err)
	}
	fix := sb.Fixtures().Google
	for name, tc := range map[string]struct {
		file, mailbox, want string
	}{
		"good":                      {string(good), fix.Mailbox, ""},
		"no mailbox, as the seed":   {string(good), "", "subject-missing"},
		"for a personal account":    {string(good), "acme.desk@gmail.com", "subject-consumer"},
		"for itself":                {string(good), fix.ServiceAccount, "subject-robot"},
		"no key":                    {`{"type":"service_account","client_email":"a@b.example","client_id":"42"}`, fix.Mailbox, "key-missing"},
		"a cut key":                 {`{"type":"service_account","client_email":"a@b.example","client_id":"42","private_key":"-----BEGIN PRIVATE KEY-----\nMII"}`, fix.Mailbox, "key-malformed"},
		"address in place of an id": {strings.Replace(string(good), fix.ServiceAccountID, "deskward@acme.example", 1), fix.Mailbox, "service-id"},
		"a client's file":           {`{"web":{"client_id":"` + goodID + `"}}`, fix.Mailbox, "grant-service-account"},
	} {
		use := google.Use{Grant: core.GrantServiceAccount, Mailbox: tc.mailbox, Scopes: fix.Scopes}
		if got := strings.Join(codes(google.Lint(parse(t, tc.file), use), platform.Warns), " "); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	note := google.Lint(parse(t, string(good)), google.Use{Grant: core.GrantServiceAccount, Mailbox: fix.Mailbox, Scopes: []string{"a", "b"}})
	if i := slices.IndexFunc(note, func(f platform.Finding) bool { return f.Code == "google.delegate" }); i < 0 || note[i].Params["id"] != fix.ServiceAccountID || note[i].Params["scopes"] != "a,b" {
		t.Errorf("the values for the delegation page: %+v", note)
	}
}

func TestLintGivesOnlyTheCodesThatItLists(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("lint.go")
	if err != nil {
		t.Fatal(err)
	}
	all := google.AllFindings()
	for _, part := range strings.Split(string(raw), "l.add(platform.")[1:] {
		_, rest, _ := strings.Cut(part, `"`)
		code, _, _ := strings.Cut(rest, `"`)
		if code != "kind-" && !slices.Contains(all, "google."+code) {
			t.Errorf("%q is not listed", code)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{`{"web":{"client_id":"a","redirect_uris":["http://[::1"]}}`, `{"type":"service_account","private_key":"x"}`, `{"installed":{}}`, "\x00", `{"web":null}`, "<"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := google.ParseFile(data)
		if err != nil {
			if code := core.CodeOf(err); code != "google.file-malformed" && code != "google.file-web-page" {
				t.Errorf("%v", err)
			}
			return
		}
		for _, g := range []core.Grant{core.GrantCode, core.GrantServiceAccount} {
			for _, found := range google.Lint(file, google.Use{Grant: g, Redirects: []string{ourURI}, Scopes: []string{google.MailScope}}) {
				if !slices.Contains(google.AllFindings(), found.Code) {
					t.Errorf("code %s", found.Code)
				}
				for name, v := range found.Params {
					if v != core.CleanLine(v) {
						t.Errorf("%s %s is not clean: %q", found.Code, name, v)
					}
				}
			}
		}
	})
}
