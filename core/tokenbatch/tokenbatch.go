// Package tokenbatch turns many old tokens into OAuth connections, each by one
// call that works once: a list is read, judged and written down; then every
// token is exchanged under a journal that knows of each whether the call was
// begun, what came of it, and how to find out where nobody saw its end.
//
// It knows no vendor: a Vendor says what a line must have, makes the calls and
// has the limits. A screen and a command use the same Service.
package tokenbatch

import (
	"context"
	"time"

	"deskward/core"
)

// Variant is which of the vendor's ways an exchange takes.
type Variant string

// The variants. Their values are those of --variant.
const (
	Self     Variant = "self"     // an application of the tokens' owner
	External Variant = "external" // an application of many people, which the vendor's support confirms first
)

// Variants lists the variants.
func Variants() []Variant { return []Variant{Self, External} }

// Line is one old token, as a line of a list says and completed by Defaults.
type Line struct {
	Number    int // in the list, the first is 1
	Name      string
	Region    string
	OrgID     string
	ClientID  string
	Owner     string   // whose token it is: an address, "" where the list does not say
	Scopes    []string // wanted
	OldScopes []string // of the old token, as the vendor's form asks for them

	Token        core.Secret
	ClientSecret core.Secret
}

// Tokens are what an exchange gave.
type Tokens struct {
	Access, Refresh core.Secret
	Type            string
	Lifetime        time.Duration // of Access; 0: not said
	Scopes          []string      // as granted; nil: not said
}

// Pulse is what is known of an old token.
type Pulse int

// The pulses.
const (
	Unclear Pulse = iota // the vendor could not be asked
	Alive
	Dead
)

// Window is a limit: Most calls in any span of time of that length.
type Window struct {
	Most int           `json:"most"`
	Span time.Duration `json:"span_ns"`
}

// Limits are what a vendor is known to allow, or documented to do.
type Limits struct {
	// Windows are the default rate, for each client: below the vendor's figures.
	Windows []Window
	// Rest is how long a client is left alone that is told to wait, without
	// being told how long.
	Rest time.Duration
	// Grants is how many grants live at once, for a person and client; one more
	// ends the oldest. 0: no limit is known.
	Grants int
	// OldLife is how long an exchanged token still works.
	OldLife time.Duration
	// Wrong is how many tokens that the vendor calls wrong are sent for a
	// client in one run; many block it there.
	Wrong int
}

// Vendor does for one platform what a batch needs.
//
// The class of an error says what is known, as everywhere: Refused, the vendor
// said no; Unknown, it may have taken effect; any other, nothing was done.
type Vendor interface {
	Platform() core.PlatformID
	Limits() Limits
	// Check completes a line, and says what is wrong with it, without a call.
	// Its error has code tokenbatch.line.<why>, or one with a text of its own.
	Check(v Variant, l Line) (Line, error)
	// Pulse asks the vendor whether the old token works, which changes nothing.
	// Alive with an error: it works, and not for this line.
	Pulse(ctx context.Context, l Line) (Pulse, error)
	// Exchange makes the one call. It goes on when ctx ends once it has been
	// sent, within core.CallTime.
	Exchange(ctx context.Context, v Variant, l Line) (Tokens, error)
	// Connection is the connection that an exchange gave, without an id.
	Connection(l Line, t Tokens, now time.Time) core.Connection
	// Claim marks a stored connection of an old token, before the exchange, as
	// being exchanged for the connection of id into; its error refuses that.
	// Free takes the mark away: nothing was done, for the reason why (nil: none
	// that says something of the token), or all was.
	Claim(old *core.Connection, into string) error
	Free(old *core.Connection, why error)
	// Meaning says what an error of Exchange is about.
	Meaning(err error) Meaning
	// OldEnds is the code of the deadline of an exchanged token.
	OldEnds() string
}

// Meaning is what a refusal is about.
type Meaning int

// The meanings.
const (
	OfToken    Meaning = iota // this line alone
	OfClient                  // every line of this client: no other is tried in this run
	WrongToken                // the token is none; some of them block the client
	Doubtful                  // of the token or of the client: after some in a row no other is tried
	Busy                      // the vendor wants to be left alone; nothing was done
)

// State is where a row stands.
type State string

