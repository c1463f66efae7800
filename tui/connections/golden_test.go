package connections_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
)

// sizes are the smallest terminal, the usual one, and one with a pane.
func sizes() [][2]int { return [][2]int{{40, 12}, {80, 24}, {120, 40}} }

func TestScreensLookAsAgreed(t *testing.T) {
	t.Parallel()
	states := storedStates()
	maps.Copy(states, askingStates())
	maps.Copy(states, assetStates())
	for name, show := range states {
		for _, lang := range locale.Langs() {
			for _, size := range sizes() {
				id := fmt.Sprintf("%s-%s-%dx%d", name, lang, size[0], size[1])
				t.Run(id, func(t *testing.T) {
					t.Parallel()
					r := newRig(t)
					r.opts.Lang, r.width, r.height = lang, size[0], size[1]
					show(r)
					r.Fits(size[0], size[1])
					r.golden(id)
				})
			}
		}
	}
}

func TestProbedScopesStandBesideTheGrantedOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.vendor.probes = []platform.ScopeProbe{{Scope: "tickets.read", Allowed: true}, {Scope: "contacts.read", Code: "acme.scope"}}
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("enter")
	r.See("2 asked, 2 granted")
	r.press("p")
	r.See("ok tickets.read", "proved", "refused: acme.scope")
}

// settle waits until the pane, where there is one, has been read.
func (r *rig) settle() {
	r.t.Helper()
	if r.width >= 110 {
		r.seeKey("connections.fact.stored")
	}
}

// read waits until the detail of a connection has been read: then its keys work.
func (r *rig) read(name string) {
	r.t.Helper()
	r.See("› " + name[:8])
	r.seeKey("connections.key.check")
}

// seeRoomy waits for a text that a small terminal has no room for.
func (r *rig) seeRoomy(key string) {
	r.t.Helper()
	if r.height >= 24 {
		r.seeKey(key)
	}
}

// storedStates show connections that are there, or none.
func storedStates() map[string]func(*rig) {
	return map[string]func(*rig){
		"empty": func(r *rig) { r.start(r.width, r.height); r.seeKey("connections.empty.head") },
		"list": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("j")
			r.settle()
		},
		"filter": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("/")
			r.Type("state:w")
		},
		"detail": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("j", "enter")
			r.read("Acme Japan")
		},
		"refused": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("j", "j", "j", "enter")
			r.read("Test account")
		},
		"copy": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("j", "y")
			r.See("60001234567")
		},
	}
}

// askingStates ask something of the admin.
func askingStates() map[string]func(*rig) {
	return map[string]func(*rig){
		"add": func(r *rig) {
			r.start(r.width, r.height)
			r.seeKey("connections.empty.head")
			r.press("a", "tab", "tab")
		},
		"add-scopes": func(r *rig) {
			r.start(r.width, r.height)
			r.seeKey("connections.empty.head")
			r.press("a", "tab", "tab", "tab", "tab", "tab", "tab", "space")
		},
		"consent": func(r *rig) {
			c := r.add("Acme Europe", nil)
			r.start(r.width, r.height)
			r.See("Acme Europe")
			r.press("o")
			r.pending(c.ID)
			r.See(">")
			r.seeRoomy("connections.consent.then")
		},
		"granted": func(r *rig) {
			c := r.add("Acme Europe", func(c *core.Connection) { c.Scopes = append(c.Scopes, "search.read") })
			r.start(r.width, r.height)
			r.See("Acme Europe")
			r.press("o")
			at := r.pending(c.ID)
			r.See(">")
			r.Paste(answerTo(r.t, at))
			r.seeKey("connections.ended.missing")
		},
		"remove": func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("Acme Japan")
			r.press("j", "x")
			r.Until("the form", func() bool { return strings.Contains(r.Text(), "▸") })
		},
	}
}
