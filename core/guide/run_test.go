package guide_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/transport"
)

func TestRunGoesFromTheFirstStepToTheLast(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var seen []string
	o := b.all()
	o.Seen = func(_ guide.Run, s guide.Step) { seen = append(seen, s.ID) }
	run, err := b.Rehearse(b.ctx, "toast", "", o)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, " "); got != "bread slice toast cool taste" {
		t.Errorf("steps done: %s", got)
	}
	if run.State != guide.Complete || run.Name != "rye" {
		t.Errorf("the run is %s and called %q", run.State, run.Name)
	}
	if run.StateOf("bake") != guide.PassedOver {
		t.Errorf("the stand-in is %s", run.StateOf("bake"))
	}
	list, err := b.Runs(b.ctx)
	if err != nil || len(list) != 1 || list[0].Step != 5 || list[0].Of != 5 || list[0].State != guide.Complete {
		t.Errorf("listed as %+v, %v", list, err)
	}
	note, ok, err := b.Rehearsed(b.ctx, "toast")
	if err != nil || !ok || !note.Passed {
		t.Errorf("rehearsal %+v %v %v", note, ok, err)
	}
	b.logged("run-begun", "step-done", "step-done", "step-done", "step-done", "step-done", "run-ended", "rehearsed")
}

// logged checks the whole log's verbs.
func (b *bench) logged(want ...core.Verb) {
	b.t.Helper()
	events, err := b.Events.Recent(b.ctx, 0, "")
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for i := len(events) - 1; i >= 0; i-- {
		got = append(got, string(events[i].Verb))
	}
	var w []string
	for _, v := range want {
		w = append(w, string(v))
	}
	if strings.Join(got, " ") != strings.Join(w, " ") {
		b.t.Errorf("log: %v\nwant %v", got, w)
	}
}

func TestNothingHappensWithoutTheWord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	for _, word := range []string{"", "toast", "TOAST "} {
		if _, err := b.Do(b.ctx, run, word); core.CodeOf(err) != "run.not-confirmed" {
			t.Errorf("word %q: %v", word, err)
		}
	}
	if b.count("toast") != 0 {
		t.Error("it was toasted")
	}
}

func TestAnotherSessionResumesWhereTheFirstStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	other := b.another("kenji")
	other.Guides = nil // a version that no longer has the guide
	again, err := other.Get(b.ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = other.Drive(b.ctx, again, b.all()); err != nil || again.State != guide.Complete {
		t.Fatalf("%s, %v", again.State, err)
	}
	if got := again.Steps["toast"].By.User; got != "kenji" {
		t.Errorf("toasted by %s", got)
	}
}

func TestOfTwoSessionsTheSlowerGetsAConflict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	other := b.another("kenji")
	same, err := other.Get(b.ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.Do(b.ctx, run, "TOAST"); err != nil {
		t.Fatal(err)
	}
	if _, err = other.Do(b.ctx, same, "TOAST"); !errors.Is(err, core.ErrConflict) || core.ClassOf(err) != core.Conflict {
		t.Fatalf("got %v", err)
	}
	if b.count("toast") != 1 {
		t.Errorf("toasted %d times", b.count("toast"))
	}
	if same, err = other.Get(b.ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	b.isAt(same, "cool", guide.Open)
}

// dies runs the current step in a process that ends while the action runs.
func (b *bench) dies(run guide.Run, before bool) {
	b.t.Helper()
	dead := b.another("mina")
	died := errors.New("the process died")
	name := ""
	b.during = func(n string) {
		name = n
		if before {
			panic(died)
		}
	}
	defer func() {
		b.during = func(string) {}
		if r := recover(); r != died || name == "" { //nolint:errorlint // the very value
			b.t.Fatalf("recovered %v", r)
		}
	}()
	_, _ = dead.Do(b.ctx, run, "TOAST")
}

func TestDeathDuringAnIrreversibleStepMakesItUnknownAndItIsNotRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	b.dies(run, true)
	r := b.another("mina")
	run, err := r.Get(b.ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "toast", guide.Unknown)
	if run.State != guide.Stuck {
		t.Errorf("the run is %s", run.State)
	}
	if _, err := r.Do(b.ctx, run, "TOAST"); core.CodeOf(err) != "run.unknown" || core.ClassOf(err) != core.Unknown {
		t.Errorf("doing it again: %v", err)
	}
	if _, err := r.Resolve(b.ctx, run, action.DidNotHappen); core.CodeOf(err) != "run.still-running" {
		t.Errorf("resolved while another session may be at it: %v", err)
	}
	b.clock.move(core.LeaseTime)
	if run, err = r.Get(b.ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	p, _ := r.Prompt(run, locale.English)
	if !p.CanResolve || !p.CanInquire || p.Blocked == nil {
		t.Errorf("prompt: %+v", p)
	}
	b.logged("run-begun", "step-done", "step-done", "step-unknown")

	run, effect, err := r.Inquire(b.ctx, run)
	if err != nil || effect != action.CannotTell {
		t.Fatalf("asked: %v %v", effect, err)
	}
	b.isAt(run, "toast", guide.Unknown)
	if run, err = r.Resolve(b.ctx, run, action.DidNotHappen); err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "toast", guide.Failed)
	if run, err = r.Do(b.ctx, run, "TOAST"); err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "cool", guide.Open)
}

