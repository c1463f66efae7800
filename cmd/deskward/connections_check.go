package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
)

func (a *app) connectionsCheckCommand() *cobra.Command {
	c := a.command("connections.check", &cobra.Command{Use: "check [NAME…]", Args: args(0, -1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.connectionsCheck(c.Context(), given) }
	return a.jsonFlag(c)
}

// checkJSON is the outcome of one check.
type checkJSON struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Platform core.PlatformID `json:"platform"`
	core.Check
	ErrorCode string    `json:"error_code,omitempty"` // why it could not be asked at all
	Ends      []endJSON `json:"ends,omitempty"`       // when what works now stops
}

// endJSON is a date after which a connection no longer works.
type endJSON struct {
	Code   string    `json:"code"`
	At     time.Time `json:"at"`
	Source string    `json:"source,omitempty"`
}

// connectionsCheck proves the named connections, or all, each with a real
// call. One that cannot be asked does not keep the others from being asked;
// the worst outcome is the command's.
func (a *app) connectionsCheck(ctx context.Context, names []string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	chosen, err := s.choose(ctx, names)
	if err != nil {
		return err
	}
	results := []checkJSON{}
	var worst error
	for _, sum := range chosen {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c, err := s.platforms.Check(ctx, sum.ID)
		r := checkJSON{ID: sum.ID, Name: sum.Name, Platform: sum.Platform, Check: c.Check, ErrorCode: core.CodeOf(err)}
		if err == nil && !c.Check.OK {
			err = c.Refusal()
		}
		if err == nil {
			for _, e := range s.platforms.Ends(c.Summary()) {
				r.Ends = append(r.Ends, endJSON{e.Code, e.At, e.Source})
			}
		}
		if !a.opt.json {
			a.showCheck(r, err)
		}
		results = append(results, r)
		if err != nil && (worst == nil || core.ClassOf(err) > core.ClassOf(worst)) {
			worst = said{err}
		}
	}
	if a.opt.json {
		if err := a.json(results); err != nil {
			return err
		}
	}
	return worst
}

// choose returns the named connections, or all that have a credential.
func (s *session) choose(ctx context.Context, names []string) ([]core.Summary, error) {
	var out []core.Summary
	for _, name := range names {
		c, err := s.connections.ByName(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, c.Summary())
	}
	if len(names) > 0 {
		return out, nil
	}
	all, err := s.connections.List(ctx)
	for _, c := range all {
		if c.State(s.clock.Now()).Health != core.HealthWaiting {
			out = append(out, c)
		}
	}
	return out, err
}

func (a *app) showCheck(r checkJSON, err error) {
	if err == nil {
		fmt.Fprintf(a.io.Out, "ok  %s  %s\n", core.CleanLine(r.Name), core.CleanLine(r.Note))
	} else {
		fmt.Fprintf(a.io.Out, "x   %s\n", core.CleanLine(r.Name))
	}
	for _, call := range r.Calls {
		a.callLine(call)
	}
	for _, e := range r.Ends {
		d := core.Deadline{Code: e.Code, At: e.At, Subject: core.Subject{Name: r.Name}}
		a.line("cmd.check.ends", localeParams("date", e.At.UTC().Format(time.DateOnly), "text", a.deadline(d)))
	}
	if err != nil {
		a.report(err)
	}
}

// callLine writes one call to a vendor as evidence.
func (a *app) callLine(c core.Call) {
	status := fmt.Sprint(c.Status)
	if c.Status == 0 {
		status = a.say.T("cmd.call.no-answer")
	}
	fmt.Fprintf(a.io.Out, "    %s %s  %s  %s  %s\n", c.Method, core.CleanLine(c.URL), status, c.Took.Round(time.Millisecond), stamp(c.At))
}

func (a *app) plainLine(text string) { fmt.Fprintln(a.io.Out, text) }
