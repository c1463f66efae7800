package guide_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskward/core/action"
	"deskward/core/guide"
	"deskward/store/mem"

	"deskward/core"
)

func TestEveryMistakeOfAGuideIsReportedAtOnceWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := guide.Load(os.DirFS("testdata/bad"), newKitchen(newClock()).terms())
	got := strings.Split(err.Error(), "\n")
	want := []string{
		`burnt.yaml:1: id "Burnt toast" is not made of lower-case letters, digits, - and _`,
		`burnt.yaml:1: the id is "Burnt toast", the file is named "burnt"`,
		`burnt.yaml:3: the guide has an unknown key "colour"`,
		`burnt.yaml:5: title has no "ja"`,
		`burnt.yaml:15: step "slice": kitchen.slice needs the input "kind"`,
		`burnt.yaml:15: step "slice": kitchen.slice has no input "knife"`,
		`burnt.yaml:22: step "grill": unknown action "kitchen.grill"`,
		`burnt.yaml:23: step "toast": kitchen.toast cannot be undone and has no confirm`,
		`burnt.yaml:25: step "toast": text.en would show the secret ${bread.recipe}`,
		`burnt.yaml:25: step "toast": text.ja would show the secret ${bread.recipe}`,
		`burnt.yaml:28: step "toast": input slice uses ${taste.taste}: that step gives no "taste"`,
		`burnt.yaml:29: step "toast": input recipe is secret, but ${bread.kind} is not`,
		`burnt.yaml:30: step "toast": the id is used twice`,
		`burnt.yaml:32: step "toast": tell.ja is empty`,
		`burnt.yaml:33: step "toast": both tell and prove: a step is one of tell, ask, do, prove`,
		`burnt.yaml:34: step "taste": kitchen.slice changes something: prove is for checks`,
		`burnt.yaml:38: step "taste": input kind has a ${ that is not ${step.output}`,
		`burnt.yaml:38: step "taste": input kind uses ${nobody.kind}: there is no step "nobody"`,
		`burnt.yaml:39: a second document: a file is one guide`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// Each case is the good guide with one change.
func TestOneMistakeGivesOneProblem(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/good/toast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	terms := newKitchen(newClock()).terms()
	for _, c := range []struct{ name, old, new, want string }{
		{"a later step", "kind: ${bread.kind}\n    shows", "kind: ${taste.taste}\n    shows", "that step comes later"},
		{"its own output", "kind: ${bread.kind}\n    shows", "kind: ${slice.slice}\n    shows", "of its own step"},
		{"an output that is not given", "piece: ${toast.piece}", "piece: ${toast.lid}", `gives no "lid"`},
		{"a stand-in's output", "piece: ${toast.piece}", "piece: ${bake.piece}", "may be passed over; use ${toast.piece}"},
		{"a stand-in using what it replaces", "slice: ${slice.slice}\n  - id: cool", "slice: ${toast.piece}\n  - id: cool", "it stands in for that step"},
		{"a stand-in that gives too little", "do: kitchen.bake\n    with:\n      slice: ${slice.slice}", "do: kitchen.slice\n    with:\n      kind: ${bread.kind}", "may stand in for that step, gives no such"},
		{"a stand-in of a tell step", "instead_of: toast\n    title:\n      en: Bake", "instead_of: oven\n    title:\n      en: Bake", "no do step of its own"},
		{"a stand-in of nobody", "instead_of: toast\n    title:\n      en: Bake", "instead_of: grill\n    title:\n      en: Bake", `unknown step "grill"`},
		{"a time that is none", "after: ${toast.warm_until}", "after: ${toast.piece}", "which is no time"},
		{"a wait that is none", "after: 1m", "after: soon", "neither a time to wait"},
		{"a link that is none", "link: https://", "link: http://", "neither https nor one value"},
		{"a secret made of text", "recipe: ${bread.recipe}\n    confirm", "recipe: abc\n    confirm", "takes one secret value and nothing else"},
		{"a secret within a sentence", "en: Wait until ${toast.warm_until}.", "en: Wait for ${bread.recipe} until ${toast.warm_until}.", "not alone between backticks"},
		{"a value in a title", "en: Cut a slice", "en: Cut ${bread.kind}", "shown before there are values"},
		{"languages that differ", "en: Wait until ${toast.warm_until}.", "en: Wait.", "uses other values in ja than in en"},
		{"a default that is no choice", "default: rye", "default: corn", "would not be accepted"},
		{"a list that is none", "options_from: kitchen.spreads", "options_from: kitchen.spread", `unknown list "kitchen.spread": there is kitchen.nothing, kitchen.spreads`},
		{"a list of nothing", "options_from: kitchen.spreads", "options_from: kitchen.nothing", `the list "kitchen.nothing" has no choices`},
		{"a list and options", "        default: rye\n", "        default: rye\n        options_from: kitchen.spreads\n", `field "kind" has options and options_from`},
		{"a secret from a list", `pattern: "[a-z-]+"`, "options_from: kitchen.spreads", "is secret and has a default or options"},
		{"a default that is not in the list", "options_from: kitchen.spreads", "options_from: kitchen.spreads\n        default: mud", "would not be accepted"},
		{"a pattern that is none", `pattern: "[a-z-]+"`, `pattern: "["`, "no regular expression"},
		{"a secret with a default", `pattern: "[a-z-]+"`, "default: none", "is secret and has a default"},
		{"a truth that is none", "secret: true", "secret: yes please", "neither true nor false"},
		{"two fields of a name", "name: note", "name: kind", `two fields are named "kind"`},
		{"a doubled key", "    after: 1m\n", "    after: 1m\n    after: 2m\n", `has "after" twice`},
		{"an anchor", "title:\n      en: Taste it", "title: &t\n      en: Taste it", "is not a mapping"},
		{"confirm on a question", "    ask:\n", "    confirm:\n      word: X\n      text:\n        en: x\n        ja: x\n    ask:\n", `"confirm" does not belong to a ask step`},
		{"broken YAML", "id: toast\nplatform", "id: [toast\nplatform", "toast.yaml:"},
		{"nothing", string(good), "", "the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !bytes.Contains(good, []byte(c.old)) {
				t.Fatalf("the good guide does not hold %q", c.old)
			}
			_, err := guide.Parse("toast.yaml", bytes.Replace(good, []byte(c.old), []byte(c.new), 1), terms)
			problems, ok := errors.AsType[guide.Problems](err)
			if !ok || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if len(problems) > 5 { // a few follow from it
				t.Errorf("one mistake gave %d problems:\n%v", len(problems), err)
			}
		})
	}
}