// A try that was killed is resumed for each do step of the guide.
func TestDeathDuringARepeatableStepLetsItBeRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run, err := b.Start(b.ctx, "toast", "")
	if err != nil {
		t.Fatal(err)
	}
	if run, err = b.Answer(b.ctx, run, map[string]string{"recipe": canary}); err != nil {
		t.Fatal(err)
	}
	b.dies(run, true)
	if run, err = b.Get(b.ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "slice", guide.Unknown)
	if run, err = b.Do(b.ctx, run, ""); err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "toast", guide.Open)
}

func TestAnUnknownStepThatHappened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		recalls bool
		want    guide.State
	}{
		{"and whose answer was saved is done", true, guide.Done},
		{"and whose answer is lost and needed gives way only", false, guide.Lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(k *kitchen) { k.recalls, k.tells = c.recalls, action.DidHappen })
			run := b.toToast()
			b.toasted["a slice of rye"] = b.clock.Now()
			b.fail["toast"] = &core.Error{Code: "net.timeout", Class: core.Unknown}
			run, err := b.Do(b.ctx, run, "TOAST")
			if core.ClassOf(err) != core.Unknown {
				t.Fatal(err)
			}
			b.isAt(run, "toast", guide.Unknown)
			run, effect, err := b.Inquire(b.ctx, run)
			if err != nil || effect != action.DidHappen {
				t.Fatal(effect, err)
			}
			if got := run.StateOf("toast"); got != c.want {
				t.Fatalf("the step is %s", got)
			}
			if c.want != guide.Lost {
				return
			}
			if _, err := b.Do(b.ctx, run, "TOAST"); core.CodeOf(err) != "run.answer-lost" {
				t.Errorf("done again: %v", err)
			}
			if run, err = b.Instead(b.ctx, run); err != nil {
				t.Fatal(err)
			}
			b.isAt(run, "oven", guide.Open)
			if _, err := b.Back(b.ctx, run, "bread"); core.CodeOf(err) != "run.too-late" {
				t.Errorf("went back behind what happened: %v", err)
			}
		})
	}
}

func TestARefusedStepCanBeTriedTwiceAndThenGivesWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	b.fail["toast"] = &core.Error{Tried: "toast", Code: "kitchen.fuse", Class: core.Refused}
	for range 2 {
		var err error
		if run, err = b.Do(b.ctx, run, "TOAST"); core.CodeOf(err) != "kitchen.fuse" {
			t.Fatal(err)
		}
		b.isAt(run, "toast", guide.Failed)
	}
	if _, err := b.Do(b.ctx, run, "TOAST"); core.CodeOf(err) != "run.refused-too-often" {
		t.Errorf("a third try: %v", err)
	}
	p, _ := b.Prompt(run, locale.English)
	if !p.CanInstead || p.Failure == nil || p.Failure.Code != "kitchen.fuse" {
		t.Errorf("prompt: %+v", p)
	}
	run, err := b.Instead(b.ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "oven", guide.Open)
	if run, err = b.Drive(b.ctx, run, b.all()); err != nil || run.State != guide.Complete {
		t.Fatalf("%s %v", run.State, err)
	}
	if got := run.Steps["taste"].Out["taste"]; got != "good: baked a slice of rye" {
		t.Errorf("later steps got %q", got)
	}
}

// nobodyThere is what a call to a port where nobody listens comes back with.
func nobodyThere(t *testing.T) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = transport.Do(c.For(l.Addr().String()), req)
	return err
}

func TestAnIrreversibleStepFailsOnlyWhenNothingCanHaveHappened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want guide.State
	}{
		{&core.Error{Code: "kitchen.fuse", Class: core.Refused}, guide.Failed},
		{nobodyThere(t), guide.Failed},
		{&core.Error{Code: "net.refused"}, guide.Unknown}, // nothing says that it was not sent
		{&core.Error{Code: "net.timeout"}, guide.Unknown},
		{&core.Error{Code: "net.timeout", Class: core.Unknown}, guide.Unknown},
		{&core.Error{Code: "store.busy", Class: core.Locked}, guide.Unknown}, // after a call
		{errors.New("whatever"), guide.Unknown},
	} {
		b := newBench(t)
		run := b.toToast()
		b.fail["toast"] = c.err
		run, _ = b.Do(b.ctx, run, "TOAST")
		if got := run.StateOf("toast"); got != c.want {
			t.Errorf("%v: the step is %s, want %s", c.err, got, c.want)
		}
	}
}

