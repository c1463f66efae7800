package assets_test

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
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
	form, ok := r.runner.Guides[0].Step("form")
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
