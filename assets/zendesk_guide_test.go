package assets_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zendesk"
)

// zendeskOptions answer as an admin, who makes and deletes keys in the Admin
// Center, and as the developers, whose programs sign tokens.
func (r *rehearsal) zendeskOptions(with guide.Answers) guide.DriveOptions {
	z := r.sb.Fixtures().Zendesk
	return guide.DriveOptions{
		Confirm: true, Answers: with,
		Wait: func(_ context.Context, until time.Time) error {
			r.sb.Clock().Advance(until.Sub(r.sb.Clock().Now()) + time.Minute)
			return nil
		},
		Ask: func(_ context.Context, run guide.Run) (guide.Answers, error) {
			out := guide.Answers{
				"zendesk.account": "acme", "key.name": "web", "where.place": "shop", "visitor.external_id": z.ExternalID, "visitor.email": z.Email,
				"api.app_id": z.AppID, "api.key_id": z.AppKeyID, "api.key_secret": z.AppKeySecret, "seen.seen": "no",
				"which.key": "web", "which.account": "acme", "which.kid": z.KID, "which.secret": z.Secret, "which.places": "shop, app", "fresh.name": "web new",
			}
			step, _ := run.Current()
			switch step.ID {
			case "key", "fresh":
				kid, secret, err := r.sb.ZendeskKey(run.ID)
				if err != nil {
					return nil, err
				}
				out[step.ID+".kid"], out[step.ID+".secret"], out[step.ID+".begins"] = kid, secret, secret[:6]
			case "own", "tokens", "seen":
				token, err := r.sb.ZendeskToken(run.Steps["keep"].Out["kid"], z.ExternalID)
				if err != nil {
					return nil, err
				}
				out["own.token"], out["tokens.tokens"] = token, token+"\n"+token
				if step.ID == "seen" {
					if why := r.sb.ZendeskSignIn(token); why != "" {
						return nil, &core.Error{Code: why}
					}
				}
			case "deleted":
				out["deleted.kid"] = run.Steps["old"].Out["kid"]
				return out, r.sb.ZendeskDeleteKey(out["deleted.kid"])
			}
			maps.Copy(out, with)
			return out, nil
		},
	}
}

func TestMessagingGuideIsProvedByZendeskOrByTheAdminsWord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with guide.Answers
		by   string
		asks bool
	}{
		"by an API key":    {nil, "api", true},
		"without an email": {guide.Answers{"visitor.email": ""}, "api", false},
		"by word":          {guide.Answers{"api.app_id": "", "api.key_id": "", "api.key_secret": "", "seen.seen": "yes"}, "admin", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const id = "zendesk-messaging-auth"
			r := newRehearsal(t, id, zendesk.Platform())
			run, err := r.runner.Rehearse(t.Context(), id, "", r.zendeskOptions(c.with))
			if err != nil || run.State != guide.Complete {
				t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
			}
			if by := run.Steps["signed_in"].Out["by"]; by != c.by || (len(run.Steps["signed_in"].Calls) > 0) != (c.by == "api") {
				t.Errorf("proven by %q with %v", by, run.Steps["signed_in"].Calls)
			}
			if asked := len(run.Steps["address"].Calls) > 0; asked != c.asks {
				t.Errorf("the owner of the address was asked for: %v", asked)
			}
			_, secret, err := r.sb.ZendeskKey(run.ID)
			if err != nil {
				t.Fatal(err)
			}
			r.noSecretIn(run, secret, r.sb.Fixtures().Zendesk.AppKeySecret)
		})
	}
}

func TestMessagingGuideStopsWhereTheVisitorWouldBeRefusedInSilence(t *testing.T) {
	t.Parallel()
	const id = "zendesk-messaging-auth"
	r := newRehearsal(t, id, zendesk.Platform())
	run, err := r.runner.Rehearse(t.Context(), id, "", r.zendeskOptions(guide.Answers{"visitor.email": r.sb.Fixtures().Zendesk.TakenEmail}))
	if core.CodeOf(err) != "zendesk.email-taken" || firstOpen(run) != "address" {
		t.Errorf("at %v: %v", firstOpen(run), err)
	}
}

func TestMessagingGuideTakesNoOtherKeysSecret(t *testing.T) {
	t.Parallel()
	const id = "zendesk-messaging-auth"
	r := newRehearsal(t, id, zendesk.Platform())
	run, err := r.runner.Rehearse(t.Context(), id, "", r.zendeskOptions(guide.Answers{"key.secret": r.sb.Fixtures().Zendesk.NewSecret}))
	if core.CodeOf(err) != "key.prefix" || firstOpen(run) != "keep" {
		t.Errorf("at %v: %v", firstOpen(run), err)
	}
}

func TestRotationGuideLeavesNoMomentWithoutAKey(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]guide.Answers{"its secret is kept": nil, "its secret is lost": {"which.secret": ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const id = "zendesk-key-rotation"
			r := newRehearsal(t, id, zendesk.Platform())
			z := r.sb.Fixtures().Zendesk
			oldToken, err := r.sb.ZendeskToken(z.KID, z.ExternalID)
			if err != nil {
				t.Fatal(err)
			}
			o := r.zendeskOptions(with)
			both := 0
			o.Seen = func(run guide.Run, s guide.Step) {
				switch s.ID {
				case "keep", "noted", "wait", "tokens", "proof":
					newToken, err := r.sb.ZendeskToken(run.Steps["keep"].Out["kid"], z.ExternalID)
					if why := r.sb.ZendeskSignIn(oldToken) + r.sb.ZendeskSignIn(newToken); err != nil || why != "" {
						t.Errorf("after %s a visitor is refused: %s, %v", s.ID, why, err)
					}
					both++
				}
			}
			run, err := r.runner.Rehearse(t.Context(), id, "", o)
			if err != nil || run.State != guide.Complete || both != 5 {
				t.Fatalf("%s at %v after %d: %v", run.State, firstOpen(run), both, err)
			}
			newToken, err := r.sb.ZendeskToken(run.Steps["keep"].Out["kid"], z.ExternalID)
			if why := r.sb.ZendeskSignIn(newToken); err != nil || why != "" {
				t.Errorf("the new key: %s, %v", why, err)
			}
			if _, err := r.sb.ZendeskToken(z.KID, z.ExternalID); err == nil {
				t.Error("the old key is still there")
			}
			r.noSecretIn(run, z.Secret)
		})
	}
}

func TestRotationGuideStopsAtAPlaceThatWasForgotten(t *testing.T) {
	t.Parallel()
	const id = "zendesk-key-rotation"
	r := newRehearsal(t, id, zendesk.Platform())
	z := r.sb.Fixtures().Zendesk
	oldToken, err := r.sb.ZendeskToken(z.KID, z.ExternalID)
	if err != nil {
		t.Fatal(err)
	}
	o := r.zendeskOptions(nil)
	ask := o.Ask
	o.Ask = func(ctx context.Context, run guide.Run) (guide.Answers, error) {
		out, err := ask(ctx, run)
		if tokens := out["tokens.tokens"]; tokens != "" {
			first, _, _ := strings.Cut(tokens, "\n")
			out["tokens.tokens"] = first + "\n" + oldToken
		}
		return out, err
	}
	run, err := r.runner.Rehearse(t.Context(), id, "", o)
	if core.CodeOf(err) != "zendesk.old-key-used" || firstOpen(run) != "proof" {
		t.Errorf("at %v: %v", firstOpen(run), err)
	}
}
