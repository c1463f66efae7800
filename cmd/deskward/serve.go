package main

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/assets"
	"deskward/core"
	"deskward/core/action"
	"deskward/core/visitortoken/endpoint"
)

func (a *app) serveCommand() *cobra.Command {
	return a.group("serve", "serve", a.serveTokensCommand())
}

func (a *app) serveTokensCommand() *cobra.Command {
	var o endpoint.Options
	c := a.command("serve.token-endpoint", &cobra.Command{Use: "token-endpoint --login-key NAME --chat-key NAME", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.serveTokens(c.Context(), o) }
	f := c.Flags()
	f.StringVar(&o.LoginKey, "login-key", "", a.flagText("serve-login-key"))
	f.StringVar(&o.ChatKey, "chat-key", "", a.flagText("serve-chat-key"))
	f.StringVar(&o.Listen, "listen", endpoint.DefaultListen, a.flagText("listen"))
	f.StringArrayVar(&o.Origins, "origin", nil, a.flagText("origin"))
	f.StringVar(&o.Cookie, "cookie", endpoint.DefaultCookie, a.flagText("cookie"))
	f.StringVar(&o.CertFile, "tls-cert", "", a.flagText("tls-cert"))
	f.StringVar(&o.KeyFile, "tls-key", "", a.flagText("tls-key"))
	f.BoolVar(&o.PlainHTTP, "plain-http", false, a.flagText("plain-http"))
	f.BoolVar(&o.BehindProxy, "behind-proxy", false, a.flagText("behind-proxy"))
	f.DurationVar(&o.Life, "ttl", 0, a.flagText("serve-ttl"))
	return c
}

// serveTokens serves until it is interrupted, and prints a line for each
// request.
func (a *app) serveTokens(ctx context.Context, o endpoint.Options) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	service, err := s.tokenEndpoint()
	if err != nil {
		return err
	}
	o.Say = a.printer()
	srv, err := service.Start(ctx, o)
	if err != nil {
		return err
	}
	a.line("cmd.serve.running", localeParams("url", srv.URL()))
	if origins := srv.Origins(); len(origins) > 0 {
		a.line("cmd.serve.origins", localeParams("origins", strings.Join(origins, " ")))
	} else {
		a.line("cmd.serve.no-origins")
	}
	if try := srv.TryURL(); try != "" {
		a.line("cmd.serve.try", localeParams("url", try))
	}
	seen := a.sayRequests(ctx, srv.Log(), 0)
	failed := srv.Err()
	closed := srv.Close()
	a.sayRequests(context.Background(), srv.Log(), seen) // what came meanwhile
	requests, tokens := srv.Log().Total()
	a.note("cmd.serve.ended", localeParams("requests", strconv.FormatUint(requests, 10), "tokens", strconv.FormatUint(tokens, 10)))
	if failed != nil {
		return failed
	}
	return closed
}

// sayRequests prints requests after number seen until ctx or the server ends,
// and returns the number of the last.
func (a *app) sayRequests(ctx context.Context, log *endpoint.Log, seen uint64) uint64 {
	for {
		next, missed := log.Next(ctx, seen)
		if missed > 0 { // more came than a terminal can print
			a.line("cmd.serve.missed", localeParams("count", strconv.FormatUint(missed, 10)))
		}
		for _, r := range next {
			a.plainLine(requestLine(r))
			seen = r.Seq
		}
		if len(next) == 0 || ctx.Err() != nil {
			return seen
		}
	}
}

// requestLine is a request as a line, in the same words in every language: it
// is read by programs, too.
func requestLine(r endpoint.Request) string {
	line := fmt.Sprintf("%s %d %s %s %s from=%s", stamp(r.At), r.Status, r.Method, r.Path, r.Took.Round(time.Microsecond), r.Client)
	for _, more := range []struct{ name, value string }{{"origin", r.Origin}, {"code", r.Code}, {"why", r.Why}} {
		if more.value != "" {
			line += " " + more.name + "=" + more.value
		}
	}
	return line
}

// tokenEndpoint is what starts token endpoints on this session's keys.
func (s *session) tokenEndpoint() (*endpoint.Service, error) {
	page, err := template.ParseFS(assets.Pages, "pages/try.html")
	if err != nil {
		return nil, fmt.Errorf("read the try page: %w", err)
	}
	return &endpoint.Service{Keys: s.keys, Page: page, KeyList: s.readKeyList}, nil
}

// readKeyList has the platform that knows how read a project's public keys
// anew.
func (s *session) readKeyList(ctx context.Context, k core.SigningKey) (core.SigningKey, error) {
	i := slices.IndexFunc(s.runner.Terms.Actions, func(a action.Action) bool { return a.Name == "xsolla.fetch_keys" })
	if i < 0 {
		return k, core.ErrNotFound
	}
	if _, err := s.runner.Terms.Actions[i].Run(ctx, action.Values{Plain: map[string]string{"key": k.ID}}); err != nil {
		return k, err
	}
	return s.keys.Get(ctx, k.ID)
}
