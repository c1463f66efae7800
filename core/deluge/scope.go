package deluge

import (
	"cmp"
	"slices"
	"strings"
)

// Need is a scope that a connection must have for the requests of a text.
type Need struct {
	Scope string `json:"scope"` // "" when it can't be told
	Line  int    `json:"line"`  // of the first request that needs it
	Call  string `json:"call"`  // "GET /api/v1/tickets/{}", what is needed for it
}

// needs infers the scopes of one request to Zoho Desk. Sources are the header
// comments of Zoho's own sample functions (zohodesk-developers/
// Custom-Function-samples), which name the scopes of each. For another
// service, or a path that they do not have, the scope is not guessed.
func needs(method string, a address) []string {
	if a.service != "desk" && !strings.HasPrefix(a.path, "/support/") {
		return nil
	}
	path := a.path
	if _, after, found := strings.Cut(path, "/v1/"); found {
		path = after
	}
	path = strings.ToLower(strings.Trim(path, "/"))
	if path == "" {
		return nil
	}
	first, _, deeper := strings.Cut(path, "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	read := strings.EqualFold(method, "GET")
	if last == "search" {
		return append([]string{"Desk.search.READ"}, searched(first)...)
	}
	switch first {
	case "tickets", "associatedtickets", "ticketqueueview", "closetickets":
		return ticketScopes(method, deeper, last)
	case "contacts", "accounts":
		return []string{"Desk.contacts." + operation(method, !deeper)}
	case "agents", "departments", "teams", "roles", "profiles", "agentsbyids":
		if read {
			return []string{"Desk.basic.READ", "Desk.settings.READ"}
		}
		return []string{"Desk.settings." + operation(method, !deeper)}
	case "organizations", "accessibleorganizations", "myinfo":
		if read {
			return []string{"Desk.basic.READ"}
		}
	case "tasks":
		return []string{"Desk.tasks." + operation(method, !deeper)}
	case "calls":
		return []string{"Desk.activities.calls." + operation(method, !deeper)}
	case "articles", "kbcategory", "kbrootcategories":
		return []string{"Desk.articles." + operation(method, !deeper)}
	case "products":
		return []string{"Desk.products." + operation(method, !deeper)}
	}
	return nil
}

func searched(module string) []string {
	switch module {
	case "tickets", "tasks":
		return []string{"Desk." + module + ".READ"}
	case "contacts", "accounts":
		return []string{"Desk.contacts.READ"}
	}
	return []string{"Desk.tickets.READ", "Desk.contacts.READ", "Desk.tasks.READ"}
}

func ticketScopes(method string, deeper bool, last string) []string {
	if strings.EqualFold(method, "GET") {
		return []string{"Desk.tickets.READ"}
	}
	if strings.EqualFold(method, "DELETE") {
		return []string{"Desk.tickets.DELETE"}
	}
	switch {
	case strings.EqualFold(method, "POST") && !deeper, last == "approvals", last == "associatetag", last == "dissociatetag":
		return []string{"Desk.tickets.CREATE"}
	case last == "split":
		return []string{"Desk.tickets.CREATE", "Desk.tickets.UPDATE"}
	}
	return []string{"Desk.tickets.UPDATE"}
}

func operation(method string, whole bool) string {
	switch strings.ToUpper(method) {
	case "GET":
		return "READ"
	case "DELETE":
		return "DELETE"
	case "POST":
		if whole {
			return "CREATE"
		}
	}
	return "UPDATE"
}

// Merge joins the needs of several texts: each scope once, in order of name,
// and each call whose scope is unknown.
func Merge(all ...[]Need) []Need {
	var out []Need
	for _, needs := range all {
		for _, n := range needs {
			same := func(o Need) bool { return o.Scope == n.Scope && (n.Scope != "" || o.Call == n.Call) }
			if !slices.ContainsFunc(out, same) {
				out = append(out, n)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Need) int {
		return cmp.Or(cmp.Compare(b2i(a.Scope == ""), b2i(b.Scope == "")), cmp.Compare(a.Scope, b.Scope))
	})
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
