package main

import (
	"context"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/all"
)

func (a *app) connectionsRenameCommand() *cobra.Command {
	c := a.command("connections.rename", &cobra.Command{Use: "rename NAME NEW-NAME", Args: args(2, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			renamed, err := s.connections.Rename(c.Context(), conn.ID, conn.Rev, given[1])
			if err == nil {
				a.line("cmd.connections.renamed", localeParams("old", core.CleanLine(conn.Name), "new", core.CleanLine(renamed.Name)))
			}
			return err
		})
	}
	return c
}

func (a *app) connectionsRemoveCommand() *cobra.Command {
	c := a.command("connections.remove", &cobra.Command{Use: "remove NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			if err := s.connections.Remove(c.Context(), conn.ID, conn.Rev); err != nil {
				return err
			}
			a.line("cmd.connections.removed", localeParams("name", core.CleanLine(conn.Name)))
			a.note("cmd.connections.not-revoked")
			if p, err := platform.Find(all.Platforms(), conn.Platform); err == nil && p.NoRevoke != "" {
				a.note("error." + p.NoRevoke + ".means")
			}
			return nil
		})
	}
	return c
}

func (a *app) connectionsRefreshCommand() *cobra.Command {
	var force bool
	c := a.command("connections.refresh", &cobra.Command{Use: "refresh NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			refresh := s.consent.Refresh
			if force {
				refresh = s.consent.ForceRefresh
			}
			fresh, err := refresh(c.Context(), conn.ID)
			if err == nil {
				a.line("cmd.connections.refreshed", localeParams("name", core.CleanLine(fresh.Name), "expires", stamp(fresh.AccessExpires), "span", a.until(fresh.AccessExpires)))
			}
			return err
		})
	}
	c.Flags().BoolVar(&force, "force", false, a.flagText("refresh-force"))
	return c
}

func (a *app) connectionsProbeCommand() *cobra.Command {
	c := a.command("connections.probe", &cobra.Command{Use: "probe NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			return a.probe(c.Context(), s, conn)
		})
	}
	return a.jsonFlag(c)
}

// probe asks per scope what the connection may do.
func (a *app) probe(ctx context.Context, s *session, conn core.Connection) error {
	probes, err := s.platforms.ProbeScopes(ctx, conn)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(probes))
	}
	rows := make([][]string, len(probes))
	for i, p := range probes {
		word := "no"
		switch {
		case p.Unsure:
			word = "unsure"
		case p.Allowed:
			word = "yes"
		}
		rows[i] = []string{p.Scope, a.say.T("cmd.probe." + word), p.Code}
	}
	a.table([]string{"scope", "allowed", "code"}, rows)
	return nil
}

func (a *app) connectionsRevokeCommand() *cobra.Command {
	c := a.command("connections.revoke", &cobra.Command{Use: "revoke NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			revoked, err := s.platforms.Revoke(c.Context(), conn.ID)
			if err == nil {
				a.line("cmd.connections.revoked", localeParams("name", core.CleanLine(revoked.Name)))
			}
			return err
		})
	}
	return c
}

// onConnection unlocks, finds the connection of a name or id, and does work
// with it.
func (a *app) onConnection(ctx context.Context, name string, work func(*session, core.Connection) error) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	c, err := s.connections.ByName(ctx, name)
	if err != nil {
		return err
	}
	return work(s, c)
}
