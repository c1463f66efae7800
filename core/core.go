// Package core is the domain of deskward: connections, signing keys,
// deadlines, events, secrets and errors, and the ports that the outside
// implements (Store, Clock, Browser).
//
// It imports the standard library only. Whatever talks to a vendor lives in
// the packages below it, whatever keeps bytes lives in package store, and
// whatever a person reads comes from assets: core speaks in typed values and
// stable codes.
package core

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
)

// PlatformID names a vendor product, for example "zoho". The list is
// package core/platform/all.
type PlatformID string

// Clock tells the time. Tests and the sandbox move it.
type Clock interface{ Now() time.Time }

// Sleep waits for d of a clock's time, or until ctx ends. A clock with a method
// of that name, such as a rehearsal's, has its own way of letting time pass.
func Sleep(ctx context.Context, clock Clock, d time.Duration) error {
	if own, ok := clock.(interface {
		Sleep(ctx context.Context, d time.Duration) error
	}); ok {
		return own.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// SystemClock is the machine's clock, in UTC.
type SystemClock struct{}

// Now returns the machine's time in UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// Browser opens a web page in front of the person, on this machine.
// It returns an error when there is no browser to open; it never waits for
// the person.
type Browser interface {
	Open(ctx context.Context, url string) error
}

// NewID returns a fresh opaque identifier: 128 random bits, 26 lower-case
// letters and digits. Record keys are such ids, so that no name, host or
// address stands in clear in the store.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails (it ends the program instead).
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// IsID reports whether a text has the shape of NewID's.
func IsID(s string) bool {
	return len(s) == 26 && !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '2' || c > '7') })
}

// Actor is who is at the keyboard: it is written into every event.
type Actor struct {
	User    string `json:"user"`              // login name
	Host    string `json:"host"`              // name of the machine deskward runs on
	TTY     string `json:"tty,omitempty"`     // terminal, where known
	Session string `json:"session,omitempty"` // random, one per start of the program
}

// String returns user@host.
func (a Actor) String() string {
	if a.Host == "" {
		return a.User
	}
	return a.User + "@" + a.Host
}
