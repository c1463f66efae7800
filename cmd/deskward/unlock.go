package main

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"golang.org/x/crypto/ssh"

	"deskward/core"
	"deskward/store"
)

// promptTries is how often a passphrase is asked for before the command ends.
const promptTries = 3

// unlock opens the store's lock with what the person gave: an identity, a
// passphrase file, or the passphrase typed at the prompt.
func (a *app) unlock(ctx context.Context, file *store.File) error {
	with, err := a.unlockers(ctx)
	if err != nil {
		return err
	}
	if len(with) > 0 {
		return a.unlockWith(ctx, file, with...)
	}
	if !a.interactive() {
		return &core.Error{Tried: "store-unlock", On: file.Path(), Code: "unlock.no-terminal", Class: core.Locked}
	}
	for try := 1; ; try++ {
		if err := a.sayWait(ctx, file); err != nil {
			return err
		}
		phrase, err := a.askSecret(ctx, a.say.T("cmd.unlock.prompt"))
		if err != nil {
			return err
		}
		err = a.unlockWith(ctx, file, store.Passphrase(phrase))
		if err == nil || core.ClassOf(err) != core.Locked || try == promptTries {
			return err
		}
		a.report(err)
	}
}

// sayWait tells that the prompt is slowed down after wrong passphrases; the
// store itself waits.
func (a *app) sayWait(ctx context.Context, file *store.File) error {
	attempts, err := file.Attempts(ctx)
	if err != nil {
		return err
	}
	if seconds := int(attempts.Wait.Seconds()); seconds > 0 {
		a.note("cmd.unlock.wait", localeParams("failed", strconv.Itoa(attempts.Failed), "span", a.say.N("cmd.time.seconds", seconds)))
	}
	return nil
}

// unlockWith unlocks and writes down what failed before, by whichever
// session.
func (a *app) unlockWith(ctx context.Context, file *store.File, with ...store.Unlocker) error {
	opened, err := file.Unlock(ctx, with...)
	if err != nil || opened.FailedBefore == 0 {
		return err
	}
	log := core.EventLog{Store: file, Clock: a.clock, Actor: a.actor}
	return log.Record(ctx, core.Event{
		Verb: core.VerbUnlockFailed, Subject: core.Subject{Name: file.Path()},
		Detail: map[string]string{"count": strconv.Itoa(opened.FailedBefore)},
	})
}

// unlockers are what can open the store without asking.
func (a *app) unlockers(ctx context.Context) ([]store.Unlocker, error) {
	var out []store.Unlocker
	if name := a.or(a.opt.identity, "DESKWARD_IDENTITY"); name != "" {
		u, err := a.identity(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	if name := a.or(a.opt.passphraseFile, "DESKWARD_PASSPHRASE_FILE"); name != "" {
		phrase, err := a.secretFile(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, store.Passphrase(phrase))
	}
	return out, nil
}

// identity reads an SSH private key or a file of age identities. A locked
// SSH key's own passphrase is asked for.
func (a *app) identity(ctx context.Context, name string) (store.Unlocker, error) {
	raw, err := readFile(name)
	if err != nil {
		return nil, inputError("read-identity", name, err)
	}
	content := core.NewSecret(string(raw))
	if !bytes.Contains(raw, []byte("-----BEGIN")) {
		return store.AgeIdentities(content), nil
	}
	var phrase core.Secret
	if _, err := ssh.ParseRawPrivateKey(raw); err != nil {
		if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
			if phrase, err = a.askSecret(ctx, a.say.T("cmd.unlock.key-prompt", localeParams("file", name))); err != nil {
				return nil, err
			}
		}
	}
	return store.SSHKey(content, phrase), nil
}
