package main

import (
	"context"
	"strings"

	"deskward/assets"
	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/sandbox"
	"deskward/core/visitortoken"
	"deskward/tui/inspect"
	"deskward/tui/keys"
	"deskward/tui/screen"
)

// keyDeps are what the screens of signing keys work with.
func (d *desk) keyDeps() keys.Deps {
	s := d.session.Load()
	sharer := &keyshare.Sharer{Keys: s.keys, Snippets: assets.Snippets}
	deps := keys.Deps{
		Keys: s.keys, Events: s.events, Clock: s.clock, Folder: d.privateFolder(), Say: d.app.printer,
		Snippets: assets.Snippets, Share: sharer.Share,
		FetchKeyList: func(ctx context.Context, project string) (string, error) {
			return s.platforms.KeyList(ctx, "xsolla", project)
		},
	}
	deps.Inspect, deps.Serve, deps.Walk = d.inspect, d.tokenEndpoint, signInWalk
	for _, k := range d.publicKeys() {
		deps.Recipients = append(deps.Recipients, keys.Recipient{Path: k.Path, Line: strings.TrimSpace(k.Line)})
	}
	if d.sandbox != nil {
		deps.Sandbox = func(k core.KeyKind, alg string) map[string]string { return sandboxKey(d.sandbox, k, alg) }
		x := d.sandbox.Fixtures().Xsolla
		deps.Visitor = map[string]string{"external_id": x.UserID, "user": x.Username, "email": x.Email}
	}
	return deps
}

// sandboxKey is what an admin would have at hand for a new key in the sandbox,
// by field.
func sandboxKey(sb *sandbox.Sandbox, k core.KeyKind, alg string) map[string]string {
	z := sb.Fixtures().Zendesk
	switch k {
	case core.KeyMessaging:
		return map[string]string{"account": z.Subdomain, "kid": z.KID, "secret": z.Secret, "begins": z.Secret[:6]}
	case core.KeyChat:
		return map[string]string{"account": z.Subdomain, "secret": z.ChatSecret}
	}
	x := sb.Fixtures().Xsolla
	if alg == core.AlgRS256 {
		return map[string]string{"project": x.RSAProjectID}
	}
	return map[string]string{"project": x.ProjectID, "secret": x.Secret}
}

// inspect opens the screen that judges a token, meant for a key or, with "",
// for any.
func (d *desk) inspect(keyID string) screen.Screen {
	s := d.session.Load()
	deps := inspect.Deps{
		List: s.keys.List, Clock: s.clock,
		Inspect: func(ctx context.Context, pasted core.Secret, o visitortoken.Options) (visitortoken.Report, error) {
			var err error
			if o.Keys, err = s.keys.All(ctx); err != nil {
				return visitortoken.Report{}, err
			}
			return visitortoken.Inspect(pasted.Reveal(), o), nil
		},
		Mint: func(k core.KeySummary) screen.Screen { return keys.Mint(d.keyDeps(), k) },
	}
	if d.sandbox != nil {
		deps.Example = func(context.Context) (core.Secret, error) { return wrongToken(d.sandbox) }
	}
	return inspect.New(deps, keyID)
}
