package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/guide"
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
	c.ValidArgsFunction = a.completeGuides
	return c
}

// rehearse runs guides from end to end, each in a sandbox and a store of its
// own that end with it.
func (a *app) rehearse(ctx context.Context, which string) error {
	guides, err := a.readGuides()
	if err != nil {
		return err
	}
	if which != "all" {
		g, err := (&guide.Runner{Guides: guide.Only(guides...)}).Guide(which)
		if err != nil {
			return err
		}
		guides = []guide.Guide{*g}
	}
	var failed []error
	passed := map[string]bool{}
	for i := range guides {
		err := a.rehearseOne(ctx, &guides[i])
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			failed = append(failed, err)
		}
		passed[guides[i].ID] = err == nil
	}
	if err := a.noteRehearsals(ctx, passed); err != nil {
		failed = append(failed, err)
	}
	a.note("cmd.rehearse.summary", localeParams("passed", fmt.Sprint(countTrue(passed)), "of", fmt.Sprint(len(guides))))
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
	return s.runner.Rehearse(ctx, g.ID, a.printer().T("cmd.rehearse.name"), guide.DriveOptions{
		Ask: func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			return rehearsalAnswers(ctx, sb, s, run)
		},
		Wait: moveClock(sb), Instead: true, Seen: seen,
	})
}

// noteRehearsals writes down how guides fared, in the store of the real runs,
// which then say so before the step that cannot be undone. It does so only
// where the store opens without a question: a rehearsal needs none.
func (a *app) noteRehearsals(ctx context.Context, passed map[string]bool) error {
	if a.or(a.opt.identity, "DESKWARD_IDENTITY") == "" && a.or(a.opt.passphraseFile, "DESKWARD_PASSPHRASE_FILE") == "" {
		return nil
	}
	s, err := a.session(ctx)
	if core.CodeOf(err) == "store.missing" {
		return nil
	} else if err != nil {
		return err
	}
	for id, ok := range passed {
		if err := s.runner.NoteRehearsal(ctx, id, ok); err != nil {
			return err
		}
	}
	return nil
}

func countTrue(m map[string]bool) int {
	n := 0
	for _, ok := range m {
		if ok {
			n++
		}
	}
	return n
}

// sandboxWorld is where a rehearsal works.
func sandboxWorld(sb *sandbox.Sandbox) world {
	return world{clock: sb.Clock(), endpoints: sb.Endpoints(), sandbox: true, ca: sb.CA()}
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