func FuzzACheckedGuideRunsToItsEnd(f *testing.F) {
	for _, name := range []string{"testdata/good/toast.yaml", "testdata/bad/burnt.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newClock()
		terms := newKitchen(c).terms()
		terms.Actions = obliging(terms.Actions)
		g, err := guide.Parse("toast.yaml", data, terms)
		if _, ok := errors.AsType[guide.Problems](err); err != nil && !ok {
			t.Fatalf("an error that is no list of problems: %v", err)
		}
		if err != nil {
			return
		}
		store := mem.New()
		b := &bench{t: t, clock: c}
		r := &guide.Runner{Store: store, Clock: c, Terms: terms, Guides: guide.Only(*g), Events: &core.EventLog{Store: store, Clock: c}}
		given, ok := typable(g)
		if !ok {
			return
		}
		run, err := r.Rehearse(t.Context(), g.ID, "fuzzed", guide.DriveOptions{Answers: given, Wait: b.wait})
		if err != nil || run.State != guide.Complete {
			t.Fatalf("a checked guide stopped: %v\n%s", err, data)
		}
	})
}

// obliging makes actions succeed whatever they are given.
func obliging(actions []action.Action) []action.Action {
	for i := range actions {
		a := &actions[i]
		a.Run = action.New(a.Name, a.Risk, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }).Run
	}
	return actions
}

// typable returns an answer for each field, and false when that would take
// finding a text for a pattern.
func typable(g *guide.Guide) (guide.Answers, bool) {
	out := guide.Answers{}
	for _, s := range g.Steps {
		for _, f := range s.Ask {
			v := canary
			if f.Options != nil {
				v = f.Options[0].Value
			}
			if f.Check(v) != nil {
				return nil, false
			}
			out[s.ID+"."+f.Name] = v
		}
	}
	return out, true
}
