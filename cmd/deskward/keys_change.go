package main

import (
	"context"

	"github.com/spf13/cobra"

	"deskward/core"
)

// keyChange is a command that changes one key and says so in the sentence
// cmd.keys.<key>.
func (a *app) keyChange(key, use string, n int, change func(context.Context, *session, core.SigningKey, []string) error) *cobra.Command {
	c := a.command("keys."+key, &cobra.Command{Use: use, Args: args(n, n)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onKey(c.Context(), given[0], func(s *session, k core.SigningKey) error {
			if err := change(c.Context(), s, k, given[1:]); err != nil {
				return err
			}
			params := localeParams("name", core.CleanLine(k.Name), "value", "")
			if n > 1 {
				params["value"] = core.CleanLine(given[1])
			}
			a.line("cmd.keys."+key+".done", params)
			return nil
		})
	}
	return c
}

func (a *app) keysRenameCommand() *cobra.Command {
	return a.keyChange("rename", "rename NAME NEW-NAME", 2, func(ctx context.Context, s *session, k core.SigningKey, given []string) error {
		_, err := s.keys.Rename(ctx, k.ID, k.Rev, given[0])
		return err
	})
}

func (a *app) keysDeployCommand() *cobra.Command {
	return a.keyChange("deploy", "deploy NAME WHERE", 2, func(ctx context.Context, s *session, k core.SigningKey, given []string) error {
		_, err := s.keys.Deploy(ctx, k.ID, given[0])
		return err
	})
}

func (a *app) keysUndeployCommand() *cobra.Command {
	return a.keyChange("undeploy", "undeploy NAME WHERE", 2, func(ctx context.Context, s *session, k core.SigningKey, given []string) error {
		_, err := s.keys.Undeploy(ctx, k.ID, given[0])
		return err
	})
}

func (a *app) keysRetireCommand() *cobra.Command {
	return a.keyChange("retire", "retire NAME", 1, func(ctx context.Context, s *session, k core.SigningKey, _ []string) error {
		_, err := s.keys.Retire(ctx, k.ID)
		return err
	})
}

func (a *app) keysRemoveCommand() *cobra.Command {
	return a.keyChange("remove", "remove NAME", 1, func(ctx context.Context, s *session, k core.SigningKey, _ []string) error {
		return s.keys.Remove(ctx, k.ID, k.Rev)
	})
}

// keysHideCommand hides for ever, so it asks for the word, or for --yes.
func (a *app) keysHideCommand() *cobra.Command {
	var yes bool
	c := a.keyChange("hide", "hide NAME", 1, func(ctx context.Context, s *session, k core.SigningKey, _ []string) error {
		if !yes {
			if err := a.wantWord(ctx, "hide-key", k.Name, hideWord, a.say.T("cmd.keys.hide.ask", localeParams("name", core.CleanLine(k.Name), "word", hideWord))); err != nil {
				return err
			}
		}
		_, err := s.keys.Hide(ctx, k.ID)
		return err
	})
	c.Flags().BoolVar(&yes, "yes", false, a.flagText("yes"))
	return c
}

// hideWord is typed before a secret is hidden for ever, the same in every
// language.
const hideWord = "HIDE"

// wantWord asks for a word before something that can't be undone.
func (a *app) wantWord(ctx context.Context, tried, on, word, question string) error {
	if !a.interactive() {
		return usageError("yes", "--yes", nil, nil)
	}
	typed, err := a.ask(ctx, question)
	if err == nil && typed != word {
		err = &core.Error{Tried: tried, On: on, Code: "key.not-confirmed", Class: core.Usage}
	}
	return err
}