// The states. Texts: tokenbatch.state.<State>.
const (
	Waiting State = "waiting" // nothing was sent
	Begun   State = "begun"   // the call was begun by a session that is at work
	Done    State = "done"    // the connection is stored
	Refused State = "refused" // the vendor, or a check before, said no; nothing was done
	Failed  State = "failed"  // the call could not be made; nothing was done
	Unknown State = "unknown" // the call was begun, and nobody knows its end
	Lost    State = "lost"    // it took effect, and its answer is lost
	Held    State = "held"    // not called: it would end another grant
)

// States lists the states in the order in which they are told.
func States() []State {
	return []State{Done, Waiting, Begun, Failed, Refused, Held, Unknown, Lost}
}

// open reports whether a run has the row to do.
func (s State) open() bool { return s == Waiting || s == Failed }

// Row is one token of a batch, without its secrets.
type Row struct {
	Line      int      `json:"line"`
	Name      string   `json:"name"`
	Region    string   `json:"region,omitempty"`
	OrgID     string   `json:"org_id,omitempty"`
	ClientID  string   `json:"client_id"`
	Owner     string   `json:"owner,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	OldScopes []string `json:"authtoken_scopes,omitempty"`
	TokenEnd  string   `json:"token_end,omitempty"` // the old token's last four characters

	State  State             `json:"state"`
	Code   string            `json:"code,omitempty"` // why: an advice key
	Tried  string            `json:"tried,omitempty"`
	Params map[string]string `json:"params,omitempty"`

	Tries      int       `json:"tries,omitempty"` // calls that were begun
	BegunAt    time.Time `json:"begun_at,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	Connection string    `json:"connection,omitempty"` // id of what the exchange gave, or would have
	OldEnds    time.Time `json:"old_token_ends,omitzero"`
	AskedAt    time.Time `json:"asked_at,omitzero"` // when the vendor was last asked what became of it
	DeadAt     time.Time `json:"old_token_dead_at,omitzero"`

	Print  string `json:"-"` // tells equal tokens, without telling them
	Legacy string `json:"-"` // id of the stored connection of the old token, where there is one
	id     string
	rev    uint64
}

// Err is why the row is not done, as an error; nil where there is no reason.
func (r Row) Err() error {
	if r.Code == "" {
		return nil
	}
	class := core.Refused
	switch r.State {
	case Failed, Waiting:
		class = core.Failed
	case Unknown, Lost, Begun:
		class = core.Unknown
	case Held:
		class = core.Usage
	}
	return &core.Error{Tried: r.Tried, On: r.Name, Code: r.Code, Class: class, Params: r.Params}
}

// AskAgain is from when on asking tells for certain whether an unknown call
// took effect: an exchanged token is dead by then.
func (r Row) AskAgain() time.Time {
	if r.State != Unknown {
		return time.Time{}
	}
	return r.OldEnds.Add(askMargin)
}

// askMargin is how much later than promised a vendor may end a token.
const askMargin = time.Hour

// Batch is a list of tokens and how far it is.
type Batch struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"` // the file's
	Platform core.PlatformID `json:"platform"`
	Variant  Variant         `json:"variant"`
	By       string          `json:"by"`
	Made     time.Time       `json:"made"`
	// Confirmed is when the vendor's support confirmed the list, as the admin
	// said; External waits for it.
	Confirmed   time.Time `json:"confirmed,omitzero"`
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
	Reference   string    `json:"reference,omitempty"` // of the support's answer
	Rate        []Window  `json:"rate,omitempty"`      // the admin's own; nil: the vendor's
	RateOff     bool      `json:"rate_off,omitempty"`
	Rows        int       `json:"rows"`

	Counts map[State]int `json:"counts"`          // by state
	Dead   int           `json:"old_tokens_dead"` // proven
	Busy   string        `json:"worked_on_by,omitempty"`

	rev uint64
}

// Open is how many rows a run has to do.
func (b Batch) Open() int { return b.Counts[Waiting] + b.Counts[Failed] }

// WaitsForSupport reports whether nothing may be sent yet.
func (b Batch) WaitsForSupport() bool { return b.Variant == External && b.Confirmed.IsZero() }

// Service keeps and runs batches.
type Service struct {
	Store  core.Store
	Events *core.EventLog
	Clock  core.Clock
	Vendor Vendor

	// Lease is how long a session that says nothing any more counts as being at
	// work on its batch; 0: 10 seconds. All sessions have the same.
	Lease time.Duration
	// Wait waits in the clock's time while nothing is under way; nil: really.
	Wait func(ctx context.Context, d time.Duration) error
}
