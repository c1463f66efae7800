package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	deskAPI          = "/api/v1"
	deskDailyCredits = 75_000
)

// deskRoute is one call of the Desk API: which scopes it needs, all of them,
// and what it answers.
type deskRoute struct {
	scopes []string // resource.READ of each; the resource's ALL does as well
	noOrg  bool     // needs no orgId
	list   func(d *zohoData, org string) []map[string]any
	one    bool // answers the first of list alone, without "data"
}

func deskRoutes() map[string]deskRoute {
	tickets := func(d *zohoData, org string) []map[string]any { return d.tickets[org] }
	contacts := func(d *zohoData, org string) []map[string]any { return d.contacts[org] }
	none := func(*zohoData, string) []map[string]any { return nil }
	return map[string]deskRoute{
		"/organizations":   {scopes: []string{"Desk.basic"}, noOrg: true},
		"/tickets":         {scopes: []string{"Desk.tickets"}, list: tickets},
		"/tickets/search":  {scopes: []string{"Desk.tickets", "Desk.search"}, list: tickets},
		"/contacts":        {scopes: []string{"Desk.contacts"}, list: contacts},
		"/contacts/search": {scopes: []string{"Desk.contacts", "Desk.search"}, list: contacts},
		"/accounts":        {scopes: []string{"Desk.contacts"}, list: none},
		"/agents":          {scopes: []string{"Desk.basic", "Desk.settings"}, list: func(d *zohoData, _ string) []map[string]any { return d.agents }},
		"/departments":     {scopes: []string{"Desk.basic", "Desk.settings"}, list: func(d *zohoData, _ string) []map[string]any { return d.departments }},
		"/tasks":           {scopes: []string{"Desk.tasks"}, list: none},
		"/calls":           {scopes: []string{"Desk.calls"}, list: none},
		"/events":          {scopes: []string{"Desk.events"}, list: none},
		"/articles":        {scopes: []string{"Desk.articles"}, list: none},
		"/products":        {scopes: []string{"Desk.products"}, list: none},
		"/myinfo":          {scopes: []string{"Desk.basic"}, list: func(d *zohoData, _ string) []map[string]any { return d.agents }, one: true},
	}
}

// deskCaller is whom a request's Authorization header names.
type deskCaller struct {
	user    string
	portals []string // the organizations it may work in
	scopes  []string // nil: an auth token, which opens everything
}

func (z *zoho) deskHandler(c *zohoCentre) http.Handler {
	routes := deskRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z.mu.Lock()
		defer z.mu.Unlock()
		path, ok := strings.CutPrefix(r.URL.Path, deskAPI)
		if !ok {
			writeProblemStatus(w, http.StatusNotFound, "Zoho Desk", "There is nothing at this address.")
			return
		}
		caller, ok := z.caller(w, r, c)
		if !ok {
			return
		}
		route, id, ok := findRoute(routes, path)
		if !ok || path == "/myinfo" && z.sb.is(ZohoNoMyInfo) {
			z.deskError(w, http.StatusNotFound, "URL_NOT_FOUND", "The URL you have specified is not found.")
			return
		}
		if r.Method != http.MethodGet {
			z.deskError(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "The request method is not allowed.")
			return
		}
		if !z.spend(w) {
			return
		}
		org := r.Header.Get("orgId")
		if org == "" {
			org = r.URL.Query().Get("orgId")
		}
		if !route.noOrg && !slices.Contains(caller.portals, org) {
			z.deskError(w, http.StatusForbidden, "OAUTH_ORG_MISMATCH", "The OAuthToken is not valid for specified organization.")
			return
		}
		if !caller.may(route.scopes) {
			z.deskError(w, http.StatusForbidden, "SCOPE_MISMATCH", "The OAuth Token you provided does not have the scope to perform this operation.")
			return
		}
		z.deskAnswer(w, r, route, id, org, caller)
	})
}

// findRoute returns the route of a path, or of the list that a record's path
// belongs to.
func findRoute(routes map[string]deskRoute, path string) (route deskRoute, id string, ok bool) {
	if route, ok = routes[path]; ok {
		return route, "", true
	}
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return route, "", false
	}
	route, ok = routes[path[:i]]
	return route, path[i+1:], ok
}

// caller reads the Authorization header, and answers when it is no good.
func (z *zoho) caller(w http.ResponseWriter, r *http.Request, c *zohoCentre) (deskCaller, bool) {
	now := z.sb.clock.Now()
	if token, legacy := strings.CutPrefix(r.Header.Get("Authorization"), "Zoho-authtoken "); legacy {
		old := z.authtokens[token]
		if old == nil || old.location != c.location || !old.dies.IsZero() && !now.Before(old.dies) {
			z.deskError(w, http.StatusUnauthorized, "UNAUTHORIZED", "The AuthToken you provided is invalid.")
			return deskCaller{}, false
		}
		return deskCaller{user: old.owner, portals: []string{old.portal}}, true
	}
	token := bearer(r)
	if token == "" {
		z.deskError(w, http.StatusUnauthorized, "UNAUTHORIZED", "You are not authenticated to perform this operation.")
		return deskCaller{}, false
	}
	a := z.live(token, c)
	if a == nil {
		z.deskError(w, http.StatusUnauthorized, "INVALID_OAUTH", "The OAuth Token you provided is invalid.")
		return deskCaller{}, false
	}
	return deskCaller{user: a.grant.user, portals: []string{a.grant.portal}, scopes: a.grant.scopes}, true
}

