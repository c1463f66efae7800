package manifest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskward/core"
	"deskward/core/manifest"
)

// desk is a connection to Zoho Desk as it is copied from its page: no type.
const desk = `{
  "connectionLinkName": "deskconn", "connectionName": "deskconn", "serviceName": "zlabs_integration",
  "userAccess": true, "isUserDefinedService": false, "sharedBy": "1234567",
  "scope": ["Desk.tickets.ALL", "Desk.contacts.READ"]
}`

const shop = `{"connectionLinkName":"shop2","connectionName":"shop two","serviceName":"woocommerce","userAccess":true,"isUserDefinedService":false,"sharedBy":"1234567"}`

// plain is a manifest that the vendor's validator accepts, with tabs.
const plain = `{
	"locale": ["en"],
	"service": "DESK",
	"storage": false,
	"whiteListedDomains": [ "https://desk.zoho.com" ],
	"modules": {
		"widgets": [ {"location": "desk.ticket.detail.rightpanel", "url": "https://example.com/w.html", "name": "Widget one"} ]
	},
	"connectors": [],
	"config": []
}
`

// manifests are written by different hands.
func manifests() map[string]string {
	legacy := strings.Replace(plain, `"connectors": []`, `"connectors": [ {"connectionLinkName":"old","connectionName":"old","serviceName":"zlabs_integration"}, {"connectionLinkName":"shop","connectionName":"shop","serviceName":"woocommerce","userAccess":true} ]`, 1)
	return map[string]string{
		"tabs":          plain,
		"crlf":          strings.ReplaceAll(plain, "\n", "\r\n"),
		"four blanks":   strings.ReplaceAll(plain, "\t", "    "),
		"one line":      compacted(plain),
		"legacy":        legacy,
		"only legacy":   strings.Replace(plain, `"connectors": []`, `"connectors": [{"connectionLinkName":"old","connectionName":"old","serviceName":"zlabs_integration"}]`, 1),
		"no connectors": strings.Replace(plain, "\t\"connectors\": [],\n", "", 1),
		"empty object":  strings.Replace(plain, "\t\"config\"", "\t\"zohoAuthorisation\": {},\n\t\"config\"", 1),
		"another":       strings.Replace(plain, "\t\"config\"", "\t\"zohoAuthorisation\" : {\"type\":\"connectors\",\"connectionLinkName\":\"x\",\"connectionName\":\"x\",\"serviceName\":\"zlabs_integration\"},\n\t\"config\"", 1),
		"allman":        "{\n    \"locale\":\n    [\n        \"en\"\n    ],\n    \"service\": \"DESK\", \"storage\": true,\n    \"whiteListedDomains\": [],\n    \"modules\": {\"widgets\": [{\"location\":\"x\",\"url\":\"https://e.example/\",\"name\":\"W\"}]},\n    \"connectors\":\n    [\n    ],\n    \"config\": []\n}",
	}
}

func compacted(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}

func place(t *testing.T, m, c string) manifest.Placed {
	t.Helper()
	p, err := manifest.Place(m, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAConnectionToZohoGoesWhereTheValidatorWantsIt(t *testing.T) {
	t.Parallel()
	p := place(t, plain, desk)
	want := strings.Replace(plain, "\t\"connectors\"", "\t\"zohoAuthorisation\": {\n"+
		"\t\t\"type\": \"connectors\",\n\t\t\"connectionLinkName\": \"deskconn\",\n\t\t\"connectionName\": \"deskconn\",\n\t\t\"serviceName\": \"zlabs_integration\",\n"+
		"\t\t\"userAccess\": true,\n\t\t\"isUserDefinedService\": false,\n\t\t\"sharedBy\": \"1234567\",\n\t\t\"scope\": [\"Desk.tickets.ALL\",\"Desk.contacts.READ\"]\n\t},\n\t\"connectors\"", 1)
	if d := cmp.Diff(want, p.Text); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]manifest.Rule{{Code: manifest.RuleZoho}, {Code: manifest.RuleType}}, p.Rules); d != "" {
		t.Error(d)
	}
}

func TestEveryPlacementPassesTheRulesIsJSONAndIsDoneAfterOneTime(t *testing.T) {
	t.Parallel()
	for name, m := range manifests() {
		for which, c := range map[string]string{"desk": desk, "shop": shop, "in an array": "[" + desk + "]"} {
			p := place(t, m, c)
			if len(p.After) > 0 && !strings.Contains(name, "legacy") || len(p.After) > 0 && which != "shop" {
				t.Errorf("%s, %s: %+v\n%s", name, which, p.After, p.Text)
			}
			if !json.Valid([]byte(p.Text)) {
				t.Errorf("%s, %s: not JSON:\n%s", name, which, p.Text)
			}
			if again := place(t, p.Text, c); again.Text != p.Text || again.Rules[0].Code != manifest.RuleAlready {
				t.Errorf("%s, %s: a second time gives %+v\n%s", name, which, again.Rules, again.Text)
			}
		}
	}
}

