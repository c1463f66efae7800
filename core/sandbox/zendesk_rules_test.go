package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"deskward/core/sandbox"
)

func (a *acme) set(all ...sandbox.Switch) {
	a.t.Helper()
	for _, s := range all {
		if err := a.sb.Set(s, true); err != nil {
			a.t.Fatal(err)
		}
	}
}

// visitor is a messaging token of the fixtures' key.
func (a *acme) visitor(claims map[string]any) string {
	a.t.Helper()
	all := map[string]any{"scope": "user", "external_id": "usr_1"}
	for k, v := range claims {
		all[k] = v
	}
	return a.token(map[string]any{"kid": a.fix.KID}, all, a.fix.Secret)
}

// login signs in as the widget does, with the widget's own user as session.
func (a *acme) login(token, session string) (int, map[string]any) {
	a.t.Helper()
	raw, err := json.Marshal(map[string]any{"appUserId": session, "client": map[string]string{"platform": "web"}})
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), "POST", a.fix.WidgetURL+"/v2/apps/"+a.fix.AppID+"/login", bytes.NewReader(raw))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return a.send(req)
}

// user returns a user by an id, and nil where there is none.
func (a *acme) user(id, brand string) map[string]any {
	a.t.Helper()
	path := "/users/" + url.PathEscape(id)
	if brand != "" {
		path += "?brandId=" + brand
	}
	_, out := a.app("GET", path)
	u, _ := out["user"].(map[string]any)
	return u
}

func TestWhoWroteAnonymouslyIsUpgradedOrMerged(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	if status, out := a.login(a.visitor(nil), a.fix.AnonymousID); status != 200 {
		t.Fatal(status, out)
	}
	if u := a.user("usr_1", ""); u["id"] != a.fix.AnonymousID || u["authenticated"] != true {
		t.Errorf("nobody had the id, and the anonymous user is not upgraded: %v", u)
	}
	b := newAcme(t)
	known := b.user(b.fix.TakenExternalID, "")["id"]
	b.login(b.visitor(map[string]any{"external_id": b.fix.TakenExternalID}), b.fix.AnonymousID)
	if u := b.user(b.fix.TakenExternalID, ""); u["id"] != known || b.user(b.fix.AnonymousID, "") != nil {
		t.Errorf("somebody had the id, and the anonymous user is not merged: %v", u)
	}
	c := newAcme(t)
	taken := c.user(c.fix.TakenExternalID, "")["id"]
	c.login(c.visitor(nil), taken.(string))
	if c.user(c.fix.TakenExternalID, "")["id"] != taken {
		t.Error("somebody else's session was taken over")
	}
}

func TestAnAddressIsAnIdentityByTheAccountsSetting(t *testing.T) {
	t.Parallel()
	address := func(email string, verified any) map[string]any {
		return map[string]any{"email": email, "email_verified": verified}
	}
	holders := func(a *acme, email string) []any {
		_, out := a.app("GET", "/users?"+url.Values{"filter[identities.email]": {email}}.Encode())
		users, _ := out["users"].([]any)
		return users
	}
	a := newAcme(t)
	a.sb.ZendeskSignIn(a.visitor(address("new@acme.example", false)))
	a.sb.ZendeskSignIn(a.visitor(address("new@acme.example", "true")))
	if n := len(holders(a, "new@acme.example")); n != 0 {
		t.Errorf("an address that is not verified is an identity of %d", n)
	}
	a.set(sandbox.ZendeskTextTrue)
	a.sb.ZendeskSignIn(a.visitor(address("new@acme.example", "true")))
	if n := len(holders(a, "new@acme.example")); n != 1 {
		t.Errorf(`with the switch on, "true" counts for %d`, n)
	}

	b := newAcme(t)
	b.set(sandbox.ZendeskUnverifiedEmails)
	if why := b.sb.ZendeskSignIn(b.visitor(address(b.fix.TakenEmail, false))); why == "" {
		t.Error("an unverified claim takes a verified address")
	}
	b.sb.ZendeskSignIn(b.visitor(map[string]any{"external_id": "first", "email": "shared@acme.example"}))
	if why := b.sb.ZendeskSignIn(b.visitor(map[string]any{"external_id": "second", "email": "shared@acme.example"})); why == "" {
		t.Error("two have one address")
	}
	if why := b.sb.ZendeskSignIn(b.visitor(map[string]any{"external_id": "second", "email": "shared@acme.example", "email_verified": true})); why != "" {
		t.Errorf("a verified claim does not take an unverified address: %s", why)
	}
	if h := holders(b, "shared@acme.example"); len(h) != 1 || h[0].(map[string]any)["externalId"] != "second" {
		t.Errorf("the address belongs to %v", h)
	}
}

func TestABrandsOwnUserIsFoundUnderTheBrandOnly(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	if a.user(a.fix.BrandExternalID, "") != nil || a.user(a.fix.BrandExternalID, a.fix.BrandID)["brandId"] != a.fix.BrandID {
		t.Error("found without the brand, or not with it")
	}
	a.set(sandbox.ZendeskNumberIDs)
	if u := a.user(a.fix.BrandExternalID, a.fix.BrandID); u["brandId"] != 900120000007. || u["zendeskId"] != 900123450002. {
		t.Errorf("with the switch on, ids are %v", u)
	}
}

