package mailproof

import (
	"cmp"
	"context"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// ProveIn is the input of mail.prove_smtp and mail.prove_imap.
type ProveIn struct {
	Connection string `name:"connection"`      // its name
	User       string `name:"user,optional"`   // the mailbox's address; "": the connection's account
	Server     string `name:"server,optional"` // as of Parse; "": the one of the connection's platform
}

// ProveOut is their output.
type ProveOut struct {
	Server string `name:"server"` // where it signed in
	User   string `name:"user"`
	TLS    string `name:"tls"` // the version that protected it
}

// Actions are the proofs as guides name them. They belong to no platform: any
// connection with a bearer token can be proved.
func Actions(s platform.Services) []action.Action {
	m := &proofs{s}
	return []action.Action{
		action.New("mail.prove_smtp", action.Reads, m.prove(SMTP)),
		action.New("mail.prove_imap", action.Reads, m.prove(IMAP)),
		action.Recalling(action.New("mail.send_test", action.Changes, m.send), m.recall),
	}
}

// SendIn is the input of mail.send_test.
type SendIn struct {
	Connection string `name:"connection,optional"` // whose mailbox sends
	From       string `name:"from,optional"`       // its address; "": the connection's account
	To         string `name:"to"`
	Subject    string `name:"subject"`
	Nonce      string `name:"nonce,optional"`  // stands in the subject
	Server     string `name:"server,optional"` // as of Parse; "": the one of the connection's platform
}

// SendOut is its output.
type SendOut struct {
	From   string    `name:"from"`
	To     string    `name:"to"`
	Server string    `name:"server"`
	Reply  string    `name:"reply"` // how the server took it
	At     time.Time `name:"at"`
}

type proofs struct{ s platform.Services }

func (m *proofs) prove(protocol Protocol) func(context.Context, ProveIn) (ProveOut, error) {
	return func(ctx context.Context, in ProveIn) (ProveOut, error) {
		r, err := m.request(ctx, protocol, in)
		if err != nil {
			return ProveOut{}, err
		}
		report, err := ProverOf(m.s).Prove(ctx, r)
		if err != nil {
			return ProveOut{}, err
		}
		out := ProveOut{Server: report.Server.String(), User: report.User}
		for _, step := range report.Steps {
			if step.Name == StepTLS {
				out.TLS = step.Values["version"]
			}
		}
		return out, nil
	}
}

// send signs in and sends one mail. What was sent stays sent; that it may be
// done again is because a second test mail harms nobody, and a run whose mail
// did not get through must be able to send another.
func (m *proofs) send(ctx context.Context, in SendIn) (SendOut, error) {
	if in.Connection == "" {
		return SendOut{}, &core.Error{Tried: "send-mail", On: core.CleanLine(in.To), Code: "mail.no-sender", Class: core.Usage}
	}
	r, err := m.request(ctx, SMTP, ProveIn{in.Connection, in.From, in.Server})
	if err != nil {
		return SendOut{}, err
	}
	r.SendTo, r.Subject, r.Nonce = in.To, in.Subject, in.Nonce
	report, err := ProverOf(m.s).Prove(ctx, r)
	if err != nil {
		return SendOut{}, err
	}
	out := SendOut{From: report.User, To: in.To, Server: report.Server.String(), At: m.s.Clock.Now()}
	for _, step := range report.Steps {
		if step.Name == StepSent {
			out.Reply = step.Values["reply"]
		}
	}
	return out, nil
}

// recall is what is known of a mail of which the admin has seen that it left.
func (m *proofs) recall(ctx context.Context, in SendIn) (SendOut, error) {
	c, err := m.s.Connections.ByName(ctx, in.Connection)
	if err != nil {
		return SendOut{}, err
	}
	return SendOut{From: cmp.Or(in.From, c.Account), To: in.To, Reply: "–", At: m.s.Clock.Now()}, nil
}

// request is what proves the named connection by one protocol.
func (m *proofs) request(ctx context.Context, protocol Protocol, in ProveIn) (Request, error) {
	var named []Server
	if strings.TrimSpace(in.Server) != "" {
		server, err := Parse(in.Server)
		if err != nil {
			return Request{}, err
		}
		if server.Protocol != protocol {
			return Request{}, &core.Error{Tried: "read-mail-server", On: server.String(), Code: "mail.bad-server", Class: core.Usage}
		}
		named = []Server{server}
	}
	requests, err := Requests(ctx, m.s, in.Connection, in.User, named...)
	if err != nil {
		return Request{}, err
	}
	r := requests[0]
	for _, other := range requests {
		if other.Server.Protocol == protocol {
			r = other
		}
	}
	return r, nil
}

// ProverOf is the prover over the program's services.
func ProverOf(s platform.Services) Prover { return Prover{Roots: s.HTTP.Roots(), Clock: s.Clock} }

// Requests is ForConnection for the connection of a name, with a token that
// works now: it may be renewed for it. Where no server is known it fails
// before that.
func Requests(ctx context.Context, s platform.Services, name, user string, servers ...Server) ([]Request, error) {
	c, err := s.Connections.ByName(ctx, name)
	if err != nil {
		return nil, err
	}
	if _, err := ForConnection(c, s.Endpoints, user, servers...); err != nil {
		return nil, err
	}
	token, err := s.Tokens.Access(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if c, err = s.Connections.ByName(ctx, name); err != nil { // the token may have been renewed
		return nil, err
	}
	out, err := ForConnection(c, s.Endpoints, user, servers...)
	for i := range out {
		out[i].Token, out[i].Expires = token, c.AccessExpires
	}
	return out, err
}
