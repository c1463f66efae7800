package main

import (
	"context"

	"deskward/core/guide"
	"deskward/core/sandbox"
)

// rehearsalAnswers types what exists in the sandbox into the fields of the
// step that a run is at, which carry the same names. Where there is a choice
// and no default, it is the first. s is the session that the run is in.
func rehearsalAnswers(ctx context.Context, sb *sandbox.Sandbox, s *session, run guide.Run) (guide.Answers, error) {
	step, underway := run.Current()
	if !underway {
		return nil, nil
	}
	known := sandboxPlatformOf(run.Guide().Platform)
	if known.stock != nil {
		if err := known.stock(ctx, sb, s, step); err != nil {
			return nil, err
		}
	}
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
