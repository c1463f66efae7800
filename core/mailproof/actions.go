package mailproof

import (
	"context"
	"strings"

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
	}
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
