package keys_test

import (
	"fmt"
	"testing"

	"deskward/assets"
	"deskward/core/keyshare"
	"deskward/core/locale"
	"deskward/tui/keys"
)

// sizes are the smallest terminal, the usual one, and one with a pane.
func sizes() [][2]int { return [][2]int{{40, 12}, {80, 24}, {120, 40}} }

func TestScreensLookAsAgreed(t *testing.T) {
	t.Parallel()
	for name, show := range states() {
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

// list shows the keys, the pane read where there is one.
func (r *rig) list() {
	r.t.Helper()
	r.some()
	r.start(r.width, r.height)
	r.See("web 2026")
	if r.height >= 24 {
		r.press("j", "j")
		r.See("shop backend, p")
	}
}

// open shows a key's own screen, read.
func (r *rig) open(name string) {
	r.t.Helper()
	r.press("/")
	r.Type(name)
	r.press("enter", "enter")
	r.See("› " + name)
	r.press("G")
	r.Until("the key", func() bool { r.press("G"); return r.read() })
	r.press("g")
}

// read reports whether the key in front was read: then its log is in sight.
func (r *rig) read() bool {
	return contains(r.Text(), r.say().T("keys.log.added"))
}

func states() map[string]func(*rig) {
	opened := func(name string) func(*rig) {
		return func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("web 2026")
			r.open(name)
		}
	}
	asked := func(name string, press ...string) func(*rig) {
		return func(r *rig) {
			r.some()
			r.start(r.width, r.height)
			r.See("web 2026")
			r.press("/")
			r.Type(name)
			r.press("enter")
			r.press(press...)
			r.Until("the question", func() bool {
				return contains(r.Text(), "▸") || contains(r.Text(), "••••••••") || contains(r.Text(), "Node")
			})
		}
	}
	return map[string]func(*rig){
		"empty": func(r *rig) { r.start(r.width, r.height); r.seeKey("keys.empty.head") },
		"list":  (*rig).list,
		"filter": func(r *rig) {
			r.list()
			r.press("/")
			r.Type("state:hid")
		},
		"detail":  opened("web 2026"),
		"weak":    opened("web 2024"),
		"retired": opened("outlet"),
		"login":   opened("login"),
		"add":     func(r *rig) { r.start(r.width, r.height); r.seeKey("keys.empty.head"); r.press("a") },
		"add-login": func(r *rig) {
			r.start(r.width, r.height)
			r.seeKey("keys.empty.head")
			r.press("a", "left", "tab", "tab", "right")
		},
		"mint": func(r *rig) {
			asked("web 2026", "m")(r)
			r.fill("user-123456", "山田 美奈", "mina@example.com")
			r.press("tab", "right")
		},
		"mint-login": func(r *rig) {
			asked("login", "m")(r)
			r.Resize(120, 40) // where every field is seen: tab goes to the second one
			r.See(r.say().T("keys.ask.signer"))
			r.Resize(r.width, r.height)
			r.Paste(loginToken(r.t, "canaryX"+webSecret, r.clock.Now(), nil))
			r.press("tab")
			r.See("6b7a3c1e")
		},
		"minted": func(r *rig) {
			asked("web 2026", "m")(r)
			r.fill("user-123456", "山田 美奈", "mina@example.com")
			r.press("ctrl+s")
			r.See("eyJ")
		},
		"mint-refused": func(r *rig) {
			asked("chat", "m")(r)
			r.fill("user-123456", "Mina", "mina@exämple.com")
			r.press("tab")
		},
		"code":    asked("web 2026", "n"),
		"code-go": func(r *rig) { asked("chat", "n")(r); r.press("j", "j", "j", "enter"); r.See("//") },
		"share": func(r *rig) {
			r.deps.Share = (&keyshare.Sharer{Keys: r.keys, Snippets: assets.Snippets}).Share
			r.deps.Recipients = []keys.Recipient{{Path: "/home/mina/.ssh/id_ed25519.pub", Line: developerKey}}
			asked("web 2026", "s")(r)
			r.press("tab")
			r.Type(developerKey)
		},
		"hide":    asked("web 2026", "H"),
		"replace": asked("login", "P"),
		"retire":  asked("web 2026", "T"),
		"remove":  asked("web 2026", "x"),
		"places":  asked("web 2026", "d"),
		"copy":    asked("web 2026", "y"),
	}
}

// developerKey is somebody's public key.
const developerKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPA0Uh8mCJ3WcJrl3w0jQd5pCtW6cT2yEoEwzTq1cKpC dev@example.com"
