package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
)

// googler plays a program and a person against Google's double by plain HTTP.
type googler struct {
	*user
	fix                     sandbox.GoogleFixtures
	accounts, oauth2, gmail string
}

func newGoogler(t *testing.T) *googler {
	t.Helper()
	u := start(t)
	e := u.sb.Endpoints()["google"]
	return &googler{u, u.sb.Fixtures().Google, e["accounts"], e["oauth2"], e["gmail"]}
}

const desktopRedirect = "http://127.0.0.1:50123/callback/google"

func (g *googler) authURL(clientID string, with url.Values) string {
	q := url.Values{
		"client_id": {clientID}, "redirect_uri": {desktopRedirect}, "response_type": {"code"}, "scope": g.fix.Scopes,
		"access_type": {"offline"}, "prompt": {"consent"}, "state": {"s"}, "login_hint": {g.fix.Mailbox},
	}
	for name, v := range with {
		q[name] = v
	}
	return g.accounts + "/o/oauth2/v2/auth?" + q.Encode()
}

// consent agrees and redeems; it returns the token answer.
func (g *googler) consent(clientID, secret string, with url.Values) map[string]any {
	g.Helper()
	answer := g.grant(g.authURL(clientID, with))
	redirect := desktopRedirect
	if v := with.Get("redirect_uri"); v != "" {
		redirect = v
	}
	_, body := g.post(g.oauth2+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {clientID}, "client_secret": {secret}, "code": {answer.Get("code")}, "redirect_uri": {redirect},
	})
	return body
}

func (g *googler) renew(clientID, secret string, token any) map[string]any {
	g.Helper()
	refresh, _ := token.(string)
	_, body := g.post(g.oauth2+"/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret}, "refresh_token": {refresh},
	})
	return body
}

func (g *googler) api(path string, token any) (int, string) {
	g.Helper()
	access, _ := token.(string)
	status, _, body := g.get(g.gmail+"/gmail/v1/users/me/"+path, "Authorization", "Bearer "+access)
	e, _ := body["error"].(map[string]any)
	list, _ := e["errors"].([]any)
	if len(list) == 0 {
		return status, ""
	}
	first, _ := list[0].(map[string]any)
	reason, _ := first["reason"].(string)
	return status, reason
}

func TestGoogleShowsAPageForWhatNeverReachesTheProgram(t *testing.T) {
	t.Parallel()
	g := newGoogler(t)
	f := g.fix
	for name, tc := range map[string]struct {
		client string
		with   url.Values
		as     string
		page   string
	}{
		"unknown client":             {"nobody", nil, "", "Error 401: invalid_client"},
		"deleted client":             {f.DeletedClientID, nil, "", "Error 401: deleted_client"},
		"out of band":                {f.DesktopClientID, url.Values{"redirect_uri": {"urn:ietf:wg:oauth:2.0:oob"}}, "", "Error 400: invalid_request"},
		"desktop, another host":      {f.DesktopClientID, url.Values{"redirect_uri": {"https://acme.example/callback"}}, "", "Error 400: redirect_uri_mismatch"},
		"web, another loopback port": {f.WebClientID, nil, "", "Error 400: redirect_uri_mismatch"},
		"web, a slash more":          {f.WebClientID, url.Values{"redirect_uri": {f.Callback + "/"}}, "", "Error 400: redirect_uri_mismatch"},
		"no scope":                   {f.DesktopClientID, url.Values{"scope": {""}}, "", "Error 400: invalid_request"},
		"misspelt scope":             {f.DesktopClientID, url.Values{"scope": {"https://mail.google.com"}}, "", "Error 400: invalid_scope"},
		"not a test user":            {f.DesktopClientID, nil, f.Other, "Error 403: access_denied"},
		"of another organization":    {f.InternalClientID, nil, f.Consumer, "Error 403: org_internal"},
	} {
		_, err := g.sb.GrantAs(t.Context(), g.authURL(tc.client, tc.with), tc.as, nil)
		e, _ := err.(*core.Error)
		if e == nil || !strings.Contains(e.Params["page"], tc.page) {
			t.Errorf("%s: %v, want the page %s", name, err, tc.page)
		}
	}
}

func TestGoogleTakesAnyLoopbackOfADesktopClientAndTheExactOneOfAWebClient(t *testing.T) {
	t.Parallel()
	g := newGoogler(t)
	for _, redirect := range []string{"http://127.0.0.1:1", "http://[::1]:65000/x", "http://localhost:8080/"} {
		if body := g.consent(g.fix.DesktopClientID, g.fix.DesktopClientSecret, url.Values{"redirect_uri": {redirect}}); body["access_token"] == nil {
			t.Errorf("%s: %v", redirect, body)
		}
	}
	if body := g.consent(g.fix.WebClientID, g.fix.WebClientSecret, url.Values{"redirect_uri": {g.fix.Redirect}}); body["access_token"] == nil {
		t.Errorf("web: %v", body)
	}
}