func TestErrorsComeInBothShapes(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	if status, out := a.login("nothing", ""); status != 401 || out["error"] == nil || out["errors"] != nil {
		t.Errorf("a sign-in: %d %v", status, out)
	}
	a.set(sandbox.ZendeskOldErrors, sandbox.ZendeskNewErrors)
	if status, out := a.login("nothing", ""); status != 401 || code(out) != "invalid_auth" {
		t.Errorf("a sign-in with the switch on: %d %v", status, out)
	}
	if status, out := a.app("GET", "/users/nobody"); status != 404 || out["errors"] != nil || out["error"].(map[string]any)["code"] != "user_not_found" {
		t.Errorf("the API with the switch on: %d %v", status, out)
	}
}

func TestKeysDoOneThingEachUnlessTheyInterchange(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	other := a.token(map[string]any{"kid": a.fix.AppKeyID}, map[string]any{"scope": "user", "external_id": "usr_1"}, a.fix.AppKeySecret)
	try := func() (calls, signs bool) {
		status, _ := a.ask("GET", "/v2/apps/"+a.fix.AppID, a.fix.KID, a.fix.Secret, nil)
		return status == 200, a.sb.ZendeskSignIn(other) == ""
	}
	if calls, signs := try(); calls || signs {
		t.Errorf("a messaging key calls: %v, an API key signs: %v", calls, signs)
	}
	a.set(sandbox.ZendeskKeysInterchange)
	if calls, signs := try(); !calls || !signs {
		t.Errorf("with the switch on, a messaging key calls: %v, an API key signs: %v", calls, signs)
	}
}

func TestAKeyMadeByAPISignsVisitorsInUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	_, out := a.account("POST", "/keys", map[string]string{"displayName": "web"})
	made := out["key"].(map[string]any)
	token := a.token(map[string]any{"kid": made["id"]}, map[string]any{"scope": "user", "external_id": "usr_1"}, made["secret"].(string))
	if why := a.sb.ZendeskSignIn(token); why != "" {
		t.Errorf("refused: %s", why)
	}
	a.account("DELETE", "/keys/"+made["id"].(string), nil)
	if a.sb.ZendeskSignIn(token) == "" {
		t.Error("a deleted key signs on")
	}
}

// page posts a form to the Admin Center, or opens it.
func (a *acme) page(form url.Values) string {
	a.t.Helper()
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.fix.AdminURL, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(raw)
}

func shown(page, id string) string {
	m := regexp.MustCompile(`id="` + id + `">([^<]+)<`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

func TestTheAdminCenterMakesListsAndDeletesKeys(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	made := a.page(url.Values{"create": {"yes"}, "name": {"<b>phone</b>"}})
	kid, secret := shown(made, "kid"), shown(made, "secret")
	if len(secret) != 86 || !strings.HasPrefix(kid, "app_") || strings.Contains(made, "<b>phone") {
		t.Fatalf("made %q with %d characters", kid, len(secret))
	}
	list := a.page(nil)
	if strings.Contains(list, secret) || !strings.Contains(list, secret[:6]) || !strings.Contains(list, kid) {
		t.Error("the list shows a secret whole, or lacks its beginning or the key")
	}
	token := shown(a.page(url.Values{"sign": {kid}, "external_id": {"usr_9"}}), "token")
	if why := a.sb.ZendeskSignIn(token); why != "" {
		t.Errorf("the developer's program signs what is refused: %s", why)
	}
	a.page(url.Values{"delete": {kid}})
	if strings.Contains(a.page(nil), kid) || a.sb.ZendeskSignIn(token) == "" {
		t.Error("the deleted key is listed, or signs on")
	}
	for range 8 {
		a.page(url.Values{"create": {"yes"}, "name": {"another"}})
	}
	if eleventh := a.page(url.Values{"create": {"yes"}, "name": {"one more"}}); shown(eleventh, "kid") != "" || !strings.Contains(eleventh, "Delete an unused one") {
		t.Error("an eleventh key is made")
	}
	if nameless := a.page(url.Values{"create": {"yes"}, "name": {" "}}); !strings.Contains(nameless, "name") || shown(nameless, "kid") != "" {
		t.Error("a key without a name is made")
	}
}

func TestAChatTokenWithoutEmailIsTakenByTheSwitch(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	now := a.sb.Clock().Now()
	take := func() bool {
		raw, err := json.Marshal(map[string]string{"account_key": "k", "token": a.token(nil, map[string]any{"name": "A", "external_id": "u", "iat": now.Unix()}, a.fix.ChatSecret)})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", a.fix.WidgetURL+"/authenticated/web/jwt", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		_, out := a.send(req)
		return out["success"] == true
	}
	if take() {
		t.Error("taken")
	}
	if a.set(sandbox.ZendeskChatTakesNoEmail); !take() {
		t.Error("not taken with the switch on")
	}
}

func TestADeletedUsersAddressIsFreeAgain(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	token := a.visitor(map[string]any{"email": a.fix.TakenEmail, "email_verified": true})
	if a.sb.ZendeskSignIn(token) == "" {
		t.Fatal("taken, although somebody else has the address")
	}
	if status, out := a.app("DELETE", "/users/"+a.fix.TakenExternalID); status != 200 {
		t.Fatal(status, out)
	}
	if why := a.sb.ZendeskSignIn(token); why != "" {
		t.Error(why)
	}
}
