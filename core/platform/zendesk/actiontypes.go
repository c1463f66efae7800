package zendesk

import (
	"time"

	"deskward/core"
)

// The inputs and outputs of the actions. A "key" is the id, name or key id of a
// kept signing key.

// AdminIn is the input of zendesk.admin_center.
type AdminIn struct {
	Account string `name:"account,optional"`
}

// AdminOut is the output of zendesk.admin_center.
type AdminOut struct {
	Account string `name:"account"` // as it is kept
	URL     string `name:"url"`     // "": the account is not known
	Kept    int    `name:"kept"`    // messaging keys of the account that are kept
}

// AddKeyIn is the input of zendesk.add_key.
type AddKeyIn struct {
	Name    string      `name:"name"`
	Account string      `name:"account"`
	Brand   string      `name:"brand,optional"`
	KID     string      `name:"kid"`
	Secret  core.Secret `name:"secret"`
	Begins  string      `name:"begins,optional"` // the six characters that the Admin Center lists
}

// AddKeyOut is the output of zendesk.add_key.
type AddKeyOut struct {
	Key    string `name:"key"`
	Name   string `name:"name"` // another than was asked for where the key was kept before
	KID    string `name:"kid"`
	Begins string `name:"begins"`
	Kept   int    `name:"kept"` // messaging keys of the account that are kept
}

// DeployIn is the input of zendesk.note_deployed.
type DeployIn struct {
	Key   string `name:"key,optional"` // none: an old key that is not kept
	Where string `name:"where"`
}

// DeployOut is the output of zendesk.note_deployed.
type DeployOut struct {
	Where string `name:"where"`
	Count int    `name:"count"` // places noted so far
}

// MintIn is the input of zendesk.mint_test.
type MintIn struct {
	Key        string `name:"key"`
	ExternalID string `name:"external_id"`
	Name       string `name:"name,optional"`
	Email      string `name:"email,optional"`
	Verified   bool   `name:"email_verified,optional"`
}

// MintOut is the output of zendesk.mint_test.
type MintOut struct {
	Token      core.Secret `name:"token"`
	ExternalID string      `name:"external_id"`
	ExpiresAt  time.Time   `name:"expires_at"`
}

// InspectIn is the input of zendesk.inspect_token.
type InspectIn struct {
	Key   string      `name:"key"`
	Token core.Secret `name:"token"`
}

// InspectOut is the output of zendesk.inspect_token.
type InspectOut struct {
	KeyName    string    `name:"key_name"` // whose secret signed the token
	ExternalID string    `name:"external_id"`
	ExpiresAt  time.Time `name:"expires_at"` // none: it has no exp
	Passed     int       `name:"passed"`     // rules that the token keeps
	Unsure     int       `name:"unsure"`     // what Zendesk does not document
	Doubts     []string  `name:"doubts"`     // the codes of that
	CheckedAt  time.Time `name:"checked_at"`
}

// EmailIn is the input of zendesk.check_email. Without a connection and without
// a key of the Conversations API nobody is asked.
type EmailIn struct {
	ExternalID string      `name:"external_id"`
	Email      string      `name:"email,optional"`
	Connection string      `name:"connection,optional"`
	Account    string      `name:"account,optional"`
	AppID      string      `name:"app_id,optional"`
	KeyID      string      `name:"key_id,optional"`
	KeySecret  core.Secret `name:"key_secret,optional"`
}

// EmailOut is the output of zendesk.check_email.
type EmailOut struct {
	AskedAt time.Time `name:"asked_at"` // none: nobody was asked
	Owner   string    `name:"owner"`    // external id of who has the address; "": nobody
}

// SignInIn is the input of zendesk.prove_sign_in. Without a connection and
// without a key of the Conversations API it goes by the admin's word.
type SignInIn struct {
	ExternalID string      `name:"external_id"`
	Seen       string      `name:"seen,optional"`       // "yes": the admin saw the check mark
	Connection string      `name:"connection,optional"` // to the Conversations API, by name
	Account    string      `name:"account,optional"`    // or all of these four
	AppID      string      `name:"app_id,optional"`
	KeyID      string      `name:"key_id,optional"`
	KeySecret  core.Secret `name:"key_secret,optional"`
}

// SignInOut is the output of zendesk.prove_sign_in.
type SignInOut struct {
	By        string    `name:"by"` // "api" or "admin"
	UserID    string    `name:"user_id"`
	SupportID string    `name:"support_id"`
	CheckedAt time.Time `name:"checked_at"`
}

// OldKeyIn is the input of zendesk.old_key: a key that is kept, or what makes
// one.
type OldKeyIn struct {
	Key     string      `name:"key"` // name or key id
	Account string      `name:"account,optional"`
	KID     string      `name:"kid,optional"`
	Secret  core.Secret `name:"secret,optional"`
}

// OldKeyOut is the output of zendesk.old_key.
type OldKeyOut struct {
	Key     string `name:"key"` // "": it is not kept
	Name    string `name:"name"`
	Account string `name:"account"`
	KID     string `name:"kid"`
	Kept    int    `name:"kept"` // messaging keys of the account that are kept
}

// KeyIn is the input of zendesk.retire_key.
type KeyIn struct {
	Key     string `name:"key,optional"` // none: it is not kept
	KID     string `name:"kid,optional"`
	Deleted string `name:"deleted,optional"` // id of the key that the admin deleted, to be compared
}

// WaitIn is the input of zendesk.longest_life.
type WaitIn struct {
	Life string `name:"life"` // a duration: 1h, 24h
}

// WaitOut is the output of zendesk.longest_life.
type WaitOut struct {
	Until time.Time `name:"until"`
}

// NobodyIn is the input of zendesk.prove_new_key.
type NobodyIn struct {
	NewKey string      `name:"new_key"`
	OldKey string      `name:"old_key,optional"` // none: it is not kept
	OldKID string      `name:"old_kid,optional"`
	Places int         `name:"places,optional"` // how many there are
	Tokens core.Secret `name:"tokens"`          // one a line, of every place
}

// NobodyOut is the output of zendesk.prove_new_key.
type NobodyOut struct {
	Tokens    int       `name:"tokens"`
	CheckedAt time.Time `name:"checked_at"`
}

// RetireOut is the output of zendesk.retire_key.
type RetireOut struct {
	Name      string    `name:"name"`
	RetiredAt time.Time `name:"retired_at"`
}
