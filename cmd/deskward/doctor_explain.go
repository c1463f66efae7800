package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/advice"
)

func (a *app) doctorExplainCommand() *cobra.Command {
	var file string
	c := a.command("doctor.explain", &cobra.Command{Use: "explain [TEXT…|-]", Args: args(0, -1)})
	c.RunE = func(_ *cobra.Command, given []string) error { return a.doctorExplain(given, file) }
	c.Flags().StringVar(&file, "file", "", a.flagText("explain-file"))
	return a.jsonFlag(c)
}

// doctorExplain says what a pasted error means: exit code 0 something is known
// of it, 6 nothing is.
func (a *app) doctorExplain(given []string, file string) error {
	text, err := a.textToExplain(given, file)
	if err != nil {
		return err
	}
	catalogue, err := a.advice()
	if err != nil {
		return err
	}
	answer := catalogue.ExplainPasted(text, a.say)
	if a.opt.json {
		err = a.json(answer)
	} else {
		a.sayAnswer(answer)
	}
	if err != nil || len(answer.Candidates) > 0 {
		return err
	}
	return said{&core.Error{Tried: "explain-text", Code: "explain.unknown", Class: core.Unknown}}
}

// textToExplain takes what to explain from the arguments, a file or standard
// input.
func (a *app) textToExplain(given []string, file string) (string, error) {
	switch {
	case file != "":
		raw, err := readFile(file)
		if err != nil {
			return "", inputError("read-text", file, err)
		}
		return string(raw), nil
	case len(given) > 0 && (len(given) > 1 || given[0] != "-"):
		return strings.Join(given, " "), nil
	}
	raw, err := io.ReadAll(io.LimitReader(a.io.In, advice.MaxText))
	if err != nil {
		return "", inputError("read-text", "-", err)
	}
	return string(raw), nil
}

// sayAnswer prints the best meaning first.
func (a *app) sayAnswer(answer advice.Answer) {
	for _, ch := range answer.Challenges {
		a.line("explain.challenge", localeParams("text", ch))
	}
	for i, x := range answer.Candidates {
		if i == 0 && len(answer.Candidates) > 1 {
			a.plainLine(a.say.N("explain.several", len(answer.Candidates)))
			a.plainLine("")
		}
		a.plainLine(a.say.T(x.Says(), localeParams("system", a.say.T("explain.system."+x.System))) + "  [" + x.Code + "]")
		rows := [][]string{}
		add := func(key, text string) {
			if text != "" {
				rows = append(rows, []string{"   " + a.say.T("explain.label."+key), core.CleanLine(text)})
			}
		}
		if x.Place != "" {
			add("where", a.say.T("explain.at."+x.Place))
		}
		add("means", x.Means)
		add("fix", x.Fix)
		add("link", x.Link)
		add("evidence", strings.Join(x.Evidence, " · "))
		writeColumns(a.io.Out, rows)
		a.plainLine("")
	}
	if len(answer.Candidates) > 0 {
		return
	}
	a.line("explain.unknown")
	if len(answer.Systems) > 0 {
		names := make([]string, len(answer.Systems))
		for i, s := range answer.Systems {
			names[i] = a.say.T("explain.system." + s)
		}
		a.line("explain.seen", localeParams("systems", strings.Join(names, ", ")))
	}
	a.plainLine("")
	a.line("explain.collect")
	for _, what := range []string{"page", "address", "answer", "challenge", "log"} {
		a.plainLine("  - " + a.say.T("explain.collect."+what))
	}
}
