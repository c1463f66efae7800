package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform"
	"deskward/core/sandbox"
	"deskward/store/mem"
)

func (a *app) rehearseCommand() *cobra.Command {
	c := a.command("rehearse", &cobra.Command{Use: "rehearse [GUIDE|all]", Args: args(0, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		which := "all"
		if len(given) > 0 {
			which = given[0]
		}
		return a.rehearse(c.Context(), which)
	}
	c.ValidArgsFunction = completeGuides
	return c
}

// rehearse runs guides from end to end, each in a sandbox and a store of its
// own that end with it.
func (a *app) rehearse(ctx context.Context, which string) error {
	guides, _, err := loadGuides(platform.Services{})
	if err != nil {
		return err
	}
	if which != "all" {
		g, err := (&guide.Runner{Guides: guides}).Guide(which)
		if err != nil {
			return err
		}
		guides = []guide.Guide{*g}
	}
	var failed []error
	for i := range guides {
		if err := a.rehearseOne(ctx, &guides[i]); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, err)
		}
	}
	a.note("cmd.rehearse.summary", localeParams("passed", fmt.Sprint(len(guides)-len(failed)), "of", fmt.Sprint(len(guides))))
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

func (a *app) rehearseOne(ctx context.Context, g *guide.Guide) error {
	fmt.Fprintf(a.io.Out, "%s  %s\n\n", a.say.T("cmd.rehearse.mark"), core.CleanLine(g.Title.In(a.say.Lang())))
	run, err := a.rehearseGuide(ctx, g, a.sayStep)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.io.Out, "\n%s\n", run.Report(a.say))
	return nil
}

// rehearseGuide runs one guide in a sandbox and a store of its own, which end
// with it.
func (a *app) rehearseGuide(ctx context.Context, g *guide.Guide, seen func(guide.Run, guide.Step)) (guide.Run, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sb, err := sandbox.Start(ctx, sandbox.Options{Clock: a.clock})
	if err != nil {
		return guide.Run{}, err
	}
	defer sb.Close() //nolint:errcheck // it ends here either way
	s, err := a.assemble(mem.New(), sandboxWorld(sb))
	if err != nil {
		return guide.Run{}, err
	}
	answers, err := rehearsalAnswers(g, sb)
	if err != nil {
		return guide.Run{}, err
	}
	return s.runner.Rehearse(ctx, g.ID, a.printer().T("cmd.rehearse.name"), guide.DriveOptions{
		Answers: answers, Wait: moveClock(sb), Instead: true, Seen: seen,
	})
}

// sandboxWorld is where a rehearsal works.
func sandboxWorld(sb *sandbox.Sandbox) world {
	return world{clock: sb.Clock(), endpoints: sb.Endpoints(), sandbox: true}
}

// moveClock makes the sandbox's time pass instead of waiting for it.
func moveClock(sb *sandbox.Sandbox) func(context.Context, time.Time) error {
	return func(_ context.Context, until time.Time) error {
		if wait := until.Sub(sb.Clock().Now()); wait > 0 {
			sb.Clock().Advance(wait + time.Second)
		}
		return nil
	}
}

// rehearsalAnswers types what exists in the sandbox into the guide's fields,
// which carry the same names. Codes of the self client are made as its owner
// would make them, one a field: each works once.
func rehearsalAnswers(g *guide.Guide, sb *sandbox.Sandbox) (guide.Answers, error) {
	fix := sb.Fixtures().Zoho
	values := map[string]string{
		"name": fix.OrgName, "region": fix.Region, "org_id": fix.OrgID, "authtoken": fix.Authtoken, "owner_email": fix.OwnerEmail,
		"client_id": fix.SelfClientID, "client_secret": fix.SelfClientSecret, "scopes": strings.Join(fix.Scopes, ","),
	}
	answers := guide.Answers{}
	for _, step := range g.Steps {
		for _, f := range step.Ask {
			value, known := values[f.Name]
			switch {
			case f.Name == "code":
				scopes := fix.Scopes
				if step.InsteadOf == "" { // asked for to learn whose client it is
					scopes = []string{"AaaServer.profile.READ"}
				}
				code, err := sb.ZohoSelfClientCode(scopes, 10, "")
				if err != nil {
					return nil, err
				}
				answers[step.ID+"."+f.Name] = code
			case known:
				answers[step.ID+"."+f.Name] = value
			case !f.Optional && f.Default == "" && len(f.Options) > 0:
				answers[step.ID+"."+f.Name] = f.Options[0].Value
			}
		}
	}
	return answers, nil
}