func TestWhyAStepFailedIsToldAsWellLaterAsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	met := &core.Error{Tried: "toast", On: "rye", Code: "kitchen.fuse", Class: core.Refused, Params: map[string]string{"description": strings.Repeat("焦", 4000), "fuse": "3"}, Err: errors.New("canary of an error's own text")}
	b.fail["toast"] = met
	run, _ = b.Do(b.ctx, run, "TOAST")
	run, err := b.Get(b.ctx, run.ID) // as another session reads it
	if err != nil {
		t.Fatal(err)
	}
	p, _ := b.Prompt(run, locale.English)
	later, ok := errors.AsType[*core.Error](p.Failure.Err())
	if !ok || later.Tried != "toast" || later.On != "rye" || later.Code != met.Code || later.Params["fuse"] != "3" {
		t.Errorf("%+v", later)
	}
	if said := later.Params["description"]; len(said) > 1000 || !strings.HasPrefix(met.Params["description"], said) || later.Err != nil {
		t.Errorf("%d bytes of %q", len(said), said)
	}
}

func TestGoingBackReopensWhatUsesTheAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	run, err := b.Back(b.ctx, run, "bread")
	if err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "bread", guide.Open)
	p, _ := b.Prompt(run, locale.English)
	if p.Fields[0].Value != "rye" || !p.Fields[1].Kept || p.Fields[1].Value != "" {
		t.Errorf("fields: %+v", p.Fields)
	}
	if run, err = b.Answer(b.ctx, run, map[string]string{"kind": "white", "recipe": ""}); err != nil {
		t.Fatal(err)
	}
	b.isAt(run, "slice", guide.Open)
	if run, err = b.Drive(b.ctx, run, b.all()); err != nil || run.State != guide.Complete {
		t.Fatalf("%s %v", run.State, err)
	}
	if got := run.Steps["taste"].Out["taste"]; got != "good: toast of a slice of white" {
		t.Errorf("got %q", got)
	}
}

func TestGoingBackBehindWhatCannotBeUndoneIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	run, err := b.Do(b.ctx, run, "TOAST")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"bread", "slice", "toast"} {
		if _, err := b.Back(b.ctx, run, step); core.CodeOf(err) != "run.too-late" {
			t.Errorf("%s: %v", step, err)
		}
	}
}

func TestAStepThatMustWaitCannotBeDoneEarlier(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	run, err := b.Do(b.ctx, run, "TOAST")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Answer(b.ctx, run, nil); core.CodeOf(err) != "run.too-early" {
		t.Errorf("too early: %v", err)
	}
	p, _ := b.Prompt(run, locale.English)
	if want := b.clock.Now().Add(time.Hour); !p.NotBefore.Equal(want) || p.Text != "Wait until 2026-11-22 11:41 UTC." {
		t.Errorf("%v %q", p.NotBefore, p.Text)
	}
	b.clock.move(time.Hour)
	if run, err = b.Answer(b.ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	if _, err = b.Do(b.ctx, run, ""); core.CodeOf(err) != "run.too-early" {
		t.Errorf("after the step before: %v", err)
	}
}

func TestAnswersAreTidiedAndChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run, err := b.Start(b.ctx, "toast", "x")
	if err != nil {
		t.Fatal(err)
	}
	for code, values := range map[string]map[string]string{
		"guide.answer-missing": {},
		"guide.answer-choice":  {"kind": "corn", "recipe": canary},
		"guide.answer-shape":   {"recipe": "Not This!"},
		"guide.answer-long":    {"recipe": strings.Repeat("a", 1<<17)},
		"guide.answer-unknown": {"recipe": canary, "price": "1"},
	} {
		if _, err := b.Answer(b.ctx, run, values); core.CodeOf(err) != code {
			t.Errorf("%s: got %v", code, err)
		}
	}
	if _, err := b.Answer(b.ctx, run, map[string]string{"kind": " rye\n", "recipe": "canary-\n rec ipe", "note": "a\r\nb"}); err != nil {
		t.Error(err)
	}
}

func TestAbandonedRunKeepsNoSecretAndCannotGoOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run, err := b.Abandon(b.ctx, b.toToast())
	if err != nil || run.State != guide.Abandoned {
		t.Fatal(run.State, err)
	}
	if bytes.Contains(b.record(run.ID).Body, []byte(canary)) {
		t.Error("the secret is still there")
	}
	if _, err := b.Do(b.ctx, run, "TOAST"); core.CodeOf(err) != "run.ended" {
		t.Error(err)
	}
}

