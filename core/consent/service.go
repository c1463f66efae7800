package consent

import (
	"context"
	"errors"
	"html/template"

	"golang.org/x/sync/singleflight"

	"deskward/core"
	"deskward/core/transport"
)

// Service runs consents and keeps access tokens fresh. All fields but those
// marked optional are needed; it may be used by several goroutines, and
// several services (in several processes) may work on one store.
type Service struct {
	Store       core.Store
	Connections *core.Connections
	Events      *core.EventLog
	Leases      *core.Leases
	Clock       core.Clock
	HTTP        *transport.Client

	// Config returns what the connection's platform says of its
	// authorization server: platform.Service.Config.
	Config func(core.Connection) (Config, error)

	// Discover, optional, completes a connection with what its server
	// publishes of itself, before a consent begins: platform.Service.Discover.
	Discover func(ctx context.Context, connectionID string) (core.Connection, error)

	// Check, optional, is the first check after an exchange: platform.Service.Check.
	Check func(ctx context.Context, connectionID string) (core.Connection, error)

	// Page is the landing page: consent.html of assets/pages, given a
	// PageData. Text gives its words (keys consent.page.…) in the admin's language.
	Page *template.Template
	Text func(key string) string

	// Explain, optional, says in plain lines what an error means; without it
	// the page shows its code.
	Explain func(error) []string

	group singleflight.Group // one exchange per attempt, one refresh per connection
}

// Result is what came of a consent.
type Result struct {
	Connection core.Connection // as saved, with the first check if there was one
	Missing    []string        // scopes that were asked and not granted
	Elsewhere  bool            // another session took the answer
	CheckErr   error           // why the first check could not be made; nil also when it said no: see Connection.Check
}

var errNotYet = errors.New("not yet")
