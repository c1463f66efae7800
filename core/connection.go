package core

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Grant says how a connection's credential was, or is to be, obtained.
type Grant string

// The grants. The values are those of the commands' --grant flag.
const (
	GrantCode              Grant = "code"               // authorization code with PKCE, RFC 6749 §4.1
	GrantPastedCode        Grant = "pasted-code"        // Zoho self client: a code made in the API console
	GrantDevice            Grant = "device"             // device authorization, RFC 8628 and Zoho's own form
	GrantClientCredentials Grant = "client-credentials" // RFC 6749 §4.4
	GrantServiceAccount    Grant = "service-account"    // JWT bearer, RFC 7523, by the key of an account that is nobody
	GrantJWTBearer         Grant = "jwt-bearer"         // JWT bearer, RFC 7523, by the certificate of the client
	GrantAPIToken          Grant = "api-token"
	GrantAppKey            Grant = "app-key"   // Zendesk Conversations API: a key id and its secret
	GrantAuthtoken         Grant = "authtoken" // Zoho's legacy auth token, given out until 2020-11-30
	GrantRecord            Grant = "record"    // no credential by which anything could be asked: what is set up elsewhere, written down
	GrantMigrated          Grant = "migrated"  // OAuth tokens that Zoho gave in exchange for an auth token
)

// Unattended reports whether a credential by this grant is renewed without a
// person and without a refresh token: what it is made of is stored.
func (g Grant) Unattended() bool {
	return g == GrantClientCredentials || g == GrantServiceAccount || g == GrantJWTBearer
}

// Connection is one stored credential for one account on one platform.
type Connection struct {
	ID       string     `json:"id"`
	Rev      uint64     `json:"-"` // revision it was read at
	Name     string     `json:"name"`
	Platform PlatformID `json:"platform"`
	Grant    Grant      `json:"grant"`

	Region   string            `json:"region,omitempty"`   // the platform's data centre or host family
	Issuer   string            `json:"issuer,omitempty"`   // authorization server, RFC 8414
	Account  string            `json:"account,omitempty"`  // the account at the vendor: an organization id, an address
	Expect   string            `json:"expect,omitempty"`   // the account the admin expects to consent
	Settings map[string]string `json:"settings,omitempty"` // what only this platform asks for, by Ask name

	ClientID      string    `json:"client_id,omitempty"`
	Scopes        []string  `json:"scopes,omitempty"`  // asked
	Granted       []string  `json:"granted,omitempty"` // granted, as far as the vendor says
	TokenType     string    `json:"token_type,omitempty"`
	AccessExpires time.Time `json:"access_expires,omitzero"`        // of the stored access token
	GrantedAt     time.Time `json:"granted_at,omitzero"`            // of the last consent or exchange
	EndsAt        time.Time `json:"ends_at,omitzero"`               // the credential as a whole stops working
	SecretEndsAt  time.Time `json:"client_secret_ends_at,omitzero"` // when the client secret ends at the vendor, as the admin said
	InService     time.Time `json:"in_service,omitzero"`            // since when systems use it, as the admin said
	ReplacedBy    string    `json:"replaced_by,omitempty"`          // id of the connection that took over

	// Refreshes are the times of recent refreshes, where the vendor limits
	// their number: those within its window.
	Refreshes []time.Time `json:"refreshes,omitempty"`

	// RefreshBegun is written before a refresh is sent and cleared when its
	// answer is saved. Still set and no live lease means that nobody knows
	// how the refresh ended.
	RefreshBegun time.Time `json:"refresh_begun,omitzero"`

	Check     Check     `json:"check,omitzero"` // the last one
	CreatedAt time.Time `json:"created_at,omitzero"`
	CreatedBy string    `json:"created_by,omitempty"`

	Secrets Secrets `json:"-"` // sealed beside the other fields; nil in a listing
}

// The settings that a listing knows, too.
const (
	SettingProduct = "product" // one of several products of a platform
	SettingHost    = "host"    // the one of several hosts that answered
)

