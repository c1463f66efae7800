// Package zoho is Zoho Desk behind Zoho's OAuth: its data centres, the
// oddities of its accounts server, a client of the Desk API, and the actions
// that move a legacy auth token to OAuth.
//
// What is odd about it, and where it is dealt with:
//
//   - Every data centre has its own accounts host, Desk host, clients and
//     tokens; an authorization answer names the one to go on with (region.go).
//   - The token endpoint answers errors with status 200, and gives lifetimes
//     in milliseconds when it also gives expires_in_sec (oauth.go).
//   - Desk tells its errors apart by errorCode, not by status (fault.go).
//   - authtooauth, which trades an auth token for OAuth tokens, works once and
//     ends the auth token a day later (exchange.go).
//
// Sources: https://www.zoho.com/accounts/protocol/oauth.html and
// https://desk.zoho.com/DeskAPIDocument. What they leave open is marked
// "unverified" where it is used.
package zoho
