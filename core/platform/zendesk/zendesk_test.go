package zendesk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is the platform's client and actions over the sandbox's double.
type bench struct {
	t       *testing.T
	sb      *sandbox.Sandbox
	fix     sandbox.ZendeskFixtures
	http    *transport.Client
	keys    *core.SigningKeys
	conns   *core.Connections
	service *platform.Service
	actions map[string]action.Action
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() }) //nolint:errcheck // the test ends
	client, err := transport.New(transport.Options{Clock: sb.Clock()})
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	log := &core.EventLog{Store: st, Clock: sb.Clock(), Actor: core.Actor{User: "mina", Host: "jump01"}}
	b := &bench{
		t: t, sb: sb, fix: sb.Fixtures().Zendesk, http: client,
		keys: &core.SigningKeys{Store: st, Events: log}, conns: &core.Connections{Store: st, Events: log}, actions: map[string]action.Action{},
	}
	b.service = &platform.Service{
		Platforms: []platform.Platform{zendesk.Platform()}, Connections: b.conns, Keys: b.keys, HTTP: client, Endpoints: sb.Endpoints(), Clock: sb.Clock(),
	}
	for _, a := range zendesk.Platform().Actions(platform.Services{
		Connections: b.conns, Keys: b.keys, Store: st, Events: log, Clock: sb.Clock(), HTTP: client, Endpoints: sb.Endpoints(),
	}) {
		b.actions[a.Name] = a
	}
	return b
}

