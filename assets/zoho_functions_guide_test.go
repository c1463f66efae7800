package assets_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deskward/core/guide"
	"deskward/core/platform/zoho"
)

const functionsGuide = "zoho-custom-functions"

// functionsOptions answer as an admin who forgets the scopes, once.
func (r *rehearsal) functionsOptions(folder string) guide.DriveOptions {
	return guide.DriveOptions{
		Confirm: true, Instead: true,
		Answers: guide.Answers{"desk.region": "jp", "desk.link": "desk_oauth", "desk.folder": folder, "desk.tasks": "yes"},
		Ask: func(_ context.Context, run guide.Run) (guide.Answers, error) {
			step, _ := run.Current()
			var scopes []string
			switch step.ID {
			case "run":
			case "run_again":
				scopes = strings.Fields(run.Steps["look"].Out["scopes"])
			default:
				return nil, nil
			}
			r.sb.ZohoMigrateConnection("desk_oauth", scopes)
			r.sb.ZohoConnect("desk_oauth")
			log, err := r.sb.ZohoSaveAndExecute("open_tickets.dg")
			return guide.Answers{step.ID + ".log": log}, err
		},
	}
}

func TestFunctionsGuideRewritesWithBackupsAndEndsWhenAFunctionRuns(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, functionsGuide, zoho.Platform())
	folder, err := r.sb.ZohoFunctions()
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	before, other := file("open_tickets.dg"), file("close_ticket.dg")
	run, err := r.runner.Rehearse(t.Context(), functionsGuide, "", r.functionsOptions(folder))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if file("open_tickets.dg.bak") != before || file("close_ticket.dg") != other {
		t.Error("a backup is missing, or another function was touched")
	}
	if got := file("open_tickets.dg"); strings.Contains(got, "Zoho-authtoken") || !strings.Contains(got, `connection:"desk_oauth"`) {
		t.Error(got)
	}
	if run.StateOf("executed") != guide.GaveWay || run.Steps["rewritten"].Out["places"] != "1" {
		t.Errorf("executed %s, rewritten %v", run.StateOf("executed"), run.Steps["rewritten"].Out)
	}
	r.noSecretIn(run, r.sb.Fixtures().Zoho.Authtoken, "SCOPE_MISMATCH\",\"", "executed successfully")
}

func TestFunctionsGuideWritesOnlyOnATypedWord(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, functionsGuide, zoho.Platform())
	g := r.only()
	step, ok := g.Step("rewrite")
	if !ok || step.Confirm == nil || step.Confirm.Word == "" {
		t.Errorf("%+v", step.Confirm)
	}
	for _, other := range g.Steps {
		if other.ID != "rewrite" && other.Action.Name == step.Action.Name {
			t.Errorf("%s writes too", other.ID)
		}
	}
}
