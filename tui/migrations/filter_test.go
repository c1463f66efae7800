package migrations_test

import (
	"testing"

	"deskward/core/locale"
)

func TestTheFilterLeavesRunsAndGuidesThatFitAndEscDropsIt(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "client", "Acme Europe")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Europe")
	c.press("/")
	c.Type("europ")
	c.See("/ europ", "Acme Europe")
	c.Type("q1")
	c.See("Nothing fits the filter")
	c.Gone("Acme Europe")
	c.press("enter")
	c.See("Nothing fits the filter")
	c.press("esc")
	c.See("Acme Europe")
	c.Gone("europq1")
	c.press("/")
	c.Type("europe")
	c.press("enter", "enter")
	c.See("Client ID")
}

// Enter, pressed once more after stopping, began a second run of the guide.
func TestARunThatWasStoppedIsUnderTheCursorAndNotItsGuide(t *testing.T) {
	t.Parallel()
	w := newToy(t)
	w.at(t, "check", "Acme Outlet")
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme Outlet")
	c.press("G", "enter") // the guide
	c.See("Name of this run")
	c.Type("Acme Europe")
	c.press("enter")
	c.See("Do this, then press enter")
	c.press("s")
	c.See("CAN BE STARTED", "Acme Europe")
	c.press("enter")
	c.See("Do this, then press enter")
	runs, err := w.runner.Runs(t.Context())
	if err != nil || len(runs) != 2 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}
