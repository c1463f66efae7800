package consent

import (
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
)

// Config is what a platform says about its authorization server for one
// connection. Every oddity of a vendor is a named field here, so the flow
// itself knows no vendor.
type Config struct {
	Platform core.PlatformID
	Issuer   string // RFC 8414 issuer; "" when the vendor publishes none
	// IssRequired: the server announces authorization_response_iss_parameter_supported
	// (RFC 9207), so an answer without iss is refused.
	IssRequired bool

	AuthURL   string
	TokenURL  string
	RevokeURL string // "" when there is none
	AuthStyle oauth2.AuthStyle

	// JSONBody: the token endpoint wants its parameters as a JSON object, where
	// RFC 6749 §4.1.3 has a form (Zendesk).
	JSONBody bool
	// AskLife is how long an access token shall live, which is asked for as
	// expires_in with each token request. The RFC has no such parameter. 0: it
	// lives as long as the vendor likes.
	AskLife time.Duration

	ClientID     string
	ClientSecret core.Secret
	Scopes       []string
	// ScopeSeparator is " " (RFC 6749 §3.3) unless the vendor wants another.
	ScopeSeparator string
	AuthParams     url.Values // added to the authorization request, for example access_type=offline

	// NoPKCE: the vendor is known to refuse code_challenge. Empty for
	// everyone else; otherwise the reason, for the reader of this code.
	NoPKCE string

	// PKCEUnverified: the challenge is sent, but nothing says that the vendor
	// compares it, so a pasted code without its state proves nothing. Empty
	// where the vendor is known to; otherwise the reason, for the reader of
	// this code.
	PKCEUnverified string

	// RedirectPath is the path of the redirect URI: "" is /callback/<Platform>,
	// which is better where it can be chosen. A client registered for another
	// one names it here.
	RedirectPath string
	// RedirectHost is "127.0.0.1" (RFC 8252 §7.3) unless the vendor accepts
	// "localhost" only.
	RedirectHost string
	// AnyRedirect: the client takes any redirect URI of this machine, RFC 8252
	// §7.3, so none need be registered.
	AnyRedirect bool
	// Ports are the ports whose redirect URIs are registered with the vendor,
	// in the order in which they are tried.
	Ports []int

	// TokenURLFor returns the token endpoint named by the answer's parameters
	// (Zoho's accounts-server), or an error when that host may not be trusted.
	// nil: TokenURL whatever the answer says.
	TokenURLFor func(answer url.Values) (tokenURL string, region string, err error)

	// Lifetime reads how long an access token lives from the token answer;
	// nil: expires_in is seconds (RFC 6749 §5.1).
	Lifetime func(tok *oauth2.Token) time.Duration

	// TokenTypes are the token types that are taken besides Bearer (RFC 6750):
	// what a vendor calls its bearer tokens. Any other wants proofs that
	// deskward does not make, RFC 6749 §7.1. Not saying one is saying Bearer.
	TokenTypes []string

	// RefreshRotates: a refresh gives a new refresh token and ends the old one,
	// so it is never repeated when its answer was lost.
	RefreshRotates bool

	// RefreshLimit: the vendor refuses more than so many refreshes in the
	// window. 0: not known.
	RefreshLimit  int
	RefreshWindow time.Duration

	// GrantLife is how long a consent lasts where the vendor does not say it in
	// its answer and the admin said what it depends on (an app of Google's in
	// testing). 0: not known, or without end.
	GrantLife time.Duration

	// RefreshCause names the probable cause of a refused refresh by what is
	// known of the connection at the time: it returns the advice key to take
	// the place of key, or "" to leave it. nil: the refusal says all there is.
	RefreshCause func(key string, now time.Time) string

	// ErrorDetail is a further member of error answers that says more than the
	// code (Google's error_subtype). Where it is there, ErrorCode gets the
	// code, a slash and its value.
	ErrorDetail string

	// Assertion signs what asks for an access token without a person (RFC
	// 7523); nil: the platform has no such grant.
	Assertion func(now time.Time) (core.Secret, error)

	// ErrorCode maps an OAuth error answer to an advice key ("zoho.invalid_code").
	// Status 0 is an error that came with the authorization answer (RFC 6749
	// §4.1.2.1); code may be "". A result of "", and nil, mean "oauth." and the
	// error code.
	ErrorCode func(status int, code, description string) string

	// ReadError reads an error answer that has the vendor's own form; code is
	// "" for one that has not. nil: all are of RFC 6749 §5.2.
	ReadError func(body []byte) (code, description string)

	Device *Device // nil: no device grant

	// Remember returns what a token answer teaches about the connection, as
	// settings that are saved together with the tokens: Salesforce's
	// instance_url. A setting of "" is removed. What may not be trusted is left
	// out here. nil: nothing.
	Remember func(tok *oauth2.Token) map[string]string

	// TokenParams are added to the client credentials request (Zoho's soid).
	TokenParams url.Values

	// Hosts are all hosts (host or host:port) to which this connection's
	// credentials may be sent.
	Hosts []string
}

// Device describes a device grant. Zero names mean those of RFC 8628.
type Device struct {
	CodeURL    string
	TokenURL   string
	CodeParams url.Values // added to the first request
	// CodeWithoutSecret: the first request names the client and carries no
	// secret, though the client has one.
	CodeWithoutSecret bool
	// Lifetime is how long a device code lives; 0: as the server's expires_in
	// says, in seconds.
	Lifetime  time.Duration
	GrantType string        // of the poll; "": urn:ietf:params:oauth:grant-type:device_code
	CodeName  string        // parameter that carries the device code; "": device_code
	Interval  time.Duration // least time between two polls; 0: as the server says, or 5 s
	// Elsewhere returns the endpoint to go on polling at when the server says
	// that the person belongs to another data centre. nil: it does not happen.
	Elsewhere func(answer map[string]any) (tokenURL, region string, ok bool)
	// Pending maps the server's error codes to the four of RFC 8628 §3.5; nil: they are those.
	Pending map[string]string
}
