package main

import (
	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/visitortoken"
	"deskward/tui/keys"
	"deskward/tui/screen"
	"deskward/tui/visitors"
)

// visitorDeps are what the screens of the visitor lookup work with.
func (d *desk) visitorDeps() visitors.Deps {
	s := d.session.Load()
	deps := visitors.Deps{
		Kinds:   []core.VisitorKind{core.VisitorLogin, core.VisitorMessaging}, // Support and Chat have no client yet
		Sources: s.sources, Find: (&lookup.Service{Clock: s.clock}).Find, Clock: s.clock,
		History: &lookup.History{Store: s.store, Clock: s.clock},
		Mint: func(p visitors.Person) screen.Screen {
			return keys.MintFor(d.keyDeps(), visitortoken.Visitor{ExternalID: p.ExternalID, Name: p.Name, Email: p.Email, EmailVerified: p.EmailVerified})
		},
	}
	if b := (desktop{d.app.env}); b.has() {
		deps.Browser = b
	}
	return deps
}
