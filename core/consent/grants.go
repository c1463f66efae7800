package consent

import (
	"context"
	"time"

	"deskward/core"
)

// PastedCode exchanges a code that the person made in the vendor's console
// (Zoho self client).
func (s *Service) PastedCode(ctx context.Context, connectionID, code string) (Result, error) {
	return Result{}, errNotYet
}

// ClientCredentials gets the connection's first access token.
func (s *Service) ClientCredentials(ctx context.Context, connectionID string) (Result, error) {
	return Result{}, errNotYet
}

// DeviceCode is what the person types at the vendor's page.
type DeviceCode struct {
	ConnectionID string
	UserCode     string
	URL          string // where it is typed
	CompleteURL  string // the same with the code in it; "" when there is none
	Expires      time.Time
	Interval     time.Duration
}

// DevicePoll is how a device consent stands after a poll.
type DevicePoll struct {
	Polls  int
	Next   time.Time // of the next poll
	Region string    // not "" after the vendor sent us to another data centre
}

// DeviceBegin asks for a device code.
func (s *Service) DeviceBegin(ctx context.Context, connectionID string) (DeviceCode, error) {
	return DeviceCode{}, errNotYet
}

// DeviceWait polls until the person agreed. progress may be nil.
func (s *Service) DeviceWait(ctx context.Context, d DeviceCode, progress func(DevicePoll)) (Result, error) {
	return Result{}, errNotYet
}

// Access returns a working access token, renewing it when less than a minute is left.
func (s *Service) Access(ctx context.Context, connectionID string) (core.Secret, error) {
	return core.Secret{}, errNotYet
}

// Refresh renews the access token now.
func (s *Service) Refresh(ctx context.Context, connectionID string) (core.Connection, error) {
	return core.Connection{}, errNotYet
}

// ForceRefresh is Refresh, but tries the stored refresh token once even
// though nobody knows how the last refresh ended.
func (s *Service) ForceRefresh(ctx context.Context, connectionID string) (core.Connection, error) {
	return core.Connection{}, errNotYet
}
