package assets_test

import (
	"context"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zoho"
)

const (
	developerGuide = "zoho-external-application"
	userGuide      = "zoho-application-user"
)

// developerOptions answer as the developer; the first answer of the browser is
// cut off.
func (r *rehearsal) developerOptions() guide.DriveOptions {
	f := r.sb.Fixtures().Zoho
	return guide.DriveOptions{
		Confirm: true, Instead: true,
		Answers: guide.Answers{
			"account.name": "Trial", "account.region": f.Region, "account.org_id": f.OrgID,
			"client.client_id": f.WebClientID, "client.client_secret": f.WebClientSecret, "use.uses": "read-tickets",
		},
		Ask: func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			switch step, _ := run.Current(); step.ID {
			case "consent":
				back, err := r.sb.GrantInTerminal(ctx, run.Steps["question"].Out["url"])
				return guide.Answers{"consent.answer": back[:len(back)/2]}, err
			case "retry_consent":
				back, err := r.sb.GrantInTerminal(ctx, run.Steps["retry_ask"].Out["url"])
				return guide.Answers{"retry_consent.answer": back}, err
			}
			return nil, nil
		},
	}
}

func TestApplicationGuideProvesClientRedirectAndScopesByARealConsent(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, developerGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), developerGuide, "", r.developerOptions())
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.StateOf("take") != guide.GaveWay || run.Steps["proof"].Out["scopes_proven"] != "Desk.basic.READ Desk.tickets.READ" {
		t.Errorf("take %s, proof %v", run.StateOf("take"), run.Steps["proof"].Out)
	}
	c, err := r.connections.ByName(t.Context(), "Trial")
	if err != nil || c.Grant != core.GrantCode || c.Account != r.sb.Fixtures().Zoho.OrgID {
		t.Errorf("%s %s, %v", c.Grant, c.Account, err)
	}
	r.noSecretIn(run, r.sb.Fixtures().Zoho.WebClientSecret, "code=1000")
}

// userOptions answer as an administrator whose first try lacks a permission.
func (r *rehearsal) userOptions(token string) guide.DriveOptions {
	return guide.DriveOptions{Confirm: true, Instead: true, Answers: guide.Answers{
		"app.name": "Order status", "app.region": r.sb.Fixtures().Zoho.Region, "app.authtoken": token,
		"try.seen": `Could not load: {"errorCode":"SCOPE_MISMATCH"}`, "try_again.seen": "all fine",
	}}
}

func TestUserGuideEndsWithTheAuthTokenThatWasGivenProvenDead(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{"sandbox-deleted-authtoken-of-acme": "zoho.invalid_authtoken", "": "not asked"} {
		r := newRehearsal(t, userGuide, zoho.Platform())
		run, err := r.runner.Rehearse(t.Context(), userGuide, "", r.userOptions(token))
		if err != nil || run.State != guide.Complete {
			t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
		}
		if run.StateOf("permissions") != guide.GaveWay || run.Steps["dead"].Out["answer"] != want {
			t.Errorf("permissions %s, dead %v", run.StateOf("permissions"), run.Steps["dead"].Out)
		}
		r.noSecretIn(run, "sandbox-deleted-authtoken-of-acme", "Could not load")
	}
}

func TestUserGuideStopsWhileTheAuthTokenStillWorks(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, userGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), userGuide, "", r.userOptions(r.sb.Fixtures().Zoho.Authtoken))
	if core.CodeOf(err) != "zoho.given-token-alive" || firstOpen(run) != "dead" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}
