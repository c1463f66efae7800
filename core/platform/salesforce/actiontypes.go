package salesforce

import (
	"time"

	"deskward/core"
)

// The inputs and outputs of the actions. A "connection" is the name, or the id,
// of a stored connection to an org.

// OrgIn is the input of salesforce.org: a connection that is stored, or what
// makes one of that name by client credentials.
type OrgIn struct {
	Connection   string      `name:"connection"`
	Region       string      `name:"region,optional"`
	Domain       string      `name:"my_domain,optional"`
	ClientID     string      `name:"client_id,optional"`
	ClientSecret core.Secret `name:"client_secret,optional"`
}

// OrgOut is the output of salesforce.org.
type OrgOut struct {
	Connection    string    `name:"connection"`
	Name          string    `name:"name"`
	Username      string    `name:"username"` // "": the scopes do not let Salesforce say it
	Instance      string    `name:"instance"`
	EmailToCase   string    `name:"email_to_case_url"` // the pages of Setup
	EmailServices string    `name:"email_services_url"`
	OrgWide       string    `name:"org_wide_url"`
	Remaining     int       `name:"remaining"` // API calls that the org has left today
	CheckedAt     time.Time `name:"checked_at"`
}

// MailboxIn is the input of the checks of Email-to-Case.
type MailboxIn struct {
	Connection string `name:"connection"`
	Mailbox    string `name:"mailbox"`         // the address customers write to
	Sender     string `name:"sender,optional"` // from where a test mail will come
}

// MailboxOut is their output.
type MailboxOut struct {
	Mailbox         string    `name:"mailbox"`
	Type            string    `name:"type"`             // of the routing address; "": there is none yet
	ServicesAddress string    `name:"services_address"` // to which the mailbox forwards
	Routes          int       `name:"routes"`           // routing addresses that the org has
	ExternalService bool      `name:"external_service"`
	Warnings        []string  `name:"warnings"` // codes
	CheckedAt       time.Time `name:"checked_at"`
}

// NonceIn is the input of salesforce.new_nonce.
type NonceIn struct {
	Words string `name:"words,optional"` // what the subject says besides
}

// NonceOut is the output of salesforce.new_nonce.
type NonceOut struct {
	Nonce   string    `name:"nonce"`
	Subject string    `name:"subject"`
	At      time.Time `name:"at"`
}

// CaseIn is the input of salesforce.case_arrived.
type CaseIn struct {
	Connection string `name:"connection"`
	Nonce      string `name:"nonce"`            // stands in the mail's subject
	Seconds    int    `name:"seconds,optional"` // how long to wait: 90 where not said, 900 at most
}

// CaseOut is the output of salesforce.case_arrived.
type CaseOut struct {
	CaseNumber string    `name:"case_number"`
	CaseID     string    `name:"case_id"`
	URL        string    `name:"url"`
	Origin     string    `name:"origin"`
	From       string    `name:"from"`
	To         string    `name:"to"`
	Message    string    `name:"message_id"`
	Seconds    int       `name:"seconds"` // how long it was waited for
	CheckedAt  time.Time `name:"checked_at"`
}
