package main

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/store"
)

// minPassphrase is the least length of a passphrase, in characters. Each
// guess costs a scrypt of 128 MiB, so ten characters that are not a word keep
// even a stolen file closed.
const minPassphrase = 10

func (a *app) initCommand() *cobra.Command {
	var recipients []string
	var label string
	c := a.command("init", &cobra.Command{Use: "init", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.initStore(c.Context(), label, recipients) }
	c.Flags().StringArrayVar(&recipients, "recipient", nil, a.flagText("recipient"))
	c.Flags().StringVar(&label, "label", "", a.flagText("label"))
	return c
}

func (a *app) initStore(ctx context.Context, label string, recipients []string) error {
	path, err := a.storePath()
	if err != nil {
		return err
	}
	members, err := a.firstMembers(ctx, label, recipients)
	if err != nil {
		return err
	}
	file, err := a.createStore(ctx, path, members)
	if err != nil {
		return err
	}
	a.line("cmd.init.done", localeParams("path", path, "protection", a.protection(file.Protection())))
	return nil
}

// createStore makes a store, unlocked, and writes that down as its first event.
func (a *app) createStore(ctx context.Context, path string, members []store.Member) (*store.File, error) {
	file, err := store.Create(ctx, path, a.storeOptions(), members...)
	if err != nil {
		return nil, err
	}
	log := core.EventLog{Store: file, Clock: a.clock, Actor: a.actor}
	return file, log.Record(ctx, core.Event{Verb: core.VerbStoreCreated, Subject: core.Subject{Name: path}})
}

// firstMembers are the recipients, and a passphrase: from its file, or typed
// twice. Who gives recipients need not have one.
func (a *app) firstMembers(ctx context.Context, label string, recipients []string) ([]store.Member, error) {
	var members []store.Member
	for _, r := range recipients {
		members = append(members, store.Member{Label: label, AddedBy: a.actor.String(), Recipient: strings.TrimSpace(r)})
	}
	name := a.or(a.opt.passphraseFile, "DESKWARD_PASSPHRASE_FILE")
	if name == "" && len(members) > 0 {
		return members, nil
	}
	phrase, err := a.newPassphrase(ctx, name)
	if err != nil {
		return nil, err
	}
	return append([]store.Member{{Label: label, AddedBy: a.actor.String(), Passphrase: phrase}}, members...), nil
}

// newPassphrase reads a passphrase from a file (or "-"), or asks for it
// twice, and refuses a short one.
func (a *app) newPassphrase(ctx context.Context, fileName string) (core.Secret, error) {
	if fileName != "" {
		phrase, err := a.secretFile(ctx, fileName)
		if err != nil {
			return phrase, err
		}
		return phrase, checkPassphrase(phrase)
	}
	if !a.interactive() {
		return core.Secret{}, &core.Error{Tried: "choose-passphrase", Code: "passphrase.no-terminal", Class: core.Usage}
	}
	for {
		phrase, err := a.askSecret(ctx, a.say.T("cmd.passphrase.new"))
		if err != nil {
			return phrase, err
		}
		if err := checkPassphrase(phrase); err != nil {
			a.report(err)
			continue
		}
		again, err := a.askSecret(ctx, a.say.T("cmd.passphrase.again"))
		if err != nil {
			return again, err
		}
		if phrase.Equal(again) {
			return phrase, nil
		}
		a.note("cmd.passphrase.differ")
	}
}

func checkPassphrase(p core.Secret) error {
	if utf8.RuneCountInString(p.Reveal()) >= minPassphrase {
		return nil
	}
	return &core.Error{Tried: "choose-passphrase", Code: "passphrase.short", Class: core.Usage, Params: map[string]string{"least": "10"}}
}

// protection says how a store is protected, in words.
func (a *app) protection(p store.Protection) string { return protectionIn(a.printer(), p) }

func protectionIn(say *locale.Printer, p store.Protection) string {
	var parts []string
	add := func(key string, n int) {
		if n > 0 {
			parts = append(parts, say.N("cmd.protection."+key, n))
		}
	}
	add("passphrase", p.Passphrases)
	add("ssh", p.SSHKeys)
	add("age", p.AgeKeys)
	return strings.Join(parts, say.T("cmd.list-separator"))
}
