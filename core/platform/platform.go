// Package platform says what a vendor product is to deskward: what it asks
// the admin, how its credentials are granted, and what a connection to it can
// do. What only some platforms can do is a capability: a small interface that
// the value returned by Dial may implement. A capability that is missing is a
// sentence shown to the admin, not a hidden key.
//
// A new platform is one package below this one, one line in package all, one
// guide file and one advice file; platformtest.Run is what it must pass.
package platform

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/transport"
	"deskward/core/visitortoken"
)

// Platform describes one vendor product. Its texts for people are in
// assets/locales under platform.<ID>.….
type Platform struct {
	ID      core.PlatformID
	Name    string       // the product's own name, the same in every language
	Grants  []core.Grant // what it accepts, the recommended one first
	Regions []Region     // data centres; nil: the platform has none
	Asks    []Ask        // what the admin is asked besides name and grant, in order
	Scopes  []Scope      // known scopes; nil: the platform publishes no list

	// OAuth returns how consent and refresh work for c. nil: no OAuth.
	OAuth func(c core.Connection, e transport.Endpoints) (consent.Config, error)

	// Import takes the file that the vendor's console offers, for a client or a
	// key, into a new connection: it is the answer to the Ask with File. nil:
	// there is no such file, or it has nothing but client id and secret.
	Import func(c core.Connection, file []byte) (core.Connection, error)

	// GrantOf tells by a file that Import takes which grant it is for; "": it
	// does not tell. nil: no file does.
	GrantOf func(file []byte) core.Grant

	// Lint says what is wrong with a connection, as far as that can be seen
	// before anything is sent. It makes no call. nil: nothing can.
	Lint func(c core.Connection) []Finding

	// Settle returns c with what follows from its answers, whenever they were
	// given or changed: dates, above all. It makes no call. nil: nothing does.
	Settle func(c core.Connection) core.Connection

	// Sheet is what a connection holds for people to read, and copy, elsewhere,
	// and what is known of its health. It makes no call. nil: there is none.
	Sheet func(c core.Connection, now time.Time) Sheet

	// NoRevoke is the code of why deskward never revokes here, where it could;
	// "": it does, or the vendor has no such call.
	NoRevoke string

	// Discover returns c with what its server publishes of itself (RFC 8414)
	// written into Settings, where OAuth and Dial, which make no call, find it.
	// It is asked before every consent; env has no token. nil: there is
	// nothing to discover.
	Discover func(ctx context.Context, c core.Connection, env Env) (core.Connection, error)

	// Dial returns a client of c that implements some of the capability
	// interfaces below. It makes no call.
	Dial func(c core.Connection, env Env) any

	// Ends returns when a connection stops working, as far as the vendor's
	// announcements and the credential's age tell: the one place for dates that
	// this version knows. It makes no call. nil: none are known.
	Ends func(c core.Summary) []core.End

	// Actions are the operations guides may name.
	Actions func(s Services) []action.Action

	// Lists are the lists of choices guides may name, each as ID.list. nil: none.
	Lists []action.List

	// SetupOf is what a SetupReader of this platform is asked of, besides "".
	// nil: nothing.
	SetupOf []SetupAsk
}

// SetupAsk is one thing that a SetupReader can be asked of. Its label and what
// the admin should know first are the locale texts setup.<platform>.of.<Name>
// and setup.<platform>.of.<Name>.hint.
type SetupAsk struct {
	Name  string
	Typed bool // the admin types it, and without it nothing is read; else Name is asked for
	// AfterRefusal: it is worth asking only where the vendor refused to be
	// asked in general.
	AfterRefusal bool
	// Check reports what is wrong with a typed value as an *core.Error.
	Check func(value string) error
}

// Region is one data centre or host family.
type Region struct {
	ID       string // as in --region
	Name     string // locale text region.<platform>.<ID> has the words
	Console  string // where the admin registers a client for it
	Doubtful bool   // sources disagree whether it exists
}

