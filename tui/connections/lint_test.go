package connections_test

import (
	"fmt"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/transport"
)

// linted gives the platform a file to import and something to say of it: the
// file's content is the codes of what is wrong, "!" before those that stop.
func (r *rig) linted() *rig {
	p := &r.service.Platforms[0]
	p.Asks = append([]platform.Ask{{Name: "client_json", Secret: true, Optional: true, File: true}}, p.Asks...)
	for i := range p.Asks {
		if p.Asks[i].Name == "client_id" {
			p.Asks[i].Optional = true
		}
	}
	p.Import = func(c core.Connection, file []byte) (core.Connection, error) {
		c.ClientID, c.Issuer = "imported", strings.Trim(string(file), "{}")
		return c, nil
	}
	p.Lint = func(c core.Connection) []platform.Finding {
		var out []platform.Finding
		for _, code := range strings.Fields(c.Issuer) {
			level := platform.Warns
			if rest, stops := strings.CutPrefix(code, "!"); stops {
				code, level = rest, platform.Stops
			}
			out = append(out, platform.Finding{Code: "google." + code, Level: level, Params: map[string]string{
				"redirect": "http://127.0.0.1:48105/callback/google", "registered": "https://acme.example/callback",
			}})
		}
		return out
	}
	r.deps.Platforms = r.service.Platforms
	r.deps.ReadFile = func(name string) ([]byte, error) {
		if name != "~/client.json" {
			return nil, &core.Error{Tried: "read-client", On: name, Code: "file.missing", Class: core.Usage}
		}
		return []byte("{redirect-missing}"), nil
	}
	return r
}

func TestFormTellsWhatIsWrongBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t).linted().start(80, 24)
	r.See("No connections yet")
	r.press("a", "tab", "tab")
	r.Paste("{!secret-missing redirect-missing}")
	r.press("ctrl+s")
	r.See("Nothing was stored", "The client has no secret.", "Add secret")
	r.press("ctrl+s") // it has a reason, and does nothing
	r.press("esc")
	r.See("Add a connection")
	if list, err := r.connections.List(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("stored %+v, %v", list, err)
	}
}

func TestWhatIsOnlyDoubtfulIsStoredWhenItIsSavedOnceMore(t *testing.T) {
	t.Parallel()
	r := newRig(t).linted().start(80, 24)
	r.See("No connections yet")
	r.press("a", "tab", "tab")
	r.Type("~/client.json") // by its path
	r.press("ctrl+s")
	r.See("Before anything is sent", "does not list http://127.0.0.1:48105/callback/google")
	r.press("ctrl+s")
	r.See("Open this address")
	if c := r.byName("Acme Desk EU"); c.ClientID != "imported" || !c.Secrets["client_json"].Empty() {
		t.Errorf("stored %+v", c)
	}
}

func TestFileThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t).linted().start(80, 24)
	r.See("No connections yet")
	r.press("a", "tab", "tab")
	r.Type("/nowhere.json")
	r.press("ctrl+s")
	r.See("/nowhere.json", "Check the name")
}

func TestFindingsDraw(t *testing.T) {
	t.Parallel()
	for _, l := range locale.Langs() {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
			t.Run(fmt.Sprintf("%s %dx%d", l, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				r := newRig(t).linted()
				r.opts.Lang = l
				r.start(size[0], size[1])
				r.Until("the list", func() bool { return strings.TrimSpace(r.Text()) != "" })
				r.press("a", "tab", "tab")
				r.Paste("{!secret-missing redirect-missing}")
				r.press("ctrl+s")
				r.Until("the findings", func() bool {
					return strings.Contains(r.Text(), "no secret") || strings.Contains(r.Text(), "このまま")
				})
				r.Fits(size[0], size[1])
				r.golden(fmt.Sprintf("lint-%dx%d-%s", size[0], size[1], l))
			})
		}
	}
}

// A client that takes any redirect URI of this machine has none to register.
func TestFormNamesNoRedirectWhereNoneNeedBeRegistered(t *testing.T) {
	t.Parallel()
	for _, any := range []bool{false, true} {
		r := newRig(t)
		p := &r.service.Platforms[0]
		config := p.OAuth
		p.OAuth = func(c core.Connection, e transport.Endpoints) (consent.Config, error) {
			cfg, err := config(c, e)
			cfg.AnyRedirect = any
			return cfg, err
		}
		r.deps.Platforms = r.service.Platforms
		r.start(80, 24)
		r.press("a")
		r.See("Add a connection")
		if has := strings.Contains(r.Text(), "/callback/"); has == any {
			t.Errorf("any redirect URI is taken: %v, and the form is\n%s", any, r.Text())
		}
	}
}