func (b *bench) record(id string) core.Record {
	var rec core.Record
	if err := b.store.View(b.ctx, func(r core.Reader) (err error) {
		rec, err = r.Get(core.KindRun, id)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return rec
}

func TestNoSecretLeavesTheSealedBody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, err := locale.Load(os.DirFS("../../assets/locales"), locale.Japanese)
	if err != nil {
		t.Fatal(err)
	}
	o := b.all()
	look := func(run guide.Run) {
		prompt, _ := b.Prompt(run, locale.English)
		shown := fmt.Sprintf("%+v %+v %+v", prompt, run, run.View(locale.English))
		raw, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		events, err := b.Events.Recent(context.Background(), 0, "")
		if err != nil {
			t.Fatal(err)
		}
		log, _ := json.Marshal(events)
		for where, text := range map[string]string{"report": run.Report(p), "head": string(b.record(run.ID).Head), "prompt or view": shown, "run": string(raw), "log": string(log)} {
			if strings.Contains(text, "canary") {
				t.Errorf("a secret is in the %s:\n%s", where, text)
			}
		}
	}
	o.Seen = func(run guide.Run, s guide.Step) {
		look(run)
		if s.ID == "slice" && !strings.Contains(string(b.record(run.ID).Body), canary) {
			t.Error("the secret is not in the body either")
		}
	}
	run, err := b.Rehearse(b.ctx, "toast", "Acme | Europe", o)
	if err != nil {
		t.Fatal(err)
	}
	look(run)
	if strings.Contains(string(b.record(run.ID).Body), canary) {
		t.Error("an ended run still holds the secret")
	}
	if report := run.Report(p); strings.Contains(report, "[guide.") || strings.Contains(report, "[step.") || !strings.Contains(report, "POST https://kitchen.example/toast") {
		t.Errorf("report:\n%s", report)
	}
}

func TestAnswersFileIsReadByStepAndField(t *testing.T) {
	t.Parallel()
	got, err := guide.ReadAnswers("a.yaml", []byte("bread:\n  kind: white\n  recipe: "+canary+"\ntoast:\n  confirm: TOAST\n"))
	if err != nil || len(got) != 3 || got["bread.kind"] != "white" || got["toast.confirm"] != "TOAST" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "- a", "bread: rye", "bread:\n  kind: [a]"} {
		if _, err := guide.ReadAnswers("a.yaml", []byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestARunThatThisVersionCannotCarryOutIsStillReportedAndAbandoned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.toToast()
	later := &guide.Runner{Store: b.Store, Events: b.Events, Clock: b.Clock} // a version that knows none of the actions
	old, err := later.Get(b.ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if old.StateOf("toast") != guide.Open || len(old.Steps) == 0 {
		t.Errorf("what was proven is not readable: %+v", old.Steps)
	}
	if _, err := later.Do(b.ctx, old, "TOAST"); core.CodeOf(err) != "run.outdated" {
		t.Errorf("going on with it: %v", err)
	}
	if _, err := later.Abandon(b.ctx, old); err != nil {
		t.Errorf("abandoning it: %v", err)
	}
}

func TestWhatAPersonBringsBackIsAskedForWhenItsStepIsReached(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var asked []string
	o := b.all()
	o.Answers = nil
	o.Ask = func(_ context.Context, run guide.Run) (guide.Answers, error) {
		step, _ := run.Current()
		asked = append(asked, step.ID)
		return answers, nil
	}
	run, err := b.Rehearse(b.ctx, "toast", "asked", o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s, %v", run.State, err)
	}
	for i, id := range asked {
		if s, _ := run.Guide().Step(id); s.Kind != guide.Ask || slices.Contains(asked[:i], id) {
			t.Errorf("asked at %q", asked)
		}
	}
	if len(asked) == 0 {
		t.Error("nobody was asked")
	}
	o.Ask = func(context.Context, guide.Run) (guide.Answers, error) { return nil, errors.New("the page is gone") }
	if run, err := b.Rehearse(b.ctx, "toast", "gone", o); err == nil || run.State != guide.Underway {
		t.Errorf("the page is gone: %s, %v", run.State, err)
	}
}

func TestAnAnswerThatIsRefusedEndsTheDrive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.all()
	o.Answers = maps.Clone(answers)
	o.Answers["bread.kind"] = "none of the choices"
	o.Wait = func(context.Context, time.Time) error { t.Fatal("it went on"); return nil }
	if run, err := b.Rehearse(b.ctx, "toast", "refused", o); core.CodeOf(err) != "guide.answer-choice" {
		t.Errorf("%s, %v", run.State, err)
	}
}
