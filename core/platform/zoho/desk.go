package zoho

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

const apiPath = "/api/v1"

// Desk is a client of one connection to Zoho Desk. It is a platform.Checker,
// ScopeProber, Owner and Revoker.
type Desk struct {
	conn     core.Connection
	env      platform.Env
	http     *http.Client
	base     string // of the Desk API
	accounts string
	err      error // why it cannot work at all

	mu      sync.Mutex
	credits string
	org     string // where the connection names none: the only one its token may work in
}

func dial(c core.Connection, env platform.Env) *Desk {
	d, err := centre(c.Region)
	if err != nil {
		return &Desk{conn: c, env: env, err: err}
	}
	return &Desk{
		conn: c, env: env, http: env.HTTPClient(hosts(env.Endpoints)),
		base: d.desk(env.Endpoints) + apiPath, accounts: d.accounts(env.Endpoints),
	}
}

// Organization is one Desk portal that a credential may work in.
type Organization struct {
	ID   string
	Name string
}

// CreditsLeft returns how many API credits the organization has left today,
// as Desk's last answer said in X-Rate-Limit-Remaining-v3; "" when it said nothing.
func (d *Desk) CreditsLeft() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.credits
}

// credential returns what the connection's requests are signed with.
func (d *Desk) credential(ctx context.Context) (credential, error) {
	if d.conn.Grant == core.GrantAuthtoken {
		return credential{schemeAuthtoken, d.conn.Secrets[core.SecretAuthtoken]}, nil
	}
	token, err := d.env.Token(ctx)
	return credential{schemeOAuth, token}, noVerdict(err)
}

// noVerdict takes the throttle for what it is: after too many refreshes Zoho
// answers an error as if it refused the credential, of which it says nothing.
func noVerdict(err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok && e.Code == codeThrottled && e.Class == core.Refused {
		mild := *e
		mild.Class = core.Failed
		return &mild
	}
	return err
}

// call makes one GET and returns its answer. An access token that Desk no
// longer takes is renewed once; when Desk refuses the new one too, token and
// host belong to different data centres.
func (d *Desk) call(ctx context.Context, tried, base, path string, org bool) (*transport.Answer, error) {
	if d.err != nil {
		return nil, d.err
	}
	cred, err := d.credential(ctx)
	if err != nil {
		return nil, err
	}
	orgID := ""
	if org {
		if orgID, err = d.orgID(ctx, tried); err != nil {
			return nil, err
		}
	}
	a, err := d.once(ctx, tried, base, path, orgID, cred)
	if d.conn.Grant == core.GrantAuthtoken {
		if refusedAs(err, "zoho.UNAUTHORIZED", "zoho.INVALID_OAUTH") {
			return nil, &core.Error{Tried: tried, On: d.conn.Name, Code: "zoho.invalid_authtoken", Class: core.Refused, Err: err}
		}
		return a, err
	}
	if d.env.Renew == nil || !refusedAs(err, "zoho.INVALID_OAUTH") {
		return a, err
	}
	if cred.token, err = d.env.Renew(ctx); err != nil {
		return nil, noVerdict(err)
	}
	a, err = d.once(ctx, tried, base, path, orgID, cred)
	if refusedAs(err, "zoho.INVALID_OAUTH") {
		return nil, &core.Error{Tried: tried, On: d.conn.Name, Code: codeWrongHost, Class: core.Refused, Params: map[string]string{"region": d.conn.Region}, Err: err}
	}
	return a, err
}