func TestEverythingElseKeepsItsPlaceAndItsForm(t *testing.T) {
	t.Parallel()
	for name, m := range manifests() {
		p := place(t, m, shop)
		for _, line := range strings.SplitAfter(m, "\n") {
			if !strings.Contains(line, "onnect") && !strings.Contains(p.Text, strings.TrimRight(line, ", \r\n")) {
				t.Errorf("%s: the line %q is gone from\n%s", name, line, p.Text)
			}
		}
	}
}

func TestALegacyEntryLeavesTheOldPlace(t *testing.T) {
	t.Parallel()
	p := place(t, manifests()["legacy"], desk)
	if strings.Contains(p.Text, `"old"`) || !strings.Contains(p.Text, `"shop"`) {
		t.Error(p.Text)
	}
	if len(p.Before) == 0 || p.Before[0].Code != "zoho-in-connectors" {
		t.Errorf("before: %+v", p.Before)
	}
}

func TestAServiceIsThereOnce(t *testing.T) {
	t.Parallel()
	p := place(t, manifests()["legacy"], shop)
	if strings.Count(p.Text, "woocommerce") != 1 || !strings.Contains(p.Text, "shop2") {
		t.Error(p.Text)
	}
}

func TestWhatIsNoManifestOrNoConnectionIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ manifest, connection, code string }{
		{"{", desk, "manifest.not-json"},
		{"[]", desk, "manifest.not-object"},
		{`{"a":1,}`, desk, "manifest.not-json"},
		{`{"a":1,"a":2}`, desk, "manifest.duplicate-key"},
		{plain, "nothing", "connection-json.not-json"},
		{plain, "{}", "connection-json.not-connection"},
		{plain, `{"connectionLinkName":"a","connectionName":"b"}`, "connection-json.not-connection"},
	} {
		if _, err := manifest.Place(c.manifest, c.connection); core.CodeOf(err) != c.code {
			t.Errorf("%q, %q: %v, want %s", c.manifest, c.connection, err, c.code)
		}
	}
}

// The vendor's own validator, which knows nothing of this project, judges
// each manifest that is written.
func TestZohosOwnValidatorAcceptsWhatIsWritten(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	zet, err := filepath.Abs("testdata/zet/node_modules/zoho-extension-toolkit/index.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(zet); err != nil {
		t.Skip("zoho-extension-toolkit is not installed (npm ci in core/manifest/testdata/zet; .ci/run does it)")
	}
	validate := func(m string) (bool, string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"plugin-manifest.json": m, "resources.json": "{}", "app/translations/en.json": "{}"} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), node, zet, "validate")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		return err == nil, string(out)
	}
	for name, m := range manifests() {
		if ok, out := validate(m); ok != (len(manifest.Check(m)) == 0) {
			t.Errorf("%s before: the validator says %v, we %+v\n%s", name, ok, manifest.Check(m), out)
		}
		for which, c := range map[string]string{"desk": desk, "shop": shop} {
			p := place(t, m, c)
			if ok, out := validate(p.Text); ok != (len(p.After) == 0) {
				t.Errorf("%s, %s: the validator says %v, we %+v\n%s\n%s", name, which, ok, p.After, out, p.Text)
			}
		}
	}
	if ok, _ := validate(strings.Replace(plain, `"connectors": []`, `"connectors": {}`, 1)); ok {
		t.Error("the validator accepts anything")
	}
}

func FuzzAPlacementIsJSONAndKeepsTheRest(f *testing.F) {
	for _, m := range manifests() {
		f.Add(m, desk)
		f.Add(m, shop)
	}
	f.Add("\ufeff{}", desk)
	f.Fuzz(func(t *testing.T, m, c string) {
		p, err := manifest.Place(m, c)
		if err != nil {
			return
		}
		after := strings.TrimPrefix(p.Text, "\ufeff")
		if !json.Valid([]byte(after)) {
			t.Fatalf("not JSON:\n%s\nof\n%s", p.Text, m)
		}
		var was, is map[string]json.RawMessage
		if json.Unmarshal([]byte(strings.TrimPrefix(m, "\ufeff")), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
			return
		}
		for k, v := range was {
			if k != "connectors" && k != "zohoAuthorisation" && string(is[k]) != string(v) {
				t.Fatalf("%q was %s and is %s", k, v, is[k])
			}
		}
		if again, err := manifest.Place(p.Text, c); err != nil || again.Text != p.Text {
			t.Fatalf("a second time: %v\n%s\nafter\n%s", err, again.Text, p.Text)
		}
	})
}