// Check is the result of asking the vendor whether a credential works.
type Check struct {
	At    time.Time `json:"at,omitzero"`
	OK    bool      `json:"ok"`
	Code  string    `json:"code,omitempty"`  // why not: an advice key
	Tried string    `json:"tried,omitempty"` // what was refused, as in an Error, where it was not the check's own call: the refresh before it
	Calls []Call    `json:"calls,omitempty"` // what was asked
	// Params are the values of Code's texts, as in an Error.
	Params map[string]string `json:"params,omitempty"`
	Note   string            `json:"note,omitempty"` // what the vendor answered, cleaned: an organization's name, an address
}

// Refusal is the error that the last check of c stands for; nil when there was
// none or it was good.
func (c Connection) Refusal() error {
	if c.Check.OK || c.Check.Code == "" {
		return nil
	}
	return &Error{Tried: cmp.Or(c.Check.Tried, "check"), On: c.Name, Code: c.Check.Code, Class: Refused, Params: c.Check.Params}
}

// Summary is what a listing knows of a connection: no secret, decoded from
// the record's head.
type Summary struct {
	ID, Name      string
	Rev           uint64
	Platform      PlatformID
	Grant         Grant
	Region        string
	Account       string
	ReplacedBy    string
	Product       string // which product of the platform, where it has several: SettingProduct
	Host          string // at which of its hosts the product answered: SettingHost
	HasAccess     bool   // an access token is stored
	HasRefresh    bool   // a refresh token is stored
	HasCredential bool   // a token, key or auth token that works by itself is stored
	AccessExpires time.Time
	EndsAt        time.Time
	SecretEndsAt  time.Time // of the client secret
	RefreshBegun  time.Time
	CheckedAt     time.Time
	CheckOK       bool
	CheckCode     string
	GrantedAt     time.Time
}

// Health is a connection's state in one word.
type Health int

// The healths.
const (
	HealthUnknown Health = iota // never checked
	HealthGood
	HealthWaiting // consent not given yet
	HealthWarn    // works, but something will end or should be changed
	HealthBad     // does not work
)

// State is the verdict of a listing: a health, the key of its sentence
// (locale text state.<Code>) and the time the sentence speaks of.
type State struct {
	Health Health
	Code   string
	At     time.Time // zero when the sentence has no time
}

// endsSoon is how long before its end a credential is shown as a warning.
const endsSoon = 7 * 24 * time.Hour

// State judges the connection at the time now.
func (s Summary) State(now time.Time) State {
	noted := "" // the end of a record is what somebody noted, and it says so
	if s.Grant == GrantRecord {
		noted = "record-"
	}
	switch {
	case !s.Grant.Unattended() && s.Grant != GrantRecord && !s.HasAccess && !s.HasRefresh && !s.HasCredential:
		return State{HealthWaiting, "consent-missing", time.Time{}}
	case !s.EndsAt.IsZero() && !now.Before(s.EndsAt):
		return State{HealthBad, noted + "ended", s.EndsAt}
	case !s.CheckedAt.IsZero() && !s.CheckOK:
		return State{HealthBad, "refused", s.CheckedAt}
	case !s.RefreshBegun.IsZero() && now.Sub(s.RefreshBegun) > LeaseTime:
		return State{HealthWarn, "refresh-unknown", s.RefreshBegun}
	case !s.EndsAt.IsZero() && s.EndsAt.Sub(now) < endsSoon:
		return State{HealthWarn, noted + "ends", s.EndsAt}
	case !s.SecretEndsAt.IsZero() && !now.Before(s.SecretEndsAt):
		return State{HealthWarn, "secret-ended", s.SecretEndsAt}
	case !s.SecretEndsAt.IsZero() && s.SecretEndsAt.Sub(now) < endsSoon:
		return State{HealthWarn, "secret-ends", s.SecretEndsAt}
	case s.Grant == GrantAuthtoken:
		return State{HealthWarn, "legacy", time.Time{}}
	case s.HasRefresh || s.Grant.Unattended():
		if s.CheckedAt.IsZero() {
			return State{HealthUnknown, "unchecked", time.Time{}}
		}
		if now.Before(s.AccessExpires) {
			return State{HealthGood, "renews", s.AccessExpires}
		}
		return State{HealthGood, "renews-on-use", time.Time{}}
	case !s.AccessExpires.IsZero() && !now.Before(s.AccessExpires):
		return State{HealthBad, "expired", s.AccessExpires}
	case !s.AccessExpires.IsZero():
		return State{HealthWarn, "expires", s.AccessExpires}
	case s.Grant == GrantRecord && s.CheckedAt.IsZero():
		return State{HealthUnknown, "unproven", time.Time{}}
	case s.Grant == GrantRecord:
		return State{HealthGood, "proven", s.CheckedAt} // by another connection
	case s.CheckedAt.IsZero():
		return State{HealthUnknown, "unchecked", time.Time{}}
	}
	return State{HealthGood, "works", s.CheckedAt}
}

