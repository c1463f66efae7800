package migrations_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"deskward/assets"
	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/all"
	"deskward/tui/tuitest"
)

// zohoOutputs are what Zoho's actions give here, by the output's name.
var zohoOutputs = map[string]string{
	"accounts_url": "https://accounts.zoho.eu", "console_url": "https://api-console.zoho.eu", "desk_url": "https://desk.zoho.eu",
	"link": "zohodesk", "extension": "order-status", "changes": "3", "rules": "zoho type legacy", "before": "1", "after": "0",
	"connection_json": "{}", "backup": "plugin-manifest.json.bak", "files": "1", "uses": "1", "checked_at": "2026-11-22T10:41:00Z",
	"region": "eu", "org_id": "60009876543", "org_name": "Acme Europe", "token_end": "f59e", "scopes": "Desk.basic.READ Desk.tickets.READ",
	"client_id": "1000.EXAMPLE", "soid": "ZohoSupport.60009876543", "authtoken_scopes": "ZohoSupport/supportapi", "text": "Organization: ZohoSupport.60009876543",
	"connection": "c1", "legacy": "c2", "read_at": "2026-11-22T10:41:00Z",
}

// zohoAnswers are what is typed, by the field's name.
var zohoAnswers = map[string]string{
	"name": "Acme Europe", "region": "eu", "file": "/home/mina/order-status/plugin-manifest.json", "connection_json": "{}", "org_id": "60009876543",
	"authtoken": "canary-authtoken", "client_id": "1000.EXAMPLE", "client_secret": "canary-secret", "owner_email": "mina@acme.example",
	"uses": "read-tickets", "authtoken_scopes": "ZohoSupport/supportapi", "scopes": "Desk.basic.READ Desk.tickets.READ",
	"seen": "canary-seen", "validated": "accepted", "reference": "4711",
}

// fixedTerms are Zoho's actions without Zoho: fails are the errors of some.
func fixedTerms(t *testing.T, fails map[string]*core.Error) guide.Terms {
	t.Helper()
	terms := guide.Terms{Text: func(l locale.Lang, key string) string { return printer(t, l).T(key) }}
	for _, p := range all.Platforms() {
		terms.Lists = append(terms.Lists, p.Lists...)
		if p.ID == "zoho" {
			terms.Actions = p.Actions(platform.Services{})
		}
	}
	for i := range terms.Actions {
		a := &terms.Actions[i]
		name, outs := a.Name, a.Out
		a.Run = func(context.Context, action.Values) (action.Values, error) {
			if err := fails[name]; err != nil {
				return action.Values{}, err
			}
			out := action.Values{Plain: map[string]string{}}
			for _, f := range outs {
				out.Plain[f.Name] = zohoOutputs[f.Name]
			}
			return out, nil
		}
	}
	return terms
}

// upTo takes a new run to a step, or into its failure.
func (w *toy) upTo(t *testing.T, guideID, stepID string, tried bool) {
	t.Helper()
	run, err := w.runner.Start(t.Context(), guideID, "Acme Europe")
	for err == nil {
		step, underway := run.Current()
		if !underway || step.ID == stepID && !tried {
			return
		}
		switch step.Kind {
		case guide.Tell, guide.Ask:
			values := map[string]string{}
			for _, f := range step.Ask {
				values[f.Name] = zohoAnswers[f.Name]
			}
			run, err = w.runner.Answer(t.Context(), run, values)
		default:
			word := ""
			if step.Confirm != nil {
				word = step.Confirm.Word
			}
			if run, err = w.runner.Do(t.Context(), run, word); step.ID == stepID {
				return
			}
		}
	}
	t.Fatal(err)
}

func TestTheMainStepsOfZohosGuidesReadWell(t *testing.T) {
	t.Parallel()
	token := &core.Error{
		Tried: "check-extension", On: "/home/mina/order-status/plugin-manifest.json", Code: "zoho.extension-token", Class: core.Failed,
		Params: map[string]string{"count": "2", "places": "plugin-manifest.json (config: authtoken), app/widget.js:6"},
	}
	scope := &core.Error{Tried: "try-application", On: "Acme Europe", Code: "zoho.application.scope", Class: core.Refused}
	for _, c := range []struct {
		name, guide, step string
		tried             bool
	}{
		{"zoho-extension-look", "zoho-marketplace-extension", "look", false},
		{"zoho-extension-clean", "zoho-marketplace-extension", "clean", false},
		{"zoho-extension-token", "zoho-marketplace-extension", "clean", true},
		{"zoho-extension-zet", "zoho-marketplace-extension", "zet", false},
		{"zoho-external-account", "zoho-authtoken-external", "account", false},
		{"zoho-external-send", "zoho-authtoken-external", "send", false},
		{"zoho-external-exchange", "zoho-authtoken-external", "exchange", false},
		{"zoho-user-authorize", "zoho-application-user", "authorize", false},
		{"zoho-user-scope", "zoho-application-user", "permissions", true},
		{"zoho-user-delete", "zoho-application-user", "delete", false},
	} {
		for _, lang := range locale.Langs() {
			name := fmt.Sprintf("%s-80x24-%s", c.name, lang)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newToy(t)
				fails := map[string]*core.Error{}
				if c.tried {
					fails["zoho.extension_code"], fails["zoho.permissions"] = token, scope
				}
				w.runner.Terms = fixedTerms(t, fails)
				files, err := fs.Sub(assets.Guides, "guides")
				if err != nil {
					t.Fatal(err)
				}
				raw, err := fs.ReadFile(files, c.guide+".yaml")
				if err != nil {
					t.Fatal(err)
				}
				g, err := guide.Parse(c.guide+".yaml", raw, w.runner.Terms)
				if err != nil {
					t.Fatal(err)
				}
				w.runner.Guides = guide.Only(*g)
				w.deps.Guides = []guide.Guide{*g}
				w.upTo(t, c.guide, c.step, c.tried)
				s, _ := g.Step(c.step)
				con := open(t, w.deps, lang, 80, 24)
				con.ready(lang)
				con.See("Acme Europe")
				con.press("enter")
				con.See(string([]rune(s.Title.In(lang))[:3])) // long ones are cut
				con.Gone(map[locale.Lang]string{locale.English: "Reading", locale.Japanese: "読み込んで"}[lang])
				text := con.Text()
				noKeysMissing(t, text)
				if strings.Contains(text, "canary") {
					t.Errorf("a secret is on the screen:\n%s", text)
				}
				con.Fits(80, 24)
				tuitest.Golden(t, name, text)
			})
		}
	}
}
