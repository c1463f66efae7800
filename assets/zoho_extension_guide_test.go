package assets_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zoho"
)

const extensionGuide = "zoho-marketplace-extension"

// extensionOptions answer with a connection's JSON, first the wrong text.
func (r *rehearsal) extensionOptions() (guide.DriveOptions, string) {
	r.t.Helper()
	folder, err := r.sb.ZohoFunctions()
	if err != nil {
		r.t.Fatal(err)
	}
	file := filepath.Join(folder, "plugin-manifest.json")
	return guide.DriveOptions{Confirm: true, Instead: true, Answers: guide.Answers{
		"files.file": file, "files.connection_json": `r = invokeurl [ connection:"zohodesk" ];`, "again.connection_json": r.sb.ZohoConnectionJSON(), "zet.validated": "accepted",
	}}, file
}

func TestExtensionGuidePutsTheConnectionWhereTheValidatorWantsIt(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, extensionGuide, zoho.Platform())
	o, file := r.extensionOptions()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	run, err := r.runner.Rehearse(t.Context(), extensionGuide, "", o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.StateOf("look") != guide.GaveWay {
		t.Errorf("the wrong text was taken: %s", run.StateOf("look"))
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Zoho struct {
			Type, ServiceName string
			Scope             []string
		} `json:"zohoAuthorisation"`
		Connectors []any
	}
	if err := json.Unmarshal(after, &m); err != nil || m.Zoho.Type != "connectors" || m.Zoho.ServiceName != "zlabs_integration" || len(m.Zoho.Scope) != 2 || len(m.Connectors) != 0 {
		t.Errorf("%v\n%s", err, after)
	}
	if backup, err := os.ReadFile(file + ".bak"); err != nil || string(backup) != string(before) {
		t.Error("the backup is not what the file was", err)
	}
}

func TestExtensionGuideStopsAtAManifestThatIsStillRefused(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, extensionGuide, zoho.Platform())
	o, file := r.extensionOptions()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(raw), `"storage": false,`, "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err := r.runner.Rehearse(t.Context(), extensionGuide, "", o)
	if core.CodeOf(err) != "zoho.manifest-invalid" || firstOpen(run) != "valid" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}

func TestExtensionGuideNamesTheLineThatStillSendsTheAuthTokenAndIsContentOnceItIsMended(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, extensionGuide, zoho.Platform())
	o, file := r.extensionOptions()
	o.Answers["files.connection_json"] = r.sb.ZohoConnectionJSON()
	o.Instead = false
	run, err := r.runner.Rehearse(t.Context(), extensionGuide, "", o)
	known, _ := errors.AsType[*core.Error](err)
	if core.CodeOf(err) != "zoho.extension-token" || firstOpen(run) != "clean" || known.Params["places"] != "app/widget.js:6" {
		t.Fatalf("at %s: %v %+v", firstOpen(run), err, known)
	}
	code := filepath.Join(filepath.Dir(file), "app", "widget.js")
	raw, err := os.ReadFile(code)
	if err != nil {
		t.Fatal(err)
	}
	mended := strings.Replace(string(raw), `headers: { Authorization: "Zoho-authtoken " + settings.authtoken }`, `connectionLinkName: "zohodesk"`, 1)
	if err := os.WriteFile(code, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err = r.runner.Drive(t.Context(), run, o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %s: %v", run.State, firstOpen(run), err)
	}
	if out := run.Steps["clean"].Out; out["files"] != "1" || out["uses"] != "1" {
		t.Errorf("what was read: %v", out)
	}
	if run.Name != filepath.Base(filepath.Dir(file)) {
		t.Errorf("the run is called %q", run.Name)
	}
}