// Summary returns what a listing would show of c.
func (c Connection) Summary() Summary {
	has := func(name string) bool { return !c.Secrets[name].Empty() }
	return Summary{
		ID: c.ID, Name: c.Name, Rev: c.Rev, Platform: c.Platform, Grant: c.Grant, Region: c.Region, Account: c.Account,
		ReplacedBy: c.ReplacedBy, Product: c.Settings[SettingProduct], Host: c.Settings[SettingHost],
		HasAccess: has(SecretAccessToken), HasRefresh: has(SecretRefreshToken),
		HasCredential: has(SecretAuthtoken) || has(SecretAPIToken),
		AccessExpires: c.AccessExpires, EndsAt: c.EndsAt, SecretEndsAt: c.SecretEndsAt, RefreshBegun: c.RefreshBegun,
		CheckedAt: c.Check.At, CheckOK: c.Check.OK, CheckCode: c.Check.Code, GrantedAt: c.GrantedAt,
	}
}

func (s Summary) head() []byte {
	return NewHeadEncoder(1).
		String(s.Name).String(string(s.Platform)).String(string(s.Grant)).String(s.Region).String(s.Account).String(s.ReplacedBy).
		Bool(s.HasAccess).Bool(s.HasRefresh).Bool(s.HasCredential).
		Time(s.AccessExpires).Time(s.EndsAt).Time(s.RefreshBegun).Time(s.CheckedAt).Bool(s.CheckOK).String(s.CheckCode).Time(s.GrantedAt).
		String(s.Product).String(s.Host).Time(s.SecretEndsAt). // in records of before they are missing, which reads as "" and as no time
		Bytes()
}

func summaryOf(r Record) (Summary, error) {
	d := NewHeadDecoder(r.Head)
	s := Summary{
		ID: r.ID, Rev: r.Rev,
		Name: d.String(), Platform: PlatformID(d.String()), Grant: Grant(d.String()), Region: d.String(), Account: d.String(), ReplacedBy: d.String(),
		HasAccess: d.Bool(), HasRefresh: d.Bool(), HasCredential: d.Bool(),
		AccessExpires: d.Time(), EndsAt: d.Time(), RefreshBegun: d.Time(), CheckedAt: d.Time(), CheckOK: d.Bool(), CheckCode: d.String(), GrantedAt: d.Time(),
		Product: d.String(), Host: d.String(), SecretEndsAt: d.Time(),
	}
	return s, d.Err()
}

// PutConnection writes c, whose Rev is the one it was read at, and returns it
// with its new Rev. ErrConflict when somebody was faster. It is for use
// inside a transaction that writes more than the connection; Connections has
// the plain calls.
func PutConnection(w Writer, c Connection) (Connection, error) {
	b, err := EncodeBody(c, c.Secrets)
	if err != nil {
		return c, err
	}
	rev, err := w.Put(Record{Kind: KindConnection, ID: c.ID, Rev: c.Rev, Head: c.Summary().head(), Body: b})
	if err != nil {
		return c, err
	}
	c.Rev = rev
	return c, nil
}

