package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestPasteOf16KBArrivesWholeOnATerminal(t *testing.T) {
	t.Parallel()
	person, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	defer terminal.Close()
	restore := allowLongLines(terminal)
	go io.Copy(io.Discard, person) //nolint:errcheck // what the terminal echoes; it ends with the terminal

	pasted := "http://127.0.0.1:48105/callback/zoho?code=" + strings.Repeat("canary", 16<<10/6)
	go io.WriteString(person, pasted+"\nnext\n") //nolint:errcheck // the reading below tells

	lines := newLineSource(terminal)
	for _, want := range []string{pasted, "next"} {
		got, err := lines.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
	}
	restore()
}

func TestReadGivenUpLeavesItsLineToTheNext(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := newLineSource(r)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if line, err := lines.next(ctx); err == nil {
		t.Fatalf("read %q under a context that has ended", line)
	}
	if _, err := w.WriteString("first\r\nsecond"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, want := range []string{"first", "second"} {
		if got, err := lines.next(t.Context()); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := lines.next(t.Context()); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestErasingKeysErase(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"code": "code", "codx\x7fe": "code", "あい\x7fう": "あう", "\b\bx": "x", "ab\x7f\x7f\x7f": "",
	} {
		if got := edited(typed); got != want {
			t.Errorf("edited(%q) = %q, want %q", typed, got, want)
		}
	}
}
