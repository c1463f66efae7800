package migrations_test

import (
	"context"
	"testing"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
)

func TestRehearsalShowsItsStepsAndIsNotedAtTheStart(t *testing.T) {
	t.Parallel()
	w, inside := newToy(t), newToy(t)
	hold := make(chan struct{})
	w.deps.Rehearse = func(ctx context.Context, id string, seen func(guide.Run, guide.Step)) (guide.Run, error) {
		run := inside.at(t, "check", "rehearsal")
		step, _ := run.Guide().Step("client")
		seen(run, step)
		<-hold
		return inside.at(t, "", "rehearsal"), w.runner.NoteRehearsal(ctx, id, true)
	}
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("never rehearsed")
	c.press("r")
	c.See("Rehearsing in a sandbox", "ok  2 Enter the client", "▸   3 Does it work?")
	close(hold)
	c.See("Passed: the guide got to its end")
	c.press("esc")
	c.See("rehearsed just now")
	c.press("enter")
	c.See("Rehearsed today in the sandbox: passed.")
}

func TestRehearsalThatStopsSaysWhy(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.deps.Rehearse = func(context.Context, string, func(guide.Run, guide.Step)) (guide.Run, error) {
		return guide.Run{}, &core.Error{Tried: "rehearse", On: "demo", Code: "run.rehearsal-stopped", Params: map[string]string{"step": "check"}}
	}
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("never rehearsed")
	c.press("r")
	c.See("run.rehearsal-stopped")
	noKeysMissing(t, c.Text())
}

func TestVendorIsAskedWhatBecameOfAnUnknownStep(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.canAsk, w.effect = true, action.DidNotHappen
	w.runner = w.newRunner(t, mina)
	w.deps.Runner = w.runner
	w.at(t, "exchange", "Acme Europe")
	w.fail("exchange", errCut)
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.Type("EXCHANGE")
	c.press("enter")
	c.See("Press i to ask the vendor")
	c.press("i")
	c.See("run.did-not-happen", "try again")
	noKeysMissing(t, c.Text())
}
