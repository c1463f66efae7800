package main

import (
	"context"

	"github.com/spf13/cobra"

	"deskward/core"
)

// keysVendorCommand manages keys at the vendor, for the few accounts that may.
func (a *app) keysVendorCommand() *cobra.Command {
	return a.group("keys.vendor", "vendor", a.vendorListCommand(), a.vendorMakeCommand(), a.vendorKeepCommand(), a.vendorDeleteCommand())
}

func (a *app) vendorListCommand() *cobra.Command {
	c := a.command("keys.vendor.list", &cobra.Command{Use: "list CONNECTION", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			return a.vendorList(c.Context(), s, conn)
		})
	}
	return a.jsonFlag(c)
}

func (a *app) vendorList(ctx context.Context, s *session, conn core.Connection) error {
	list, err := s.platforms.VendorKeys(ctx, conn)
	if err != nil {
		return err
	}
	type vendorKeyJSON struct {
		KID  string `json:"kid"`
		Name string `json:"name"`
		Kept string `json:"kept,omitempty"` // the name under which it is kept here
	}
	out := make([]vendorKeyJSON, len(list))
	rows := make([][]string, len(list))
	for i, k := range list {
		out[i] = vendorKeyJSON{KID: k.ID, Name: k.Name}
		if kept, err := s.keys.ByName(ctx, k.ID); err == nil {
			out[i].Kept = kept.Name
		}
		rows[i] = []string{k.ID, k.Name, out[i].Kept}
	}
	if a.opt.json {
		return a.json(out)
	}
	if len(list) == 0 {
		a.line("cmd.keys.vendor.none")
		return nil
	}
	a.table([]string{"kid", "name", "kept-as"}, rows)
	return nil
}

func (a *app) vendorMakeCommand() *cobra.Command {
	c := a.command("keys.vendor.make", &cobra.Command{Use: "make CONNECTION NAME", Args: args(2, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			k, err := s.platforms.MakeKey(c.Context(), conn, given[1])
			if err == nil {
				a.line("cmd.keys.vendor.made", localeParams("name", core.CleanLine(k.Name), "kid", k.KID))
			}
			return err
		})
	}
	return c
}

func (a *app) vendorKeepCommand() *cobra.Command {
	c := a.command("keys.vendor.keep", &cobra.Command{Use: "keep CONNECTION KEY-ID NAME", Args: args(3, 3)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			k, err := s.platforms.KeepKey(c.Context(), conn, given[1], given[2])
			if err == nil {
				a.line("cmd.keys.added", localeParams("name", core.CleanLine(k.Name)))
			}
			return err
		})
	}
	return c
}

func (a *app) vendorDeleteCommand() *cobra.Command {
	var yes bool
	c := a.command("keys.vendor.delete", &cobra.Command{Use: "delete CONNECTION KEY-ID", Args: args(2, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			if !yes {
				if err := a.wantWord(c.Context(), "delete-key", given[1], deleteWord, a.say.T("cmd.keys.vendor.delete.ask", localeParams("kid", core.CleanLine(given[1]), "word", deleteWord))); err != nil {
					return err
				}
			}
			if err := s.platforms.DeleteKey(c.Context(), conn, given[1]); err != nil {
				return err
			}
			a.line("cmd.keys.vendor.deleted", localeParams("kid", core.CleanLine(given[1])))
			return nil
		})
	}
	c.Flags().BoolVar(&yes, "yes", false, a.flagText("yes"))
	return c
}

const deleteWord = "DELETE"
