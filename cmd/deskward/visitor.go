package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
)

func (a *app) visitorCommand() *cobra.Command {
	return a.group("visitor", "visitor", a.visitorFindCommand(), a.visitorBatchesCommand())
}

func (a *app) visitorFindCommand() *cobra.Command {
	var in []string
	var batch batchFlags
	c := a.command("visitor.find", &cobra.Command{Use: "find QUERY… | --from-file FILE | --resume BATCH", Args: args(0, -1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		ways := 0
		for _, way := range []bool{len(given) > 0, batch.file != "", batch.resume != ""} {
			if way {
				ways++
			}
		}
		switch {
		case batch.csv && a.opt.json:
			return usageError("csv-or-json", c.CommandPath(), nil, nil)
		case batch.resume != "" && len(in) > 0:
			return usageError("in-or-resume", c.CommandPath(), nil, nil)
		}
		if ways != 1 {
			return usageError("args", c.CommandPath(), map[string]string{"usage": c.UseLine(), "count": fmt.Sprint(len(given))}, nil)
		}
		if batch.wanted() {
			return a.visitorBatch(c.Context(), batch, in)
		}
		return a.visitorFind(c.Context(), given, in)
	}
	c.Flags().StringArrayVar(&in, "in", nil, a.flagText("visitor-in"))
	batch.add(a, c)
	return a.jsonFlag(c)
}

// visitorFind looks up one after the other. The exit code is 0 when everybody
// was found and every source could be asked, else 1: a script that goes on
// after 0 has seen all there was to see. What the records say of each other is
// in the verdict.
func (a *app) visitorFind(ctx context.Context, texts, in []string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	sources, err := s.sourcesNamed(ctx, in)
	if err != nil {
		return err
	}
	service := &lookup.Service{Clock: s.clock}
	results := []lookup.Result{}
	complete := true
	texts = wholePhones(texts)
	for _, text := range texts {
		q := lookup.Parse(text)
		if q.Text == "" {
			continue
		}
		told, stop := (func(lookup.Answer))(nil), func() {}
		if isTerminal(a.io.Err) { // a script has nobody who waits
			told, stop = a.sayWaits()
		}
		r := service.Find(ctx, q, sources, told)
		stop()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		complete = complete && foundAll(r)
		if a.opt.json {
			results = append(results, r)
			continue
		}
		if len(results) > 0 {
			a.plainLine("")
		}
		results = append(results, r)
		a.showResult(r, len(texts) > 1)
	}
	if a.opt.json {
		if err := a.json(results); err != nil {
			return err
		}
	}
	if len(results) == 0 || !complete {
		return said{&core.Error{Tried: "look-up-visitor", Code: "visitor.not-found"}}
	}
	return nil
}

// wholePhones puts a number together that the shell has cut at its blanks:
// "+81 90-1234-5678" without quotes is two arguments, neither of which is what
// was meant.
func wholePhones(args []string) []string {
	var out []string
	for i := 0; i < len(args); {
		n := 1
		if _, whole := lookup.ReadPhone(args[i]); !whole && strings.HasPrefix(args[i], "+") {
			for m := 2; i+m <= len(args); m++ {
				if _, ok := lookup.ReadPhone(strings.Join(args[i:i+m], " ")); ok {
					n = m
				} else if n > 1 {
					break
				}
			}
		}
		out, i = append(out, strings.Join(args[i:i+n], " ")), i+n
	}
	return out
}

// foundAll reports whether somebody was found and no source kept silent.
func foundAll(r lookup.Result) bool {
	somebody := false
	for _, one := range r.Answers {
		somebody = somebody || len(one.Visitors) > 0
	}
	return somebody && len(r.Verdict.Unseen) == 0
}

// sourcesNamed are all sources, or those of these names.
func (s *session) sourcesNamed(ctx context.Context, names []string) ([]lookup.Source, error) {
	all, err := s.sources(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &core.Error{Tried: "look-up-visitor", Code: "visitor.no-sources", Class: core.Usage}
	}
	if len(names) == 0 {
		return all, nil
	}
	var out []lookup.Source
	known := make([]string, len(all))
	for i, src := range all {
		known[i] = src.Name
	}
	for _, name := range names {
		i := indexFold(known, name)
		if i < 0 {
			return nil, &core.Error{
				Tried: "look-up-visitor", On: core.CleanLine(name), Code: "visitor.not-a-source", Class: core.Usage,
				Params: map[string]string{"known": strings.Join(known, ", ")},
			}
		}
		out = append(out, all[i])
	}
	return out, nil
}

func indexFold(all []string, name string) int {
	for i, s := range all {
		if strings.EqualFold(s, name) {
			return i
		}
	}
	return -1
}

// showResult prints the verdict, then what each source knows, then what there
// is to do.
func (a *app) showResult(r lookup.Result, named bool) {
	if named {
		a.plainLine(core.CleanLine(r.Query.Text))
	}
	a.plainLine(a.say.T("cmd.visitor.as", locale.Params{"kinds": a.kinds(r.Query)}))
	a.plainLine(a.verdict(r.Verdict))
	var rows [][]string
	for _, one := range r.Answers {
		if len(one.Visitors) == 0 {
			state := a.say.T("lookup.state." + string(one.State))
			if one.Behind != "" {
				state = a.say.T("lookup.state.behind", locale.Params{"source": core.CleanLine(one.Behind)})
			}
			if one.Code != "" {
				state += " [" + one.Code + "]"
			}
			rows = append(rows, []string{one.Source, "", "", stateMark(one.State) + "  " + state})
		}
		for _, v := range one.Visitors {
			person := strings.Join(compact(v.Name, v.Email()), " · ")
			if person == "" {
				person = v.ID
			}
			rows = append(rows, []string{one.Source, person, v.ExternalID, stateMark(lookup.Found) + "  " + a.say.T("lookup.state.found")})
		}
		if len(one.Visitors) > 0 && one.State == lookup.Failed {
			rows = append(rows, []string{one.Source, "", "", stateMark(one.State) + "  " + a.say.T("lookup.state.failed") + " [" + one.Code + "]"})
		}
	}
	a.table([]string{"source", "person", "external-id", "state"}, rows)
	for _, f := range r.Verdict.Findings {
		if f.Level == lookup.Good {
			continue
		}
		p := findingParams(f)
		mark := map[lookup.Level]string{lookup.Bad: "x", lookup.Note: "!"}[f.Level]
		fmt.Fprintf(a.io.Out, "%s  %s [%s]\n", mark, a.say.T("lookup."+f.Code, p), f.Code)
		if f.Level == lookup.Bad {
			fmt.Fprintf(a.io.Out, "   %s\n", a.say.T("lookup."+f.Code+".means", p))
		}
		if why := a.whyUnseen(r, f); len(why) > 0 {
			for _, line := range why {
				fmt.Fprintf(a.io.Out, "   %s\n", line)
			}
			continue
		}
		fmt.Fprintf(a.io.Out, "   %s\n", a.say.T("cmd.visitor.fix", locale.Params{"text": a.say.T("lookup."+f.Code+".fix", p)}))
	}
	if key := lookup.NextKey(r); key != "" {
		fmt.Fprintf(a.io.Out, "   %s\n", a.say.T("cmd.visitor.fix", locale.Params{"text": a.say.T(key)}))
	}
}

// kinds names what a query was taken for.
func (a *app) kinds(q lookup.Query) string {
	names := make([]string, len(q.Kinds))
	for i, k := range q.Kinds {
		names[i] = a.say.T("query.kind." + string(k))
	}
	return strings.Join(names, " · ")
}

// whyUnseen says why a source could not be asked: here there is no row to open
// that would tell. nil: the finding is of something else.
func (a *app) whyUnseen(r lookup.Result, f lookup.Finding) []string {
	if f.Code != "unseen" && f.Code != "unseen-rest" {
		return nil
	}
	i := slices.IndexFunc(r.Answers, func(o lookup.Answer) bool { return o.Source == f.Source && o.Err != nil })
	if i < 0 {
		return nil
	}
	x := a.explanation(r.Answers[i].Err)
	lines := []string{core.CleanLine(x.Headline) + " [" + x.Code + "]"}
	for _, text := range compact(x.Vendor, x.Means) {
		lines = append(lines, core.CleanLine(text))
	}
	return append(lines, a.say.T("cmd.visitor.fix", locale.Params{"text": core.CleanLine(x.Next)}))
}

// verdict is the verdict's sentence, and who could not be asked for it.
func (a *app) verdict(v lookup.Verdict) string {
	p := locale.Params{"id": core.CleanLine(v.ExternalID), "count": ""}
	for _, f := range v.Findings {
		if f.Code == "several" {
			p["count"] = f.Params["count"]
		}
	}
	said := a.say.T("lookup.outcome."+string(v.Outcome), p)
	for _, more := range []struct {
		key   string
		names []string
	}{{"lookup.outcome.not-seen", v.Unseen}, {"lookup.outcome.untraced", v.Untraced}} {
		if len(more.names) == 0 {
			continue
		}
		if !strings.HasSuffix(said, "。") {
			said += " "
		}
		said += a.say.T(more.key, locale.Params{"sources": core.CleanLine(strings.Join(more.names, ", "))})
	}
	return said
}

// findingParams are the values for a finding's texts.
func findingParams(f lookup.Finding) locale.Params {
	p := locale.Params{"source": core.CleanLine(f.Source)}
	for k, v := range f.Params {
		p[k] = core.CleanLine(v)
	}
	return p
}

func stateMark(s lookup.State) string {
	return map[lookup.State]string{lookup.Found: "ok", lookup.Failed: "x"}[s]
}

func compact(all ...string) []string {
	var out []string
	for _, s := range all {
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}