// Ask is one thing asked when a connection is added. Its label and hint are
// the locale texts ask.<platform>.<Name> and ask.<platform>.<Name>.hint.
type Ask struct {
	Name     string // "client_id", "client_secret", "region", "scopes", "account", "issuer", else a setting's name
	Secret   bool
	Optional bool
	Grants   []core.Grant // asked for these only; nil: for all
	// OptionalFor are the grants with which the answer may be left out.
	OptionalFor []core.Grant
	// When: asked only where these earlier asks, by name, have these answers.
	When    map[string]string
	Default string
	// Later: it can be answered, or answered anew, when the connection is there.
	// Only settings with which no credential goes along may be.
	Later bool
	// File: the answer is a file's content, which Platform.Import reads. It is
	// not kept.
	File bool
	// Options are the values to choose from, with the locale texts
	// ask.<platform>.<Name>.<value>; nil: any value.
	Options []string
	// Check reports what is wrong with a typed value as an *core.Error; nil: nothing is checked.
	Check func(value string) error
}

// Level is how much a Finding weighs.
type Level int

// The levels, mildest first.
const (
	Good  Level = iota - 1 // as it should be
	Notes                  // good to know
	Warns                  // will not work as it stands, or not for long
	Stops                  // cannot work, whatever is done at the vendor
)

// Finding is one thing that Platform.Lint has to say. Its texts are the locale
// texts finding.<Code>, .means and .fix.
type Finding struct {
	Code   string            `json:"code"`
	Level  Level             `json:"level"`
	Params map[string]string `json:"params,omitempty"`
}

// Sheet is a connection as its people need it. Labels of facts are as those of
// a Setup; texts of findings as those of Lint, but for a Good one, which has no
// .fix.
type Sheet struct {
	Facts    []SetupFact `json:"facts"`
	Findings []Finding   `json:"findings"`
	// Secret, a stored one, belongs among the facts, after the one of that name.
	Secret      string `json:"-"`
	SecretAfter string `json:"-"`
}

// Err is the finding as an error.
func (f Finding) Err(on string) error {
	return &core.Error{Tried: "add-connection", On: on, Code: "finding." + f.Code, Class: core.Usage, Params: f.Params}
}

// Scope is one permission with words for it: locale text scope.<platform>.<ID>.
type Scope struct {
	ID       string
	Disputed bool // sources disagree whether the vendor knows it
	Least    bool // part of the least set that makes the checks work
}

// Env is what a platform's client works with.
type Env struct {
	HTTP      *transport.Client
	Endpoints transport.Endpoints
	Clock     core.Clock
	// Token returns a working access token, refreshing it when needed.
	Token func(ctx context.Context) (core.Secret, error)
	// Renew returns an access token renewed now, for when the vendor refused
	// the one that Token gave. nil: it cannot be renewed.
	Renew func(ctx context.Context) (core.Secret, error)
	// Checked checks another connection, of another platform, named by id or
	// name, and returns it as it is then: what one is proven by. nil: there are
	// no others.
	Checked func(ctx context.Context, name string) (core.Connection, error)
	// Grants counts the stored connections that hold a refresh token of the same
	// client: some vendors limit them. nil: nobody knows.
	Grants func(ctx context.Context) (int, error)
}

// Services are what actions work with.
type Services struct {
	Connections *core.Connections
	Keys        *core.SigningKeys
	Store       core.Store
	Events      *core.EventLog
	Clock       core.Clock
	HTTP        *transport.Client
	Endpoints   transport.Endpoints
	Tokens      TokenSource
	Checks      func(ctx context.Context, id string) (core.Connection, error) // Service.Check
}

// TokenSource gives access tokens of stored connections; consent.Service is one.
type TokenSource interface {
	Access(ctx context.Context, connectionID string) (core.Secret, error)
}

// Refresher is a TokenSource that can renew an access token before its time;
// consent.Service is one.
type Refresher interface {
	Refresh(ctx context.Context, connectionID string) (core.Connection, error)
}

