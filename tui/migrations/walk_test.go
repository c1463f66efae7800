package migrations_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deskward/core/guide"
	"deskward/core/locale"
)

// fill types the sandbox's values into the form that is on the screen, field
// by field, and sends it.
func (c console) fill(w *world, step guide.Step, answers guide.Answers) {
	for _, f := range step.Ask {
		v := answers[step.ID+"."+f.Name]
		if f.Options == nil {
			if v != "" {
				c.Paste(v)
			}
		} else {
			for _, o := range f.Options {
				if o.Value == v {
					break
				}
				c.press("right")
			}
		}
		c.press("enter")
	}
}

func TestGuideOfTheSelfClientIsWalkedFromTheFirstKeyToTheReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.deps(t)
	c := open(t, d, locale.English, 80, 24)
	c.See("Nothing is under way", "CAN BE STARTED")
	c.press("/")
	c.Type("own application")
	c.press("enter", "enter")
	c.See("Name of this run", "works once")
	c.Type("Acme Europe")
	c.press("enter")
	c.See("1  What you need")
	c.Fits(80, 24)
	answers := w.answers(t)
	g, err := w.runner.Guide("zoho-authtoken-self")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range g.Steps {
		if s.InsteadOf != "" {
			continue
		}
		n++
		c.See(fmt.Sprintf("%d  %s", n, s.Title.In(locale.English)))
		c.walk(t, w, s, answers)
		noKeysMissing(t, c.Text())
		c.Fits(80, 24)
	}
	c.See("Finished. 3 of 3 checks proven.", "# Zoho Desk")
	c.press("w")
	c.See("readable by you alone")
	c.checkFile(t, d.Folder)
	c.press("esc")
	c.See("ENDED", "Acme Europe")
}

// walk does one step as an admin does.
func (c console) walk(t *testing.T, w *world, s guide.Step, answers guide.Answers) {
	t.Helper()
	switch s.Kind {
	case guide.Tell:
		c.See("Do this, then press enter")
		c.press("enter")
		c.Gone("Do this, then press enter")
		return
	case guide.Ask:
		c.See(s.Ask[0].Label.In(locale.English))
		c.fill(w, s, answers)
		c.Gone("ctrl+s") // the form went; the next step may show the same words
		return
	}
	if s.AfterValue != "" {
		c.See("This step can be done in", "moves the clock")
		c.press("t")
	}
	if s.Confirm == nil {
		c.Until("what enter does", func() bool {
			return strings.Contains(c.Text(), "Enter does it.") || strings.Contains(c.Text(), "Enter checks it.")
		})
		c.press("enter")
	} else {
		c.See("This is the sandbox", "Type EXCHANGE to go on")
		c.Type(s.Confirm.Word)
		c.press("enter")
	}
	if s.ID == "dead" {
		return
	}
	c.See("Enter goes on to step")
	c.press("enter")
	c.Gone("Enter goes on to step")
}

func (c console) checkFile(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil || len(files) != 1 {
		t.Fatalf("reports: %v, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the report has mode %v", info.Mode())
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "Acme Europe") {
		t.Errorf("the report does not name the run:\n%s", raw)
	}
}

func TestKeysTypedWhileTheSandboxsValuesComeMeetTheFilledForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.deps(t)
	release := make(chan struct{})
	d.Examples = func(context.Context, guide.Run) (guide.Answers, error) {
		<-release
		return w.answers(t), nil
	}
	c := open(t, d, locale.English, 80, 24)
	c.See("Nothing is under way")
	c.press("/")
	c.Type("own application")
	c.press("enter", "enter")
	c.See("Name of this run")
	c.press("enter")
	c.See("Do this, then press enter")
	c.press("enter")
	c.See("Old auth token")
	c.Gone("Do this, then press enter")
	c.press("ctrl+g", "ctrl+s")
	close(release)
	c.See("ok  2", "3  Does the old token")
}
