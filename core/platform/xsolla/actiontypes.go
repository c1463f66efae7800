package xsolla

import (
	"time"

	"deskward/core"
)

// The inputs and outputs of the actions. A "key", "login_key" or "chat_key" is
// the id (or the name) of a kept signing key.

// AddLoginKeyIn is the input of xsolla.add_login_key.
type AddLoginKeyIn struct {
	Name      string      `name:"name"`
	ProjectID string      `name:"project_id"`
	Alg       string      `name:"alg"`             // HS256 or RS256, as the Publisher Account shows it
	Secret    core.Secret `name:"secret,optional"` // HS256
}

// AddLoginKeyOut is the output of xsolla.add_login_key.
type AddLoginKeyOut struct {
	Key       string   `name:"key"`
	Name      string   `name:"name"` // another than was asked for where the key was kept before
	ProjectID string   `name:"project_id"`
	Alg       string   `name:"alg"`
	KIDs      []string `name:"kids"` // RS256: ids of the public keys
}

// AddChatKeyIn is the input of xsolla.add_chat_key.
type AddChatKeyIn struct {
	Name    string      `name:"name"`
	Account string      `name:"account"` // subdomain
	Secret  core.Secret `name:"secret"`
}

// AddChatKeyOut is the output of xsolla.add_chat_key.
type AddChatKeyOut struct {
	Key     string `name:"key"`
	Name    string `name:"name"` // as above
	Account string `name:"account"`
}

// KeyIn is the input of xsolla.fetch_keys.
type KeyIn struct {
	Key string `name:"key"`
}

// FetchKeysOut is the output of xsolla.fetch_keys.
type FetchKeysOut struct {
	Key       string    `name:"key"`
	KIDs      []string  `name:"kids"`
	FetchedAt time.Time `name:"fetched_at"`
}

// PasswordIn is the input of xsolla.password_sign_in.
type PasswordIn struct {
	Key          string      `name:"key"` // whose project the user signs in to
	Variant      Variant     `name:"variant"`
	Callback     string      `name:"callback,optional"`
	ClientID     string      `name:"client_id,optional"`
	ClientSecret core.Secret `name:"client_secret,optional"`
	Username     string      `name:"username,optional"`
	Password     core.Secret `name:"password,optional"`
}

// TokenOut is the output of xsolla.password_sign_in and xsolla.take_answer.
type TokenOut struct {
	Token      core.Secret `name:"token"`
	SignedInAt time.Time   `name:"signed_in_at"`
}

// SocialIn is the input of xsolla.social_link.
type SocialIn struct {
	Key      string  `name:"key"`
	Variant  Variant `name:"variant"`
	Callback string  `name:"callback,optional"`
	ClientID string  `name:"client_id,optional"`
	Provider string  `name:"provider"`
}

// SocialOut is the output of xsolla.social_link.
type SocialOut struct {
	Link  string    `name:"link"`
	State string    `name:"state"` // "" in the JWT variant, which has none
	Until time.Time `name:"until"`
}

// AnswerIn is the input of xsolla.take_answer.
type AnswerIn struct {
	Key          string      `name:"key"`
	Variant      Variant     `name:"variant"`
	Answer       core.Secret `name:"answer"` // the address that the browser ended at
	State        string      `name:"state,optional"`
	Callback     string      `name:"callback,optional"`
	ClientID     string      `name:"client_id,optional"`
	ClientSecret core.Secret `name:"client_secret,optional"`
}

// ValidateIn is the input of xsolla.validate_token.
type ValidateIn struct {
	Key   string      `name:"key"`
	Token core.Secret `name:"token"`
}

// ValidateOut is the output of xsolla.validate_token.
type ValidateOut struct {
	CheckedAt time.Time `name:"checked_at"`
}

// VerifyOut is the output of xsolla.verify_token.
type VerifyOut struct {
	UserID    string    `name:"user_id"`
	Email     string    `name:"email"` // "": the token has none
	Username  string    `name:"username"`
	Provider  string    `name:"provider"`
	ExpiresAt time.Time `name:"expires_at"`
}

// ChatTokenIn is the input of xsolla.chat_token.
type ChatTokenIn struct {
	LoginKey string      `name:"login_key"`
	ChatKey  string      `name:"chat_key"`
	Token    core.Secret `name:"token"` // of the user, from Xsolla Login
}

// ChatTokenOut is the output of xsolla.chat_token.
type ChatTokenOut struct {
	ChatToken  core.Secret `name:"chat_token"`
	ExternalID string      `name:"external_id"`
	Email      string      `name:"email"`
	ExpiresAt  time.Time   `name:"expires_at"`
}

// ProveChatIn is the input of xsolla.prove_chat_token.
type ProveChatIn struct {
	ChatKey   string      `name:"chat_key"`
	ChatToken core.Secret `name:"chat_token"`
}

// ProveChatOut is the output of xsolla.prove_chat_token.
type ProveChatOut struct {
	Passed    int       `name:"passed"` // rules that the token keeps
	Unsure    int       `name:"unsure"` // rules that Zendesk does not document
	CheckedAt time.Time `name:"checked_at"`
}
