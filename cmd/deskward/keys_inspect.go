package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/visitortoken"
)

type inspectOptions struct{ key, at, as string }

func (a *app) keysInspectCommand() *cobra.Command {
	var o inspectOptions
	c := a.command("keys.inspect", &cobra.Command{Use: "inspect FILE|-", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.keysInspect(c.Context(), given[0], o) }
	c.ValidArgsFunction = nil // a file
	f := c.Flags()
	f.StringVar(&o.key, "key", "", a.flagText("inspect-key"))
	f.StringVar(&o.at, "at", "", a.flagText("inspect-at"))
	f.StringVar(&o.as, "as", "", a.flagText("inspect-as"))
	return a.jsonFlag(c)
}

// keysInspect says why the vendor would refuse a token: exit code 0 it would
// not, 4 it would, 6 it can't be told from here.
func (a *app) keysInspect(ctx context.Context, file string, o inspectOptions) error {
	pasted, err := a.readToken(file)
	if err != nil {
		return err
	}
	opt := visitortoken.Options{Now: a.clock.Now(), As: visitortoken.Kind(o.as)}
	if o.at != "" {
		if opt.Now, err = time.Parse(time.RFC3339, o.at); err != nil {
			return usageError("moment", core.CleanLine(o.at), nil, err)
		}
	}
	if err := a.keysToTry(ctx, o, &opt); err != nil {
		return err
	}
	r := visitortoken.Inspect(pasted, opt)
	if a.opt.json {
		err = a.json(r)
	} else {
		a.sayReport(r)
	}
	if err != nil {
		return err
	}
	return verdictError(r)
}

// keysToTry brings the kept keys. Without a store a token can still be judged
// by all but its signature.
func (a *app) keysToTry(ctx context.Context, o inspectOptions, opt *visitortoken.Options) error {
	s, err := a.session(ctx)
	if core.CodeOf(err) == "store.missing" && o.key == "" {
		a.note("cmd.inspect.no-store")
		return nil
	}
	if err != nil {
		return err
	}
	if opt.Keys, err = s.keys.All(ctx); err != nil || o.key == "" {
		return err
	}
	k, err := s.keys.ByName(ctx, o.key)
	opt.Only = k.ID
	return err
}

func (a *app) readToken(file string) (string, error) {
	if file != "-" {
		raw, err := readFile(file)
		if err != nil {
			return "", inputError("read-token", file, err)
		}
		return string(raw), nil
	}
	raw, err := io.ReadAll(io.LimitReader(a.io.In, maxInputFile))
	if err != nil {
		return "", inputError("read-token", file, err)
	}
	return string(raw), nil
}

// verdictError turns a verdict into the exit code; the report has been
// printed already.
func verdictError(r visitortoken.Report) error {
	switch r.Verdict {
	case visitortoken.Accept:
		return nil
	case visitortoken.Refuse:
		return said{&core.Error{Tried: "inspect", Code: "token.refused", Class: core.Refused}}
	}
	return said{&core.Error{Tried: "inspect", Code: "token.cant-say", Class: core.Unknown}}
}

// sayReport prints the verdict first, then the reasons, then the raw data.
func (a *app) sayReport(r visitortoken.Report) {
	failed := 0
	for _, f := range r.Findings {
		if f.Outcome == visitortoken.Failed {
			failed++
		}
	}
	kind := localeParams("kind", a.say.T("tokenkind."+string(r.Kind)))
	switch {
	case r.Verdict == visitortoken.Refuse:
		a.plainLine(a.say.N("cmd.inspect.refuse", failed, kind))
	case r.Verdict == visitortoken.Accept:
		a.line("cmd.inspect.accept", kind)
	default:
		a.line("cmd.inspect.cant-say", kind)
	}
	if r.KeyName != "" {
		a.line("cmd.inspect.key", localeParams("name", core.CleanLine(r.KeyName)))
	}
	a.line("cmd.inspect.at", localeParams("at", stamp(r.At)))
	a.sayFindings(r.Findings, true)
	if r.Header != "" {
		a.plainLine("")
		a.pairs([]pair{{"token-header", r.Header}, {"token-payload", r.Payload}})
	}
}

// sayFindings prints failed and unsure rules with meaning and fix, and those
// that are kept in one line each where passed is set.
func (a *app) sayFindings(all []visitortoken.Finding, passed bool) {
	for _, f := range all {
		if f.Outcome == visitortoken.Passed {
			if passed {
				a.plainLine("ok " + a.finding(f, ""))
			}
			continue
		}
		mark := map[visitortoken.Outcome]string{visitortoken.Failed: "x ", visitortoken.Unsure: "! "}[f.Outcome]
		a.plainLine("")
		a.plainLine(mark + " " + a.finding(f, "") + "  [" + f.Code + "]")
		if f.Where != "" {
			a.plainLine(strings.TrimRight("   "+f.Where+" = "+f.Value, " ="))
		}
		for _, part := range []string{".means", ".fix"} {
			if text := a.finding(f, part); text != "" {
				a.plainLine("   " + text)
			}
		}
	}
}

// noteUnsure says on standard error what the vendor does not document.
func (a *app) noteUnsure(all []visitortoken.Finding) {
	for _, f := range all {
		if f.Outcome == visitortoken.Unsure {
			a.note("cmd.keys.mint.unsure", localeParams("finding", a.finding(f, ""), "code", f.Code))
		}
	}
}

func (a *app) finding(f visitortoken.Finding, part string) string {
	key := "finding." + f.Code + part
	if !a.say.Has(key) {
		return ""
	}
	params := localeParams("value", f.Value)
	for k, v := range f.Params {
		params[k] = a.say.SpanOr(k, core.CleanLine(v))
	}
	return a.say.T(key, params)
}
