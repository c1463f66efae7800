package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/store/mem"
)

// canarySecret looks like a messaging secret: 43 characters that repeat little.
const canarySecret = "canary-Zk3vW9pQ2xR7tB5nM8cL1dF4gH6jS0aYeU"

func keys() (*core.SigningKeys, *core.EventLog, *clock) {
	store := mem.New()
	ck := &clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	log := &core.EventLog{Store: store, Clock: ck, Actor: core.Actor{User: "mina", Host: "jump01"}}
	return &core.SigningKeys{Store: store, Events: log}, log, ck
}

func messaging(n int) core.NewKey {
	return core.NewKey{SigningKey: core.SigningKey{
		Name: fmt.Sprint("web ", n), Kind: core.KeyMessaging, Account: "acme", KID: fmt.Sprintf("app_5f3a9c0d0000000000000%03x", n),
		Secrets: core.Secrets{core.SecretSigning: core.NewSecret(fmt.Sprintf("%s%03d", canarySecret, n))},
	}}
}

func TestKeysAreKeptAsTheVendorNamesThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*core.NewKey)
		want func(core.SigningKey) bool
	}{
		{"an address names the account", func(n *core.NewKey) { n.Account = "https://Acme.zendesk.com/agent/home" }, func(k core.SigningKey) bool { return k.Account == "acme" }},
		{"a key id loses its line break", func(n *core.NewKey) { n.KID = " app_5f3a9c0d00\n00000000000009 " }, func(k core.SigningKey) bool { return k.KID == "app_5f3a9c0d0000000000000009" }},
		{"quotes around a secret are a paste's", func(n *core.NewKey) {
			n.Secrets = core.Secrets{core.SecretSigning: core.NewSecret("\"" + canarySecret + "\"\n")}
		}, func(k core.SigningKey) bool { return k.Secret().Reveal() == canarySecret }},
		{"six characters that match", func(n *core.NewKey) { n.Prefix = canarySecret[:6] + "…" }, func(k core.SigningKey) bool { return k.Summary().Prefix == canarySecret[:6] }},
		{"only HS256 for Zendesk", func(n *core.NewKey) { n.Alg = core.AlgRS256 }, func(k core.SigningKey) bool { return k.Alg == core.AlgHS256 }},
		{"a short one from a file is flagged", func(n *core.NewKey) {
			n.Secrets = core.Secrets{core.SecretSigning: core.NewSecret("short-one")}
		}, func(k core.SigningKey) bool { return k.Weak && k.Summary().Prefix == "" }},
		{"24 characters of an older key are flagged and not refused", func(n *core.NewKey) {
			n.Typed = true
			n.Secrets = core.Secrets{core.SecretSigning: core.NewSecret("qW7zR2mK9xT4vB6nL1pD8cJ3")}
		}, func(k core.SigningKey) bool { return k.Weak }},
		{"Xsolla's public keys need no secret", func(n *core.NewKey) {
			n.Kind, n.Account, n.Alg, n.KeyList = core.KeyXsolla, "82CD5E0C-c3ff-11e9-b199-c1e5fc81c37f", core.AlgRS256, "[]"
		}, func(k core.SigningKey) bool {
			return k.Secret().Empty() && k.KID == "" && k.Account == "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			svc, _, _ := keys()
			n := messaging(1)
			c.edit(&n)
			added, err := svc.Add(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			k, err := svc.Get(t.Context(), added.ID)
			if err != nil || !c.want(k) {
				t.Errorf("kept: %+v, %v", k, err)
			}
		})
	}
}

