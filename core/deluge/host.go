package deluge

import (
	"strings"
)

// where says whose a host is.
type where uint8

const (
	whereUnknown where = iota
	whereZoho
	whereForeign
)

// zohoDomain knows Zoho's domains in every data centre
// (https://www.zoho.com/accounts/protocol/oauth/multi-dc.html), and the
// vanity ones of its APIs.
func zohoDomain(name string) bool {
	switch name {
	case "zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp", "zohocloud.ca", "zoho.sa", "zoho.uk", "zoho.com.cn", "zoho.sg", "zoho.ae",
		"zohoapis.com", "zohoapis.eu", "zohoapis.in", "zohoapis.com.au", "zohoapis.jp", "zohoapis.ca", "zohoapis.sa", "zohoapis.uk", "zohoapis.com.cn":
		return true
	}
	return false
}

// zohoEnd reports a host in one of Zoho's domains, or the end of its name.
func zohoEnd(name string) bool {
	i := strings.LastIndex(name, ".zoho")
	return i >= 0 && zohoDomain(name[i+1:])
}

// address is what is known of a request's URL.
type address struct {
	where   where
	host    string // as far as it is known
	service string // "desk", the first label of a Zoho host
	path    string // behind the host, without the query
}

// locate reads a flattened URL. A host whose end is hidden is Zoho's where it
// begins as all of Zoho's do ("https://desk.zoho." + dc): nobody else can have
// a name that continues so, but a data centre of Zoho.
func locate(url string) address {
	var a address
	scheme, rest, found := strings.Cut(strings.TrimSpace(url), "://")
	if !found || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return a
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	a.host = strings.ToLower(rest[:end])
	a.path, _, _ = strings.Cut(rest[end:], "?")
	a.path, _, _ = strings.Cut(a.path, "#")
	if strings.ContainsAny(a.host, "@\\") {
		a.where = whereForeign
		return a
	}
	name, _, _ := strings.Cut(a.host, ":")
	a.service, _, _ = strings.Cut(name, ".")
	known, after, cut := strings.Cut(name, string(hidden))
	switch {
	case !cut:
		a.where = whereForeign
		if zohoEnd(name) {
			a.where = whereZoho
		}
	case after != "" && !strings.Contains(after, string(hidden)) && zohoEnd(after):
		a.where = whereZoho
	case zohoBeginning(known):
		a.where = whereZoho
	}
	if a.service == "www" || strings.Contains(a.service, string(hidden)) {
		a.service = ""
	}
	if strings.Contains(name, "zohoapis") {
		// www.zohoapis.com/books/v3/…
		if first, _, _ := strings.Cut(strings.TrimPrefix(a.path, "/"), "/"); first != "" {
			a.service = strings.ToLower(first)
		}
	}
	return a
}

// centre is the data centre of a Zoho host, as its names end: "com", "eu",
// "com.au"; "" where that is not known.
func (a address) centre() string {
	name, _, _ := strings.Cut(a.host, ":")
	if a.where != whereZoho || strings.Contains(name, string(hidden)) {
		return ""
	}
	for _, base := range []string{"zoho.", "zohoapis.", "zohocloud."} {
		if i := strings.LastIndex(name, base); i >= 0 {
			return name[i+len(base):]
		}
	}
	return ""
}

func zohoBeginning(host string) bool {
	labels := strings.Split(host, ".")
	if len(labels) < 3 {
		return false
	}
	base := labels[1]
	return (base == "zoho" || base == "zohoapis" || base == "zohocloud") && (len(labels) == 3 || labels[2] == "com" && len(labels) == 4)
}

// oldAPI reports addresses that knew nothing but auth tokens: version 1 of
// CRM and Recruit, which is gone, and the API of Zoho Support, Desk's
// forerunner.
func (a address) oldAPI() bool {
	p := strings.ToLower(a.path)
	return strings.Contains(p, "/private/json/") || strings.Contains(p, "/private/xml/") ||
		a.service == "support" && (strings.HasPrefix(p, "/api/json/") || strings.HasPrefix(p, "/api/xml/"))
}
