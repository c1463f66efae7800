package salesforce

import (
	"net/url"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// ID is the platform's id.
const ID core.PlatformID = "salesforce"

// The regions: where an org signs in, and what it is told to be in an
// assertion's aud.
const (
	regionProduction = "production"
	regionSandbox    = "sandbox"
)

// The settings of a connection.
const (
	settingDomain   = "my_domain"
	settingUsername = "username" // of whom an assertion speaks
	settingInstance = "instance" // where the API is, as the token answer said
	// settingForeign is the host of an instance_url that was not trusted.
	settingForeign = "instance_refused"
)

// loginHosts are the two that every org knows.
func loginHost(region string) string {
	if region == regionSandbox {
		return "https://test.salesforce.com"
	}
	return "https://login.salesforce.com"
}

// domainShape is a My Domain: the org's, or that of one of its sandboxes
// (acme--uat.sandbox), developer orgs (.develop), scratch orgs and so on.
var domainShape = core.Pattern(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?(\.[a-z]{2,16})?\.my\.salesforce\.com$`)

// tidyDomain reads a My Domain as people paste it: a whole address of the org,
// also one of its pages on another host of the same org.
func tidyDomain(v string) string {
	v = strings.ToLower(strings.TrimSpace(v))
	if i := strings.Index(v, "://"); i >= 0 {
		v = v[i+3:]
	}
	if i := strings.IndexAny(v, "/?#"); i >= 0 {
		v = v[:i]
	}
	v = strings.TrimSuffix(v, ".")
	for _, page := range []string{".my.salesforce-setup.com", ".lightning.force.com"} {
		if org, ok := strings.CutSuffix(v, page); ok {
			return org + ".my.salesforce.com"
		}
	}
	return v
}

func checkDomain(v string) error {
	if !domainShape().MatchString(tidyDomain(v)) {
		return &core.Error{Tried: "read-input", Code: "salesforce.bad-domain", Class: core.Usage}
	}
	return nil
}

// domain is the connection's My Domain; "": it signs in at login or test.
func domain(c core.Connection) string { return tidyDomain(c.Settings[settingDomain]) }

// loginBase is where c signs in.
func loginBase(c core.Connection, e transport.Endpoints) (string, error) {
	d := domain(c)
	if d == "" {
		return e.Resolve(ID, "login", c.Region, loginHost(c.Region)), nil
	}
	if err := checkDomain(d); err != nil {
		return "", err
	}
	return e.Resolve(ID, "mydomain", "", "https://"+d), nil
}

// audience is the aud of an assertion: the login host of the kind of org that
// c is, whatever host it is sent to. A My Domain tells of itself that it is a
// sandbox's.
func audience(c core.Connection) string {
	if strings.HasSuffix(domain(c), ".sandbox.my.salesforce.com") {
		return loginHost(regionSandbox)
	}
	return loginHost(c.Region)
}

// trusted returns the base of an instance_url when it is one of Salesforce's
// hosts, else "" and its host.
func trusted(raw string, e transport.Endpoints) (base, foreign string) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "", ""
	}
	if slices.Contains(e.Hosts(ID), u.Host) && transport.CheckURL(raw) == nil {
		return u.Scheme + "://" + u.Host, ""
	}
	host := strings.ToLower(u.Hostname())
	if u.Scheme != "https" || u.Port() != "" || u.User != nil || !strings.HasSuffix(host, ".salesforce.com") {
		return "", core.CleanLine(u.Host)
	}
	return "https://" + host, ""
}

// hosts are where a connection's credentials may go.
func hosts(c core.Connection, e transport.Endpoints) []string {
	out := e.Hosts(ID)
	if !e.Has(ID) {
		out = append(out, "login.salesforce.com", "test.salesforce.com")
	}
	if d := domain(c); d != "" && checkDomain(d) == nil && !e.Has(ID) {
		out = append(out, d)
	}
	if base, _ := trusted(c.Settings[settingInstance], e); base != "" {
		out = append(out, hostOf(base))
	}
	return out
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
