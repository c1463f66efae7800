package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"deskward/core"
)

// streams are the three a program is born with. Tests give buffers.
type streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// environment is what deskward reads of its surroundings besides files.
type environment struct {
	Getenv func(string) string
	Clock  core.Clock
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// overSSH reports whether this session came over SSH: then a browser opened
// here would open on the wrong machine.
func (e environment) overSSH() bool {
	for _, name := range []string{"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"} {
		if e.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// maxLine is the longest line taken from standard input: a pasted redirect
// URL may have 16 KB.
const maxLine = 1 << 20

// readLine reads one line of standard input, without its line break. It ends
// early with the context; what is typed then is the next call's.
func (a *app) readLine(ctx context.Context) (string, error) {
	if a.lines == nil {
		a.lines = newLineSource(a.io.In)
	}
	return a.lines.next(ctx)
}

// lineSource reads a line only when somebody wants one, so that a secret
// asked for in between is read by whoever asked, without echo.
type lineSource struct {
	want    chan struct{}
	got     chan inputLine
	pending bool // a read is under way that was given up
}

type inputLine struct {
	text string
	err  error
}

func newLineSource(r io.Reader) *lineSource {
	s := &lineSource{want: make(chan struct{}), got: make(chan inputLine, 1)}
	go func() {
		sc := bufio.NewScanner(r)
		sc.Buffer(make([]byte, 0, 4096), maxLine)
		for range s.want {
			switch {
			case sc.Scan():
				s.got <- inputLine{text: strings.TrimSuffix(sc.Text(), "\r")}
			case sc.Err() != nil:
				s.got <- inputLine{err: fmt.Errorf("read standard input: %w", sc.Err())}
			default:
				s.got <- inputLine{err: io.EOF}
			}
		}
	}()
	return s
}

func (s *lineSource) next(ctx context.Context) (string, error) {
	if !s.pending {
		s.want <- struct{}{}
		s.pending = true
	}
	select {
	case l := <-s.got:
		s.pending = false
		return l.text, l.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// interactive reports whether a person can be asked.
func (a *app) interactive() bool { return isTerminal(a.io.In) }

// promptOn is where a person reads a question: standard error, or the
// terminal itself where that leads elsewhere.
func (a *app) promptOn() io.Writer {
	if f, ok := a.io.In.(*os.File); ok && isTerminal(f) && !isTerminal(a.io.Err) {
		return f
	}
	return a.io.Err
}

// askSecret asks for a secret on the terminal, without echo.
func (a *app) askSecret(ctx context.Context, prompt string) (core.Secret, error) {
	f, ok := a.io.In.(*os.File)
	if !ok || !a.interactive() {
		return core.Secret{}, errNoTerminal
	}
	on := a.promptOn()
	fmt.Fprint(on, prompt+" ")
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return core.Secret{}, fmt.Errorf("read the terminal's mode: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(int(f.Fd()))
		got <- answer{text, err}
	}()
	select {
	case ans := <-got:
		fmt.Fprintln(on)
		if ans.err != nil {
			return core.Secret{}, fmt.Errorf("read from the terminal: %w", ans.err)
		}
		return core.NewSecret(string(ans.text)), nil
	case <-ctx.Done():
		// The read goes on until the program ends; the terminal must echo
		// again all the same.
		_ = term.Restore(int(f.Fd()), state)
		fmt.Fprintln(on)
		return core.Secret{}, context.Cause(ctx)
	}
}

var errNoTerminal = &core.Error{Tried: "ask", Code: "input.no-terminal", Class: core.Usage}

// secretFile reads a secret from a file, or from one line of standard input
// when the name is "-". The line break at its end is not part of it.
func (a *app) secretFile(ctx context.Context, name string) (core.Secret, error) {
	if name == "-" {
		line, err := a.readLine(ctx)
		if err != nil {
			return core.Secret{}, inputError("read-secret", name, err)
		}
		return core.NewSecret(line), nil
	}
	raw, err := readFile(name)
	if err != nil {
		return core.Secret{}, inputError("read-secret", name, err)
	}
	s := core.NewSecret(strings.TrimRight(string(raw), "\r\n"))
	if s.Empty() {
		return s, &core.Error{Tried: "read-secret", On: name, Code: "file.empty", Class: core.Usage}
	}
	return s, nil
}

// maxInputFile is the largest file taken as input, in bytes: far above every
// secret, answers file or CA bundle, and far below what hurts.
const maxInputFile = 8 << 20

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxInputFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxInputFile {
		return nil, errTooLarge
	}
	return raw, nil
}

var errTooLarge = errors.New("file is larger than 8 MiB")

// inputError says why a file or standard input could not be read.
func inputError(tried, name string, err error) error {
	e := &core.Error{Tried: tried, On: name, Code: "file.unreadable", Class: core.Usage, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrNotExist):
		e.Code = "file.missing"
	case errors.Is(err, errTooLarge):
		e.Code = "file.too-large"
	case errors.Is(err, io.EOF):
		e.Code, e.On = "stdin.ended", ""
	}
	return e
}
