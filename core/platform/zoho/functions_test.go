package zoho_test

import (
	"os"
	"path/filepath"
	"testing"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
)

func actionNamed(t *testing.T, name string) action.Action {
	t.Helper()
	for _, a := range zoho.Platform().Actions(platform.Services{Clock: core.SystemClock{}}) {
		if a.Name == name {
			return a
		}
	}
	t.Fatal("no action", name)
	return action.Action{}
}

func TestAFunctionThatFailedIsToldByWhatZohoShowed(t *testing.T) {
	t.Parallel()
	a := actionNamed(t, "zoho.execution_log")
	for text, want := range map[string]string{
		"Failed to execute function - UnAuthenticated Connections":            "zoho.deluge.unauthenticated-connection",
		"Error at line : 3, Given Connection Name was not found":              "zoho.deluge.connection-not-found",
		`{"errorCode":"SCOPE_MISMATCH","message":"x"}`:                        "zoho.SCOPE_MISMATCH",
		`{"errorCode":"OAUTH_ORG_MISMATCH"}`:                                  "zoho.OAUTH_ORG_MISMATCH",
		"Invalid Authtoken":                                                   "zoho.deluge.invalid-authtoken",
		"Failed to execute function\nError at line :4, null value":            "zoho.function.failed",
		"Function executed successfully\n{\"id\":\"1\",\"subject\":\"認証\"}\n": "",
	} {
		out, err := a.Run(t.Context(), action.Values{Plain: map[string]string{"link": "desk"}, Secret: core.Secrets{"log": core.NewSecret(text)}})
		if core.CodeOf(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if want == "" && out.Plain["read_at"] == "" {
			t.Errorf("%q: %v", text, out.Plain)
		}
	}
}

func TestAFolderIsNamedWholeAndAFileThatCantBeReadIsNoNothing(t *testing.T) {
	t.Parallel()
	a := actionNamed(t, "zoho.connection_uses")
	run := func(folder string) error {
		_, err := a.Run(t.Context(), action.Values{Plain: map[string]string{"folder": folder, "link": "desk"}})
		return err
	}
	if err := run("functions"); core.CodeOf(err) != "zoho.folder-relative" {
		t.Error(err)
	}
	if err := run(filepath.Join(t.TempDir(), "none")); core.CodeOf(err) != "file.missing" {
		t.Error(err)
	}
	if os.Getuid() == 0 {
		return // root reads everything
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.dg"), []byte("x"), 0o200); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); core.CodeOf(err) != "file.unreadable" {
		t.Error(err)
	}
}

func TestFunctionsAreProvenRewrittenOnlyWhileNoneIsLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := action.Values{Plain: map[string]string{"folder": dir, "link": "desk", "tasks": "no"}}
	run := func(name string) (action.Values, error) { return actionNamed(t, name).Run(t.Context(), in) }
	put("a.dg", "x = getUrl(\"https://desk.zoho.jp/api/v1/agents?authtoken=\" + t);\ninfo x;\n")
	put("b.dg", "r = invokeurl [ url: somewhere type: GET headers: {\"Authorization\":\"Zoho-authtoken \" + t} ];\n")
	put("c.dg", "y = zoho.desk.create(orgId,\"tickets\",m);\n")
	look, err := run("zoho.look_at_functions")
	if err != nil || look.Plain["files"] != "2" || look.Plain["requests"] != "1" || look.Plain["by_hand"] != "1" || look.Plain["tasks"] != "1" || look.Plain["where"] != "b.dg:1" {
		t.Errorf("%v, %v", look.Plain, err)
	}
	if _, err := run("zoho.functions_rewritten"); core.CodeOf(err) != "zoho.functions-left" {
		t.Error(err)
	}
	for _, want := range []string{"1", "0"} { // twice: there is nothing more to write
		if out, err := run("zoho.rewrite_functions"); err != nil || out.Plain["written"] != want {
			t.Errorf("%v, %v", out.Plain, err)
		}
	}
	if out, err := run("zoho.functions_rewritten"); err != nil || out.Plain["places"] != "1" || out.Plain["by_hand"] != "1" {
		t.Errorf("%v, %v", out.Plain, err)
	}
	put("late.dg", "z = getUrl(\"https://desk.zoho.jp/api/v1/agents?authtoken=\" + t);\n")
	if _, err := run("zoho.functions_rewritten"); core.CodeOf(err) != "zoho.functions-left" {
		t.Error(err)
	}
}

func TestAConnectionIsPlacedOnceAndItsAbsenceSeen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "plugin-manifest.json")
	text := `{"locale":["en"],"service":"DESK","storage":false,"whiteListedDomains":[],"modules":{"widgets":[]},"connectors":[],"config":[]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in := action.Values{Plain: map[string]string{
		"file": file, "link": "zohodesk",
		"connection_json": `{"connectionLinkName":"zohodesk","connectionName":"zohodesk","serviceName":"zlabs_integration","scope":["Desk.tickets.READ"]}`,
	}}
	if _, err := actionNamed(t, "zoho.manifest_valid").Run(t.Context(), in); core.CodeOf(err) != "zoho.manifest-without" {
		t.Error(err)
	}
	for _, want := range []string{"yes", "no"} {
		if out, err := actionNamed(t, "zoho.place_connection").Run(t.Context(), in); err != nil || out.Plain["written"] != want {
			t.Errorf("%v, %v", out.Plain, err)
		}
	}
	if _, err := actionNamed(t, "zoho.manifest_valid").Run(t.Context(), in); err != nil {
		t.Error(err)
	}
	in.Plain["file"] = "plugin-manifest.json"
	if _, err := actionNamed(t, "zoho.look_at_manifest").Run(t.Context(), in); core.CodeOf(err) != "zoho.folder-relative" {
		t.Error(err)
	}
}
