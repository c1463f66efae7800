package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/all"
)

// editOptions are what of a stored connection is given anew; a flag that is
// not there leaves its value as it is.
type editOptions struct {
	secretFile, secretEnds, tokenFile, account, expect string
	scopes                                             []string
	settings                                           map[string]string
}

func (a *app) connectionsEditCommand() *cobra.Command {
	var o editOptions
	c := a.command("connections.edit", &cobra.Command{Use: "edit NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onConnection(c.Context(), given[0], func(s *session, conn core.Connection) error {
			answers, err := a.editAnswers(c.Context(), conn, o, c.Flags().Changed)
			if err != nil {
				return err
			}
			changed, err := s.platforms.Edit(c.Context(), conn, answers)
			switch {
			case err != nil:
				return err
			case changed.Rev == conn.Rev:
				a.line("cmd.connections.same", localeParams("name", core.CleanLine(conn.Name)))
			default:
				a.line("cmd.connections.edited", localeParams("name", core.CleanLine(conn.Name)))
			}
			return nil
		})
	}
	f := c.Flags()
	text := func(p *string, name string) { f.StringVar(p, name, "", a.flagText(name)) }
	text(&o.secretFile, "client-secret-file")
	text(&o.secretEnds, "client-secret-ends")
	text(&o.tokenFile, "token-file")
	text(&o.account, "account")
	text(&o.expect, "expect")
	f.StringArrayVar(&o.scopes, "scope", nil, a.flagText("scope"))
	f.StringToStringVar(&o.settings, "set", nil, a.flagText("set"))
	return c
}

// editAnswers are what is stored, with what was given in its place.
func (a *app) editAnswers(ctx context.Context, c core.Connection, o editOptions, given func(flag string) bool) (platform.Answers, error) {
	answers := platform.Answers{
		Plain: map[string]string{"account": c.Account, "scopes": strings.Join(c.Scopes, " ")}, Secret: core.Secrets{}, Expect: c.Expect,
	}
	if given("account") {
		answers.Plain["account"] = o.account
	}
	if given("scope") {
		answers.Plain["scopes"] = strings.Join(o.scopes, " ")
	}
	if given("expect") {
		answers.Expect = o.expect
	}
	for name, value := range o.settings {
		if !editable(c, name) {
			return answers, usageError("not-editable", "--set", map[string]string{"name": core.CleanLine(c.Name), "input": core.CleanLine(name)}, nil)
		}
		answers.Plain[name] = value
	}
	if given("client-secret-ends") {
		p, err := platform.Find(all.Platforms(), c.Platform)
		if err == nil && !p.HasSecretEnd(c) {
			err = usageError("no-client-secret", "--client-secret-ends", map[string]string{"name": core.CleanLine(c.Name)}, nil)
		}
		if err != nil {
			return answers, err
		}
		answers.Plain[platform.AnswerSecretEnds] = o.secretEnds
	}
	files := map[string]string{core.SecretClientSecret: o.secretFile}
	switch c.Grant {
	case core.GrantAuthtoken:
		files[core.SecretAuthtoken] = o.tokenFile
	case core.GrantAPIToken:
		files[core.SecretAPIToken] = o.tokenFile
	}
	for name, file := range files {
		if file == "" {
			continue
		}
		secret, err := a.secretFile(ctx, file)
		if err != nil {
			return answers, err
		}
		answers.Secret[name] = secret
	}
	return answers, nil
}

// editable reports whether a setting can be given anew.
func editable(c core.Connection, name string) bool {
	p, err := platform.Find(all.Platforms(), c.Platform)
	return err == nil && slices.ContainsFunc(p.Editable(c), func(a platform.Ask) bool { return a.Later && a.Name == name })
}
