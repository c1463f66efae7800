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