func TestGoogleEndsAConsentOfAnAppInTestingAfterSevenDays(t *testing.T) {
	t.Parallel()
	g := newGoogler(t)
	f := g.fix
	testing := g.consent(f.DesktopClientID, f.DesktopClientSecret, nil)
	internal := g.consent(f.InternalClientID, f.InternalClientSecret, nil)
	identity := g.consent(f.DesktopClientID, f.DesktopClientSecret, url.Values{"scope": {"openid email"}})
	g.sb.Clock().Advance(7*24*time.Hour - time.Minute)
	if body := g.renew(f.DesktopClientID, f.DesktopClientSecret, testing["refresh_token"]); body["access_token"] == nil {
		t.Errorf("within seven days: %v", body)
	}
	g.sb.Clock().Advance(2 * time.Minute)
	body := g.renew(f.DesktopClientID, f.DesktopClientSecret, testing["refresh_token"])
	if g.wantError("after seven days", body, "invalid_grant"); body["error_description"] != "Token has been expired or revoked." {
		t.Errorf("it says %v", body["error_description"])
	}
	for name, body := range map[string]map[string]any{
		"internal":      g.renew(f.InternalClientID, f.InternalClientSecret, internal["refresh_token"]),
		"identity only": g.renew(f.DesktopClientID, f.DesktopClientSecret, identity["refresh_token"]),
	} {
		if body["access_token"] == nil {
			t.Errorf("%s: %v", name, body)
		}
	}
}

func TestGoogleEndsRefreshTokensForTheReasonsItLists(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		happens func(*googler)
		code    string
	}{
		"unused for six months": {func(g *googler) { g.sb.Clock().Advance(183 * 24 * time.Hour) }, "invalid_grant"},
		"password changed":      {func(g *googler) { g.sb.GooglePassword(g.fix.Mailbox) }, "invalid_grant"},
		"suspended":             {func(g *googler) { g.sb.GoogleSuspend(g.fix.Mailbox, true) }, "invalid_grant"},
		"app blocked":           {func(g *googler) { g.sb.GoogleControl(g.fix.ProductionClientID, "blocked") }, "admin_policy_enforced"},
		"Gmail restricted":      {func(g *googler) { g.sb.GoogleRestrict(true) }, "admin_policy_enforced"},
		"session control":       {func(g *googler) { g.set(sandbox.GoogleSessionControl) }, "invalid_grant"},
		"pushed out by the 101st": {func(g *googler) {
			for range 100 {
				g.consent(g.fix.ProductionClientID, g.fix.ProductionClientSecret, nil)
			}
		}, "invalid_grant"},
		"a client of the project revoked": {func(g *googler) {
			body := g.consent(g.fix.ProductionClientID, g.fix.ProductionClientSecret, nil)
			g.post(g.oauth2+"/revoke", url.Values{"token": {body["access_token"].(string)}})
		}, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGoogler(t)
			first := g.consent(g.fix.ProductionClientID, g.fix.ProductionClientSecret, nil)
			tc.happens(g)
			g.wantError(name, g.renew(g.fix.ProductionClientID, g.fix.ProductionClientSecret, first["refresh_token"]), tc.code)
		})
	}
}

func TestGmailSaysWhyItRefuses(t *testing.T) {
	t.Parallel()
	g := newGoogler(t)
	f := g.fix
	good := g.consent(f.DesktopClientID, f.DesktopClientSecret, nil)
	labels := g.consent(f.ProductionClientID, f.ProductionClientSecret, url.Values{"scope": {"https://www.googleapis.com/auth/gmail.labels"}})
	off := g.consent(f.OffClientID, f.OffClientSecret, nil)
	for name, tc := range map[string]struct {
		path   string
		token  any
		status int
		reason string
	}{
		"profile":          {"profile", good["access_token"], 200, ""},
		"labels":           {"labels", good["access_token"], 200, ""},
		"labels by labels": {"labels", labels["access_token"], 200, ""},
		"too little scope": {"profile", labels["access_token"], 403, "insufficientPermissions"},
		"API off":          {"labels", off["access_token"], 403, "accessNotConfigured"},
		"no token":         {"labels", "ya29.none", 401, "authError"},
	} {
		if status, reason := g.api(tc.path, tc.token); status != tc.status || reason != tc.reason {
			t.Errorf("%s: %d %s", name, status, reason)
		}
	}
	g.sb.Clock().Advance(time.Hour)
	if status, reason := g.api("profile", good["access_token"]); status != 401 || reason != "authError" {
		t.Errorf("after an hour: %d %s", status, reason)
	}
}

// A box left unticked is not an error: the answer says what was granted.
func TestGoogleGrantsTheBoxesThatAreTicked(t *testing.T) {
	t.Parallel()
	g := newGoogler(t)
	f := g.fix
	ask := g.authURL(f.DesktopClientID, url.Values{"scope": {"https://mail.google.com/ email"}})
	grantedBy := func(boxes []string) url.Values {
		to, err := g.sb.GrantAs(t.Context(), ask, f.Mailbox, boxes)
		if err != nil {
			t.Fatal(err)
		}
		return query(t, to)
	}
	if got := grantedBy([]string{"https://www.googleapis.com/auth/userinfo.email"}).Get("scope"); got != "https://www.googleapis.com/auth/userinfo.email" {
		t.Errorf("granted %q", got)
	}
	if got := grantedBy([]string{}).Get("error"); got != "access_denied" {
		t.Errorf("nothing ticked: %q", got)
	}
	g.sb.GoogleControl(f.DesktopClientID, "trusted")
	if got := grantedBy([]string{}).Get("scope"); !strings.Contains(got, "mail.google.com") {
		t.Errorf("a trusted app has no boxes, yet %q is granted", got)
	}
}
