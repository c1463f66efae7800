package assets_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform/google"
	"deskward/core/platform/webex"
)

const webexGuide = "webex-email-asset-gmail"

// webexOptions answer as an admin who makes no mistake, save those in with. The
// form of the double is filled in from what the guide's steps gave.
func (r *rehearsal) webexOptions(with guide.Answers, account string) guide.DriveOptions {
	g, x := r.sb.Fixtures().Google, r.sb.Fixtures().Webex
	file := func(id string) string {
		raw, err := r.sb.GoogleClientFile(id)
		if err != nil {
			r.t.Fatal(err)
		}
		return string(raw)
	}
	r.sb.GoogleRegister(x.ClientID, x.Callback)
	fixed := guide.Answers{
		"project.id": "acme-support", "audience.audience": "testing", "asset.name": "Acme support", "asset.mailbox": g.Mailbox, "asset.callback": x.Callback,
		"client.file": file(x.ClientID), "client_again.file": file(x.ClientID), "own.name": "Webex proof", "own.file": file(x.OwnClientID),
		"token.filled": "true", "forward.address": x.Forwarding, "register.service": x.Service, "try.arrived": "true", "try.owner": x.TenantOwner,
	}
	maps.Copy(fixed, with)
	return guide.DriveOptions{
		Confirm: true, Answers: fixed,
		Ask: func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			switch step, _ := run.Current(); step.ID {
			case "consent":
				back, err := r.sb.GrantAs(ctx, run.Steps["question"].Out["url"], account, nil)
				return guide.Answers{"consent.answer": back}, err
			case "token":
				_, _, err := r.sb.WebexGenerate(ctx, r.webexForm(run), g.Mailbox)
				return nil, err
			}
			return nil, nil
		},
	}
}

// webexForm reads the values out of the step's text, as an admin does.
func (r *rehearsal) webexForm(run guide.Run) url.Values {
	lint := run.Steps["lint"].Out
	if run.StateOf("lint") != guide.Done {
		lint = run.Steps["lint_again"].Out
	}
	mailbox := run.Steps["asset"].Out["mailbox"]
	return url.Values{
		"email_id": {mailbox}, "username": {mailbox}, "smtp_server": {"smtp.gmail.com"}, "port": {"587"}, "security": {"STARTTLS"},
		"client_id": {lint["client_id"]}, "client_secret": {run.Secrets["record.client_secret"].Reveal()}, "authorization_url": {lint["auth_url"]},
		"scope": {lint["scope"]}, "access_token_url": {lint["token_url"]}, "refresh_token_url": {lint["token_url"]}, "review": {"yes"},
	}
}

func TestWebexGuideEndsWithAnAssetWhoseRepliesGoOut(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	g := r.sb.Fixtures().Google
	run, err := r.runner.Rehearse(t.Context(), webexGuide, "", r.webexOptions(nil, g.Mailbox))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if out := run.Steps["owner"].Out; out["address"] != g.Mailbox {
		t.Errorf("proven: %v", out)
	}
	if out := run.Steps["smtp"].Out; out["user"] != g.Mailbox || out["tls"] == "" || len(r.sb.GoogleMails()) > 0 {
		t.Errorf("proven at the mail server: %v, sent %v", out, r.sb.GoogleMails())
	}
	if why := r.sb.WebexReply(); why != "" {
		t.Errorf("a reply is not sent: %s", why)
	}
	r.noSecretIn(run, "GOCSPX", "4/", "1//")
}

