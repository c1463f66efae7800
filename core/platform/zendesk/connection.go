package zendesk

import (
	"context"
	"strings"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
)

// connection is what a stored key of the Conversations API can do.
type connection struct {
	*Conversations
	conn core.Connection
}

var (
	_ platform.Checker    = (*connection)(nil)
	_ platform.KeyManager = (*connection)(nil)
	_ lookup.Finder       = (*connection)(nil)
)

func dialConversations(c core.Connection, env platform.Env) any {
	return &connection{NewConversations(env.HTTP, env.Endpoints, c), c}
}

// Check proves the key by asking for its app, which changes nothing.
func (c *connection) Check(ctx context.Context) (core.Check, error) {
	app, err := c.App(ctx)
	return core.Check{OK: err == nil, Note: core.CleanLine(app.Name)}, err
}

// Takes implements lookup.Finder.
func (*connection) Takes() []lookup.QueryKind {
	return []lookup.QueryKind{lookup.ByExternalID, lookup.ByMessaging, lookup.ByEmail}
}

// Find implements lookup.Finder. By an id the API itself tells which of the
// two kinds it is.
func (c *connection) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	switch k {
	case lookup.ByExternalID, lookup.ByMessaging:
		v, ok, err := c.User(ctx, text, c.brand)
		if err != nil || !ok {
			return nil, err
		}
		return []core.Visitor{v}, nil
	case lookup.ByEmail:
		return c.UsersByEmail(ctx, text)
	}
	return nil, nil
}
