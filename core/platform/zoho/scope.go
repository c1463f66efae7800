package zoho

import (
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// scopeProfile shows whose account a token belongs to.
const scopeProfile = "AaaServer.profile.READ"

// scopes are the Desk scopes that Zoho's documentation and its own function
// samples use. Disputed ones appear in some lists and are denied by others:
// one scope that Zoho does not know makes it refuse the whole request without
// naming it, so they are never suggested.
func scopes() []platform.Scope {
	out := []platform.Scope{
		{ID: "Desk.basic.READ", Least: true},
		{ID: "Desk.tickets.READ", Least: true},
	}
	for _, id := range []string{
		"Desk.tickets.ALL", "Desk.tickets.CREATE", "Desk.tickets.UPDATE", "Desk.tickets.DELETE",
		"Desk.contacts.READ", "Desk.contacts.CREATE", "Desk.contacts.UPDATE",
		"Desk.tasks.READ", "Desk.tasks.ALL", "Desk.activities.READ", "Desk.activities.calls.CREATE",
		"Desk.calls.READ", "Desk.events.READ", "Desk.settings.READ", "Desk.search.READ",
		"Desk.articles.READ", "Desk.products.ALL", scopeProfile,
	} {
		out = append(out, platform.Scope{ID: id})
	}
	for _, id := range []string{"Desk.contacts.ALL", "Desk.accounts.READ", "Desk.webhooks.READ"} {
		out = append(out, platform.Scope{ID: id, Disputed: true})
	}
	return out
}

func leastScopes() []string {
	var out []string
	for _, s := range scopes() {
		if s.Least {
			out = append(out, s.ID)
		}
	}
	return out
}

// checkScopes refuses what cannot be a list of scopes. Scopes outside the
// catalogue pass: Zoho has more than anybody has listed.
func checkScopes(text string) error {
	for _, s := range action.SplitList(text) {
		if !validScope(s) {
			return &core.Error{Tried: "read-input", Code: "zoho.bad-scope", Class: core.Usage, Params: map[string]string{"scope": core.CleanLine(s)}}
		}
	}
	return nil
}

// validScope reports whether s has the form Service.resource.OPERATION, with
// the operation in capitals. Case matters to Zoho.
func validScope(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) < 3 {
		return false
	}
	for _, p := range parts {
		if p == "" || strings.ContainsFunc(p, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
		}) {
			return false
		}
	}
	last := parts[len(parts)-1]
	return last == strings.ToUpper(last)
}

// Use is something that the systems behind a credential do with Desk: what an
// admin can say without knowing a scope.
type Use string

// The uses. Their words are the locale texts use.zoho.<Use>.
const (
	UseReadTickets   Use = "read-tickets"
	UseCreateTickets Use = "create-tickets"
	UseChangeTickets Use = "change-tickets"
	UseReadContacts  Use = "read-contacts"
	UseWriteContacts Use = "write-contacts"
	UseSearch        Use = "search"
	UseAgents        Use = "agents"
	UseTasks         Use = "tasks"
	UseArticles      Use = "articles"
)

// Uses lists the uses in the order in which they are offered.
func Uses() []Use {
	return []Use{UseReadTickets, UseCreateTickets, UseChangeTickets, UseReadContacts, UseWriteContacts, UseSearch, UseAgents, UseTasks, UseArticles}
}

