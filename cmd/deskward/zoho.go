package main

import (
	"github.com/spf13/cobra"
)

func (a *app) zohoCommand() *cobra.Command {
	return a.group("zoho", "zoho", a.zohoRewriteCommand(), a.zohoManifestCommand(), a.zohoLinksCommand(), a.zohoMigrateCommand())
}
