package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/all"
)

// connectOptions are the flags of connect.
type connectOptions struct {
	name, region, clientID, secretFile, clientJSON, issuer, account, grant, expect, tokenFile string

	scopes     []string
	settings   map[string]string
	secretEnds string
	port       int
	noBrowser  bool
}

func (a *app) connectCommand() *cobra.Command {
	var o connectOptions
	c := a.command("connect", &cobra.Command{Use: "connect PLATFORM", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.connect(c.Context(), given[0], o) }
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var ids []cobra.Completion
		for _, p := range all.Platforms() {
			ids = append(ids, cobra.CompletionWithDesc(string(p.ID), p.Name))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
	f := c.Flags()
	text := func(p *string, name string) { f.StringVar(p, name, "", a.flagText(name)) }
	text(&o.name, "name")
	text(&o.region, "region")
	text(&o.clientID, "client-id")
	text(&o.secretFile, "client-secret-file")
	text(&o.secretEnds, "client-secret-ends")
	text(&o.clientJSON, "client-json")
	text(&o.issuer, "issuer")
	text(&o.account, "account")
	text(&o.grant, "grant")
	text(&o.expect, "expect")
	text(&o.tokenFile, "token-file")
	f.StringArrayVar(&o.scopes, "scope", nil, a.flagText("scope"))
	f.StringToStringVar(&o.settings, "set", nil, a.flagText("set"))
	f.IntVar(&o.port, "port", 0, a.flagText("port"))
	f.BoolVar(&o.noBrowser, "no-browser", false, a.flagText("no-browser"))
	return c
}

// connect stores a new connection and obtains its credential. A connection
// of that name that still waits for its consent is taken up again.
func (a *app) connect(ctx context.Context, platformID string, o connectOptions) error {
	p, err := platform.Find(all.Platforms(), core.PlatformID(platformID))
	if err != nil {
		return err
	}
	if strings.TrimSpace(o.name) == "" {
		return usageError("flag-required", "--name", map[string]string{"command": "deskward connect"}, nil)
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	conn, err := s.connections.ByName(ctx, o.name)
	switch {
	case err == nil:
		err = mayTakeUp(conn, p.ID, o)
	case core.CodeOf(err) == "connection.not-found":
		var answers platform.Answers
		if answers, err = a.connectAnswers(ctx, p, o); err != nil {
			return err
		}
		if conn, err = p.NewConnection(answers); err != nil {
			return a.named(p, o, err)
		}
		if err = a.sayLint(conn.Name, p.Findings(conn)); err != nil {
			return err
		}
		conn, err = s.connections.Add(ctx, conn)
	}
	if err != nil {
		return err
	}
	return a.obtain(ctx, s, conn, o)
}

// named puts into an error of the answers what the admin calls things here:
// the client's file, and an answer that is missing by its name and its flag.
func (a *app) named(p platform.Platform, o connectOptions, err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	told := *e
	switch {
	case e.Tried == "read-client" && e.On == "":
		told.On = o.clientJSON
	case e.Code == "platform.ask-missing":
		input := e.Params["input"]
		told.Params = maps.Clone(e.Params)
		for _, key := range []string{"ask." + string(p.ID) + "." + input, "connections.ask." + input} {
			if a.say.Has(key) {
				told.Params["input"] = a.say.T("cmd.connect.input", locale.Params{"label": a.say.T(key), "flag": flagOf(input)})
				break
			}
		}
	}
	return &told
}

// flagOf is the flag by which an answer is given.
func flagOf(input string) string {
	switch input {
	case "account", "region", "issuer", "client_id":
		return "--" + strings.ReplaceAll(input, "_", "-")
	case "scopes":
		return "--scope"
	case core.SecretClientSecret:
		return "--client-secret-file"
	}
	if isToken(input) {
		return "--token-file"
	}
	return "--set " + input + "=…"
}

// mayTakeUp reports why an existing connection cannot be what is asked for:
// it works already, or it is another one of the same name.
func mayTakeUp(c core.Connection, id core.PlatformID, o connectOptions) error {
	differs := func(flag, stored string) bool { return flag != "" && flag != stored }
	sum := c.Summary()
	switch {
	case c.Platform != id, c.Grant == core.GrantRecord, // which waits for nothing: connections edit is for it
		sum.HasAccess || sum.HasRefresh || sum.HasCredential,
		differs(o.region, c.Region), differs(o.clientID, c.ClientID), differs(o.issuer, c.Issuer), differs(o.grant, string(c.Grant)):
		return &core.Error{Tried: "name-connection", On: c.Name, Code: "connection.name-taken", Class: core.Usage, Err: core.ErrExists}
	}
	return nil
}

// obtain gets the connection's credential in the way of its grant.
func (a *app) obtain(ctx context.Context, s *session, conn core.Connection, o connectOptions) error {
	switch conn.Grant {
	case core.GrantCode:
		return a.connectByCode(ctx, s, conn, o)
	case core.GrantDevice:
		return a.connectByDevice(ctx, s, conn)
	case core.GrantPastedCode:
		code, err := a.oneSecret(ctx, o.tokenFile, "code")
		if err != nil {
			return err
		}
		res, err := s.consent.PastedCode(ctx, conn.ID, code.Reveal())
		return a.connected(res, err)
	case core.GrantClientCredentials, core.GrantServiceAccount, core.GrantJWTBearer:
		res, err := s.consent.Unattended(ctx, conn.ID)
		return a.connected(res, err)
	}
	// The credential came with the answers: what is left is to prove it.
	checked, err := s.platforms.Check(ctx, conn.ID)
	if conn.Grant == core.GrantRecord && core.ClassOf(err) == core.Usage { // a record may have nothing yet by which it is proven
		a.note("cmd.connect.recorded", localeParams("name", core.CleanLine(conn.Name)))
		a.sayHealth(s, conn)
		return nil
	} else if err != nil {
		return err
	}
	conn = checked
	return a.connectedConnection(conn)
}

// oneSecret reads a secret from the named file, from the prompt, or, where
// there is no terminal, from a line of standard input.
func (a *app) oneSecret(ctx context.Context, file, what string) (core.Secret, error) {
	if file == "" && a.interactive() {
		return a.askSecret(ctx, a.say.T("cmd.ask.secret", localeParams("what", what)))
	}
	if file == "" {
		file = "-"
	}
	return a.secretFile(ctx, file)
}

// connectAnswers puts the flags, the client's file, and what is asked at the
// terminal into the platform's answers.
func (a *app) connectAnswers(ctx context.Context, p platform.Platform, o connectOptions) (platform.Answers, error) {
	answers := platform.Answers{
		Name: o.name, Grant: core.Grant(o.grant), Expect: o.expect,
		Plain: map[string]string{
			"region": o.region, "client_id": o.clientID, platform.AnswerSecretEnds: o.secretEnds, "issuer": o.issuer, "account": o.account, "scopes": strings.Join(o.scopes, " "),
		},
		Secret: core.Secrets{},
	}
	for name, value := range o.settings {
		answers.Plain[name] = value
	}
	if err := a.defaultGrant(p, &answers, o); err != nil {
		return answers, err
	}
	if fileAsk, has := fileAskOf(p, answers.Grant); has && o.clientJSON != "" {
		raw, err := readVendorFile(o.clientJSON)
		if err != nil {
			return answers, err
		}
		answers.Secret[fileAsk] = core.NewSecret(string(raw))
	} else if o.clientJSON != "" {
		client, err := readClientJSON(o.clientJSON)
		if err != nil {
			return answers, err
		}
		if o.clientID == "" {
			answers.Plain["client_id"] = client.ID
		}
		answers.Secret[core.SecretClientSecret] = client.Secret
	}
	if o.secretFile != "" {
		secret, err := a.secretFile(ctx, o.secretFile)
		if err != nil {
			return answers, err
		}
		answers.Secret[core.SecretClientSecret] = secret
	}
	return answers, a.askMissing(ctx, p, answers, o)
}

// askMissing asks at the terminal for what the flags left out and the
// platform needs. A token by itself may also come on standard input.
func (a *app) askMissing(ctx context.Context, p platform.Platform, answers platform.Answers, o connectOptions) error {
	asked := map[string]bool{}
	next := func() (platform.Ask, bool) { // what is asked may follow from what was answered just now
		for _, ask := range p.AsksFor(answers.Grant, answers.Plain) {
			if !asked[ask.Name] {
				asked[ask.Name] = true
				return ask, true
			}
		}
		return platform.Ask{}, false
	}
	for ask, more := next(); more; ask, more = next() {
		label := ask.Name
		if key := "ask." + string(p.ID) + "." + ask.Name; a.say.Has(key) {
			label = a.say.T(key)
		}
		switch {
		case ask.Secret && isToken(ask.Name) && answers.Secret[ask.Name].Empty():
			token, err := a.oneSecret(ctx, o.tokenFile, label)
			if err != nil {
				return err
			}
			answers.Secret[ask.Name] = token
		case ask.Secret && ask.Optional && !ask.File && o.clientJSON == "" && a.interactive() && answers.Secret[ask.Name].Empty():
			// Some clients have one and some have none: only the admin knows.
			secret, err := a.askSecret(ctx, a.say.T("cmd.ask.secret-optional", localeParams("what", label)))
			if err != nil {
				return err
			}
			answers.Secret[ask.Name] = secret
		case ask.Optional || !a.interactive():
		case len(ask.Options) > 1 && decides(p, ask.Name) && answers.Plain[ask.Name] == "":
			value, err := a.askOption(ctx, ask, label)
			if err != nil {
				return err
			}
			answers.Plain[ask.Name] = value
		case ask.Secret && answers.Secret[ask.Name].Empty():
			secret, err := a.askSecret(ctx, a.say.T("cmd.ask.secret", localeParams("what", label)))
			if err != nil {
				return err
			}
			answers.Secret[ask.Name] = secret
		case !ask.Secret && answers.Plain[ask.Name] == "" && ask.Default == "":
			fmt.Fprint(a.io.Err, a.say.T("cmd.ask.plain", localeParams("what", label))+" ")
			line, err := a.readLine(ctx)
			if err != nil {
				return inputError("read-input", label, err)
			}
			answers.Plain[ask.Name] = line
		}
	}
	return nil
}

// decides reports whether an answer decides what else is asked: then its
// default is not taken unasked.
func decides(p platform.Platform, name string) bool {
	return slices.ContainsFunc(p.Asks, func(a platform.Ask) bool { return a.When[name] != "" })
}

// askOption asks for one of a few values; nothing means the default.
func (a *app) askOption(ctx context.Context, ask platform.Ask, label string) (string, error) {
	what := label + " (" + strings.Join(ask.Options, ", ") + ") [" + ask.Default + "]"
	fmt.Fprint(a.io.Err, a.say.T("cmd.ask.plain", localeParams("what", what))+" ")
	line, err := a.readLine(ctx)
	if err != nil {
		return "", inputError("read-input", label, err)
	}
	return cmp.Or(strings.TrimSpace(line), ask.Default), nil
}

// isToken reports whether a secret is the credential itself, the subject of
// --token-file.
func isToken(name string) bool {
	return name == core.SecretAPIToken || name == core.SecretAuthtoken || name == core.SecretPrivateKey
}
