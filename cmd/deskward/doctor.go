package main

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"deskward/core"
	"deskward/core/consent"
	"deskward/store"
	"deskward/tui/widget"
)

func (a *app) doctorCommand() *cobra.Command {
	c := a.command("doctor", &cobra.Command{Use: "doctor", Args: noSubcommand})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.doctor(c.Context()) }
	c.AddCommand(a.doctorExplainCommand())
	return a.jsonFlag(c)
}

// finding is one thing that doctor looked at. Its field names are a contract;
// the sentence is the locale text doctor.<Code>.
type finding struct {
	Code   string            `json:"code"`
	State  string            `json:"state"` // ok, info, warn, bad
	Text   string            `json:"text"`
	Values map[string]string `json:"values,omitempty"`
}

// diagnosis collects findings.
type diagnosis struct {
	a    *app
	list []finding
}

func (d *diagnosis) add(state, code string, nameValue ...string) {
	f := finding{Code: code, State: state, Values: map[string]string{}}
	for i := 0; i+1 < len(nameValue); i += 2 {
		f.Values[nameValue[i]] = core.CleanLine(nameValue[i+1])
	}
	f.Text = d.a.say.T("doctor."+code, localeParams(nameValue...))
	d.list = append(d.list, f)
}

// doctor measures what decides whether deskward can work here. What cannot be
// reached is a finding and no failure: a jump host may well be offline.
func (a *app) doctor(ctx context.Context) error {
	d := &diagnosis{a: a}
	d.examineSession()
	d.examineTerminal()
	s := d.examineStore(ctx)
	d.examinePort(ctx)
	if err := d.examineHosts(ctx, s); err != nil {
		return err
	}
	if a.opt.json {
		if err := a.json(struct {
			Findings []finding `json:"findings"`
		}{d.list}); err != nil {
			return err
		}
	} else {
		d.write()
	}
	for _, f := range d.list {
		if f.State == "bad" {
			return said{&core.Error{Tried: "doctor", Code: f.Code}}
		}
	}
	return nil
}

// write puts one finding after the other, as wide as the terminal; to a file,
// one a line. What is not in order has its code behind it.
func (d *diagnosis) write() {
	out := d.a.io.Out
	width := 0
	if f, ok := out.(*os.File); ok && isTerminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			width = max(w-len("ok  ")-1, 20)
		}
	}
	marks := map[string]string{"ok": "ok  ", "info": "-   ", "warn": "!   ", "bad": "x   "}
	for _, f := range d.list {
		text := core.CleanLine(f.Text)
		if f.State == "warn" || f.State == "bad" {
			text += " [" + f.Code + "]"
		}
		lines := []string{text}
		if width > 0 {
			lines = widget.Wrap(text, width)
		}
		mark := marks[f.State]
		for _, l := range lines {
			fmt.Fprintln(out, mark+l)
			mark = "    "
		}
	}
}

// examineSession says where the person sits.
func (d *diagnosis) examineSession() {
	env := d.a.env
	if env.overSSH() {
		line := consent.TunnelLine(consent.DefaultPort, d.a.loginName(), d.a.actor.Host)
		d.add("info", "session.ssh", "line", line)
		d.add("info", "session.tunnel", "line", line)
	} else {
		d.add("ok", "session.local")
	}
	if (desktop{env}).has() {
		d.add("ok", "browser.here")
	} else {
		d.add("info", "browser.none")
	}
}

// examineStore says how the store is protected, and unlocks it when that
// needs no question. nil: it stays locked, or there is none.
func (d *diagnosis) examineStore(ctx context.Context) *session {
	path, err := d.a.storePath()
	if err != nil {
		d.add("bad", "store.error", "path", "", "code", core.CodeOf(err))
		return nil
	}
	if _, err := os.Lstat(path); err != nil {
		d.add("info", "store.none", "path", path)
		return nil
	}
	file, err := store.Open(ctx, path, d.a.storeOptions())
	if err != nil {
		d.add("bad", "store.error", "path", path, "code", core.CodeOf(err))
		return nil
	}
	d.add("ok", "store.protected", "path", path, "protection", d.a.protection(file.Protection()))
	d.examineMode(path, 0o600)
	d.examineMode(filepath.Dir(path), 0o700)
	with, err := d.a.unlockers(ctx)
	if err == nil && len(with) > 0 {
		err = d.a.unlockWith(ctx, file, with...)
	}
	if err != nil {
		d.add("bad", "store.error", "path", path, "code", core.CodeOf(err))
		return nil
	}
	if len(with) == 0 {
		d.add("info", "store.locked")
		return nil
	}
	w, err := d.a.realWorld()
	if err != nil {
		return nil // examineHosts says it
	}
	s, err := d.a.assemble(file, w)
	if err != nil {
		return nil
	}
	s.file = file
	return s
}

func (d *diagnosis) examineMode(path string, want fs.FileMode) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	mode := fmt.Sprintf("%04o", info.Mode().Perm())
	if info.Mode().Perm()&^want != 0 {
		d.add("bad", "store.mode", "path", path, "mode", mode, "want", fmt.Sprintf("%04o", want))
		return
	}
	d.add("ok", "store.mode-ok", "path", path, "mode", mode)
}

// examinePort says whether the callback port is free, and else who has it.
func (d *diagnosis) examinePort(ctx context.Context) {
	port := strconv.Itoa(consent.DefaultPort)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err == nil {
		l.Close()
		d.add("ok", "port.free", "port", port)
		return
	}
	if pid, command, ok := consent.PortHolder(consent.DefaultPort); ok {
		d.add("warn", "port.held", "port", port, "pid", strconv.Itoa(pid), "command", command)
		return
	}
	d.add("warn", "port.busy", "port", port)
}
