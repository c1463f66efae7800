package main

import (
	"context"

	"deskward/core/guide"
	"deskward/core/sandbox"
)

// rehearsalAnswers types what exists in the sandbox into the fields of the
// step that a run is at, which carry the same names. Where there is a choice
// and no default, it is the first.
func rehearsalAnswers(ctx context.Context, sb *sandbox.Sandbox, run guide.Run) (guide.Answers, error) {
	step, underway := run.Current()
	if !underway {
		return nil, nil
	}
	known := sandboxPlatformOf(run.Guide().Platform)
	answers := guide.Answers{}
	for _, f := range step.Ask {
		var (
			value string
			ok    bool
			err   error
		)
		if known.answer != nil {
			if value, ok, err = known.answer(ctx, sb, run, step, f.Name); err != nil {
				return nil, err
			}
		}
		if !ok && !f.Optional && f.Default == "" && len(f.Options) > 0 {
			value, ok = f.Options[0].Value, true
		}
		if ok {
			answers[step.ID+"."+f.Name] = value
		}
	}
	return answers, nil
}