func TestWhatIsWrongWithANewKeyHasACode(t *testing.T) {
	t.Parallel()
	secret := func(s string) core.Secrets { return core.Secrets{core.SecretSigning: core.NewSecret(s)} }
	for code, edit := range map[string]func(*core.NewKey){
		"key.name-empty":       func(n *core.NewKey) { n.Name = " \n" },
		"key.name-taken":       func(n *core.NewKey) { n.Name = "WEB 1"; n.KID += "f"; n.Secrets = secret(canarySecret + "f") },
		"key.kind":             func(n *core.NewKey) { n.Kind = "sso" },
		"key.account":          func(n *core.NewKey) { n.Account = "not an account" },
		"key.project":          func(n *core.NewKey) { n.Kind = core.KeyXsolla },
		"key.kid":              func(n *core.NewKey) { n.KID = canarySecret },
		"key.secret-missing":   func(n *core.NewKey) { n.Secrets = nil },
		"key.secret-shape":     func(n *core.NewKey) { n.Secrets = secret(canarySecret[:9] + " " + canarySecret[9:]) },
		"key.secret-is-kid":    func(n *core.NewKey) { n.Secrets = secret(n.KID) },
		"key.prefix":           func(n *core.NewKey) { n.Prefix = "Zk3vW-" },
		"key.secret-guessable": func(n *core.NewKey) { n.Typed = true; n.Secrets = secret("password1") },
		"key.duplicate":        func(n *core.NewKey) { n.Name = "web 2"; n.Secrets = secret(canarySecret + "f") },
		"key.same-secret":      func(n *core.NewKey) { n.Name = "web 2"; n.KID += "f" },
		"key.list-missing": func(n *core.NewKey) {
			n.Kind, n.Account, n.Alg = core.KeyXsolla, "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", core.AlgRS256
		},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			svc, _, _ := keys()
			if _, err := svc.Add(t.Context(), messaging(1)); err != nil {
				t.Fatal(err)
			}
			n := messaging(1)
			edit(&n)
			_, err := svc.Add(t.Context(), n)
			if core.CodeOf(err) != code {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestTheEleventhMessagingKeyIsRefusedWithTheUnusedOnesNamed(t *testing.T) {
	t.Parallel()
	svc, _, _ := keys()
	ctx := t.Context()
	var all []core.SigningKey
	for i := range core.MaxMessagingKeys {
		k, err := svc.Add(ctx, messaging(i))
		if err != nil {
			t.Fatal(err)
		}
		if i != 3 && i != 7 {
			if k, err = svc.Deploy(ctx, k.ID, "shop"); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, k)
	}
	_, err := svc.Add(ctx, messaging(11))
	var e *core.Error
	if core.CodeOf(err) != "key.limit" {
		t.Fatalf("the eleventh: %v", err)
	}
	if e = err.(*core.Error); e.Params["unused"] != "web 3, web 7" {
		t.Errorf("unused: %q", e.Params["unused"])
	}
	other := messaging(12)
	other.Account = "outlet"
	if _, err := svc.Add(ctx, other); err != nil {
		t.Errorf("another account: %v", err)
	}
	if _, err := svc.Retire(ctx, all[3].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Add(ctx, messaging(11)); err != nil {
		t.Errorf("after one was deleted at the vendor: %v", err)
	}
}

func TestAChatAccountHasOneSecretWhichIsReplacedInPlace(t *testing.T) {
	t.Parallel()
	svc, log, _ := keys()
	ctx := t.Context()
	n := messaging(1)
	n.Kind = core.KeyChat
	k, err := svc.Add(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	second := messaging(2)
	second.Kind = core.KeyChat
	if _, err := svc.Add(ctx, second); core.CodeOf(err) != "key.chat-exists" {
		t.Errorf("a second one: %v", err)
	}
	if _, err := svc.ReplaceSecret(ctx, k.ID, n); core.CodeOf(err) != "key.same-secret" {
		t.Errorf("the same secret again: %v", err)
	}
	if _, err := svc.ReplaceSecret(ctx, k.ID, second); err != nil {
		t.Fatal(err)
	}
	got, err := svc.ByName(ctx, "WEB 1")
	if err != nil || !got.Secret().Equal(second.Secret()) || got.ID != k.ID {
		t.Errorf("after: %v %v", got.ID, err)
	}
	if ev, _ := log.Recent(ctx, 1, k.ID); len(ev) != 1 || ev[0].Detail["what"] != "secret" {
		t.Errorf("event: %v", ev)
	}
}

func TestAHiddenSecretNeverLeavesAndEveryOtherLeavesALine(t *testing.T) {
	t.Parallel()
	svc, log, _ := keys()
	ctx := t.Context()
	k, err := svc.Add(ctx, messaging(1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := svc.Reveal(ctx, k.ID, core.VerbShared, map[string]string{"with": "dev"})
	if err != nil || !got.Equal(k.Secret()) {
		t.Fatalf("revealed: %v", err)
	}
	if ev, _ := log.Recent(ctx, 1, k.ID); ev[0].Verb != core.VerbShared || ev[0].Detail["with"] != "dev" {
		t.Errorf("event: %+v", ev[0])
	}
	if _, err := svc.Hide(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	for _, v := range []core.Verb{core.VerbRevealed, core.VerbCopied, core.VerbExported, core.VerbShared} {
		if s, err := svc.Reveal(ctx, k.ID, v, nil); core.CodeOf(err) != "key.hidden" || !s.Empty() {
			t.Errorf("%s: %v", v, err)
		}
	}
	if again, err := svc.Hide(ctx, k.ID); err != nil || again.Summary().Hidden != true {
		t.Errorf("hidden twice: %v", err)
	}
}

func TestUseIsNotedOnceAMinuteWithoutALine(t *testing.T) {
	t.Parallel()
	svc, log, ck := keys()
	ctx := t.Context()
	k, err := svc.Add(ctx, messaging(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := svc.Used(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		ck.advance(20 * time.Second)
	}
	got, err := svc.Get(ctx, k.ID)
	if err != nil || got.Rev != k.Rev+1 || !got.LastUsed.Equal(k.AddedAt) {
		t.Errorf("rev %d, used %v: %v", got.Rev, got.LastUsed, err)
	}
	if ev, _ := log.Recent(ctx, 0, k.ID); len(ev) != 1 {
		t.Errorf("%d events", len(ev))
	}
}

func TestKeysAreListedByAccountThenKindThenName(t *testing.T) {
	t.Parallel()
	svc, _, _ := keys()
	ctx := t.Context()
	add := func(n int, name, account string, kind core.KeyKind) {
		k := messaging(n)
		k.Name, k.Account, k.Kind = name, account, kind
		if _, err := svc.Add(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	add(1, "b", "acme", core.KeyMessaging)
	add(2, "Z", "acme", core.KeyChat)
	add(3, "A", "acme", core.KeyMessaging)
	add(4, "a2", "aardvark", core.KeyChat)
	list, err := svc.List(ctx)
	var names []string
	for _, k := range list {
		names = append(names, k.Name)
		if k.KID == "" != (k.Kind == core.KeyChat) || k.Prefix != canarySecret[:6] {
			t.Errorf("summary %+v", k)
		}
	}
	if got := strings.Join(names, " "); got != "a2 A b Z" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAnOvertakenRenameOrRemovalIsAConflict(t *testing.T) {
	t.Parallel()
	svc, _, _ := keys()
	ctx := t.Context()
	k, err := svc.Add(ctx, messaging(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Deploy(ctx, k.ID, " shop\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Rename(ctx, k.ID, k.Rev, "new"); core.CodeOf(err) != core.ErrConflict.Code {
		t.Errorf("rename: %v", err)
	}
	if err := svc.Remove(ctx, k.ID, k.Rev); core.CodeOf(err) != core.ErrConflict.Code {
		t.Errorf("remove: %v", err)
	}
	now, err := svc.Undeploy(ctx, k.ID, "shop")
	if err != nil || len(now.Deployments) != 0 {
		t.Errorf("undeploy: %+v %v", now.Deployments, err)
	}
	if err := svc.Remove(ctx, k.ID, now.Rev); err != nil {
		t.Error(err)
	}
	if _, err := svc.ByName(ctx, k.KID); core.CodeOf(err) != "key.not-found" {
		t.Errorf("afterwards: %v", err)
	}
}

func TestJudgeTellsSecretsFromWords(t *testing.T) {
	t.Parallel()
	for secret, guessable := range map[string]bool{
		"": true, "secret": true, "password123456": true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": true,
		"abcdefghijklmnopqrstuvwxyz0123456789": true, "12345678901234567890123456789012": true,
		"qW7zR2mK9xT4vB6nL1pD8cJ3":         false,
		canarySecret:                       false,
		"9f86d081884c7d659a2feaa0c55ad015": false, // 16 random bytes in hexadecimal
	} {
		if q := core.Judge(core.NewSecret(secret)); q.Guessable != guessable {
			t.Errorf("%q: %+v", secret, q)
		}
	}
}
