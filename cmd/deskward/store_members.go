package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/store"
)

func (a *app) storeMembersCommand() *cobra.Command {
	c := a.group("store.members", "members", a.membersAddCommand(), a.membersRemoveCommand(), a.membersPassphraseCommand())
	list := a.command("store.members.list", &cobra.Command{Use: "list", Args: args(0, 0)})
	list.RunE = func(c *cobra.Command, _ []string) error { return a.membersList(c.Context()) }
	c.AddCommand(a.jsonFlag(list))
	return c
}

func (a *app) membersList(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	members, err := s.file.Members(ctx)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(members))
	}
	var rows [][]string
	for _, m := range members {
		mark := ""
		if m.Current {
			mark = a.say.T("cmd.members.current")
		}
		rows = append(rows, []string{m.ID, a.say.T("cmd.members.kind." + string(m.Kind)), m.Label, stamp(m.AddedAt), m.AddedBy, mark, m.Recipient})
	}
	a.table([]string{"id", "kind", "label", "added", "by", "current", "recipient"}, rows)
	return nil
}

func (a *app) membersAddCommand() *cobra.Command {
	var label, recipient, phraseFile string
	c := a.command("store.members.add", &cobra.Command{Use: "add", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error {
		return a.membersAdd(c.Context(), store.Member{Label: label, Recipient: strings.TrimSpace(recipient)}, phraseFile)
	}
	c.Flags().StringVar(&label, "label", "", a.flagText("label"))
	c.Flags().StringVar(&recipient, "recipient", "", a.flagText("recipient"))
	c.Flags().StringVar(&phraseFile, "new-passphrase-file", "", a.flagText("new-passphrase-file"))
	return c
}

// membersAdd lets one more key or passphrase open the store.
func (a *app) membersAdd(ctx context.Context, m store.Member, phraseFile string) error {
	if m.Recipient != "" && phraseFile != "" {
		return usageError("either-or", "--recipient, --new-passphrase-file", nil, nil)
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	if m.Recipient == "" {
		if m.Passphrase, err = a.newPassphrase(ctx, phraseFile); err != nil {
			return err
		}
	}
	m.AddedBy = a.actor.String()
	info, err := s.file.AddMember(ctx, m)
	if err != nil {
		return err
	}
	if err := s.recordMember(ctx, core.VerbMemberAdded, info); err != nil {
		return err
	}
	a.line("cmd.members.added", localeParams("id", info.ID, "protection", a.protection(s.file.Protection())))
	return nil
}

func (a *app) membersRemoveCommand() *cobra.Command {
	c := a.command("store.members.remove", &cobra.Command{Use: "remove MEMBER", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.membersRemove(c.Context(), given[0]) }
	return c
}

// membersRemove takes a member's access; everything is sealed anew.
func (a *app) membersRemove(ctx context.Context, which string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	members, err := s.file.Members(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(members, func(m store.MemberInfo) bool { return m.ID == which || m.Label == which })
	if i < 0 {
		return &core.Error{Tried: "remove-member", On: which, Code: "member.not-found", Class: core.Usage}
	}
	if err := s.file.RemoveMember(ctx, members[i].ID); err != nil {
		return err
	}
	if err := s.recordMember(ctx, core.VerbMemberRemoved, members[i]); err != nil {
		return err
	}
	a.line("cmd.members.removed", localeParams("id", members[i].ID, "protection", a.protection(s.file.Protection())))
	a.note("cmd.members.seen")
	return nil
}

func (a *app) membersPassphraseCommand() *cobra.Command {
	var next string
	c := a.command("store.members.passphrase", &cobra.Command{Use: "passphrase", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.membersPassphrase(c.Context(), next) }
	c.Flags().StringVar(&next, "new-passphrase-file", "", a.flagText("new-passphrase-file"))
	return c
}

// membersPassphrase replaces the passphrase that unlocks the store.
func (a *app) membersPassphrase(ctx context.Context, nextFile string) error {
	var old core.Secret
	var err error
	if name := a.or(a.opt.passphraseFile, "DESKWARD_PASSPHRASE_FILE"); name != "" {
		old, err = a.secretFile(ctx, name)
	} else {
		old, err = a.askSecret(ctx, a.say.T("cmd.unlock.prompt"))
	}
	if err != nil {
		return err
	}
	file, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	if err := a.unlockWith(ctx, file, store.Passphrase(old)); err != nil {
		return err
	}
	next, err := a.newPassphrase(ctx, nextFile)
	if err != nil {
		return err
	}
	if err := file.ChangePassphrase(ctx, old, next); err != nil {
		return err
	}
	log := core.EventLog{Store: file, Clock: a.clock, Actor: a.actor}
	ev := core.Event{Verb: core.VerbChanged, Subject: core.Subject{Name: file.Path()}, Detail: map[string]string{"what": "passphrase"}}
	if err := log.Record(context.WithoutCancel(ctx), ev); err != nil {
		return err
	}
	a.line("cmd.members.passphrase-changed")
	a.note("cmd.members.seen")
	return nil
}

func (s *session) recordMember(ctx context.Context, verb core.Verb, m store.MemberInfo) error {
	return s.events.Record(context.WithoutCancel(ctx), core.Event{
		Verb: verb, Subject: core.Subject{ID: m.ID, Name: m.Label}, Detail: map[string]string{"kind": string(m.Kind)},
	})
}

// notNil makes an empty list of a missing one, so that JSON has [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
