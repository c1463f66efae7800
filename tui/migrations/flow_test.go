package migrations_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
)

func TestWhatWasTypedIsThereAgainAfterLeaving(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "client", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Client ID")
	c.Type("10.half")
	c.press("tab")
	c.Paste("canary-client-secret")
	if strings.Contains(c.Text(), "canary") {
		t.Error("the secret is readable on the screen")
	}
	c.press("esc", "esc") // to the screen's keys, then back to the list
	c.See("CAN BE STARTED")
	c.press("enter")
	c.See("10.half", "••••")
	c.press("tab", "ctrl+s")
	c.See("3  Does it work?")
	run := w.read(t)
	if got := run.Steps["client"].Out["client_id"]; got != "10.half" {
		t.Errorf("client_id is %q", got)
	}
}

func TestWrongAnswerIsSaidBelowItsField(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "client", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Client ID")
	c.Type("11.canary")
	c.press("enter")
	c.See("Client ID does not look as it should")
	noKeysMissing(t, c.Text())
}

func TestAnotherWordRunsNothing(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "exchange", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.Type("EXCHANG")
	c.press("enter")
	c.See("Nothing was done. Type EXCHANGE")
	if w.attempts != 0 {
		t.Errorf("%d attempts", w.attempts)
	}
	c.Type("E")
	c.press("enter")
	c.See("Exchanged. The old key ends at", "200")
	if w.attempts != 1 {
		t.Errorf("%d attempts", w.attempts)
	}
}

func TestResultIsKeptWhenTheScreenIsLeftWhileItRuns(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "exchange", "Acme Europe")
	w.hold = make(chan struct{})
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.Type("EXCHANGE")
	c.press("enter")
	<-w.entered
	c.See("Waiting for Zoho Desk (demo.exchange)", "You can leave")
	c.press("c")
	c.See("can't be called back")
	c.press("s")
	c.See("It goes on without you", "working")
	c.press("enter")
	c.See("not ended. It is looked at again")
	close(w.hold)
	c.Until("the step done", func() bool { return w.read(t).StateOf("exchange") == guide.Done })
	c.press("esc")
	c.See("waits 24 h")
}

func TestUnknownStepWaitsForAPersonsWordAndIsNeverRepeated(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "exchange", "Acme Europe")
	w.fail("exchange", errCut)
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.Type("EXCHANGE")
	c.press("enter")
	c.See("Nobody knows how this step ended")
	c.press("enter")
	c.press("h")
	c.See("You say that this step took effect")
	c.press("enter")
	c.See("This step took effect")
	c.press("f")
	c.See("Get a fresh key")
	if w.attempts != 1 {
		t.Errorf("%d attempts", w.attempts)
	}
}

func TestRefusedStepLeadsToTheOtherWay(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "exchange", "Acme Europe")
	w.fail("exchange", errRefused)
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.Type("EXCHANGE")
	c.press("enter")
	c.See("Could not", "zoho.invalid_client")
	c.press("f")
	c.See("5  Get a fresh key", "Enter does it.")
	c.press("enter")
	c.See("Enter goes on to step 6")
}

func TestSecondSessionsStepIsReadAgainAndNotOverwritten(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	run := w.at(t, "need", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Do this, then press enter")
	other := w.newRunner(t, core.Actor{User: "kenji", Host: "jump01"})
	if _, err := other.Answer(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
	c.press("enter")
	c.See("2  Enter the client", "conflict")
	noKeysMissing(t, c.Text())
	if by := w.read(t).Steps["need"].By.User; by != "kenji" {
		t.Errorf("the step is by %q", by)
	}
}

func TestEarlierAnswerIsOpenedAgain(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "exchange", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Type EXCHANGE")
	c.press("p", "k")
	c.See("10.canary")
	c.press("b")
	c.See("Open step 2 again")
	c.press("enter")
	c.See("kept from before", "Step 2 is open again")
}

func TestRunIsGivenUpOnlyByTheWord(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "check", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Enter checks it")
	c.press("x")
	c.See("Give up this run?")
	c.press("enter")
	c.See("Nothing was done")
	c.Type("ABANDON")
	c.press("enter")
	c.See("Given up. 0 of 2 checks were proven.")
}

func TestLanguageIsSwitchedWithAFormHalfFilled(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "client", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("enter")
	c.See("Client ID")
	c.Type("10.half")
	c.press("esc", "L")
	c.See("クライアントの入力", "10.half")
}

// read is the only run as stored.
func (w *toy) read(t testing.TB) guide.Run {
	t.Helper()
	all, err := w.runner.Runs(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("runs: %v, %v", all, err)
	}
	run, err := w.runner.Get(t.Context(), all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestWaitingStepOpensWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "dead", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("waits 24 h")
	c.press("enter")
	c.See("This step can be done in 24 h")
	c.press("enter")
	c.See("can't be done now")
	w.now.Advance(24 * time.Hour)
	c.press("j")
	c.See("Enter checks it")
}

// That there are no guides is never how a mistake in one looks.
func TestGuidesThatCannotBeReadAreSaidInTheListsPlace(t *testing.T) {
	t.Parallel()
	d := newWorld(t).deps(t)
	d.Guides, d.Broken = nil, errors.New("zoho.yaml:3: no title")
	c := open(t, d, locale.English, 80, 24)
	c.See("Something went wrong")
	c.Gone("CAN BE STARTED")
}
