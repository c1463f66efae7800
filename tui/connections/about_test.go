package connections_test

import (
	"fmt"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/tui/explain"
	"deskward/tui/screen"
)

// explaining makes the console offer to explain errors, as it does when it is
// wired.
func (r *rig) explaining() {
	words := r.opts.Explain
	r.opts.Explain = func(err error, p *locale.Printer) screen.Explanation {
		x := words(err, p)
		x.More = x.Said != "" || core.ClassOf(err) == core.Refused
		return x
	}
	r.opts.About = func(err error) screen.Screen {
		return explain.New(explain.Deps{Text: advice.Words(err), Explain: func(text string, _ locale.Lang) (advice.Answer, error) { return advice.Answer{Text: text}, nil }})
	}
}

// refuseRevoking makes the vendor refuse to revoke.
func (r *rig) refuseRevoking() {
	r.vendor.refusal = &core.Error{Tried: "revoke", On: "Acme Japan", Code: "oauth.invalid_token", Class: core.Refused, Params: map[string]string{"description": "token is not active"}}
}

func TestInAFormTheVendorsErrorIsExplainedByAKeyThatIsNoText(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			name := fmt.Sprintf("revoke-refused-%dx%d-%s", size[0], size[1], lang)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.opts.Lang = lang
				r.explaining()
				r.refuseRevoking()
				r.add("Acme Japan", r.working)
				r.start(size[0], size[1])
				r.See("Acme Japan")
				r.press("enter")
				r.seeKey("connections.key.check")
				r.press("V")
				r.See("REVOKE")
				r.Type("REVOKE")
				r.press("enter")
				r.See("ctrl+o")
				r.golden(name)
				r.Type("!") // a letter here
				r.See("!")
				r.press("ctrl+o")
				r.Gone("ctrl+o")
				r.seeKey("explain.unknown")
				if size[1] > 12 {
					r.See("oauth.invalid_token")
				}
				r.press("esc")
				r.See("ctrl+o") // and back in the form
			})
		}
	}
}

func TestAFormWithoutAnErrorOffersNoExplanation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.explaining()
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("V")
	r.See("REVOKE")
	r.Gone("ctrl+o")
	r.press("ctrl+o")
	r.See("REVOKE")
}
