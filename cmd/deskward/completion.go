package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand(root *cobra.Command) *cobra.Command {
	c := a.command("completion", &cobra.Command{Use: "completion bash|zsh|fish|powershell", Args: args(1, 1)})
	c.ValidArgs = []string{"bash", "zsh", "fish", "powershell"}
	c.ValidArgsFunction = nil
	c.RunE = func(_ *cobra.Command, given []string) error {
		switch given[0] {
		case "bash":
			return root.GenBashCompletionV2(a.io.Out, true)
		case "zsh":
			return root.GenZshCompletion(a.io.Out)
		case "fish":
			return root.GenFishCompletion(a.io.Out, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(a.io.Out)
		}
		return usageError("shell", fmt.Sprintf("%q", given[0]), nil, nil)
	}
	return c
}