func (b *bench) add(edit func(*core.Connection)) core.Connection {
	b.t.Helper()
	c := core.Connection{
		Name: "Acme messaging", Platform: zendesk.ID, Grant: core.GrantAppKey, Region: "zendesk", Account: b.fix.Subdomain,
		Settings: map[string]string{"app_id": b.fix.AppID, "key_id": b.fix.AppKeyID},
		Secrets:  core.Secrets{core.SecretAPIToken: core.NewSecret(b.fix.AppKeySecret)},
	}
	if edit != nil {
		edit(&c)
	}
	c, err := b.conns.Add(b.t.Context(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func ofAccount(b *bench) func(*core.Connection) {
	return func(c *core.Connection) {
		c.Settings["key_id"], c.Secrets = b.fix.AccountKeyID, core.Secrets{core.SecretAPIToken: core.NewSecret(b.fix.AccountKeySecret)}
	}
}

func (b *bench) api(c core.Connection) *zendesk.Conversations {
	return zendesk.NewConversations(b.http, b.sb.Endpoints(), c)
}

// run runs an action with plain values and secrets apart.
func (b *bench) run(name string, plain map[string]string, secret core.Secrets) (action.Values, error) {
	b.t.Helper()
	return b.actions[name].Run(b.t.Context(), action.Values{Plain: plain, Secret: secret})
}

func (b *bench) keep(name, kid, secret string) string {
	b.t.Helper()
	out, err := b.run("zendesk.add_key", map[string]string{"name": name, "account": "acme", "kid": kid, "begins": secret[:6]}, core.Secrets{"secret": core.NewSecret(secret)})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Plain["key"]
}

func (b *bench) token(kid, secret string, edit func(jwt.MapClaims)) string {
	b.t.Helper()
	claims := jwt.MapClaims{"scope": "user", "external_id": b.fix.ExternalID, "exp": b.sb.Clock().Now().Add(time.Hour).Unix()}
	if edit != nil {
		edit(claims)
	}
	tok := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	tok.Header["kid"] = kid
	s, err := tok.SignedString([]byte(secret))
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func wantCode(t *testing.T, err error, code string, class core.Class) {
	t.Helper()
	if core.CodeOf(err) != code || core.ClassOf(err) != class {
		t.Errorf("error %v (class %d), want %s (class %d)", err, core.ClassOf(err), code, class)
	}
}

func TestACheckTellsTheRightKeyFromTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		edit func(*core.Connection)
		code string
	}{
		"an app's key":         {nil, ""},
		"an account's key":     {ofAccount(b), ""},
		"an account's, no app": {func(c *core.Connection) { ofAccount(b)(c); delete(c.Settings, "app_id") }, ""},
		"a key that signs visitors' tokens": {func(c *core.Connection) {
			c.Settings["key_id"], c.Secrets = b.fix.KID, core.Secrets{core.SecretAPIToken: core.NewSecret(b.fix.Secret)}
		}, "zendesk.unauthorized"},
		"another secret": {func(c *core.Connection) { c.Secrets = core.Secrets{core.SecretAPIToken: core.NewSecret("another")} }, "zendesk.unauthorized"},
		"another app":    {func(c *core.Connection) { c.Settings["app_id"] = "000000000000000000000000" }, "zendesk.app_not_found"},
	} {
		conn := b.add(func(conn *core.Connection) {
			conn.Name = name
			if c.edit != nil {
				c.edit(conn)
			}
		})
		got, err := b.service.Check(t.Context(), conn.ID)
		if err != nil || got.Check.OK != (c.code == "") || got.Check.Code != c.code {
			t.Errorf("%s: %+v, %v", name, got.Check, err)
		}
		if c.code == "" && got.Check.Note != "Acme (rehearsal)" {
			t.Errorf("%s: note %q", name, got.Check.Note)
		}
	}
}

func TestOnlyADirectAccountManagesKeysAndNoSecretIsListed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	ordinary := b.add(nil)
	_, err := b.service.VendorKeys(ctx, ordinary)
	wantCode(t, err, "zendesk.not-direct", core.Usage)
	if _, err := b.service.MakeKey(ctx, ordinary, "web"); core.CodeOf(err) != "zendesk.not-direct" {
		t.Errorf("make: %v", err)
	}
	direct := b.add(func(c *core.Connection) { c.Name = "direct"; ofAccount(b)(c) })
	k, err := b.service.MakeKey(ctx, direct, " web ")
	if err != nil || k.Secret().Empty() || k.Name != "web" || k.Weak || k.Account != "acme" {
		t.Fatalf("made %+v, %v", k, err)
	}
	if _, err := b.service.MakeKey(ctx, direct, "WEB"); core.CodeOf(err) != "key.name-taken" {
		t.Errorf("a name that is taken: %v", err)
	}
	list, err := b.service.VendorKeys(ctx, direct)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, k := range list {
		if !k.Secret.Empty() {
			t.Errorf("%s is listed with its secret", k.ID)
		}
	}
	if err := b.service.DeleteKey(ctx, direct, k.KID); err != nil {
		t.Error(err)
	}
	if k, err := b.keys.Get(ctx, k.ID); err != nil || k.RetiredAt.IsZero() {
		t.Errorf("afterwards: %+v, %v", k, err)
	}
	wantCode(t, b.service.DeleteKey(ctx, direct, k.KID), "zendesk.app_key_not_found", core.Refused)
}

func TestAKeyWhoseAnswerIsLostIsUnknownAndCanBeKeptFromTheList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	direct := b.add(ofAccount(b))
	b.sb.SetFault(sandbox.Fault{Service: "zendesk.conversations", Times: 1, After: true, Reset: true})
	_, err := b.service.MakeKey(ctx, direct, "web")
	wantCode(t, err, "platform.key-unknown", core.Unknown)
	list, err := b.service.VendorKeys(ctx, direct)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if k.Name != "web" {
			continue
		}
		kept, err := b.service.KeepKey(ctx, direct, k.ID, "web")
		if err != nil || kept.KID != k.ID || kept.Secret().Empty() {
			t.Errorf("kept %+v, %v", kept, err)
		}
		return
	}
	t.Errorf("the vendor's list lacks it: %+v", list)
}

func TestAVisitorIsFoundByWhateverIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if why := b.sb.ZendeskSignIn(b.token(b.fix.KID, b.fix.Secret, func(c jwt.MapClaims) {
		c["external_id"], c["email"], c["email_verified"], c["name"] = "auth0|1/2", b.fix.Email, true, "山田 美奈"
	})); why != "" {
		t.Fatal(why)
	}
	client, err := b.service.Dial(b.add(nil))
	if err != nil {
		t.Fatal(err)
	}
	finder := client.(lookup.Finder)
	var id string
	for _, q := range []struct {
		kind lookup.QueryKind
		text string
	}{{lookup.ByExternalID, "auth0|1/2"}, {lookup.ByEmail, b.fix.Email}} {
		found, err := finder.Find(t.Context(), q.kind, q.text)
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %+v, %v", q.kind, found, err)
		}
		v := found[0]
		id = v.ID
		if v.Kind != core.VisitorMessaging || v.ExternalID != "auth0|1/2" || v.Authenticated == nil || !*v.Authenticated || v.SupportID == "" ||
			v.Name != "山田 美奈" || v.Email() != b.fix.Email || !v.Emails[0].Verified || len(v.Raw) == 0 {
			t.Errorf("%s: %+v", q.kind, v)
		}
	}
	if found, err := finder.Find(t.Context(), lookup.ByMessaging, id); err != nil || len(found) != 1 {
		t.Errorf("by id: %+v, %v", found, err)
	}
	for _, q := range []struct {
		kind lookup.QueryKind
		text string
	}{{lookup.ByExternalID, "nobody"}, {lookup.ByEmail, "nobody@acme.example"}, {lookup.ByChatID, "1.abc"}, {lookup.ByText, " "}} {
		if found, err := finder.Find(t.Context(), q.kind, q.text); err != nil || len(found) != 0 {
			t.Errorf("%s %s: %+v, %v", q.kind, q.text, found, err)
		}
	}
}

func TestFaultsSayNothingOfTheKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Fault
		code  string
	}{
		"limited":     {sandbox.Fault{Status: 429, RetryAfter: 7 * time.Second}, "zendesk.rate-limited"},
		"unavailable": {sandbox.Fault{Status: 502}, "zendesk.unavailable"},
		"a page":      {sandbox.Fault{Status: 403, HTML: true}, "zendesk.not-api"},
		"cut":         {sandbox.Fault{Cut: true}, ""},
	} {
		b := newBench(t)
		conn := b.add(nil)
		c.fault.Service = "zendesk.conversations"
		b.sb.SetFault(c.fault)
		_, err := b.api(conn).App(t.Context())
		if err == nil || c.code != "" && core.CodeOf(err) != c.code || strings.Contains(err.Error(), b.fix.AppKeySecret) {
			t.Errorf("%s: %v", name, err)
		}
		if wait, ok := core.RetryAfter(err); name == "limited" && (!ok || wait != 7*time.Second) {
			t.Errorf("%s: wait %v", name, wait)
		}
	}
}

func TestAKeyKeptTwiceStaysOneAndAnotherSecretIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.keep("web", b.fix.KID, b.fix.Secret)
	if again := b.keep("web", b.fix.KID, b.fix.Secret); again != first {
		t.Error("a second record")
	}
	if again := b.keep("by another name", b.fix.KID, b.fix.Secret); again != first {
		t.Error("a second record of another name")
	}
	_, err := b.run("zendesk.add_key", map[string]string{"name": "web", "account": "acme", "kid": b.fix.KID}, core.Secrets{"secret": core.NewSecret(b.fix.NewSecret)})
	if err == nil {
		t.Error("another secret under the same key id is taken")
	}
	_, err = b.run("zendesk.add_key", map[string]string{"name": "web 2", "account": "acme", "kid": b.fix.NewKID, "begins": "abcdef"}, core.Secrets{"secret": core.NewSecret(b.fix.NewSecret)})
	wantCode(t, err, "key.prefix", core.Usage)
}

func TestADevelopersTokenIsProvedOrRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.keep("web", b.fix.KID, b.fix.Secret)
	b.keep("web new", b.fix.NewKID, b.fix.NewSecret)
	prove := func(token string) error {
		_, err := b.run("zendesk.inspect_token", map[string]string{"key": key}, core.Secrets{"token": core.NewSecret(token)})
		return err
	}
	if err := prove(b.token(b.fix.KID, b.fix.Secret, nil)); err != nil {
		t.Errorf("a right one: %v", err)
	}
	for name, c := range map[string]struct{ token, finding string }{
		"of another key": {b.token(b.fix.NewKID, b.fix.NewSecret, nil), "messaging.kid.other-key"},
		"over":           {b.token(b.fix.KID, b.fix.Secret, func(c jwt.MapClaims) { c["exp"] = 1 }), "messaging.exp.past"},
		"a number as id": {b.token(b.fix.KID, b.fix.Secret, func(c jwt.MapClaims) { c["external_id"] = 7 }), "messaging.external_id.type"},
		"another secret": {b.token(b.fix.KID, b.fix.NewSecret, nil), "token.signature.other-key"},
		"no token":       {"hello", "token.not-jwt"},
	} {
		err := prove(c.token)
		wantCode(t, err, "finding."+c.finding, core.Refused)
		if err != nil && strings.Contains(err.Error(), b.fix.Secret) {
			t.Errorf("%s tells a secret", name)
		}
	}
}

func TestASignInIsProvedByTheAPIOrByTheAdminsWord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conn := b.add(nil)
	if why := b.sb.ZendeskSignIn(b.token(b.fix.KID, b.fix.Secret, nil)); why != "" {
		t.Fatal(why)
	}
	plain := func(more ...string) map[string]string {
		m := map[string]string{"external_id": b.fix.ExternalID}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	out, err := b.run("zendesk.prove_sign_in", plain("connection", conn.Name), nil)
	if err != nil || out.Plain["by"] != "api" || out.Plain["support_id"] == "" {
		t.Errorf("by a connection: %v, %v", out.Plain, err)
	}
	out, err = b.run("zendesk.prove_sign_in", plain("account", "acme", "app_id", b.fix.AppID, "key_id", b.fix.AppKeyID), core.Secrets{"key_secret": core.NewSecret(b.fix.AppKeySecret)})
	if err != nil || out.Plain["by"] != "api" {
		t.Errorf("by a key: %v, %v", out.Plain, err)
	}
	out, err = b.run("zendesk.prove_sign_in", plain("seen", "yes"), nil)
	if err != nil || out.Plain["by"] != "admin" {
		t.Errorf("by word: %v, %v", out.Plain, err)
	}
	_, err = b.run("zendesk.prove_sign_in", plain("seen", "no"), nil)
	wantCode(t, err, "zendesk.not-seen", core.Refused)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.actions["zendesk.prove_sign_in"].Run(ctx, action.Values{Plain: map[string]string{"external_id": "nobody", "connection": conn.Name}}); err == nil {
		t.Error("a cancelled question is proved")
	}
}

func TestARotationIsProvedOnlyByNewTokensOfEveryPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, fresh := b.keep("old", b.fix.KID, b.fix.Secret), b.keep("new", b.fix.NewKID, b.fix.NewSecret)
	if _, err := b.run("zendesk.note_deployed", map[string]string{"key": old, "where": "shop, app"}, nil); err != nil {
		t.Fatal(err)
	}
	prove := func(tokens ...string) error {
		_, err := b.run("zendesk.prove_new_key", map[string]string{"new_key": fresh, "old_key": old}, core.Secrets{"tokens": core.NewSecret(strings.Join(tokens, "\n"))})
		return err
	}
	newToken, oldToken := b.token(b.fix.NewKID, b.fix.NewSecret, nil), b.token(b.fix.KID, b.fix.Secret, nil)
	if err := prove(newToken, newToken); err != nil {
		t.Errorf("both new: %v", err)
	}
	wantCode(t, prove(newToken, oldToken), "zendesk.old-key-used", core.Refused)
	wantCode(t, prove(newToken), "zendesk.places-missing", core.Usage)
	wantCode(t, prove("nothing"), "zendesk.places-missing", core.Usage)

	if _, err := b.run("zendesk.old_key", map[string]string{"key": "nobody's"}, nil); core.CodeOf(err) != "key.not-found" {
		t.Errorf("an unknown old key: %v", err)
	}
	if _, err := b.run("zendesk.retire_key", map[string]string{"key": old}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := b.run("zendesk.old_key", map[string]string{"key": old}, nil)
	wantCode(t, err, "zendesk.retired", core.Usage)
}
