package main

import (
	"context"

	"deskward/core"
	"deskward/core/mailproof"
	"deskward/tui/screen"

	mailscreen "deskward/tui/mailproof"
)

// proveMail opens the proof of a connection at its mail servers.
func (d *desk) proveMail(c core.Summary) screen.Screen {
	s := d.session.Load()
	return mailscreen.New(mailscreen.Deps{
		Name: c.Name,
		Requests: func(ctx context.Context) ([]mailproof.Request, error) {
			return mailproof.Requests(ctx, s.services(), c.Name, "")
		},
		Prove: mailproof.ProverOf(s.services()).Prove,
	})
}