// orgID returns the organization that a call is for: the connection's, else
// the only one that the token may work in. With several, which is meant is the
// admin's to say. A token that may not list them makes its calls without.
func (d *Desk) orgID(ctx context.Context, tried string) (string, error) {
	if d.conn.Account != "" {
		return d.conn.Account, nil
	}
	d.mu.Lock()
	known := d.org
	d.mu.Unlock()
	if known != "" {
		return known, nil
	}
	orgs, err := d.Organizations(ctx)
	switch {
	case refusedAs(err, "zoho.SCOPE_MISMATCH"):
		return "", nil
	case err != nil:
		return "", err
	case len(orgs) == 0:
		return "", nil
	case len(orgs) > 1:
		return "", chooseOrg(tried, d.conn.Name, orgs)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.org = orgs[0].ID
	return d.org, nil
}

// chooseOrg says which organizations there are to choose from.
func chooseOrg(tried, on string, orgs []Organization) error {
	return &core.Error{
		Tried: tried, On: on, Code: "zoho.choose-org", Class: core.Usage,
		Params: map[string]string{"organizations": listed(orgs)},
	}
}

// listed names organizations by id and name.
func listed(orgs []Organization) string {
	names := make([]string, len(orgs))
	for i, o := range orgs {
		names[i] = strings.TrimSpace(o.ID + " " + o.Name)
	}
	return strings.Join(names, ", ")
}

func (d *Desk) once(ctx context.Context, tried, base, path, orgID string, cred credential) (*transport.Answer, error) {
	path, rawQuery, _ := strings.Cut(path, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	req, err := get(ctx, base, path, query, cred)
	if err != nil {
		return nil, err
	}
	if orgID != "" {
		req.Header.Set("orgId", orgID)
	}
	a, err := transport.Do(d.http, req)
	if err != nil {
		return nil, err
	}
	if left := a.Header.Get("X-Rate-Limit-Remaining-v3"); left != "" {
		d.mu.Lock()
		d.credits = core.CleanLine(left)
		d.mu.Unlock()
	}
	return a, deskError(tried, d.conn.Name, a)
}

// Organizations lists the portals the credential may work in: the one call of
// Desk that needs no orgId. It proves token and data centre.
func (d *Desk) Organizations(ctx context.Context) ([]Organization, error) {
	a, err := d.call(ctx, "check", d.base, "/organizations", false)
	if err != nil {
		return nil, scopeNamed(err, "Desk.basic.READ")
	}
	if a.Status == http.StatusNoContent {
		return nil, nil
	}
	var list struct {
		Data []struct {
			ID      text   `json:"id"`
			Company string `json:"companyName"`
			Portal  string `json:"portalName"`
		} `json:"data"`
	}
	if err := a.Decode(d.host(), &list); err != nil {
		return nil, d.unreadable(err)
	}
	out := make([]Organization, 0, len(list.Data))
	for _, o := range list.Data {
		name := o.Company
		if name == "" {
			name = o.Portal
		}
		out = append(out, Organization{string(o.ID), core.CleanLine(name)})
	}
	return out, nil
}

// Check lists the organizations and looks for the connection's own among
// them. Its Note is the organization's name; of all, where the connection
// names none.
func (d *Desk) Check(ctx context.Context) (core.Check, error) {
	orgs, err := d.Organizations(ctx)
	if err != nil {
		return core.Check{}, err
	}
	org, err := pick(orgs, d.conn.Account, d.conn.Name)
	if err != nil {
		return core.Check{}, err
	}
	if d.conn.Account == "" && len(orgs) > 1 {
		return core.Check{OK: true, Note: listed(orgs)}, nil
	}
	return core.Check{OK: true, Note: org.Name}, nil
}

// pick returns the organization of that id, or the first one when id is "".
// A token is bound to the portal chosen at consent, so an id that is not in
// the list gets OAUTH_ORG_MISMATCH from every other call.
func pick(orgs []Organization, id, on string) (Organization, error) {
	for _, o := range orgs {
		if o.ID == id {
			return o, nil
		}
	}
	switch {
	case id != "":
		return Organization{}, &core.Error{
			Tried: "check", On: on, Code: "zoho.OAUTH_ORG_MISMATCH", Class: core.Refused,
			Params: map[string]string{"account": id, "organizations": listed(orgs)},
		}
	case len(orgs) == 0:
		return Organization{}, nil
	}
	return orgs[0], nil
}

// ProbeScopes asks Desk, by one call per scope, what the token may do.
func (d *Desk) ProbeScopes(ctx context.Context) ([]platform.ScopeProbe, error) {
	asked := d.conn.Granted
	if len(asked) == 0 {
		asked = d.conn.Scopes
	}
	var out []platform.ScopeProbe
	for _, scope := range asked {
		r, err := d.probeScope(ctx, scope, asked)
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (d *Desk) probeScope(ctx context.Context, scope string, asked []string) (platform.ScopeProbe, error) {
	r := platform.ScopeProbe{Scope: scope}
	base, path, org := d.base, "", true
	if scope == scopeProfile {
		base, path, org = d.accounts, pathUserInfo, false
	} else if p, ok := probeFor(scope, asked); ok {
		path, org = p.path, p.path != "/organizations"
	} else {
		r.Unsure = true
		return r, nil
	}
	var rec core.CallRecorder
	_, err := d.call(core.WithCallRecorder(ctx, &rec), "probe", base, path, org)
	for _, c := range rec.Calls() {
		core.RecordCall(ctx, c)
		r.Call = c
	}
	switch {
	case err == nil:
		r.Allowed = true
	case refusedAs(err, "zoho.SCOPE_MISMATCH"), base == d.accounts && core.ClassOf(err) == core.Refused:
		r.Code = "zoho.SCOPE_MISMATCH"
	case refusedAs(err, "zoho.INVALID_OAUTH", "zoho.UNAUTHORIZED", "zoho.invalid_authtoken", "zoho.OAUTH_ORG_MISMATCH", codeWrongHost):
		return r, err // nothing would answer
	case core.ClassOf(err) == core.Refused:
		r.Unsure, r.Code = true, core.CodeOf(err) // the edition or the agent's profile, not the scope
	default:
		return r, err
	}
	return r, nil
}

// Owner returns the e-mail address of the account the token belongs to. It
// needs the scope AaaServer.profile.READ.
func (d *Desk) Owner(ctx context.Context) (string, error) {
	a, err := d.call(ctx, "owner", d.accounts, pathUserInfo, false)
	if err != nil {
		return "", scopeNamed(err, scopeProfile)
	}
	return ownerIn(a, d.host())
}

func ownerIn(a *transport.Answer, host string) (string, error) {
	var info struct {
		Email string `json:"Email"`
	}
	if err := a.Decode(host, &info); err != nil {
		return "", err
	}
	if info.Email == "" {
		return "", &core.Error{Tried: "owner", On: host, Code: "vendor.malformed", Params: map[string]string{"status": "200"}}
	}
	return core.CleanLine(info.Email), nil
}

// scopeNamed names the scope that a refused call would have needed: Desk
// itself does not.
func scopeNamed(err error, scope string) error {
	if e, ok := err.(*core.Error); ok && e.Code == "zoho.SCOPE_MISMATCH" {
		e.Params["scope"] = scope
	}
	return err
}

func (d *Desk) host() string {
	u, err := url.Parse(d.base)
	if err != nil {
		return ""
	}
	return u.Host
}

// unreadable says of a success that could not be read what it means: a page
// with status 200 is another host's.
func (d *Desk) unreadable(err error) error {
	if core.CodeOf(err) == "vendor.html" {
		return &core.Error{Tried: "check", On: d.conn.Name, Code: codeWrongHost, Class: core.Refused, Params: map[string]string{"region": d.conn.Region}, Err: err}
	}
	return err
}

// text reads a JSON text or number as it stands: ids come as both.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text(strings.Trim(string(raw), `"`))
	return nil
}

// names returns the scopes of probes that answered one way.
func names(probes []platform.ScopeProbe, keep func(platform.ScopeProbe) bool) []string {
	out := []string{}
	for _, p := range probes {
		if keep(p) {
			out = append(out, p.Scope)
		}
	}
	return slices.Clip(out)
}