// GetConnection reads a connection with its secrets, or ErrNotFound.
func GetConnection(r Reader, id string) (Connection, error) {
	rec, err := r.Get(KindConnection, id)
	if err != nil {
		return Connection{}, err
	}
	var c Connection
	secrets, err := DecodeBody(rec.Body, &c)
	if err != nil {
		return Connection{}, err
	}
	c.Rev, c.Secrets = rec.Rev, secrets
	return c, nil
}

// Connections keeps the admin's connections. Names are unique without regard
// to case.
type Connections struct {
	Store  Store
	Events *EventLog
}

// List returns all summaries sorted by name.
func (s *Connections) List(ctx context.Context) ([]Summary, error) {
	var out []Summary
	err := s.Store.View(ctx, func(r Reader) error {
		var err error
		out, err = Summaries(r)
		return err
	})
	return sortByName(out), err
}

// Summaries returns what a listing knows of all connections, in no order that
// means anything, within the caller's transaction.
func Summaries(r Reader) ([]Summary, error) {
	var out []Summary
	if n, err := r.Count(KindConnection); err == nil {
		out = make([]Summary, 0, n)
	}
	for rec, err := range r.Heads(KindConnection, ListOptions{}) {
		if err != nil {
			return out, err
		}
		sum, err := summaryOf(rec)
		if err != nil {
			return out, err
		}
		out = append(out, sum)
	}
	return out, nil
}

// sortByName sorts without regard to case. Each name is lowered once, and the
// order is found on small keys, not on the summaries: there may be ten
// thousand.
func sortByName(list []Summary) []Summary {
	type key struct {
		name string
		at   int
	}
	keys := make([]key, len(list))
	for i := range list {
		keys[i] = key{strings.ToLower(list[i].Name), i}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(list[a.at].ID, list[b.at].ID)
	})
	out := make([]Summary, len(list))
	for i, k := range keys {
		out[i] = list[k.at]
	}
	return out
}

// Get returns the connection with its secrets, or ErrNotFound.
func (s *Connections) Get(ctx context.Context, id string) (Connection, error) {
	var c Connection
	err := s.Store.View(ctx, func(r Reader) (err error) {
		c, err = GetConnection(r, id)
		return err
	})
	return c, err
}

// ByName returns the connection of that name (or, failing that, of that id)
// with its secrets, or ErrNotFound naming it.
func (s *Connections) ByName(ctx context.Context, name string) (Connection, error) {
	var c Connection
	err := s.Store.View(ctx, func(r Reader) error {
		id, err := findName(r, name)
		if err != nil {
			return err
		}
		if id == "" {
			id = name
		}
		if !isKey(id) { // a name with blanks, say, that no connection has
			return ErrNotFound
		}
		c, err = GetConnection(r, id)
		return err
	})
	if err != nil && CodeOf(err) == ErrNotFound.Code {
		err = &Error{Tried: "find-connection", On: name, Code: "connection.not-found", Class: Usage, Err: err}
	}
	return c, err
}

func findName(r Reader, name string) (id string, err error) {
	for rec, err := range r.Heads(KindConnection, ListOptions{}) {
		if err != nil {
			return "", err
		}
		if strings.EqualFold(NewHeadDecoder(rec.Head).String(), name) {
			return rec.ID, nil
		}
	}
	return "", nil
}

// ConnectionNames returns the ids of all connections by their names in lower
// case, for whoever adds many in one transaction.
func ConnectionNames(r Reader) (map[string]string, error) {
	out := map[string]string{}
	for rec, err := range r.Heads(KindConnection, ListOptions{}) {
		if err != nil {
			return nil, err
		}
		out[strings.ToLower(NewHeadDecoder(rec.Head).String())] = rec.ID
	}
	return out, nil
}