func TestWebexGuideStopsBeforeABrowserAndGoesOnWithTheCorrectedClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ change, code string }{
		"no redirect URI":   {"none", "finding.google.callback-none"},
		"a slash more":      {"slash", "finding.google.callback-almost"},
		"a desktop client":  {"desktop", "finding.google.callback-desktop"},
		"not even a file":   {"text", "google.file-malformed"},
		"a service account": {"robot", "finding.google.grant-code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
			f := r.sb.Fixtures()
			o := r.webexOptions(nil, f.Google.Mailbox)
			o.Answers["client.file"] = r.wrongClient(tc.change)
			run, err := r.runner.Rehearse(t.Context(), webexGuide, "", o)
			if core.CodeOf(err) != tc.code || firstOpen(run) != "lint" {
				t.Fatalf("at %s: %v, want %s", firstOpen(run), err, tc.code)
			}
			o.Instead = true
			run, err = r.runner.Rehearse(t.Context(), webexGuide, "", o)
			if err != nil || run.State != guide.Complete || run.StateOf("lint_again") != guide.Done {
				t.Errorf("%s at %v: %v", run.State, firstOpen(run), err)
			}
		})
	}
}

func (r *rehearsal) wrongClient(how string) string {
	r.t.Helper()
	f := r.sb.Fixtures()
	id := f.Webex.ClientID
	switch how {
	case "text":
		return "client id and secret"
	case "robot":
		return `{"type":"service_account"}`
	case "desktop":
		id = f.Webex.OwnClientID
	case "none":
		r.sb.GoogleRegister(id)
	case "slash":
		r.sb.GoogleRegister(id, f.Webex.Callback+"/")
	}
	file, err := r.sb.GoogleClientFile(id)
	if err != nil {
		r.t.Fatal(err)
	}
	r.sb.GoogleRegister(f.Webex.ClientID, f.Webex.Callback)
	return string(file)
}

func TestWebexGuideTakesNoOtherAccountsConsent(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	o := r.webexOptions(nil, r.sb.Fixtures().Google.Other)
	r.sb.GooglePublish(r.sb.Fixtures().Webex.OwnClientID) // else only the test user gets as far
	run, err := r.runner.Rehearse(t.Context(), webexGuide, "", o)
	if core.CodeOf(err) != "connection.wrong-account" || firstOpen(run) != "take" {
		t.Errorf("at %s: %v", firstOpen(run), err)
	}
}

// A consent to a client from which no answer comes here, or of a project that
// is not Webex's, proves nothing.
func TestWebexGuideProvesWithAClientThatCanProveIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ own, code string }{
		"Webex's own client": {"", "google.no-way-back"},
		"another project's":  {"production", "google.other-project"},
	} {
		r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
		g := r.sb.Fixtures().Google
		o := r.webexOptions(nil, g.Mailbox)
		o.Answers["own.file"] = ""
		if tc.own != "" {
			file, err := r.sb.GoogleClientFile(g.ProductionClientID)
			if err != nil {
				t.Fatal(err)
			}
			o.Answers["own.file"] = string(file)
		}
		if run, err := r.runner.Rehearse(t.Context(), webexGuide, "", o); core.CodeOf(err) != tc.code || firstOpen(run) != "keep" {
			t.Errorf("%s at %s: %v, want %s", name, firstOpen(run), err, tc.code)
		}
	}
}

// Port 487, which the older note prints, is nowhere offered as a value.
func TestWebexGuideNamesThePortsThatWork(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	g := r.only()
	form, ok := g.Step("form")
	if !ok {
		t.Fatal("no form step")
	}
	for lang, text := range form.Text {
		for _, want := range []string{"`465`", "`SSL`", "`587`", "`STARTTLS`"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %s", lang, want)
			}
		}
		if strings.Contains(text, "`487`") {
			t.Errorf("%s offers 487", lang)
		}
	}
}

