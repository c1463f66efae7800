// Package webex is the platform of Webex Connect's e-mail assets: the form of
// one asset as a record, what is known of its health, and the Email asset API
// as far as it is described.
//
// An asset sends by OAuth 2.0 with a token that Webex Connect alone holds, and
// its form has no test for it. What deskward can prove is that the mailbox lets
// a client of the same kind in: by another connection (of Google, say), which
// the record names. What nobody outside of Webex Connect can see, such as
// whether its own token works or mail is forwarded, is what the admin said, with
// its date, or is said to be unknown.
//
// The Email asset API (developer.webex.com, "Email Digital Asset APIs") takes a
// personal access token and creates, reads and changes assets. Of it the host of
// each region, the path, the headers and status 401 are described; the body, the
// names of the scopes and the path of a single asset were in no source that could
// be read. So deskward asks it one thing only: whether it refuses the token.
package webex

import "deskward/core"

// ID is the platform's id.
const ID core.PlatformID = "webex"
