package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/visitortoken"
)

// keyOptions are the flags of keys add and keys replace.
type keyOptions struct {
	kind, name, account, brand, kid, alg, prefix string
	secretFile, keyListFile, made                string
}

func (a *app) keysAddCommand() *cobra.Command {
	var o keyOptions
	c := a.command("keys.add", &cobra.Command{Use: "add --kind KIND --name NAME", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.keysAdd(c.Context(), o) }
	f := c.Flags()
	f.StringVar(&o.kind, "kind", "", a.flagText("key-kind"))
	f.StringVar(&o.name, "name", "", a.flagText("key-name"))
	f.StringVar(&o.account, "account", "", a.flagText("key-account"))
	f.StringVar(&o.brand, "brand", "", a.flagText("key-brand"))
	f.StringVar(&o.kid, "kid", "", a.flagText("kid"))
	f.StringVar(&o.alg, "alg", core.AlgHS256, a.flagText("alg"))
	f.StringVar(&o.prefix, "begins", "", a.flagText("begins"))
	f.StringVar(&o.secretFile, "secret-file", "", a.flagText("secret-file"))
	f.StringVar(&o.keyListFile, "key-list-file", "", a.flagText("key-list-file"))
	f.StringVar(&o.made, "made", "", a.flagText("made"))
	return a.jsonFlag(c)
}

func (a *app) keysAdd(ctx context.Context, o keyOptions) error {
	n, err := o.key(a.clock.Now())
	if err != nil {
		return err
	}
	if n.KeyList == "" {
		if n.Secrets, n.Typed, err = a.signingSecret(ctx, o.secretFile); err != nil {
			return err
		}
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	k, err := s.keys.Add(ctx, n)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(keyAsJSON(k.Summary()))
	}
	a.line("cmd.keys.added", localeParams("name", core.CleanLine(k.Name)))
	if k.Weak {
		a.note("cmd.keys.weak")
	}
	return nil
}

// key is the new key as far as the flags say; the secret is read elsewhere.
func (o keyOptions) key(now time.Time) (core.NewKey, error) {
	n := core.NewKey{SigningKey: core.SigningKey{
		Name: o.name, Kind: core.KeyKind(o.kind), Account: o.account, Brand: o.brand, KID: o.kid, Alg: o.alg,
	}, Prefix: o.prefix}
	if o.alg != core.AlgHS256 && o.alg != core.AlgRS256 {
		return n, usageError("alg", core.CleanLine(o.alg), nil, nil)
	}
	if o.made != "" {
		day, err := time.Parse(time.DateOnly, o.made)
		if err != nil {
			return n, usageError("date", core.CleanLine(o.made), nil, err)
		}
		n.MadeAt = day
	}
	if o.keyListFile == "" || n.Kind != core.KeyXsolla {
		return n, nil
	}
	raw, err := readFile(o.keyListFile)
	if err != nil {
		return n, inputError("read-key-list", o.keyListFile, err)
	}
	if _, err := visitortoken.ParseKeyList(raw); err != nil {
		return n, err
	}
	n.Alg, n.KeyList, n.KeyListAt = core.AlgRS256, string(raw), now
	return n, nil
}

// signingSecret reads the secret from the file, or asks for it; typed tells
// which.
func (a *app) signingSecret(ctx context.Context, file string) (secrets core.Secrets, typed bool, err error) {
	var secret core.Secret
	if typed = file == ""; typed {
		secret, err = a.askSecret(ctx, a.say.T("cmd.keys.ask-secret"))
	} else {
		secret, err = a.secretFile(ctx, file)
	}
	if core.CodeOf(err) == errNoTerminal.Code {
		err = usageError("secret-file", "--secret-file", nil, nil)
	}
	return core.Secrets{core.SecretSigning: secret}, typed, err
}

func (a *app) keysReplaceCommand() *cobra.Command {
	var o keyOptions
	c := a.command("keys.replace", &cobra.Command{Use: "replace NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onKey(c.Context(), given[0], func(s *session, k core.SigningKey) error {
			n := core.NewKey{}
			var err error
			if n.Secrets, n.Typed, err = a.signingSecret(c.Context(), o.secretFile); err != nil {
				return err
			}
			if k, err = s.keys.ReplaceSecret(c.Context(), k.ID, n); err != nil {
				return err
			}
			a.line("cmd.keys.replaced", localeParams("name", core.CleanLine(k.Name)))
			if k.Weak {
				a.note("cmd.keys.weak")
			}
			return nil
		})
	}
	c.Flags().StringVar(&o.secretFile, "secret-file", "", a.flagText("secret-file"))
	return c
}
