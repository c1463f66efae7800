package assets_test

import (
	"context"
	"maps"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
)

const tokenGuide = "zendesk-api-token-oauth"

// tokenOptions answer as an admin who registers an OAuth client and ends the
// token in the Admin Center; end is false for one who ends nothing.
func (r *rehearsal) tokenOptions(with guide.Answers, end bool) guide.DriveOptions {
	z := r.sb.Fixtures().Zendesk
	return guide.DriveOptions{Confirm: true, Answers: with, Ask: func(_ context.Context, run guide.Run) (guide.Answers, error) {
		out := guide.Answers{
			"token.name": "Acme scripts", "token.account": z.Subdomain, "token.email": z.AdminEmail, "token.token": z.APIToken,
			"found.places": "nightly export", "found.grant": "client-credentials", "client.name": "Acme OAuth", "changed.switched": "nightly export",
			"ended.description": "helpdesk scripts",
		}
		step, _ := run.Current()
		switch {
		case step.ID == "client":
			id, secret, err := r.sb.ZendeskOAuthClient("export", true, run.Steps["keep"].Out["redirect"])
			if err != nil {
				return nil, err
			}
			out["client.client_id"], out["client.client_secret"] = id, secret
		case step.ID == "ended" && end:
			if err := r.sb.ZendeskEndAPIToken(z.APIToken); err != nil {
				return nil, err
			}
		}
		maps.Copy(out, with)
		return out, nil
	}}
}

func TestTokenGuideProvesTheSameCallsByBothAndTheOldTokenRefused(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, tokenGuide, zendesk.Platform())
	z := r.sb.Fixtures().Zendesk
	o := r.tokenOptions(nil, true)
	o.Seen = func(_ guide.Run, s guide.Step) {
		if s.ID != "keep" {
			return
		}
		c, err := (&core.Connections{Store: r.store}).ByName(t.Context(), "Acme scripts")
		if ends := zendesk.Platform().Ends(c.Summary()); err != nil || len(ends) != 1 || ends[0].Guide != tokenGuide {
			t.Errorf("Deadlines do not lead here: %+v, %v", ends, err)
		}
	}
	run, err := r.runner.Rehearse(t.Context(), tokenGuide, "", o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if out := run.Steps["same"].Out; out["old_person"] != z.AdminEmail || out["new_person"] != z.AdminEmail || out["tickets"] != "2" || len(run.Steps["same"].Calls) != 5 {
		t.Errorf("compared: %v by %v", out, run.Steps["same"].Calls)
	}
	if out := run.Steps["dead"].Out; out["status"] != "401" {
		t.Errorf("refused: %v", out)
	}
	c, err := (&core.Connections{Store: r.store}).ByName(t.Context(), "Acme scripts")
	if ends := zendesk.Platform().Ends(c.Summary()); err != nil || c.ReplacedBy == "" || len(ends) != 0 {
		t.Errorf("Deadlines still lists it: %+v, %v", ends, err)
	}
	r.noSecretIn(run, z.APIToken)
}

func TestTokenGuideIsNotOverWhileTheOldTokenWorks(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, tokenGuide, zendesk.Platform())
	// A wrong credential that counts as none must not pass for a refusal, nor a
	// live one as dead.
	r.set(sandbox.ZendeskWrongIsAnonymous, true)
	o := r.tokenOptions(nil, false)
	run, err := r.runner.Rehearse(t.Context(), tokenGuide, "", o)
	if core.CodeOf(err) != "zendesk.token-still-live" || firstOpen(run) != "dead" {
		t.Fatalf("at %v: %v", firstOpen(run), err)
	}
	if err := r.sb.ZendeskEndAPIToken(r.sb.Fixtures().Zendesk.APIToken); err != nil {
		t.Fatal(err)
	}
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
		t.Errorf("%s at %v: %v", run.State, firstOpen(run), err)
	}
}

func TestTokenGuideStopsBeforeAnythingIsSwitched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with     func(z sandbox.ZendeskFixtures) guide.Answers
		code, at string
	}{
		"nobody has consented": {func(sandbox.ZendeskFixtures) guide.Answers { return guide.Answers{"found.grant": "code"} }, "zendesk.not-consented", "first"},
		"a scope is missing":   {func(sandbox.ZendeskFixtures) guide.Answers { return guide.Answers{"client.scopes": "users:read"} }, "zendesk.support-scope", "same"},
		"the token is dead": {func(z sandbox.ZendeskFixtures) guide.Answers {
			return guide.Answers{"token.token": z.IdleAPIToken}
		}, "zendesk.support-api-token", "works"},
		"a client of Chat": {func(z sandbox.ZendeskFixtures) guide.Answers {
			return guide.Answers{"client.client_id": z.ChatServerID, "client.client_secret": z.ChatServerSecret}
		}, "zendesk.support-client", "first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRehearsal(t, tokenGuide, zendesk.Platform())
			run, err := r.runner.Rehearse(t.Context(), tokenGuide, "", r.tokenOptions(c.with(r.sb.Fixtures().Zendesk), true))
			if core.CodeOf(err) != c.code || firstOpen(run) != c.at {
				t.Errorf("at %v: %v", firstOpen(run), err)
			}
		})
	}
}
