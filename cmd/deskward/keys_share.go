package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"deskward/assets"
	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/snippet"
)

type shareOptions struct {
	to, bundle    []string
	endpoint, out string
	force         bool
}

func (a *app) keysShareCommand() *cobra.Command {
	var o shareOptions
	c := a.command("keys.share", &cobra.Command{Use: "share NAME --to RECIPIENT", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onKey(c.Context(), given[0], func(s *session, k core.SigningKey) error { return a.keysShare(c.Context(), s, k, o) })
	}
	f := c.Flags()
	f.StringArrayVar(&o.to, "to", nil, a.flagText("share-to"))
	f.StringArrayVar(&o.bundle, "bundle", nil, a.flagText("share-bundle"))
	f.StringVar(&o.endpoint, "token-endpoint", "", a.flagText("token-endpoint"))
	f.StringVar(&o.out, "out", "", a.flagText("share-out"))
	f.BoolVar(&o.force, "force", false, a.flagText("share-force"))
	return c
}

// keysShare seals a key. It goes to standard output where that is no
// terminal, else into a file named after the key.
func (a *app) keysShare(ctx context.Context, s *session, k core.SigningKey, o shareOptions) error {
	r := keyshare.Request{KeyID: k.ID, Endpoint: o.endpoint, Say: a.printer()}
	for _, kind := range o.bundle {
		r.Bundle = append(r.Bundle, snippet.Kind(kind))
	}
	for _, to := range o.to {
		keys, err := readRecipients(to)
		if err != nil {
			return err
		}
		r.To = append(r.To, keys)
	}
	if o.out == "" && isTerminal(a.io.Out) {
		o.out = keyshare.FileName(k.Name)
	}
	sharer := keyshare.Sharer{Keys: s.keys, Snippets: assets.Snippets}
	if o.out == "" || o.out == "-" {
		sealed, err := sharer.Share(ctx, r)
		if err != nil {
			return err
		}
		if _, err := a.io.Out.Write(sealed.Data); err != nil {
			return err
		}
		a.note("cmd.keys.shared.out", localeParams("name", core.CleanLine(k.Name), "with", sealed.With()))
		return nil
	}
	var with string
	err := writeNew(o.out, o.force, func() ([]byte, error) {
		sealed, err := sharer.Share(ctx, r)
		with = sealed.With()
		return sealed.Data, err
	})
	if err != nil {
		return err
	}
	params := localeParams("name", core.CleanLine(k.Name), "with", with, "file", core.CleanLine(o.out))
	a.line("cmd.keys.shared", params)
	a.line("cmd.keys.shared.open", params)
	return nil
}

// readRecipients returns public keys as lines: those of the file of that name,
// else the text itself. A text that is no key at all is taken for a file's
// name, but never a private key, which an error would then repeat.
func readRecipients(to string) (string, error) {
	_, err := os.Stat(to)
	isText := strings.HasPrefix(to, "age1") || strings.HasPrefix(strings.ToUpper(to), "AGE-SECRET-KEY-") || strings.ContainsAny(to, " \n")
	if err != nil && isText {
		return to, nil
	}
	raw, err := readFile(to)
	if err != nil {
		return "", inputError("read-recipients", to, err)
	}
	return string(raw), nil
}

// writeNew writes what make returns to a file that only its owner reads. The
// file is there before make is called, so that nothing secret leaves for a
// file that can't be written.
func writeNew(name string, overwrite bool, make func() ([]byte, error)) error {
	fail := func(err error) error {
		if errors.Is(err, fs.ErrExist) {
			return &core.Error{Tried: "write-file", On: name, Code: "keyshare.exists", Class: core.Usage}
		}
		return &core.Error{Tried: "write-file", On: name, Code: "file.unwritable", Err: err}
	}
	if overwrite {
		data, err := make()
		if err != nil {
			return err
		}
		return writeWhole(name, data)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	data, err := make()
	if err == nil {
		if _, err = f.Write(data); err != nil {
			err = fail(err)
		}
	}
	if closed := f.Close(); err == nil && closed != nil {
		err = fail(closed)
	}
	if err != nil {
		_ = os.Remove(name) // half a file, or an empty one
	}
	return err
}
