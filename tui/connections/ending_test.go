package connections_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
)

// guidePage stands in for the guide that a key opens.
type guidePage struct{ name string }

func (g guidePage) Title(screen.Env) string      { return g.name }
func (guidePage) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (guidePage) Update(tea.Msg) screen.Step     { return screen.Step{} }
func (g guidePage) Draw(screen.Env) screen.Frame { return screen.Frame{Text: "the guide " + g.name} }
func (guidePage) Keys() []screen.Key             { return nil }

// ofEnding gives the platform an end that it has announced, with a guide out of
// it, for what was got by a code.
func (r *rig) ofEnding(at time.Time) *rig {
	r.service.Platforms[0].Ends = func(s core.Summary) []core.End {
		return []core.End{
			{Code: "zendesk.api-token-idle", At: at.Add(-24 * time.Hour), Guide: "other-guide"},
			{Code: "zendesk.api-token-ends", At: at, Guide: "the-guide"},
			{Code: "zendesk.refresh-needed", At: at.Add(24 * time.Hour)},
		}
	}
	r.deps.Platforms = r.service.Platforms
	r.deps.Migrate = func(s core.Summary, guide string) screen.Screen { return guidePage{guide + " of " + s.Name} }
	return r
}

func TestACredentialWithAnAnnouncedEndOpensTheGuideOutOfIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   time.Duration
		says string
	}{
		"before the end": {100 * 24 * time.Hour, "in 100 d"},
		"after the end":  {-time.Hour, "has stopped every API token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.ofEnding(r.clock.Now().Add(c.in)).add("Acme tokens", r.working)
			r.start(80, 30)
			r.See("Acme tokens")
			r.press("m")
			r.See("the guide the-guide of Acme tokens")
			r.press("esc", "enter")
			r.See(c.says, "starts the migration", "added  mina@jump01")
			r.press("m")
			r.See("the guide the-guide of Acme tokens")
		})
	}
}

func TestWithoutAnAnnouncedEndThereIsNothingToMigrate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deps.Migrate = func(core.Summary, string) screen.Screen { return guidePage{"none"} }
	r.add("Acme tokens", r.working)
	r.start(80, 24)
	r.See("Acme tokens")
	r.press("m")
	r.See("has no announced end")
}