// may reports whether the caller has all scopes that a call needs.
func (c deskCaller) may(needs []string) bool {
	for _, need := range needs {
		if c.scopes != nil && !slices.Contains(c.scopes, need+".READ") && !slices.Contains(c.scopes, need+".ALL") {
			return false
		}
	}
	return true
}

// spend takes the call's credits from the day's, or answers that they are gone.
func (z *zoho) spend(w http.ResponseWriter) bool {
	const weight = 3
	day := z.sb.clock.Now().UTC().Truncate(24 * time.Hour)
	if !day.Equal(z.creditDay) {
		z.creditDay, z.credits = day, deskDailyCredits
	}
	if z.credits < weight {
		w.Header().Set("Retry-After", strconv.Itoa(int(day.Add(24*time.Hour).Sub(z.sb.clock.Now()).Seconds())))
		z.deskError(w, http.StatusTooManyRequests, "THRESHOLD_EXCEEDED", "The credits of the day are used up.")
		return false
	}
	z.credits -= weight
	w.Header().Set("X-Rate-Limit-Request-Weight-v3", strconv.Itoa(weight))
	w.Header().Set("X-Rate-Limit-Remaining-v3", strconv.Itoa(z.credits))
	return true
}

func (z *zoho) deskError(w http.ResponseWriter, status int, code, message string) {
	if z.sb.is(ZohoSwap401) {
		switch status {
		case http.StatusUnauthorized:
			status = http.StatusForbidden
		case http.StatusForbidden:
			status = http.StatusUnauthorized
		}
	}
	writeJSON(w, status, map[string]string{"errorCode": code, "message": message})
}

func (z *zoho) deskAnswer(w http.ResponseWriter, r *http.Request, route deskRoute, id, org string, caller deskCaller) {
	var rows []map[string]any
	if route.list == nil {
		rows = z.organizations(caller)
	} else {
		rows = search(route.list(&z.data, org), r)
	}
	if id != "" {
		i := slices.IndexFunc(rows, func(row map[string]any) bool { return row["id"] == id })
		if i < 0 {
			z.deskError(w, http.StatusNotFound, "URL_NOT_FOUND", "The URL you have specified is not found.")
			return
		}
		writeJSON(w, http.StatusOK, rows[i])
		return
	}
	if route.one {
		i := slices.IndexFunc(rows, func(row map[string]any) bool { return row["emailId"] == caller.user })
		writeJSON(w, http.StatusOK, rows[max(i, 0)])
		return
	}
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit >= 1 && limit < len(rows) {
		rows = rows[:limit]
	}
	if len(rows) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": rows})
}

func (z *zoho) organizations(caller deskCaller) []map[string]any {
	var rows []map[string]any
	for _, p := range z.users[caller.user].portals {
		if slices.Contains(caller.portals, p.ID) {
			rows = append(rows, map[string]any{"id": p.ID, "companyName": p.Name, "portalName": strings.ToLower(strings.Fields(p.Name)[0]), "edition": "PROFESSIONAL"})
		}
	}
	return rows
}

// search keeps the rows that have every value asked for.
func search(rows []map[string]any, r *http.Request) []map[string]any {
	return slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool {
		for _, field := range []string{"email", "fullName", "ticketNumber"} {
			want := r.URL.Query().Get(field)
			if has, _ := row[field].(string); want != "" && !strings.EqualFold(want, has) {
				return true
			}
		}
		return false
	})
}

// zohoData is what stands in the portals.
type zohoData struct {
	tickets, contacts   map[string][]map[string]any // by organization
	agents, departments []map[string]any
}

func newZohoData(f ZohoFixtures) zohoData {
	contact := func(id, first, last, email string) map[string]any {
		return map[string]any{"id": id, "firstName": first, "lastName": last, "fullName": first + " " + last, "email": email, "accountId": nil}
	}
	ticket := func(id, number, subject, contactID string) map[string]any {
		return map[string]any{"id": id, "ticketNumber": number, "subject": subject, "status": "Open", "contactId": contactID, "channel": "Email"}
	}
	return zohoData{
		contacts: map[string][]map[string]any{f.OrgID: {
			contact("1892000000042032", "Carol", "Customer", "carol@customer.example"),
			contact("1892000000042033", "Kenji", "お客様", "kenji@customer.example"),
		}},
		tickets: map[string][]map[string]any{f.OrgID: {
			ticket("1892000000143237", "101", "The order has not arrived", "1892000000042032"),
			ticket("1892000000143238", "102", "領収書について", "1892000000042033"),
		}},
		agents: []map[string]any{
			{"id": "1892000000056007", "firstName": "Aiko", "lastName": "Admin", "name": "Aiko Admin", "emailId": f.OwnerEmail, "status": "ACTIVE"},
		},
		departments: []map[string]any{{"id": "1892000000006907", "name": "Support", "isEnabled": true}},
	}
}
