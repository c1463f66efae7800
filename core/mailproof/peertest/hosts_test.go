package peertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
	"deskward/core/platform"
	"deskward/core/transport"
	"deskward/store/mem"
)

// tokens gives every connection the token of its name.
type tokens map[string]string

func (t tokens) Access(_ context.Context, id string) (core.Secret, error) {
	return core.NewSecret(t[id]), nil
}

// A mailbox is proved at the servers of its issuer, whoever that is: those of
// Microsoft 365, which an endpoints file leads elsewhere, and those that the
// admin names for any other.
func TestAnyIssuersMailboxIsProvedAtItsServers(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	j.reason = silent
	good := a.config(t, time.Now().Add(time.Hour))
	smtp, imap := fmt.Sprintf("smtp://127.0.0.1:%d", goSMTP(t, j, good, false)), fmt.Sprintf("imaps://127.0.0.1:%d", goIMAP(t, j, good))
	parse := func(raw string) mailproof.Server {
		s, err := mailproof.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	client, err := transport.New(transport.Options{CA: a.pem})
	if err != nil {
		t.Fatal(err)
	}
	store := mem.New()
	connections := &core.Connections{Store: store, Events: &core.EventLog{Store: store, Clock: core.SystemClock{}}}
	known := tokens{}
	s := platform.Services{
		Connections: connections, HTTP: client, Clock: core.SystemClock{}, Tokens: known,
		Endpoints: transport.Endpoints{"oauth2": {"smtp": smtp, "imap": imap}},
	}
	for _, c := range []struct {
		name, issuer, token string
		granted             []string
		servers             []mailproof.Server
		code                string
	}{
		{"Microsoft", "https://login.microsoftonline.com/acme.example/v2.0", tokenGood, nil, nil, ""},
		{"Microsoft, dead", "https://login.microsoftonline.com/acme.example/v2.0", "dead", nil, nil, "mail.token-refused"},
		{"Microsoft, narrow", "https://login.microsoftonline.com/acme.example/v2.0", tokenNarrow, []string{"https://outlook.office.com/User.Read"}, nil, "mail.wrong-scope"},
		{"Fastmail", "https://login.fastmail.example", tokenGood, nil, []mailproof.Server{parse(smtp), parse(imap)}, ""},
		{"Fastmail, narrow", "https://login.fastmail.example", tokenNarrow, []string{"email"}, []mailproof.Server{parse(smtp), parse(imap)}, "mail.token-refused"},
	} {
		conn, err := connections.Add(t.Context(), core.Connection{
			Name: c.name, Platform: "oauth2", Issuer: c.issuer, Grant: core.GrantCode, Account: mailbox, Granted: c.granted,
			Secrets: core.Secrets{core.SecretAccessToken: core.NewSecret(c.token)},
		})
		if err != nil {
			t.Fatal(err)
		}
		known[conn.ID] = c.token
		requests, err := mailproof.Requests(t.Context(), s, c.name, "", c.servers...)
		if err != nil || len(requests) != 2 {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, r := range requests {
			if report, err := mailproof.ProverOf(s).Prove(t.Context(), r); core.CodeOf(err) != c.code {
				t.Errorf("%s at %s: %v, %+v", c.name, r.Server, err, report.Challenge)
			} else if e, ok := errors.AsType[*core.Error](err); ok && c.code == "mail.wrong-scope" && !strings.HasPrefix(e.Params["scope"], "https://outlook.office.com/") {
				t.Errorf("%s at %s: the scope it wants is %q", c.name, r.Server, e.Params["scope"])
			}
		}
	}
	if _, err := connections.Add(t.Context(), core.Connection{Name: "Nowhere", Platform: "oauth2", Issuer: "https://login.fastmail.example", Grant: core.GrantCode}); err != nil {
		t.Fatal(err)
	}
	if _, err := mailproof.Requests(t.Context(), s, "Nowhere", mailbox); core.CodeOf(err) != "mail.no-server" {
		t.Error(err)
	}
}