// The form's step has the secret as dots, and hands it out by name; the log has
// it that it was.
func TestWebexGuideGivesTheClientSecretToBeCopied(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	secret := r.sb.Fixtures().Webex.ClientSecret
	var seen bool
	o := r.webexOptions(nil, r.sb.Fixtures().Google.Mailbox)
	o.Seen = func(run guide.Run, _ guide.Step) {
		step, _ := run.Current()
		if step.ID != "form" {
			return
		}
		seen = true
		for _, lang := range locale.Langs() {
			p, _ := r.runner.Prompt(run, lang)
			if len(p.Secrets) != 1 || p.Secrets[0].Value.Reveal() != secret || !strings.Contains(p.Text, "`"+p.Secrets[0].Value.String()+"`") || strings.Contains(p.Text, secret) {
				t.Errorf("%s: %v in %s", lang, p.Secrets, p.Text)
			}
		}
		if err := r.runner.Copying(t.Context(), run, "record.client_secret"); err != nil {
			t.Error(err)
		}
	}
	if run, err := r.runner.Rehearse(t.Context(), webexGuide, "", o); err != nil || !seen {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	log, err := r.runner.Events.Recent(t.Context(), 100, "")
	if err != nil || !slices.ContainsFunc(log, func(e core.Event) bool {
		return e.Verb == core.VerbCopied && e.Detail["secret"] == "record.client_secret"
	}) {
		t.Errorf("the log has no copying: %v", err)
	}
}

// Where the browser reaches deskward the answer comes by itself, and the field
// stays empty; where it does not, an empty field is no answer.
func TestWebexGuideTakesTheAnswerThatCameByItself(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	mailbox := r.sb.Fixtures().Google.Mailbox
	o := r.webexOptions(guide.Answers{"consent.answer": ""}, mailbox)
	ask, comes := o.Ask, false
	o.Ask = func(ctx context.Context, run guide.Run) (guide.Answers, error) {
		step, _ := run.Current()
		if step.ID != "consent" {
			return ask(ctx, run)
		}
		if !comes {
			return nil, nil
		}
		back, err := r.sb.GrantAs(ctx, run.Steps["question"].Out["url"], mailbox, nil)
		if err != nil {
			return nil, err
		}
		resp, err := http.Get(back)
		if err == nil {
			resp.Body.Close()
		}
		return nil, err
	}
	run, err := r.runner.Rehearse(t.Context(), webexGuide, "", o)
	if core.CodeOf(err) != "consent.no-answer-yet" || firstOpen(run) != "take" {
		t.Fatalf("nothing came: at %s: %v", firstOpen(run), err)
	}
	comes = true
	if run, err = r.runner.Rehearse(t.Context(), webexGuide, "", o); err != nil || run.State != guide.Complete {
		t.Errorf("it came: %s at %v: %v", run.State, firstOpen(run), err)
	}
}

// At its end the record says what was proven, and what was said.
func TestWebexGuideLeavesARecordWithItsHealth(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, webexGuide, webex.Platform(), google.Platform())
	f := r.sb.Fixtures()
	run, err := r.runner.Rehearse(t.Context(), webexGuide, "", r.webexOptions(guide.Answers{"try.arrived": "false", "try.owner": ""}, f.Google.Mailbox))
	if err != nil || run.Steps["health"].Out["unknown"] != "2" {
		t.Fatalf("at %v: %v: %v", firstOpen(run), run.Steps["health"].Out, err)
	}
	c, err := r.connections.ByName(t.Context(), "Acme support")
	if err != nil || !c.Check.OK || c.EndsAt.IsZero() || c.Settings["forwarding"] != f.Webex.Forwarding || c.Secrets[core.SecretClientSecret].Reveal() != f.Webex.ClientSecret {
		t.Fatalf("%+v: %v", c, err)
	}
	var codes []string
	for _, found := range webex.Platform().Sheet(c, r.sb.Clock().Now()).Findings {
		codes = append(codes, found.Code)
	}
	for code, want := range map[string]bool{"webex.token-proven": true, "webex.generated": true, "webex.forwarding-unknown": true, "webex.owner-unknown": true, "webex.forwarding-confirmed": false} {
		if slices.Contains(codes, code) != want {
			t.Errorf("%s: %v", code, codes)
		}
	}
}
