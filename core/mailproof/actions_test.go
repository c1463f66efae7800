package mailproof_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/mailproof"
	"deskward/core/platform"
	"deskward/core/transport"
	"deskward/store/mem"
)

type tokens struct{}

func (tokens) Access(context.Context, string) (core.Secret, error) {
	return core.NewSecret(canary), nil
}

func TestWhoseTheTokenIsComesFromTheConnectionOrFromItsLastCheck(t *testing.T) {
	t.Parallel()
	good := core.Check{OK: true, Note: "support@example.test"}
	for name, tc := range map[string]struct {
		c             core.Connection
		given         string
		user, account string
	}{
		"its account":          {core.Connection{Account: "a@example.test", Check: good}, "", "a@example.test", "a@example.test"},
		"its check":            {core.Connection{Check: good, Expect: "b@example.test"}, "", "support@example.test", "support@example.test"},
		"a number and a check": {core.Connection{Account: "4711", Check: good}, "", "support@example.test", "support@example.test"},
		"a check that failed":  {core.Connection{Check: core.Check{Note: "support@example.test"}, Expect: "b@example.test"}, "", "b@example.test", ""},
		"a note of else":       {core.Connection{Check: core.Check{OK: true, Note: "Acme (a@b) portal"}}, "", "", ""},
		"named":                {core.Connection{Check: good}, "c@example.test", "c@example.test", "support@example.test"},
	} {
		tc.c.Platform = "google"
		got, err := mailproof.ForConnection(tc.c, nil, tc.given)
		if err != nil || len(got) != 2 || got[0].User != tc.user || got[1].Account != tc.account {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestTheServersOfAConnectionCanBeOthersByEndpoint(t *testing.T) {
	t.Parallel()
	c := core.Connection{Platform: "google"}
	for name, tc := range map[string]struct {
		named map[string]string
		want  string
		code  string
	}{
		"none":           {nil, "smtp://smtp.gmail.com:587 imaps://imap.gmail.com:993", ""},
		"one":            {map[string]string{"smtp": "smtps://gate.example"}, "smtps://gate.example:465 imaps://imap.gmail.com:993", ""},
		"other protocol": {map[string]string{"imap": "smtps://gate.example"}, "", "mail.bad-server"},
		"a mistake":      {map[string]string{"smtp": "smtp://gate.example:25"}, "", "mail.port-25"},
	} {
		got, err := mailproof.ForConnection(c, transport.Endpoints{"google": tc.named}, "a@example.test")
		servers := ""
		if len(got) == 2 {
			servers = got[0].Server.String() + " " + got[1].Server.String()
		}
		if core.CodeOf(err) != tc.code || servers != tc.want {
			t.Errorf("%s: %s, %v", name, servers, err)
		}
	}
}

func TestAGuideProvesAConnectionAtTheServerItNames(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	_, port := serve(t, ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour)), true, smtpServer(always("", "235 2.7.0 Accepted")))
	client, err := transport.New(transport.Options{CA: ca.pem})
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	log := &core.EventLog{Store: st, Clock: core.SystemClock{}}
	connections := &core.Connections{Store: st, Events: log}
	c := core.Connection{Name: "Support", Platform: "oauth2", Grant: core.GrantCode, Account: "support@example.test"}
	if _, err := connections.Add(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	actions := mailproof.Actions(platform.Services{Connections: connections, HTTP: client, Clock: core.SystemClock{}, Tokens: tokens{}})
	run := func(i int, server string) (action.Values, error) {
		return actions[i].Run(t.Context(), action.Values{Plain: map[string]string{"connection": "Support", "server": server}})
	}
	out, err := run(0, fmt.Sprintf("smtps://127.0.0.1:%d", port))
	if err != nil || out.Plain["tls"] != "TLS 1.3" || out.Plain["user"] != "support@example.test" {
		t.Error(out, err)
	}
	if _, err := run(1, "smtps://127.0.0.1:465"); core.CodeOf(err) != "mail.bad-server" {
		t.Error(err)
	}
	if _, err := run(0, ""); core.CodeOf(err) != "mail.no-server" {
		t.Error(err)
	}
}

func TestATestMailCarriesItsSubjectAndNothingElseThatWasGiven(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	_, port := serve(t, ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour)), true, smtpServer(always("", "235 2.7.0 Accepted")))
	client, err := transport.New(transport.Options{CA: ca.pem})
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	connections := &core.Connections{Store: st, Events: &core.EventLog{Store: st, Clock: core.SystemClock{}}}
	if _, err := connections.Add(t.Context(), core.Connection{Name: "Outside", Platform: "oauth2", Grant: core.GrantCode, Account: "ken@customer.example"}); err != nil {
		t.Fatal(err)
	}
	send := mailproof.Actions(platform.Services{Connections: connections, HTTP: client, Clock: core.SystemClock{}, Tokens: tokens{}})[2]
	if send.Name != "mail.send_test" || send.Risk != action.Changes {
		t.Fatalf("%+v", send)
	}
	given := func(change map[string]string) action.Values {
		in := map[string]string{
			"connection": "Outside", "to": "support@example.test", "subject": "deskward-abc test", "nonce": "deskward-abc", "server": fmt.Sprintf("smtps://127.0.0.1:%d", port),
		}
		for k, v := range change {
			in[k] = v
		}
		return action.Values{Plain: in}
	}
	for code, change := range map[string]map[string]string{
		"mail.no-sender":         {"connection": ""},
		"mail.bad-subject":       {"subject": "x\r\nBcc: everybody@example.test"},
		"mail.to-self":           {"to": "ken@customer.example"},
		"mail.bad-recipient":     {"to": "nobody"},
		"connection.not-found":   {"connection": "Nobody"},
		"mail.port-465-starttls": {"server": "smtp://mail.example.test:465"},
		"mail.bad-user":          {"from": "two words@example.test"},
	} {
		if _, err := send.Run(t.Context(), given(change)); core.CodeOf(err) != code || core.ClassOf(err) != core.Usage {
			t.Errorf("%s: %v", code, err)
		}
	}
	out, err := send.Recall(t.Context(), given(nil))
	if err != nil || out.Plain["from"] != "ken@customer.example" || out.Plain["to"] != "support@example.test" {
		t.Errorf("%v, %v", out, err)
	}
}
