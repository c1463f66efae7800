package zoho

import (
	"time"

	"deskward/core"
)

// The inputs and outputs of the actions. A "connection" or "legacy" is the id
// (or the name) of a stored connection.

// LinkIn is the input of zoho.self_client_link.
type LinkIn struct {
	Region string `name:"region,optional"`
}

// LinkOut is the output of zoho.self_client_link.
type LinkOut struct {
	ConsoleURL  string `name:"console_url"`  // where the self client is made
	AccountsURL string `name:"accounts_url"` // whose sign-in page must show the auth token's owner
}

// LegacyIn names an auth token: one that is stored, by its connection, or one
// that was just typed, with its data centre and organization.
type LegacyIn struct {
	Legacy    string      `name:"legacy,optional"`
	Authtoken core.Secret `name:"authtoken,optional"`
	Region    string      `name:"region,optional"`
	OrgID     string      `name:"org_id,optional"`
}

// CheckAuthtokenOut is the output of zoho.check_authtoken.
type CheckAuthtokenOut struct {
	OrgID         string   `name:"org_id"`
	OrgName       string   `name:"org_name"`
	Organizations []string `name:"organizations"` // ids of all the token's organizations
	Region        string   `name:"region"`
	TokenEnd      string   `name:"token_end"` // its last four characters, to tell it from others
}

// OwnerIn is the input of zoho.owner. Code is optional: a code made in the
// self client's console for the scope AaaServer.profile.READ, which shows
// whose client it is.
type OwnerIn struct {
	Legacy       string      `name:"legacy,optional"`
	Authtoken    core.Secret `name:"authtoken,optional"`
	Region       string      `name:"region,optional"`
	OrgID        string      `name:"org_id,optional"`
	OwnerEmail   string      `name:"owner_email"` // who made the client, as the admin says
	ClientID     string      `name:"client_id,optional"`
	ClientSecret core.Secret `name:"client_secret,optional"`
	Code         core.Secret `name:"code,optional"`
}

// OwnerOut is the output of zoho.owner.
type OwnerOut struct {
	TokenOwner  string `name:"token_owner"`  // as Desk says, "" when it does not tell
	ClientOwner string `name:"client_owner"` // as Zoho says, "" without a code
	// Proven is "both", "token", "client" or "nothing": which owners Zoho
	// itself named. The rest is what the admin says.
	Proven string `name:"proven"`
}

// BeginIn is the input of zoho.begin_connection.
type BeginIn struct {
	Name         string      `name:"name"`
	Region       string      `name:"region,optional"`
	OrgID        string      `name:"org_id"`
	ClientID     string      `name:"client_id"`
	ClientSecret core.Secret `name:"client_secret"`
	Scopes       []string    `name:"scopes,optional"` // none: the least set
	OwnerEmail   string      `name:"owner_email,optional"`
	Legacy       string      `name:"legacy,optional"`    // the auth token's connection, when it is stored already
	Authtoken    core.Secret `name:"authtoken,optional"` // else the token itself, which is stored now
}

// BeginOut is the output of zoho.begin_connection.
type BeginOut struct {
	Connection string   `name:"connection"` // id of the new connection, without tokens yet
	Legacy     string   `name:"legacy"`     // id of the auth token's connection; "" when no auth token was named
	Scopes     []string `name:"scopes"`
}

// AuthToOAuthIn is the input of zoho.authtooauth.
type AuthToOAuthIn struct {
	Connection string `name:"connection"`
	Legacy     string `name:"legacy"`
	Variant    string `name:"variant,optional"` // "self" (default) or "external"
	// SendAs is "form" (default: the parameters travel in the body) or "query"
	// (in the URL, as Zoho's page prints it, and as proxies log it).
	SendAs string `name:"send_as,optional"`
}

// AuthToOAuthOut is the output of zoho.authtooauth.
type AuthToOAuthOut struct {
	Connection   string    `name:"connection"`
	ExchangedAt  time.Time `name:"exchanged_at"`
	OldTokenEnds time.Time `name:"old_token_ends"`
}

// CodeIn is the input of zoho.exchange_code.
type CodeIn struct {
	Connection string      `name:"connection"`
	Code       core.Secret `name:"code"`
}

// CodeOut is the output of zoho.exchange_code.
type CodeOut struct {
	Connection string    `name:"connection"`
	GrantedAt  time.Time `name:"granted_at"`
	Granted    []string  `name:"granted"`
}

// ProveIn is the input of zoho.prove_connection.
type ProveIn struct {
	Connection string `name:"connection"`
}

// ProveOut is the output of zoho.prove_connection.
type ProveOut struct {
	OrgID        string    `name:"org_id"`
	OrgName      string    `name:"org_name"`
	ScopesProven []string  `name:"scopes_proven"`
	ScopesUnsure []string  `name:"scopes_unsure"` // no call that changes nothing tells
	CreditsLeft  string    `name:"credits_left"`  // Desk's API credits left today, "" when it did not say
	CheckedAt    time.Time `name:"checked_at"`
}

// ServiceIn is the input of zoho.put_into_service.
type ServiceIn struct {
	Connection string `name:"connection"`
	Legacy     string `name:"legacy,optional"`
}

// ServiceOut is the output of zoho.put_into_service.
type ServiceOut struct {
	InService    time.Time `name:"in_service"`
	OldTokenEnds time.Time `name:"old_token_ends"` // none: nothing ends the old token by itself
}

// DeadIn is the input of zoho.prove_old_token_dead.
type DeadIn struct {
	Legacy string `name:"legacy"`
}

// DeadOut is the output of zoho.prove_old_token_dead.
type DeadOut struct {
	CheckedAt time.Time `name:"checked_at"`
	Answer    string    `name:"answer"` // what Desk answered to the old token
}
