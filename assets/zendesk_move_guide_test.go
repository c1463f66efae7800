package assets_test

import (
	"maps"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
)

const zopimGuide = "zendesk-chat-zopim"

// zopimOptions answer as an admin who has a Chat token and has found two
// programs.
func (r *rehearsal) zopimOptions(with guide.Answers) guide.DriveOptions {
	z := r.sb.Fixtures().Zendesk
	all := guide.Answers{
		"chat.name": "Acme chat", "chat.account": z.Subdomain, "chat.token": z.ChatToken,
		"found.places": "nightly export\nvisitor lookup", "found.visitor": z.Cast.Linked.ChatID, "changed.switched": "Visitor lookup, nightly export",
	}
	maps.Copy(all, with)
	return guide.DriveOptions{Confirm: true, Answers: all}
}

func (r *rehearsal) set(s sandbox.Switch, on bool) {
	r.t.Helper()
	if err := r.sb.Set(s, on); err != nil {
		r.t.Fatal(err)
	}
}

func TestZopimGuideStopsWhereOnlyZopimAnswersAndGoesOnOnceTheAccountIsMoved(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, zopimGuide, zendesk.Platform())
	r.set(sandbox.ZendeskChatZopimOnly, true)
	o := r.zopimOptions(nil)
	var hosts []string
	o.Seen = func(_ guide.Run, s guide.Step) {
		if s.ID != "keep" { // on the way it is checked, as Connections would
			return
		}
		c, err := (&core.Connections{Store: r.store}).ByName(t.Context(), "Acme chat")
		if err != nil {
			t.Error(err)
			return
		}
		if c, err = r.checks(t.Context(), c.ID); err != nil {
			t.Error(err)
		}
		hosts = append(hosts, c.Settings[core.SettingHost])
		ends := zendesk.Platform().Ends(c.Summary())
		if len(ends) != 1 || ends[0].Guide != zopimGuide {
			t.Errorf("Deadlines do not lead here: %+v", ends)
		}
	}
	run, err := r.runner.Rehearse(t.Context(), zopimGuide, "", o)
	if core.CodeOf(err) != "zendesk.chat-only-zopim" || firstOpen(run) != "hosts" {
		t.Fatalf("at %v: %v", firstOpen(run), err)
	}
	r.set(sandbox.ZendeskChatZopimOnly, false)
	r.set(sandbox.ZendeskZopimAnswers, true)
	run, err = r.runner.Drive(t.Context(), run, o)
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	c, err := (&core.Connections{Store: r.store}).ByName(t.Context(), "Acme chat")
	if err != nil {
		t.Fatal(err)
	}
	if hosts = append(hosts, c.Settings[core.SettingHost]); hosts[0] != "zopim" || hosts[1] != "subdomain" {
		t.Errorf("it lived at %v", hosts)
	}
	if ends := zendesk.Platform().Ends(c.Summary()); len(ends) != 0 {
		t.Errorf("Deadlines still lists it: %+v", ends)
	}
	if out := run.Steps["hosts"].Out; out["shared"] != "2" || out["agent"] != r.sb.Fixtures().Zendesk.AdminEmail {
		t.Errorf("not the same account: %v", out)
	}
	if out := run.Steps["visitor"].Out; out["alike"] != "7" {
		t.Errorf("compared: %v", out)
	}
	r.noSecretIn(run, r.sb.Fixtures().Zendesk.ChatToken)
}

func TestZopimGuideGoesByTheSubdomainAloneWhereZopimIsSilent(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, zopimGuide, zendesk.Platform())
	run, err := r.runner.Rehearse(t.Context(), zopimGuide, "", r.zopimOptions(nil))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if out := run.Steps["hosts"].Out; out["old_status"] != "410" || out["new_status"] != "200" || out["shared"] != "0" {
		t.Errorf("hosts: %v", out)
	}
	if out := run.Steps["visitor"].Out; out["alike"] != "0" || out["new_status"] != "200" {
		t.Errorf("compared with nobody: %v", out)
	}
}

func TestZopimGuideNamesTheProgramThatWasForgotten(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, zopimGuide, zendesk.Platform())
	run, err := r.runner.Rehearse(t.Context(), zopimGuide, "", r.zopimOptions(guide.Answers{"changed.switched": "visitor lookup"}))
	if core.CodeOf(err) != "zendesk.places-left" || firstOpen(run) != "all" {
		t.Fatalf("at %v: %v", firstOpen(run), err)
	}
	if e, ok := err.(*core.Error); !ok || e.Params["left"] != "nightly export" { //nolint:errorlint // the outermost one is meant
		t.Errorf("not named: %+v", err)
	}
}

func TestZopimGuideTakesNoOtherProductsConnection(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, zopimGuide, zendesk.Platform())
	events := &core.EventLog{Store: r.store, Clock: r.sb.Clock()}
	_, err := (&core.Connections{Store: r.store, Events: events}).Add(t.Context(), core.Connection{
		Name: "Acme chat", Platform: zendesk.ID, Grant: core.GrantAppKey, Region: "zendesk", Account: "acme",
		Settings: map[string]string{"key_id": "app_000000000000000000000001"}, Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	run, err := r.runner.Rehearse(t.Context(), zopimGuide, "", r.zopimOptions(nil))
	if core.CodeOf(err) != "zendesk.not-chat" || firstOpen(run) != "keep" {
		t.Errorf("at %v: %v", firstOpen(run), err)
	}
}