// Checker proves a credential with a real call that changes nothing. The
// returned Check is saved whether OK or not; err is for what could not be
// asked at all (no network), which says nothing about the credential.
type Checker interface {
	Check(ctx context.Context) (core.Check, error)
}

// Learner is a Checker that finds out by asking what only asking tells, such as
// which of two hosts answers. After a good check it is kept with the connection.
type Learner interface {
	// Learned returns settings by name; nil: nothing was found out.
	Learned() map[string]string
}

// ScopeProber tells by one cheap call per scope what a credential may do.
type ScopeProber interface {
	ProbeScopes(ctx context.Context) ([]ScopeProbe, error)
}

// ScopeProbe is the answer for one scope.
type ScopeProbe struct {
	Scope   string    `json:"scope"`
	Allowed bool      `json:"allowed"`
	Unsure  bool      `json:"unsure,omitempty"` // no probe is known for it, or the answer did not tell
	Code    string    `json:"code,omitempty"`
	Call    core.Call `json:"call,omitzero"`
}

// SetupReader reads at the vendor how that is set up which a connection serves,
// for one thing of it (Email-to-Case of a mailbox), and judges it. It changes
// nothing.
type SetupReader interface {
	ReadSetup(ctx context.Context, of string) (Setup, error)
}

// Setup is what was read.
type Setup struct {
	Facts    []SetupFact    `json:"facts"`
	Findings []SetupFinding `json:"findings"`
}

// SetupFact is one value; its label is the locale text setup.<platform>.<Name>.
type SetupFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SetupFinding is one thing that is wrong, or may surprise.
type SetupFinding struct {
	Code   string            `json:"code"` // an advice key
	Stops  bool              `json:"stops"`
	Params map[string]string `json:"params,omitempty"`
}

// Err is the finding as an error of the connection of that name.
func (f SetupFinding) Err(name string) error {
	return &core.Error{On: name, Code: f.Code, Class: core.Refused, Params: f.Params}
}

// Revoker ends a credential at the vendor. It cannot be undone.
type Revoker interface {
	Revoke(ctx context.Context) error
}

// Owner tells whose credential it is, as the vendor says: an e-mail address.
type Owner interface {
	Owner(ctx context.Context) (string, error)
}

// KeyLister reads the public keys by which a project's tokens are verified, as
// the vendor publishes them and parsed. It needs no credential.
type KeyLister interface {
	Keys(ctx context.Context, projectID string) (list string, keys []visitortoken.PublicKey, err error)
}

// KeyManager manages, at the vendor, the keys that sign visitor tokens. Few
// accounts may: the error of one that may not says where else it is done.
type KeyManager interface {
	// VendorKeys lists the keys, without their secrets.
	VendorKeys(ctx context.Context) ([]VendorKey, error)
	// VendorKey returns one key with its secret.
	VendorKey(ctx context.Context, id string) (VendorKey, error)
	// MakeVendorKey makes a key. Whether it was made is not known when no
	// answer came.
	MakeVendorKey(ctx context.Context, name string) (VendorKey, error)
	// DeleteVendorKey deletes a key: what it signed is refused from then on.
	DeleteVendorKey(ctx context.Context, id string) error
}

// VendorKey is a key as the vendor has it.
type VendorKey struct {
	ID, Name string
	Secret   core.Secret
}

// Find returns the platform of that id, or an *core.Error with code
// platform.unknown, whose param "known" names those there are.
func Find(all []Platform, id core.PlatformID) (Platform, error) {
	known := make([]string, len(all))
	for i, p := range all {
		if p.ID == id {
			return p, nil
		}
		known[i] = string(p.ID)
	}
	slices.Sort(known)
	return Platform{}, &core.Error{
		Tried: "find-platform", On: string(id), Code: "platform.unknown", Class: core.Usage,
		Params: map[string]string{"known": strings.Join(known, ", ")},
	}
}

// HTTPClient returns the client for c's hosts.
func (e Env) HTTPClient(hosts []string) *http.Client { return e.HTTP.For(hosts...) }
