package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"deskward/core/signinwalk"
)

func (a *app) keysWalkCommand() *cobra.Command {
	var rules string
	c := a.command("keys.walk", &cobra.Command{Use: "walk [--rules RULES] EVENT…", Args: args(1, -1)})
	c.RunE = func(_ *cobra.Command, given []string) error { return a.keysWalk(signinwalk.Rules(rules), given) }
	c.Flags().StringVar(&rules, "rules", string(signinwalk.RulesCurrent), a.flagText("walk-rules"))
	return a.jsonFlag(c)
}

// walkStepJSON is one step of a walk. Its field names are a contract.
type walkStepJSON struct {
	Event string                `json:"event"`
	Says  []signinwalk.Sentence `json:"says"`
	World signinwalk.World      `json:"world"`
}

// keysWalk plays events and tells each step. It needs no store: nothing that
// is kept is used.
func (a *app) keysWalk(rules signinwalk.Rules, given []string) error {
	events, err := signinwalk.ParseAll(given)
	if err != nil {
		return err
	}
	steps, err := signinwalk.Walk(rules, events)
	if err != nil {
		return err
	}
	if a.opt.json {
		out := make([]walkStepJSON, len(steps))
		for i, s := range steps {
			out[i] = walkStepJSON{Event: s.Event.String(), Says: s.Says, World: s.World}
		}
		return a.json(struct {
			Rules signinwalk.Rules `json:"rules"`
			Steps []walkStepJSON   `json:"steps"`
		}{rules, out})
	}
	a.line("walk.rules." + string(rules))
	for i, s := range steps {
		a.plainLine("")
		a.plainLine(fmt.Sprintf("%d. %s", i+1, s.Event.In(a.say)))
		for _, x := range s.Says {
			a.plainLine("   " + x.In(a.say))
		}
	}
	a.plainLine("")
	a.line("walk.world")
	for _, f := range signinwalk.After(steps).Facts() {
		indent := "   "
		if f.Under {
			indent += "   "
		}
		a.plainLine(indent + f.In(a.say))
	}
	a.saySources(steps)
	return nil
}

// saySources prints where the articles are that the sentences name.
func (a *app) saySources(steps []signinwalk.Step) {
	named := map[signinwalk.Source]bool{signinwalk.NoSource: true}
	for _, s := range steps {
		for _, x := range s.Says {
			if !named[x.Source] {
				if len(named) == 1 {
					a.plainLine("")
				}
				named[x.Source] = true
				a.plainLine(a.say.T("walk.source."+string(x.Source)) + ": " + x.Source.URL())
			}
		}
	}
}
