package zendesk

import (
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

// supportScopes are what a lookup needs at least. Whether tickets:read is
// enough for a ticket's audits no source says: a call that is refused for it
// is told.
func supportScopes() []string { return []string{"tickets:read", "users:read"} }

// scopesOf are the scopes that are asked for.
func scopesOf(c core.Connection) []string {
	if len(c.Scopes) == 0 {
		return supportScopes()
	}
	return c.Scopes
}

// supportLife is how long an access token of Support is asked to live. Zendesk
// takes more than 300 and less than 172,800 seconds. That a life is asked for
// at all is for clients of before 2026-04-30: without it they get tokens that
// have no end and no refresh token, which end with all others of their kind
// (refreshNeeded).
const supportLife = time.Hour

// supportOAuth says how consent and refresh work for a connection to Support.
// Its clients are made in the Admin Center (Apps and integrations, APIs, OAuth
// clients). One without a secret is public and must use PKCE. A code lives 120
// seconds; a refresh ends both old tokens at once (developer.zendesk.com,
// documentation/api-basics/authentication; support article 9182123625370).
func supportOAuth(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	base, err := supportBase(c, e)
	if err != nil {
		return consent.Config{Platform: ID}, err
	}
	return consent.Config{
		Platform: ID, AuthURL: base + "/oauth/authorizations/new", TokenURL: base + "/oauth/tokens",
		AuthStyle: oauth2.AuthStyleInParams, JSONBody: true, AskLife: supportLife,
		ClientID: c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret], Scopes: scopesOf(c),
		RefreshRotates: true, ErrorCode: supportErrorCode, Hosts: []string{hostOf(base)},
	}, nil
}

// supportErrorCode names what has a reason of its own at Support's token
// endpoint, which errs as RFC 6749 §5.2 says.
func supportErrorCode(status int, code, description string) string {
	switch code {
	case "invalid_client":
		return codeSupportClient
	case "unauthorized_client":
		return codeSupportPublic
	case "invalid_scope":
		return codeSupportScopes
	}
	if status == http.StatusNotFound && code == "" {
		return codeNotAPI // the subdomain is nobody's
	}
	return chatErrorCode(status, code, description)
}

// supportBase is https://{subdomain}.zendesk.com. It refuses a subdomain that
// is none: it would name another's host, to which the credential would be sent.
func supportBase(c core.Connection, e transport.Endpoints) (string, error) {
	account, err := core.KeyMessaging.CheckAccount(c.Account)
	if err != nil || account == "" {
		return "", &core.Error{Tried: "configure", On: c.Name, Code: "zendesk.no-subdomain", Class: core.Usage}
	}
	return e.Resolve(ID, endpointSupport, "", "https://"+account+".zendesk.com"), nil
}
