package zendesk

import (
	"net/http"
	"slices"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

// The codes of Chat's token endpoint, which errs as RFC 6749 §5.2 says.
const (
	codeChatClient = "zendesk.chat-client"        // not a client of the Chat dashboard
	codeChatPublic = "zendesk.chat-client-public" // confidential clients only
)

// chatScope is what a lookup needs; Chat has no finer ones
// (support article 4408828740762: read, write, chat).
const chatScope = "read"

const chatRedirectHost = "localhost"

// chatOAuth says how consent and refresh work for a connection to Chat. Its
// clients are made in the Chat dashboard (Settings, Account, API), and
// Support's are unknown to it. The addresses are those of the subdomain; on
// zopim.com there were others.
//
// Redirect URLs must be https except for localhost; whether 127.0.0.1 may be
// registered no source says. Where the redirect URI is comes with the error, too,
// for a client must be registered before there is more to say.
func chatOAuth(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	here, _, err := chatHosts(c, e)
	if err != nil {
		return consent.Config{Platform: ID, RedirectHost: chatRedirectHost}, err
	}
	scopes := c.Scopes
	if len(scopes) == 0 {
		scopes = []string{chatScope}
	}
	return consent.Config{
		Platform: ID, AuthURL: here.base + "/oauth2/chat/authorizations/new", TokenURL: here.base + "/oauth2/chat/token",
		AuthStyle: oauth2.AuthStyleInParams, ClientID: c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret], Scopes: scopes,
		RedirectHost:   chatRedirectHost,
		PKCEUnverified: "no source says that Chat compares the challenge",
		RefreshRotates: true, // "seems to be one-time use": github.com/amp-labs/connectors providers/zendesk.go
		ErrorCode:      chatErrorCode,
		Hosts:          []string{hostOf(here.base)},
	}, nil
}

// chatErrorCode names what has a reason of its own at Chat.
func chatErrorCode(status int, code, _ string) string {
	switch {
	case status == http.StatusTooManyRequests:
		return codeThrottled
	case status >= http.StatusInternalServerError:
		return codeUnavailable
	case code == "invalid_client":
		return codeChatClient
	case code == "unauthorized_client":
		return codeChatPublic
	case slices.Contains([]string{
		"invalid_request", "invalid_grant", "unsupported_grant_type", "unsupported_response_type", "invalid_scope", "access_denied", "server_error", "temporarily_unavailable",
	}, code):
		return "oauth." + code // what RFC 6749 says of it holds here
	case code != "":
		return codeUnlisted
	}
	return codeNoCode
}
