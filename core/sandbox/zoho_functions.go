package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"deskward/core"
	"deskward/core/deluge"
)

// ZohoConnectionLink is the connection of the rehearsal's functions that Zoho
// marks "Expiring Soon".
const ZohoConnectionLink = "deskoperation"

// zohoConnections is Zoho Desk's page of connections, and the editor in which
// functions run. It is a page and no API (facts/zoho.md §4.7), so a rehearsal
// acts on it by these methods, as an admin does with a mouse.
type zohoConnections struct {
	mu     sync.Mutex
	folder string // of the exported functions, made when asked for
	known  map[string]*zohoConnection
}

type zohoConnection struct {
	scopes    []string
	connected bool
	legacy    bool // uses an auth token: marked "Expiring Soon"
}

func newZohoConnections() *zohoConnections {
	return &zohoConnections{known: map[string]*zohoConnection{ZohoConnectionLink: {connected: true, legacy: true}}}
}

// Close takes the exported functions away.
func (c *zohoConnections) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folder == "" {
		return nil
	}
	return os.RemoveAll(c.folder)
}

// ZohoFunctions returns a folder with the functions of the rehearsal's portal,
// exported. It is gone with the sandbox.
func (sb *Sandbox) ZohoFunctions() (string, error) {
	c := sb.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folder != "" {
		return c.folder, nil
	}
	dir, err := os.MkdirTemp("", "deskward-functions-")
	if err != nil {
		return "", fmt.Errorf("make the rehearsal's functions: %w", err)
	}
	c.folder = dir
	files := zohoFunctions(sb.zoho.fix.Authtoken)
	files["plugin-manifest.json"] = zohoManifest
	files["app/widget.js"] = zohoWidget
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			return "", fmt.Errorf("make the rehearsal's functions: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("make the rehearsal's functions: %w", err)
		}
	}
	return dir, nil
}

// zohoFunctions are functions as an admin exports them: two that name the
// connection, and one with an auth token of its own.
func zohoFunctions(token string) map[string]string {
	return map[string]string{
		"close_ticket.dg": `// チケットを閉じる
changes = Map();
changes.put("status","Closed");
resp = invokeurl
[
	url :"https://desk.zoho.com/api/v1/tickets/" + ticketId
	type :PATCH
	parameters:changes.toString()
	connection:"` + ZohoConnectionLink + `"
];
info resp;
`,
		"contact_of_ticket.dg": `ticket = invokeurl [ url: "https://desk.zoho.com/api/v1/tickets/" + ticketId type: GET connection: "` + ZohoConnectionLink + `" ];
contact = invokeurl [ url: "https://desk.zoho.com/api/v1/contacts/" + ticket.get("contactId") type: GET connection: "` + ZohoConnectionLink + `" ];
info contact;
`,
		"open_tickets.dg": `token = "` + token + `";
headers = Map();
headers.put("orgId",orgId);
headers.put("Authorization","Zoho-authtoken " + token);
tickets = invokeurl
[
	url :"https://desk.zoho.com/api/v1/tickets?limit=10"
	type :GET
	headers:headers
];
info tickets;
`,
	}
}

// zohoManifest is the manifest of an extension in its old form: its connection
// to Zoho stands among the connectors.
const zohoManifest = `{
  "locale": ["en", "ja"],
  "service": "DESK",
  "storage": false,
  "whiteListedDomains": ["https://desk.zoho.com"],
  "modules": {
    "widgets": [{"location": "desk.ticket.detail.rightpanel", "url": "/app/widget.html", "name": "Order status", "icon": "/app/img/icon.png"}]
  },
  "connectors": [
    {"connectionLinkName": "zohodesk", "connectionName": "zohodesk", "serviceName": "zlabs_integration", "userAccess": true, "isUserDefinedService": false, "sharedBy": "1234567", "scope": ["Desk.tickets.READ"]}
  ],
  "config": []
}
`

// zohoWidget is the extension's code, as it was before the connection.
const zohoWidget = `// Shows the state of the order that a ticket is about.
function order(ticketId) {
  return ZOHODESK.request({
    url: "https://desk.zoho.com/api/v1/tickets/" + ticketId,
    type: "GET",
    headers: { Authorization: "Zoho-authtoken " + settings.authtoken },
  });
}
`

// ZohoConnectionJSON is what the page of the extension's connection offers for
// copying.
func (sb *Sandbox) ZohoConnectionJSON() string {
	return `{"connectionLinkName":"zohodesk","connectionName":"zohodesk","serviceName":"zlabs_integration","userAccess":true,"isUserDefinedService":false,"sharedBy":"1234567","scope":["Desk.tickets.ALL","Desk.contacts.READ"]}`
}

// ZohoMigrateConnection is what "Migrate To OAuth" and Update do: the
// connection has scopes now, and has to be connected by its owner.
func (sb *Sandbox) ZohoMigrateConnection(link string, scopes []string) {
	c := sb.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[link] = &zohoConnection{scopes: slices.Clone(scopes)}
}

// ZohoConnect is what Connect does on the connection's overview.
func (sb *Sandbox) ZohoConnect(link string) {
	c := sb.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.known[link]; known != nil {
		known.connected = true
	}
}

// ZohoSaveAndExecute runs a function of the folder in the editor and returns
// what that shows: the errors of the functions' run time as Zoho's pages word
// them (facts/zoho.md §4.2), else what the function tells by info.
func (sb *Sandbox) ZohoSaveAndExecute(name string) (string, error) {
	dir, err := sb.ZohoFunctions()
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
	if err != nil {
		return "", &core.Error{Tried: "sandbox", Code: "sandbox.bad-request", Class: core.Usage, Err: err}
	}
	const failed = "Failed to execute function - "
	src := string(raw)
	c := sb.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(deluge.Rewrite(src, deluge.Options{}).Findings) > 0 {
		// The token of this portal still works until it is exchanged or deleted.
		if !sb.zoho.authtokenWorks(sb.zoho.fix.Authtoken) {
			return failed + "Invalid Authtoken\n", nil
		}
	}
	for _, u := range deluge.Connections(name, src) {
		known := c.known[u.Link]
		switch {
		case known == nil || u.Quotes:
			return failed + "Connection Name was not found\n", nil
		case !known.connected:
			return failed + "UnAuthenticated Connections\n", nil
		case known.legacy:
			continue
		}
		for _, n := range deluge.Needs(name, src, u.Link) {
			if n.Scope != "" && !covers(known.scopes, n.Scope) {
				return `{"errorCode":"SCOPE_MISMATCH","message":"The access token does not have the required scope."}` + "\n", nil
			}
		}
	}
	return "Function executed successfully\n" + `{"id":"1892000000042034","status":"Closed"}` + "\n", nil
}

// covers reports whether a scope is among others, or in an ALL of its module.
func covers(have []string, want string) bool {
	module := want[:strings.LastIndex(want, ".")+1]
	return slices.Contains(have, want) || slices.Contains(have, module+"ALL")
}

// authtokenWorks reports whether Desk still takes an old token.
func (z *zoho) authtokenWorks(token string) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	old := z.authtokens[token]
	return old != nil && (old.dies.IsZero() || z.sb.clock.Now().Before(old.dies))
}
