package zoho

import (
	"net/url"
	"strings"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// ID is the platform's id.
const ID core.PlatformID = "zoho"

// The names of Zoho's endpoints in an endpoints file.
const (
	endpointAccounts = "accounts"
	endpointDesk     = "desk"
	endpointConsole  = "console"
)

// dataCentre is one of Zoho's separate installations. id is what Zoho sends
// as "location" and what --region takes.
type dataCentre struct {
	id       string
	name     string
	domain   string // what follows "accounts." and "desk."
	doubtful bool   // sources disagree whether Desk is served there
}

// dataCentres is the built-in table
// (https://www.zoho.com/accounts/protocol/oauth/multi-dc.html). Hosts do not
// follow from the location: Canada is zohocloud.ca, Australia is com.au.
// China is a service apart, which no other centre redirects to, so consent
// for it begins at its own accounts host as it does for the others here.
// Singapore and the Emirates are not in that page but answer; Desk's own
// documentation lists no host for the United Kingdom.
func dataCentres() []dataCentre {
	return []dataCentre{
		{id: "us", name: "United States", domain: "zoho.com"},
		{id: "eu", name: "Europe", domain: "zoho.eu"},
		{id: "in", name: "India", domain: "zoho.in"},
		{id: "au", name: "Australia", domain: "zoho.com.au"},
		{id: "jp", name: "Japan", domain: "zoho.jp"},
		{id: "ca", name: "Canada", domain: "zohocloud.ca"},
		{id: "sa", name: "Saudi Arabia", domain: "zoho.sa"},
		{id: "uk", name: "United Kingdom", domain: "zoho.uk", doubtful: true},
		{id: "cn", name: "China", domain: "zoho.com.cn"},
		{id: "sg", name: "Singapore", domain: "zoho.sg", doubtful: true},
		{id: "ae", name: "United Arab Emirates", domain: "zoho.ae", doubtful: true},
	}
}

// accounts returns the base URL of the centre's accounts server.
func (d dataCentre) accounts(e transport.Endpoints) string {
	return e.Resolve(ID, endpointAccounts, d.id, "https://accounts."+d.domain)
}

// desk returns the base URL of the centre's Desk host. The token answer's
// api_domain is not it: that host (www.zohoapis.…) does not serve Desk's paths.
func (d dataCentre) desk(e transport.Endpoints) string {
	return e.Resolve(ID, endpointDesk, d.id, "https://desk."+d.domain)
}

// console returns the page where clients of the centre are registered. A self
// client must be made in the console of the account's own centre. Canada's
// host (api-console.zohocloud.ca) is unverified.
func (d dataCentre) console(e transport.Endpoints) string {
	return e.Resolve(ID, endpointConsole, d.id, "https://api-console."+d.domain)
}

// regions describes the data centres to the admin.
func regions() []platform.Region {
	var out []platform.Region
	for _, d := range dataCentres() {
		out = append(out, platform.Region{
			ID: d.id, Name: d.name,
			Console: d.console(nil), Doubtful: d.doubtful,
		})
	}
	return out
}

// centre returns the data centre of a region; "" is the first one, at which
// Zoho's documentation begins every consent.
func centre(region string) (dataCentre, error) {
	all := dataCentres()
	if region == "" {
		return all[0], nil
	}
	for _, d := range all {
		if strings.EqualFold(d.id, region) {
			return d, nil
		}
	}
	return dataCentre{}, &core.Error{Tried: "find-region", On: core.CleanLine(region), Code: "zoho.unknown-region", Class: core.Usage, Params: map[string]string{"region": core.CleanLine(region)}}
}

// hosts returns every host to which a Zoho credential may be sent. The
// endpoints file replaces built-in hosts, so that nothing meant for a sandbox
// or a gateway reaches Zoho.
func hosts(e transport.Endpoints) []string {
	var out []string
	seen := map[string]bool{}
	for _, d := range dataCentres() {
		for _, base := range []string{d.accounts(e), d.desk(e)} {
			u, err := url.Parse(base)
			if err == nil && u.Host != "" && !seen[u.Host] {
				seen[u.Host] = true
				out = append(out, u.Host)
			}
		}
	}
	return out
}

// answering returns the data centre that an authorization answer names by
// accounts-server and location, of which home is the one where the question
// was asked. The answer comes through a browser and may be forged: a token
// sent to the host it names would be lost, so only hosts of the built-in
// table and the endpoints file count.
func answering(answer url.Values, home dataCentre, e transport.Endpoints) (dataCentre, error) {
	server, location := answer.Get("accounts-server"), answer.Get("location")
	if server == "" {
		if location == "" {
			return home, nil
		}
		d, err := centre(location)
		if err != nil {
			return dataCentre{}, foreign(location)
		}
		return d, nil
	}
	var found []dataCentre
	for _, d := range dataCentres() {
		if sameBase(server, d.accounts(e)) || sameBase(server, "https://accounts."+d.domain) {
			found = append(found, d)
		}
	}
	// One gateway may stand for several centres; then location, or where the
	// question was asked, tells which.
	for _, want := range []string{location, home.id} {
		for _, d := range found {
			if d.id == want {
				return d, nil
			}
		}
	}
	if len(found) == 0 {
		return dataCentre{}, foreign(server)
	}
	return found[0], nil
}

// sameBase reports whether a foreign URL is a base URL and nothing more.
func sameBase(raw, base string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	b, err := url.Parse(base)
	return err == nil && u.Scheme == b.Scheme && strings.EqualFold(u.Host, b.Host) &&
		strings.TrimRight(u.Path, "/") == strings.TrimRight(b.Path, "/")
}

// foreign refuses an answer that names a server of nobody's list.
func foreign(server string) error {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		server = u.Host
	}
	const longest = 100
	server = core.CleanLine(server)
	if r := []rune(server); len(r) > longest {
		server = string(r[:longest]) + "…"
	}
	return &core.Error{Tried: "exchange", On: server, Code: "zoho.foreign-accounts-server", Params: map[string]string{"server": server}}
}