// Add stores a new connection under a fresh id and records the event. It
// fails with code connection.name-taken when the name is in use.
func (s *Connections) Add(ctx context.Context, c Connection) (Connection, error) {
	c.ID, c.Rev, c.Name = NewID(), 0, strings.TrimSpace(CleanLine(c.Name))
	c.CreatedAt, c.CreatedBy = s.Events.Clock.Now(), s.Events.Actor.String()
	err := s.Store.Update(ctx, func(w Writer) error {
		if err := nameFree(w, c.Name, ""); err != nil {
			return err
		}
		var err error
		c.Rev = 0
		if c, err = PutConnection(w, c); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbAdded, Subject: c.Subject()})
	})
	return c, err
}

func nameFree(r Reader, name, self string) error {
	if name == "" {
		return &Error{Tried: "name-connection", Code: "connection.name-empty", Class: Usage}
	}
	id, err := findName(r, name)
	if err != nil {
		return err
	}
	if id != "" && id != self {
		return &Error{Tried: "name-connection", On: name, Code: "connection.name-taken", Class: Usage, Err: ErrExists}
	}
	return nil
}

// Change reads the connection afresh, lets fn change it, writes it and
// records ev (whose Subject is filled in) in one transaction: it cannot
// conflict. The id, name and revision are kept as they are.
func (s *Connections) Change(ctx context.Context, id string, ev Event, fn func(*Connection) error) (Connection, error) {
	var c Connection
	err := s.Store.Update(ctx, func(w Writer) error {
		var err error
		if c, err = GetConnection(w, id); err != nil {
			return err
		}
		name, rev := c.Name, c.Rev
		if err := fn(&c); err != nil {
			return err
		}
		c.ID, c.Name, c.Rev = id, name, rev
		if c, err = PutConnection(w, c); err != nil {
			return err
		}
		ev.Subject = c.Subject()
		return s.Events.Append(w, ev)
	})
	return c, err
}

// Rename gives the connection, read at revision rev, a new name. ErrConflict
// when somebody changed it since.
func (s *Connections) Rename(ctx context.Context, id string, rev uint64, name string) (Connection, error) {
	var c Connection
	name = strings.TrimSpace(CleanLine(name))
	err := s.Store.Update(ctx, func(w Writer) error {
		var err error
		if c, err = GetConnection(w, id); err != nil {
			return err
		}
		if err := nameFree(w, name, id); err != nil {
			return err
		}
		old := c.Name
		c.Name, c.Rev = name, rev
		if c, err = PutConnection(w, c); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbRenamed, Subject: c.Subject(), Detail: map[string]string{"from": old}})
	})
	return c, err
}

// Remove deletes the connection read at revision rev with its deadlines, and
// then erases what was deleted where the store can. It does not revoke anything at the vendor.
func (s *Connections) Remove(ctx context.Context, id string, rev uint64) error {
	err := s.Store.Update(ctx, func(w Writer) error {
		c, err := GetConnection(w, id)
		if err != nil {
			return err
		}
		if err := w.Delete(KindConnection, id, rev); err != nil {
			return err
		}
		if err := deleteDeadlines(w, id); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbRemoved, Subject: c.Subject()})
	})
	if err != nil {
		return err
	}
	if e, ok := s.Store.(Eraser); ok {
		return e.Compact(ctx)
	}
	return nil
}

// Subject names the connection in an event.
func (c Connection) Subject() Subject { return Subject{Kind: KindConnection, ID: c.ID, Name: c.Name} }

// Clone returns a copy that shares no map or slice with c.
func (c Connection) Clone() Connection {
	c.Settings, c.Secrets = maps.Clone(c.Settings), maps.Clone(c.Secrets)
	c.Scopes, c.Granted = slices.Clone(c.Scopes), slices.Clone(c.Granted)
	c.Check.Calls, c.Check.Params = slices.Clone(c.Check.Calls), maps.Clone(c.Check.Params)
	return c
}
