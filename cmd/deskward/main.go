// Command deskward connects, migrates and proves the authentication of a
// company's support channels. Without a command it opens the console; every
// thing the console can do is a command too.
//
// One file a command; wire.go puts the packages together, and nothing else
// does. What people read stands in assets/locales (cmd.<language>.json).
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/cli/browser"

	"deskward/core"
)

func main() { os.Exit(deskward()) }

// deskward is main without its end, so that tests can run it as a command of
// theirs.
func deskward() int {
	// What a browser prints would stand between the lines of a command.
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return run(os.Args[1:], streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, environment{Getenv: os.Getenv, Clock: core.SystemClock{}})
}

// exitCode is the contract of the commands: 0 done, 1 failed, 2 usage,
// 3 locked, 4 refused by the vendor, 5 conflict, 6 unknown outcome.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	switch core.ClassOf(err) {
	case core.Usage:
		return 2
	case core.Locked:
		return 3
	case core.Refused:
		return 4
	case core.Conflict:
		return 5
	case core.Unknown:
		return 6
	}
	return 1
}

// run is one start of the program: arguments in, exit code out.
func run(args []string, io streams, env environment) (code int) {
	harden()
	defer func() {
		if p := recover(); p != nil {
			code = 1
			reportPanic(io.Err, p)
		}
	}()
	// SIGHUP is what an SSH session gets when its line drops: running work is
	// told to stop, and what is past the point of no return still finishes.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	a, err := newApp(args, io, env)
	if err != nil {
		fmt.Fprintln(io.Err, "deskward:", err)
		return 1
	}
	defer a.close()
	root := newRoot(a)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		a.report(err)
		return exitCode(err)
	}
	return 0
}

// reportPanic prints where the program broke, without the panic's value and
// without the arguments in the stack: either may hold a secret.
func reportPanic(w io.Writer, p any) {
	fmt.Fprintf(w, "deskward: broke down (%T). This is a mistake in deskward. What was saved before is intact.\n", p)
	for line := range strings.Lines(string(debug.Stack())) {
		if strings.HasPrefix(line, "\t") { // the file:line rows; the rows between carry arguments
			fmt.Fprint(w, line)
		}
	}
}
