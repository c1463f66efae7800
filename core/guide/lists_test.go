package guide_test

import (
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
)

func TestAFieldFromAListOffersItsChoicesInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run, err := b.Start(b.ctx, "toast", "")
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[locale.Lang]string{locale.English: "en choice.jam", locale.Japanese: "ja choice.jam"} {
		p, _ := b.Prompt(run, lang)
		f := p.Fields[3]
		if len(f.Options) != 2 || f.Options[1].Value != "jam" || f.Options[1].Label.In(lang) != want {
			t.Errorf("%s: %+v", lang, f.Options)
		}
	}
	if _, err := b.Answer(b.ctx, run, map[string]string{"recipe": canary, "spread": "mud"}); core.CodeOf(err) != "guide.answer-choice" {
		t.Errorf("a value that is not in the list: %v", err)
	}
	if run, err = b.Answer(b.ctx, run, map[string]string{"recipe": canary, "spread": "jam"}); err != nil {
		t.Fatal(err)
	}
	if got := run.View(locale.Japanese)[0].Answers[3].Value; got != "ja choice.jam" {
		t.Errorf("what was chosen is shown as %q", got)
	}
}

// A run keeps its guide's text, but a list is the program's: a version without
// it can show what was done and cannot go on.
func TestARunWhoseListIsGoneStaysReadable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	later := &guide.Runner{Store: b.Store, Events: b.Events, Clock: b.Clock, Terms: guide.Terms{Actions: b.actions()}}
	got, err := later.Get(b.ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if views := got.View(locale.English); len(views) == 0 || views[0].State != guide.Done {
		t.Errorf("what was done is not readable: %+v", views)
	}
	step, _ := got.Current()
	if _, err := later.Do(b.ctx, got, ""); core.CodeOf(err) != "run.outdated" {
		t.Errorf("it went on with %s: %v", step.ID, err)
	}
}
