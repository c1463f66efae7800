package sandbox_test

import (
	"net/url"
	"testing"
	"time"

	"deskward/core/sandbox"
)

func webexForm(sb *sandbox.Sandbox) url.Values {
	g, x := sb.Fixtures().Google, sb.Fixtures().Webex
	return url.Values{
		"email_id": {g.Mailbox}, "username": {g.Mailbox}, "smtp_server": {"smtp.gmail.com"}, "port": {"587"}, "security": {"STARTTLS"},
		"client_id": {x.ClientID}, "client_secret": {x.ClientSecret}, "authorization_url": {"https://accounts.google.com/o/oauth2/auth"},
		"scope": {"https://mail.google.com/"}, "access_token_url": {"https://oauth2.googleapis.com/token"}, "refresh_token_url": {"https://oauth2.googleapis.com/token"},
		"review": {"yes"},
	}
}

func webexSandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	x := sb.Fixtures().Webex
	sb.GoogleRegister(x.ClientID, x.Callback)
	return sb
}

// The form takes all of these without a word.
func TestWebexFormIsSilentAboutWhatStopsReplies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  url.Values
		account string
		after   time.Duration
		tokens  bool // whether the form shows an access token
		want    string
	}{
		"right":                           {tokens: true},
		"465 with SSL":                    {change: url.Values{"port": {"465"}, "security": {"SSL"}}, tokens: true},
		"487, as the note has it":         {change: url.Values{"port": {"487"}, "security": {"SSL"}}, tokens: true, want: "port"},
		"465 with STARTTLS":               {change: url.Values{"port": {"465"}}, tokens: true, want: "port"},
		"the wrong server":                {change: url.Values{"smtp_server": {"imap.gmail.com"}}, tokens: true, want: "server"},
		"no scope for mail":               {change: url.Values{"scope": {"https://www.googleapis.com/auth/gmail.readonly"}}, tokens: true, want: "token"},
		"another account":                 {account: "admin@acme.example", tokens: true, want: "account"},
		"a wrong secret":                  {change: url.Values{"client_secret": {"x"}}, want: "token"},
		"a token URL that is none":        {change: url.Values{"access_token_url": {"https://accounts.google.com/o/oauth2/auth"}}, want: "token"},
		"an authorization URL elsewhere":  {change: url.Values{"authorization_url": {"https://login.example/"}}, want: "token"},
		"a wrong refresh URL, at first":   {change: url.Values{"refresh_token_url": {"https://accounts.google.com/o/oauth2/auth"}}, tokens: true},
		"a wrong refresh URL, in an hour": {change: url.Values{"refresh_token_url": {"https://accounts.google.com/o/oauth2/auth"}}, after: 61 * time.Minute, tokens: true, want: "token"},
		"right, a day later":              {after: 24 * time.Hour, tokens: true},
		"in production, a month later":    {account: "support@acme.example", after: 30 * 24 * time.Hour, tokens: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := webexSandbox(t)
			sb.GooglePublish(sb.Fixtures().Webex.ClientID)
			form := webexForm(sb)
			for k, v := range tc.change {
				form[k] = v
			}
			account := tc.account
			if account == "" {
				account = sb.Fixtures().Google.Mailbox
			}
			access, _, err := sb.WebexGenerate(t.Context(), form, account)
			if err != nil || access != tc.tokens {
				t.Fatalf("access token %v: %v", access, err)
			}
			sb.Clock().Advance(tc.after)
			if why := sb.WebexReply(); why != tc.want {
				t.Errorf("a reply: %q, want %q", why, tc.want)
			}
		})
	}
}

func TestWebexGetsNoSecondRefreshTokenWithoutTheReview(t *testing.T) {
	t.Parallel()
	sb := webexSandbox(t)
	mailbox := sb.Fixtures().Google.Mailbox
	form := webexForm(sb)
	form.Del("review")
	for i, want := range []bool{true, false} {
		if _, refresh, err := sb.WebexGenerate(t.Context(), form, mailbox); err != nil || refresh != want {
			t.Errorf("consent %d: refresh token %v, %v", i+1, refresh, err)
		}
	}
	form.Set("review", "yes")
	if _, refresh, err := sb.WebexGenerate(t.Context(), form, mailbox); err != nil || !refresh {
		t.Errorf("with the review: refresh token %v, %v", refresh, err)
	}
}

func TestWebexTellsTheTenantOwnerAloneWhenTestingEnds(t *testing.T) {
	t.Parallel()
	sb := webexSandbox(t)
	if _, refresh, err := sb.WebexGenerate(t.Context(), webexForm(sb), sb.Fixtures().Google.Mailbox); err != nil || !refresh {
		t.Fatal(refresh, err)
	}
	sb.Clock().Advance(6 * 24 * time.Hour)
	if why := sb.WebexReply(); why != "" || len(sb.WebexToldOwner()) > 0 {
		t.Errorf("on the sixth day: %q, told %v", why, sb.WebexToldOwner())
	}
	sb.Clock().Advance(25 * time.Hour)
	if why, told := sb.WebexReply(), sb.WebexToldOwner(); why != "token" || len(told) != 1 || told[0] != sb.Fixtures().Webex.TenantOwner {
		t.Errorf("after seven days: %q, told %v", why, told)
	}
}

func TestWebexAssetKeepsItsService(t *testing.T) {
	t.Parallel()
	sb := webexSandbox(t)
	if err := sb.WebexRegister("Sales"); err != nil {
		t.Fatal(err)
	}
	if err := sb.WebexRegister("Support"); err == nil {
		t.Error("the service was changed")
	}
}

func TestWebexGenerateStopsAtGooglesPageWithoutTheCallback(t *testing.T) {
	t.Parallel()
	sb := webexSandbox(t)
	sb.GoogleRegister(sb.Fixtures().Webex.ClientID)
	if _, _, err := sb.WebexGenerate(t.Context(), webexForm(sb), sb.Fixtures().Google.Mailbox); err == nil {
		t.Error("Google took a redirect URI that is not registered")
	}
}
