package assets_test

import (
	"context"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
)

const connectionsGuide = "zoho-connections-expiring"

// connectionsOptions answer as an admin who forgets to connect, once.
func (r *rehearsal) connectionsOptions(with func(guide.Answers)) guide.DriveOptions {
	r.t.Helper()
	folder, err := r.sb.ZohoFunctions()
	if err != nil {
		r.t.Fatal(err)
	}
	answers := guide.Answers{"desk.region": "jp", "desk.link": sandbox.ZohoConnectionLink, "desk.folder": folder, "after.marked": "clear"}
	if with != nil {
		with(answers)
	}
	return guide.DriveOptions{
		Confirm: true, Instead: true, Answers: answers,
		Ask: func(_ context.Context, run guide.Run) (guide.Answers, error) {
			step, _ := run.Current()
			switch step.ID {
			case "run":
				scopes := strings.Fields(run.Steps["uses"].Out["scopes"])
				if len(scopes) == 0 { // nothing could be told: as an admin who knows the functions
					scopes = []string{"Desk.tickets.ALL", "Desk.contacts.READ"}
				}
				r.sb.ZohoMigrateConnection(run.Steps["after"].Out["link"], scopes)
			case "run_again":
				r.sb.ZohoConnect(run.Steps["after"].Out["link"])
			default:
				return nil, nil
			}
			log, err := r.sb.ZohoSaveAndExecute("contact_of_ticket.dg")
			return guide.Answers{step.ID + ".log": log}, err
		},
	}
}

func TestConnectionsGuideFindsWhatDependsAndEndsWhenAFunctionRuns(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, connectionsGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), connectionsGuide, "", r.connectionsOptions(nil))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	uses := run.Steps["uses"].Out
	if uses["files"] != "2" || uses["places"] != "3" || uses["scopes"] != "Desk.contacts.READ Desk.tickets.READ Desk.tickets.UPDATE" || uses["old_tokens"] != "1" {
		t.Errorf("uses: %v", uses)
	}
	if run.StateOf("executed") != guide.GaveWay || run.StateOf("executed_again") != guide.Done {
		t.Errorf("executed %s, again %s", run.StateOf("executed"), run.StateOf("executed_again"))
	}
	r.noSecretIn(run, r.sb.Fixtures().Zoho.Authtoken, "UnAuthenticated", "executed successfully")
}

func TestConnectionsGuideStopsWhereAFunctionKeepsTheOldName(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, connectionsGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), connectionsGuide, "", r.connectionsOptions(func(a guide.Answers) { a["after.link"] = "desk_new" }))
	if core.CodeOf(err) != "zoho.link-old-name" || firstOpen(run) != "names" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}

func TestConnectionsGuideStopsWhileZohoStillWarns(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, connectionsGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), connectionsGuide, "", r.connectionsOptions(func(a guide.Answers) { a["after.marked"] = "marked" }))
	if core.CodeOf(err) != "zoho.still-marked" || firstOpen(run) != "names" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}

func TestConnectionsGuideLeadsWithoutAnyFile(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, connectionsGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), connectionsGuide, "", r.connectionsOptions(func(a guide.Answers) { a["desk.folder"] = "" }))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
}
