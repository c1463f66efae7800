package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/store"
)

func (a *app) storeBackupCommand() *cobra.Command {
	var o store.BackupOptions
	var phraseFile string
	c := a.command("store.backup", &cobra.Command{Use: "backup FILE", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.storeBackup(c.Context(), given[0], phraseFile, o)
	}
	c.Flags().StringArrayVar(&o.Recipients, "recipient", nil, a.flagText("backup-recipient"))
	c.Flags().StringVar(&phraseFile, "backup-passphrase-file", "", a.flagText("backup-passphrase-file"))
	c.Flags().BoolVar(&o.Force, "force", false, a.flagText("backup-force"))
	return c
}

func (a *app) storeBackup(ctx context.Context, name, phraseFile string, o store.BackupOptions) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	if phraseFile != "" {
		if o.Passphrase, err = a.newPassphrase(ctx, phraseFile); err != nil {
			return err
		}
	}
	p := s.file.Protection()
	if phraseFile == "" && len(o.Recipients) == 0 && p.SSHKeys+p.AgeKeys == 0 {
		// Nobody but passphrases: a backup needs one of its own, since the
		// store does not keep its members' passphrases.
		if o.Passphrase, err = a.newPassphrase(ctx, ""); err != nil {
			return err
		}
	}
	if err := s.file.Backup(ctx, name, o); err != nil {
		return err
	}
	where, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	if err := s.events.Record(context.WithoutCancel(ctx), core.Event{Verb: core.VerbBackedUp, Subject: core.Subject{Name: where}}); err != nil {
		return err
	}
	a.line("cmd.store.backed-up", localeParams("path", where))
	return nil
}

func (a *app) storeRestoreCommand() *cobra.Command {
	var phraseFile string
	var force bool
	c := a.command("store.restore", &cobra.Command{Use: "restore FILE", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.storeRestore(c.Context(), given[0], phraseFile, force)
	}
	c.Flags().StringVar(&phraseFile, "backup-passphrase-file", "", a.flagText("backup-passphrase-file"))
	c.Flags().BoolVar(&force, "force", false, a.flagText("restore-force"))
	return c
}

func (a *app) storeRestore(ctx context.Context, from, phraseFile string, force bool) error {
	to, err := a.storePath()
	if err != nil {
		return err
	}
	with, err := a.backupKey(ctx, phraseFile, to)
	if err != nil {
		return err
	}
	restored, err := store.Restore(ctx, from, to, with, a.storeOptions(), force)
	if err != nil {
		return err
	}
	a.line("cmd.store.restored", localeParams("path", to, "changed", stamp(restored.Changed)))
	if restored.Kept != "" {
		a.line("cmd.store.kept", localeParams("path", restored.Kept))
	}
	return a.noteRestored(ctx, to, from)
}

// noteRestored records the restore in the restored store, where that can be
// unlocked without asking again; else it is only said.
func (a *app) noteRestored(ctx context.Context, to, from string) error {
	with, err := a.unlockers(ctx)
	if err != nil || len(with) == 0 {
		return err
	}
	file, err := store.Open(ctx, to, a.storeOptions())
	if err != nil {
		return err
	}
	if err := a.unlockWith(ctx, file, with...); err != nil {
		// The backup may be from a time before this key was a member.
		a.note("cmd.store.restored-locked")
		return nil
	}
	log := core.EventLog{Store: file, Clock: a.clock, Actor: a.actor}
	return log.Record(ctx, core.Event{Verb: core.VerbRestored, Subject: core.Subject{Name: to}, Detail: map[string]string{"from": from}})
}

// backupKey is what opens the backup: its own passphrase, or an identity.
func (a *app) backupKey(ctx context.Context, phraseFile, to string) (store.Unlocker, error) {
	if phraseFile != "" {
		phrase, err := a.secretFile(ctx, phraseFile)
		return store.Passphrase(phrase), err
	}
	if name := a.or(a.opt.identity, "DESKWARD_IDENTITY"); name != "" {
		return a.identity(ctx, name)
	}
	if !a.interactive() {
		return nil, &core.Error{Tried: "store-restore", On: to, Code: "restore.no-key", Class: core.Usage}
	}
	phrase, err := a.askSecret(ctx, a.say.T("cmd.store.backup-prompt"))
	return store.Passphrase(phrase), err
}
