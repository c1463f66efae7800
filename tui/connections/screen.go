// Package connections are the screens of stored credentials: the list with
// its detail, adding one, the ways of consent, and what can be done to one
// afterwards (check, refresh, rename, revoke, remove).
//
// One family value stands behind all of them. It holds what the screens need
// from core and what must outlive a single screen: half-filled forms, pasted
// text and device codes that are still good.
package connections

import (
	"context"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/tui/screen"
)

// Service does for a stored connection what its platform can do;
// platform.Service is one.
type Service interface {
	// Config returns the consent configuration; it makes no call.
	Config(core.Connection) (consent.Config, error)
	// Dial returns the platform's client, of which the capabilities are
	// read; it makes no call.
	Dial(core.Connection) (any, error)
	Check(ctx context.Context, id string) (core.Connection, error)
	ProbeScopes(context.Context, core.Connection) ([]platform.ScopeProbe, error)
	Revoke(ctx context.Context, id string) (core.Connection, error)
	// ReadSetup reads at the vendor how that is set up which a connection
	// serves. It changes nothing.
	ReadSetup(ctx context.Context, c core.Connection, of string) (platform.Setup, error)
	// Sheet is what a connection holds for people; it makes no call.
	Sheet(core.Connection) platform.Sheet
	Edit(ctx context.Context, was core.Connection, a platform.Answers) (core.Connection, error)
}

// Consent asks for consent and keeps tokens fresh; consent.Service is one.
type Consent interface {
	Open(ctx context.Context, connectionID string, o consent.OpenOptions) (consent.Opened, error)
	Answer(ctx context.Context, attemptID, text string) (consent.Result, error)
	PastedCode(ctx context.Context, connectionID, code string) (consent.Result, error)
	DeviceBegin(ctx context.Context, connectionID string) (consent.DeviceCode, error)
	DeviceWait(ctx context.Context, d consent.DeviceCode, progress func(consent.DevicePoll)) (consent.Result, error)
	Unattended(ctx context.Context, connectionID string) (consent.Result, error)
	Refresh(ctx context.Context, connectionID string) (core.Connection, error)
	ForceRefresh(ctx context.Context, connectionID string) (core.Connection, error)
}

// Deps are what the screens need. Fields marked optional may be nil.
type Deps struct {
	Connections *core.Connections
	Events      *core.EventLog
	Platforms   []platform.Platform
	Service     Service
	Consent     Consent
	Clock       core.Clock

	// Browser, optional, opens pages on the admin's own machine: nil over SSH.
	Browser core.Browser
	// User and Host name this machine in the tunnel line.
	User, Host string
	// Folder is where an authorization URL is written when the admin asks for
	// a file: a private folder, made when it is missing.
	Folder string

	// Sandbox, optional, stands in for the vendor's pages. nil outside the
	// sandbox.
	Sandbox *Sandbox
	// ReadFile, optional, reads a file whose path was typed in the place of its
	// content. Its errors are *core.Error.
	ReadFile func(name string) ([]byte, error)
	// Mail, optional, opens the proof of a connection at its mail servers.
	Mail func(core.Summary) screen.Screen
	// Migrate, optional, opens the migration of a legacy auth token, or the guide
	// of that id for another credential whose end is known; "": the platform's own.
	Migrate func(s core.Summary, guide string) screen.Screen
}

// Sandbox is what a rehearsal gives where there is no vendor's page to go to.
type Sandbox struct {
	// Agree agrees to a consent and returns the address that the browser would
	// have gone to.
	Agree func(ctx context.Context, authURL string) (redirectURL string, err error)
	// AgreeDevice agrees to a device code.
	AgreeDevice func(ctx context.Context, verificationURL, userCode string) error
	// Code is what the vendor's console would have made for these scopes.
	Code func(scopes []string) (string, error)
	// Answers are what exists in the sandbox, by ask. chosen are the answers to
	// asks with options that are in the form already.
	Answers func(platform core.PlatformID, grant core.Grant, chosen map[string]string) map[string]string
}

// family is what the screens share.
type family struct {
	Deps
	platforms map[core.PlatformID]platform.Platform

	draft   *add                          // a half-filled form; nil: none
	typed   map[string]string             // half-typed answers and names, by what for and connection id
	edits   map[string]half               // half-filled changes, by connection id
	devices map[string]consent.DeviceCode // device codes that are still good, by connection id
	taken   map[string]bool               // names in use, lower case, as last listed
	removed map[string]bool               // connections removed here, so that nobody is told they vanished
}

// New makes the list, the root of the section.
func New(d Deps) screen.Screen { return newList(newFamily(d)) }

func newFamily(d Deps) *family {
	f := &family{
		Deps: d, platforms: map[core.PlatformID]platform.Platform{},
		typed: map[string]string{}, removed: map[string]bool{}, taken: map[string]bool{}, devices: map[string]consent.DeviceCode{}, edits: map[string]half{},
	}
	for _, p := range d.Platforms {
		f.platforms[p.ID] = p
	}
	return f
}

// Detail is the screen of one connection, for other sections to open.
func Detail(d Deps, id string) screen.Screen { return newDetail(newFamily(d), core.Summary{ID: id}) }

// platformName is the product's own name, or the id of one this version does
// not know.
func (f *family) platformName(id core.PlatformID) string {
	if p, ok := f.platforms[id]; ok {
		return p.Name
	}
	return string(id)
}