// SuggestScopes returns the smallest set of scopes for what the systems do
// and for what an auth token was allowed to (its own scopes, such as
// "ZohoSupport/supportapi" and "ZohoSearch/SearchAPI"), in the order of the
// catalogue. An auth token's scope opened all of Desk, so it says little: the
// uses are what keeps the set small, and only without any use does
// ZohoSupport/supportapi ask for tickets and contacts as a whole.
func SuggestScopes(authtokenScopes []string, uses ...Use) []string {
	want := map[string]bool{}
	add := func(ids ...string) {
		for _, id := range ids {
			want[id] = true
		}
	}
	add(leastScopes()...)
	for _, u := range uses {
		add(scopesOf(u)...)
	}
	for _, old := range authtokenScopes {
		switch {
		case strings.EqualFold(old, "ZohoSearch/SearchAPI"):
			add("Desk.search.READ", "Desk.tickets.READ", "Desk.contacts.READ")
		case strings.EqualFold(old, "ZohoSupport/supportapi") && len(uses) == 0:
			add("Desk.tickets.ALL", "Desk.contacts.READ", "Desk.contacts.CREATE", "Desk.contacts.UPDATE")
		}
	}
	if want["Desk.tickets.ALL"] {
		for _, op := range []string{"READ", "CREATE", "UPDATE", "DELETE"} {
			delete(want, "Desk.tickets."+op)
		}
	}
	var out []string
	for _, s := range scopes() {
		if want[s.ID] {
			out = append(out, s.ID)
		}
	}
	return out
}

func scopesOf(u Use) []string {
	switch u {
	case UseReadTickets:
		return []string{"Desk.tickets.READ"}
	case UseCreateTickets:
		return []string{"Desk.tickets.CREATE"}
	case UseChangeTickets:
		return []string{"Desk.tickets.READ", "Desk.tickets.UPDATE"}
	case UseReadContacts:
		return []string{"Desk.contacts.READ"}
	case UseWriteContacts:
		return []string{"Desk.contacts.READ", "Desk.contacts.CREATE", "Desk.contacts.UPDATE"}
	case UseSearch:
		return []string{"Desk.search.READ", "Desk.tickets.READ", "Desk.contacts.READ"}
	case UseAgents:
		return []string{"Desk.basic.READ", "Desk.settings.READ"}
	case UseTasks:
		return []string{"Desk.tasks.READ"}
	case UseArticles:
		return []string{"Desk.articles.READ"}
	}
	return nil
}

// probe is one cheap call that succeeds when its scopes were granted and
// changes nothing.
type probe struct {
	path  string
	needs []string // read scopes that Desk asks of this call, all of them
}

// probes are the calls that tell of a scope, by resource
// (zohodesk-developers/Custom-Function-samples name the scopes of most).
// Creating, changing and deleting cannot be probed without doing it.
func probes() map[string]probe {
	const one = "?limit=1"
	return map[string]probe{
		"Desk.basic":    {"/organizations", []string{"Desk.basic"}},
		"Desk.tickets":  {"/tickets" + one, []string{"Desk.tickets"}},
		"Desk.contacts": {"/contacts" + one, []string{"Desk.contacts"}},
		"Desk.accounts": {"/accounts" + one, []string{"Desk.contacts"}},
		"Desk.tasks":    {"/tasks" + one, []string{"Desk.tasks"}},
		"Desk.calls":    {"/calls" + one, []string{"Desk.calls"}},
		"Desk.events":   {"/events" + one, []string{"Desk.events"}},
		"Desk.settings": {"/agents" + one, []string{"Desk.settings", "Desk.basic"}},
		"Desk.search":   {"/tickets/search" + one, []string{"Desk.search", "Desk.tickets"}},
		"Desk.articles": {"/articles" + one, []string{"Desk.articles"}},
		"Desk.products": {"/products" + one, []string{"Desk.products"}},
	}
}

// probeFor returns the call that tells of a scope, if there is one that can
// tell given what else was asked for.
func probeFor(scope string, asked []string) (probe, bool) {
	i := strings.LastIndexByte(scope, '.')
	if i < 0 {
		return probe{}, false
	}
	resource, op := scope[:i], scope[i+1:]
	p, ok := probes()[resource]
	if !ok || op != "READ" && op != "ALL" {
		return probe{}, false
	}
	for _, need := range p.needs {
		if need != resource && !slices.Contains(asked, need+".READ") && !slices.Contains(asked, need+".ALL") {
			return probe{}, false // a refusal would speak of the other scope
		}
	}
	return p, true
}
