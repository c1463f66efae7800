package main

import (
	"io"

	"github.com/spf13/cobra"

	"deskward/assets"
	"deskward/core"
	"deskward/core/snippet"
)

func (a *app) keysSnippetCommand() *cobra.Command {
	var endpoint string
	c := a.command("keys.snippet", &cobra.Command{Use: "snippet NAME KIND", Args: args(2, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onKey(c.Context(), given[0], func(_ *session, k core.SigningKey) error {
			return a.keysSnippet(k, snippet.Kind(given[1]), endpoint)
		})
	}
	c.Flags().StringVar(&endpoint, "token-endpoint", "", a.flagText("token-endpoint"))
	return c
}

// keysSnippet prints the code alone, so that it can be written to a file.
func (a *app) keysSnippet(k core.SigningKey, kind snippet.Kind, endpoint string) error {
	text, err := snippet.Render(assets.Snippets, kind, snippet.Values{Key: k.Summary(), Endpoint: endpoint, Say: a.printer()})
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.io.Out, text)
	return err
}
