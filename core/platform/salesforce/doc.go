// Package salesforce is Salesforce: an org, its OAuth, and what of Email-to-Case
// can be read and proven from outside. It writes nothing into an org.
//
// What is odd about it, and where it is dealt with:
//
//   - An org signs in at login.salesforce.com, a sandbox at test.salesforce.com,
//     and either at its own My Domain; the API is called where the token answer
//     says (instance_url), once that is seen to be Salesforce's (host.go).
//   - Token answers say no lifetime: a session ends by the org's policy, and is
//     known by INVALID_SESSION_ID, upon which the token is renewed once (client.go).
//   - Refresh tokens may rotate, by a setting of the app, so a refresh is always
//     treated as one that does (oauth.go).
//   - A redirect host must be localhost, its port one of those registered.
//   - REST errs with a list of {errorCode, message}, OAuth by RFC 6749, the
//     Metadata API with a SOAP fault and status 500 (fault.go).
//   - CaseSettings is read by the Metadata API's readMetadata: that its
//     emailToCase block is there is documented; that the Tooling API has it, is
//     not (metadata.go).
package salesforce
