package assets_test

import (
	"context"
	"maps"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/xsolla"
	"deskward/core/sandbox"
)

const xsollaGuide = "xsolla-zendesk-chat"

// xsollaOptions type what the sandbox knows, with some answers changed. Who is
// asked for the address signs in on the page that the guide leads to.
func (r *rehearsal) xsollaOptions(with guide.Answers) guide.DriveOptions {
	f := r.sb.Fixtures().Xsolla
	answers := guide.Answers{
		"project.name": "Acme shop login", "project.project_id": f.ProjectID, "project.alg": "HS256", "project.secret": f.Secret,
		"chat.name": "Acme chat", "chat.account": "acme", "chat.secret": "the-chat-secret-of-acme-b7Qm2xVt9-not-real",
		"how.callback": f.Callbacks[0], "how.client_id": f.ClientID, "how.client_secret": f.ClientSecret,
		"how.username": f.Username, "how.password": f.Password, "site.origin": "https://shop.acme.example",
	}
	maps.Copy(answers, with)
	return guide.DriveOptions{
		Confirm: true, Instead: true, Answers: answers,
		Ask: func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			if step, _ := run.Current(); step.ID != "answer" {
				return nil, nil
			}
			to, err := r.sb.GrantInTerminal(ctx, run.Steps["social_link"].Out["link"])
			return guide.Answers{"answer.address": to}, err
		},
	}
}

func TestXsollaGuideRunsToItsEndInEveryVariant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with   func(sandbox.XsollaFixtures) guide.Answers
		social bool
	}{
		"jwt by password":    {func(sandbox.XsollaFixtures) guide.Answers { return nil }, false},
		"oauth2 by password": {func(sandbox.XsollaFixtures) guide.Answers { return guide.Answers{"how.variant": "oauth2"} }, false},
		"oauth2 at once":     {func(sandbox.XsollaFixtures) guide.Answers { return guide.Answers{"how.variant": "oauth2-direct"} }, false},
		"jwt by network":     {func(sandbox.XsollaFixtures) guide.Answers { return guide.Answers{"how.username": ""} }, true},
		"oauth2 by network": {func(sandbox.XsollaFixtures) guide.Answers {
			return guide.Answers{"how.username": "", "how.variant": "oauth2"}
		}, true},
		"public keys": {func(f sandbox.XsollaFixtures) guide.Answers {
			return guide.Answers{"project.project_id": f.RSAProjectID, "project.alg": "RS256", "project.secret": ""}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRehearsal(t, xsollaGuide, xsolla.Platform())
			f := r.sb.Fixtures().Xsolla
			run, err := r.runner.Rehearse(t.Context(), xsollaGuide, "", r.xsollaOptions(c.with(f)))
			if err != nil || run.State != guide.Complete {
				t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
			}
			if run.Name != "Acme shop login → Acme chat" {
				t.Errorf("the run is called %q", run.Name)
			}
			want := guide.PassedOver
			if c.social {
				want = guide.Done
			}
			if got := run.StateOf("take"); got != want {
				t.Errorf("the other way is %s", got)
			}
			if len(run.Steps["validate"].Calls) == 0 {
				t.Error("no evidence that Xsolla called the token valid")
			}
			r.noSecretIn(run, f.Secret, f.Password, f.ClientSecret, "the-chat-secret-of-acme")
		})
	}
}

func TestXsollaGuideStopsAtAnotherProjectsSecret(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, xsollaGuide, xsolla.Platform())
	o := r.xsollaOptions(guide.Answers{"project.secret": "the-secret-of-another-project-4f9Kz2Lm8QpX"})
	run, err := r.runner.Start(t.Context(), xsollaGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	run, err = r.runner.Drive(t.Context(), run, o)
	if core.CodeOf(err) != "login.signature" || firstOpen(run) != "verify" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}
