package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/guide"
)

func (a *app) guidesCommand() *cobra.Command {
	return a.group("guides", "guides", a.guidesListCommand(), a.guidesShowCommand())
}

// guideJSON is a guide in a list. Its field names are a contract.
type guideJSON struct {
	ID       string          `json:"id"`
	Platform core.PlatformID `json:"platform"`
	Title    string          `json:"title"`
	Summary  string          `json:"summary,omitempty"`
	Steps    int             `json:"steps"`
}

func (a *app) guideAsJSON(g *guide.Guide) guideJSON {
	lang := a.say.Lang()
	return guideJSON{g.ID, g.Platform, g.Title.In(lang), g.Summary.In(lang), g.MainSteps()}
}

func (a *app) guidesListCommand() *cobra.Command {
	c := a.command("guides.list", &cobra.Command{Use: "list", Args: args(0, 0)})
	c.RunE = func(*cobra.Command, []string) error { return a.guidesList() }
	return a.jsonFlag(c)
}

// guidesList needs no store: the guides are part of the program.
func (a *app) guidesList() error {
	guides, err := a.readGuides()
	if err != nil {
		return err
	}
	out := make([]guideJSON, len(guides))
	rows := make([][]string, len(guides))
	for i := range guides {
		g := a.guideAsJSON(&guides[i])
		out[i] = g
		rows[i] = []string{g.ID, a.platformName(g.Platform), fmt.Sprint(g.Steps), g.Title}
	}
	if a.opt.json {
		return a.json(out)
	}
	a.table([]string{"guide", "platform", "steps", "title"}, rows)
	return nil
}

func (a *app) guidesShowCommand() *cobra.Command {
	c := a.command("guides.show", &cobra.Command{Use: "show GUIDE", Args: args(1, 1)})
	c.RunE = func(_ *cobra.Command, given []string) error { return a.guidesShow(given[0]) }
	c.ValidArgsFunction = a.completeGuides
	return a.jsonFlag(c)
}

// guideStepJSON is one step of a guide, with the names an answers file uses.
type guideStepJSON struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Action string   `json:"action,omitempty"`
	Fields []string `json:"fields,omitempty"`
	// Choices are the values to choose from, by field.
	Choices    map[string][]string `json:"choices,omitempty"`
	Confirm    string              `json:"confirm,omitempty"`
	InsteadOf  string              `json:"instead_of,omitempty"`
	CannotUndo bool                `json:"cannot_undo"`
}

func (a *app) guidesShow(id string) error {
	g, err := a.findGuide(id)
	if err != nil {
		return err
	}
	lang := a.say.Lang()
	steps := make([]guideStepJSON, len(g.Steps))
	for i, s := range g.Steps {
		steps[i] = guideStepJSON{
			ID: s.ID, Kind: string(s.Kind), Title: s.Title.In(lang), Action: s.Action.Name, InsteadOf: s.InsteadOf, CannotUndo: s.Irreversible(),
		}
		for _, f := range s.Ask {
			steps[i].Fields = append(steps[i].Fields, f.Name)
			for _, o := range f.Options {
				steps[i].offer(f.Name, o.Value)
			}
		}
		if s.Confirm != nil {
			steps[i].Confirm = s.Confirm.Word
		}
	}
	if a.opt.json {
		return a.json(struct {
			guideJSON
			Steps []guideStepJSON `json:"steps"`
		}{a.guideAsJSON(g), steps})
	}
	a.pairs([]pair{{"guide", g.ID}, {"platform", a.platformName(g.Platform)}, {"title", g.Title.In(lang)}, {"summary", g.Summary.In(lang)}})
	a.plainLine("")
	rows := make([][]string, len(steps))
	number := 0
	for i, s := range steps {
		no := "" // only a run whose step gave way counts those that stand in for it
		if s.InsteadOf == "" {
			number++
			no = fmt.Sprint(number)
		}
		var about []string
		switch {
		case s.CannotUndo:
			about = append(about, a.say.T("cmd.guides.cannot-undo"))
		case len(s.Fields) > 0:
			about = append(about, strings.Join(s.Fields, " "))
		}
		if s.InsteadOf != "" {
			about = append(about, a.say.T("cmd.guides.instead-of", localeParams("step", s.InsteadOf)))
		}
		rows[i] = []string{no, s.ID, a.say.T("step.kind." + s.Kind), s.Title, strings.Join(about, a.say.T("cmd.list-separator"))}
	}
	a.table([]string{"number", "step", "kind", "title", "about"}, rows)
	a.guideChoices(g)
	return nil
}

func (s *guideStepJSON) offer(field, value string) {
	if s.Choices == nil {
		s.Choices = map[string][]string{}
	}
	s.Choices[field] = append(s.Choices[field], value)
}

// guideChoices lists what an answers file may say where there is a choice.
func (a *app) guideChoices(g *guide.Guide) {
	var rows [][]string
	for _, s := range g.Steps {
		for _, f := range s.Ask {
			for _, o := range f.Options {
				rows = append(rows, []string{s.ID + "." + f.Name, o.Value, o.Label.In(a.say.Lang())})
			}
		}
	}
	if rows != nil {
		a.plainLine("")
		a.table([]string{"answer", "value", "words"}, rows)
	}
}

func (a *app) findGuide(id string) (*guide.Guide, error) {
	guides, err := a.readGuides()
	if err != nil {
		return nil, err
	}
	return (&guide.Runner{Guides: guide.Only(guides...)}).Guide(id)
}

func (a *app) completeGuides(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	guides, err := a.readGuides()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []cobra.Completion
	for i := range guides {
		out = append(out, cobra.CompletionWithDesc(guides[i].ID, guides[i].Title.In("en")))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
