package assets_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform/google"
)

const serviceAccountGuide = "gmail-service-account"

func (r *rehearsal) googleOptions() guide.DriveOptions {
	r.t.Helper()
	f := r.sb.Fixtures().Google
	file, err := r.sb.GoogleServiceAccountFile()
	if err != nil {
		r.t.Fatal(err)
	}
	return guide.DriveOptions{
		Confirm: true, Instead: true,
		Answers: guide.Answers{
			"key.name": "Support mailbox", "key.mailbox": f.Mailbox, "key.file": string(file),
			"entry.entered": f.ServiceAccountID, "again.entered": f.ServiceAccountID,
		},
	}
}

func TestServiceAccountGuideRunsToItsEndWhenTheEntryIsRight(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, serviceAccountGuide, google.Platform())
	o := r.googleOptions()
	f := r.sb.Fixtures().Google
	r.sb.GoogleDelegate(f.ServiceAccountID, f.Scopes...)
	run, err := r.runner.Rehearse(t.Context(), serviceAccountGuide, "", o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.StateOf("act") != guide.Done || run.StateOf("act_again") != guide.PassedOver {
		t.Errorf("act %s, again %s", run.StateOf("act"), run.StateOf("act_again"))
	}
	if out := run.Steps["proof"].Out; out["address"] != f.Mailbox || out["labels"] != "6" {
		t.Errorf("proven: %v", out)
	}
	r.noSecretIn(run, "BEGIN PRIVATE KEY")
}

// The commonest mistake: the account's address stands where its number belongs.
func TestServiceAccountGuideRecoversFromAnAddressInPlaceOfTheNumber(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, serviceAccountGuide, google.Platform())
	f := r.sb.Fixtures().Google
	o := r.googleOptions()
	r.sb.GoogleDelegate(f.ServiceAccount, f.Scopes...)
	o.Ask = func(_ context.Context, run guide.Run) (guide.Answers, error) {
		if step, _ := run.Current(); step.ID == "again" {
			r.sb.GoogleDelegate(f.ServiceAccountID, f.Scopes...)
		}
		return nil, nil
	}
	run, err := r.runner.Rehearse(t.Context(), serviceAccountGuide, "", o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.StateOf("act") != guide.GaveWay || run.StateOf("act_again") != guide.Done {
		t.Errorf("act %s, again %s", run.StateOf("act"), run.StateOf("act_again"))
	}
	p, err := locale.Load(os.DirFS("locales"), locale.English)
	if err != nil {
		t.Fatal(err)
	}
	if report := run.Report(p); !strings.Contains(report, "google.delegation-entry") {
		t.Errorf("the report does not say why:\n%s", report)
	}
}

func TestServiceAccountGuideStopsAtAFileThatIsNone(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, serviceAccountGuide, google.Platform())
	for file, code := range map[string]string{
		`{"installed":{"client_id":"x"}}`:            "finding.google.grant-service-account",
		`{"type":"authorized_user"}`:                 "finding.google.kind-authorized_user",
		`{"type":"service_account","client_id":"1"}`: "finding.google.key-missing",
		"not JSON": "google.file-malformed",
	} {
		o := r.googleOptions()
		o.Instead = false
		o.Answers["key.file"] = file
		if _, err := r.runner.Rehearse(t.Context(), serviceAccountGuide, "", o); core.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", file, err, code)
		}
	}
}
