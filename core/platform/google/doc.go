// Package google is the platform of Google's OAuth 2.0 for Gmail mailboxes: a
// person's consent with the admin's own client, or a service account that a
// Workspace lets act for a mailbox. What a credential can do is proved with the
// Gmail API.
//
// It reads the file that the Cloud console offers for a client and says what is
// wrong with it before a browser is opened (ParseFile, Lint): guides to systems
// that take the same file (Webex Connect, Salesforce) lint for those.
//
// Nothing is ever revoked: a revocation at Google ends what every client of the
// same Cloud project was granted, the live system's among them
// (https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke).
package google

import "deskward/core"

// ID is the platform's id.
const ID core.PlatformID = "google"

// MailScope is the one scope of SMTP, IMAP and POP; it includes the Gmail API.
const MailScope = "https://mail.google.com/"
