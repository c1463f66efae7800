package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"deskward/core/lookup"
	"deskward/core/sandbox"
	"deskward/core/visitortoken"
	"deskward/tui/keys"
	"deskward/tui/screen"
	"deskward/tui/visitors"
)

// visitorDeps are what the screens of the visitor lookup work with.
func (d *desk) visitorDeps() visitors.Deps {
	s := d.session.Load()
	deps := visitors.Deps{
		Sources: s.sources, Find: (&lookup.Service{Clock: s.clock}).Find, Clock: s.clock,
		Batches: s.batches(), ReadList: d.readList, Export: d.exportBatch,
		History: &lookup.History{Store: s.store, Clock: s.clock},
		Mint: func(p visitors.Person) screen.Screen {
			return keys.MintFor(d.keyDeps(), visitortoken.Visitor{ExternalID: p.ExternalID, Name: p.Name, Email: p.Email, EmailVerified: p.EmailVerified})
		},
	}
	if d.sandbox != nil {
		deps.Samples = samples(d.sandbox.Fixtures().Zendesk.Cast)
	}
	if b := (desktop{d.app.env}); b.has() {
		deps.Browser = b
	}
	return deps
}

// samples are the sandbox's people, each by something else that an admin may
// have of one: linked, refused at the next sign-in, not linked, twice there,
// and with external ids that make trouble.
func samples(c sandbox.CastFixtures) []string {
	return []string{
		c.Linked.Email, c.Refused.ExternalID, "text:" + c.Apart.Name, c.Second.Email, lookup.ChatIDs(c.Linked.ChatID)[1],
		c.Long.ExternalID, c.Anybody.Email, c.Numbered.ExternalID, string(lookup.BySupportID) + ":" + c.Banned.SupportID, c.Hostile.Email,
	}
}

// readList reads a list of people from a file of the admin's.
func (d *desk) readList(ctx context.Context, path, column string) (lookup.List, error) {
	path = d.homePath(path)
	if path == "-" { // the keyboard is the console's
		return lookup.List{}, inputError("read-queries", path, fs.ErrNotExist)
	}
	return d.app.readList(ctx, path, column)
}

// homePath is a path of the admin's, whose ~ is their home.
func (d *desk) homePath(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(d.app.env.Getenv("HOME"), rest)
	}
	return path
}

// exportBatch writes what came of a batch beside the store, as a table that
// spreadsheets read: it begins with the mark of UTF-8, without which Japanese
// is garbled there.
func (d *desk) exportBatch(_ context.Context, b lookup.Batch, rows []lookup.Row, left []lookup.Line) (string, error) {
	name := fmt.Sprintf("deskward-batch-%s-%s.csv", b.ID[:min(shownBatch, len(b.ID))], d.session.Load().clock.Now().UTC().Format("20060102-150405"))
	path := filepath.Join(d.privateFolder(), name)
	return path, writeNew(path, false, func() ([]byte, error) {
		var buf bytes.Buffer
		buf.WriteString("\ufeff")
		err := lookup.WriteCSV(&buf, rows, left)
		return buf.Bytes(), err
	})
}
