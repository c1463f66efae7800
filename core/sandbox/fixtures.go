package sandbox

// Fixtures are the accounts, clients and secrets that exist in the sandbox
// from the start: what a rehearsal types in.
type Fixtures struct {
	Zoho    ZohoFixtures    `json:"zoho"`
	OpenID  OpenIDFixtures  `json:"oauth2"`
	Xsolla  XsollaFixtures  `json:"xsolla"`
	Zendesk ZendeskFixtures `json:"zendesk"`
	Google  GoogleFixtures  `json:"google"`

	Salesforce SalesforceFixtures `json:"salesforce"`
	Webex      WebexFixtures      `json:"webex"`
}

// ZohoFixtures belong to the Zoho double. All clients and tokens belong to
// OwnerEmail unless their name says otherwise.
type ZohoFixtures struct {
	Region     string `json:"region"`
	OrgID      string `json:"org_id"`
	OrgName    string `json:"org_name"`
	OtherOrgID string `json:"other_org_id"` // a second portal of the same owner
	OwnerEmail string `json:"owner_email"`

	SelfClientID     string `json:"self_client_id"` // known in Region only
	SelfClientSecret string `json:"self_client_secret"`

	WebClientID     string   `json:"web_client_id"` // server-based, enabled in every data centre but China
	WebClientSecret string   `json:"web_client_secret"`
	Redirects       []string `json:"redirects"` // registered with the web client

	DeviceClientID     string `json:"device_client_id"`
	DeviceClientSecret string `json:"device_client_secret"`

	StrangerClientID     string `json:"stranger_client_id"` // a self client of somebody else
	StrangerClientSecret string `json:"stranger_client_secret"`

	Authtoken         string   `json:"authtoken"`          // legacy, of OrgID, never exchanged
	SpentAuthtoken    string   `json:"spent_authtoken"`    // exchanged an hour before the sandbox began
	ExternalAuthtoken string   `json:"external_authtoken"` // announced to support for the web client
	Scopes            []string `json:"scopes"`
}

// OpenIDFixtures belong to the standard OpenID provider.
type OpenIDFixtures struct {
	Issuer              string   `json:"issuer"`
	ClientID            string   `json:"client_id"`
	ClientSecret        string   `json:"client_secret"`
	PublicClientID      string   `json:"public_client_id"` // has no secret
	Redirects           []string `json:"redirects"`
	AccountEmail        string   `json:"account_email"`
	Scopes              []string `json:"scopes"`
	MachineClientID     string   `json:"machine_client_id"` // client credentials
	MachineClientSecret string   `json:"machine_client_secret"`
}

// XsollaFixtures belong to the double of Xsolla Login: two projects with the
// same users.
type XsollaFixtures struct {
	ProjectID    string   `json:"project_id"` // HS256
	Secret       string   `json:"secret"`
	RSAProjectID string   `json:"rsa_project_id"` // RS256, by its key list
	Callbacks    []string `json:"callbacks"`      // of ProjectID; the RS256 project has the first only

	Username string `json:"username"`
	Password string `json:"password"`
	Email    string `json:"email"`
	UserID   string `json:"user_id"`

	Provider           string `json:"provider"` // the one social network
	SocialAccount      string `json:"social_account"`
	SocialWithoutEmail string `json:"social_without_email"` // gives its e-mail only when fields=email asks

	ClientID           string   `json:"client_id"` // OAuth 2.0 client of ProjectID
	ClientSecret       string   `json:"client_secret"`
	PublicClientID     string   `json:"public_client_id"` // the same without a secret
	RSAClientID        string   `json:"rsa_client_id"`    // public client of RSAProjectID
	Redirects          []string `json:"redirects"`        // of all clients
	ServerClientID     string   `json:"server_client_id"` // client credentials
	ServerClientSecret string   `json:"server_client_secret"`
}

// SalesforceFixtures belong to the double of a Salesforce org.
type SalesforceFixtures struct {
	ClientID     string   `json:"client_id"` // External Client App: code, client credentials, JWT bearer
	ClientSecret string   `json:"client_secret"`
	PrivateKey   string   `json:"private_key"` // of the app's certificate, PEM
	Redirects    []string `json:"redirects"`
	Username     string   `json:"username"`
	Email        string   `json:"email"` // of the user: not the same text
	OrgID        string   `json:"org_id"`
	MyDomain     string   `json:"my_domain"`
	Instance     string   `json:"instance"`
	Mailbox      string   `json:"mailbox"` // of which Email-to-Case makes cases
}

// Fixtures returns what exists in the sandbox.
func (sb *Sandbox) Fixtures() Fixtures {
	return Fixtures{Zoho: sb.zoho.fix, OpenID: sb.openid.fix, Xsolla: sb.xsolla.fix, Zendesk: sb.zendesk.fix, Google: sb.google.fix, Salesforce: sb.salesforce.fix, Webex: sb.webex.fix}
}
