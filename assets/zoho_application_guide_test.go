package assets_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

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
	for token, want := range map[string]string{"sandbox-deleted-authtoken-of-acme": "zoho.invalid_authtoken", "": ""} {
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

// callbackPort waits until one of the ports that Zoho's client has registered is
// free: other packages' tests use them too. Those of this package that run in
// parallel wait for tests that do not.
func callbackPort(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, port := range []string{"48105", "48106", "48107"} {
			if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
				l.Close()
				return
			}
		}
	}
	t.Fatal("no callback port is free")
}

// comeBack is the browser that goes where Zoho sends it, and reaches deskward.
func (r *rehearsal) comeBack(run guide.Run) string {
	r.t.Helper()
	back, err := r.sb.GrantInTerminal(r.t.Context(), run.Steps["question"].Out["url"])
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.Get(back)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	return back
}

// Where the browser reaches deskward the answer comes by itself, and the field
// stays empty; where nothing came, an empty field is no answer.
func TestApplicationGuideTakesTheAnswerThatCameByItself(t *testing.T) {
	callbackPort(t)
	r := newRehearsal(t, developerGuide, zoho.Platform())
	o := r.developerOptions()
	o.Instead, o.Answers["consent.answer"], o.Ask = false, "", nil
	run, err := r.runner.Start(t.Context(), developerGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	if run, err = r.runner.Drive(t.Context(), run, o); core.CodeOf(err) != "consent.no-answer-yet" || firstOpen(run) != "take" {
		t.Fatalf("nothing came: at %s: %v", firstOpen(run), err)
	}
	r.comeBack(run)
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
		t.Errorf("it came: %s at %v: %v", run.State, firstOpen(run), err)
	}
}

// deskward's page has an address too, which is easily pasted: that is no mistake.
func TestApplicationGuideTakesAnAddressThatIsPastedAfterItCame(t *testing.T) {
	callbackPort(t)
	r := newRehearsal(t, developerGuide, zoho.Platform())
	o := r.developerOptions()
	o.Instead = false
	o.Ask = func(_ context.Context, run guide.Run) (guide.Answers, error) {
		if step, _ := run.Current(); step.ID != "consent" {
			return nil, nil
		}
		return guide.Answers{"consent.answer": r.comeBack(run)}, nil
	}
	run, err := r.runner.Rehearse(t.Context(), developerGuide, "", o)
	if err != nil || run.State != guide.Complete {
		t.Errorf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	r.noSecretIn(run, "code=1000")
}
