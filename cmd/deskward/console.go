package main

import (
	"context"

	"deskward/core"
)

// console opens the full screen. Where there is no terminal for one, it says
// so in one line.
func (a *app) console(ctx context.Context) error {
	if !isTerminal(a.io.In) || !isTerminal(a.io.Out) {
		a.note("cmd.console.no-terminal")
		return said{&core.Error{Tried: "console", Code: "console.no-terminal", Class: core.Usage}}
	}
	return ctx.Err()
}
