package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"deskward/core"
)

func (a *app) connectionsTokenCommand() *cobra.Command {
	c := a.command("connections.token", &cobra.Command{Use: "token NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.connectionsToken(c.Context(), given[0]) }
	return c
}

// connectionsToken prints a working token alone on a line of standard
// output, for a script, and writes down that it did.
func (a *app) connectionsToken(ctx context.Context, name string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	c, err := s.connections.ByName(ctx, name)
	if err != nil {
		return err
	}
	token, which, err := s.credential(ctx, c)
	if err != nil {
		return err
	}
	if err := s.recordExport(ctx, c, which); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.io.Out, token.Reveal())
	return err
}

// credential is what a system sends to the vendor for this connection: the
// token that works by itself where there is one, else an access token.
func (s *session) credential(ctx context.Context, c core.Connection) (core.Secret, string, error) {
	switch c.Grant {
	case core.GrantAPIToken, core.GrantAppKey:
		return c.Secrets[core.SecretAPIToken], core.SecretAPIToken, nil
	case core.GrantAuthtoken:
		return c.Secrets[core.SecretAuthtoken], core.SecretAuthtoken, nil
	}
	token, err := s.consent.Access(ctx, c.ID)
	return token, core.SecretAccessToken, err
}
