// Package consent obtains and renews OAuth tokens for any OAuth 2.0 server:
// authorization code with PKCE by loopback, through an SSH tunnel or by
// pasting the answer back, device code, pasted code, client credentials, and
// refresh. It follows RFC 6749, 7636, 8252, 8628, 9207 and 9700, survives a
// restart between question and answer, and saves whatever a vendor gives only
// once before anyone uses it.
//
// ID tokens are neither kept nor read: who consented is asked at the vendor
// with the access token, by the platform's first check.
package consent
