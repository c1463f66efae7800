package zoho

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

// OldTokenLife is how long an auth token still works after it was exchanged.
const OldTokenLife = 24 * time.Hour

// The variants of authtooauth.
const (
	VariantSelf     = "self"     // the auth token's owner made the client too
	VariantExternal = "external" // an application of many users, announced to Zoho's support before
)

// exchangeErrors are the errors that Zoho documents for authtooauth
// (https://www.zoho.com/crm/developer/docs/api/self-oauth.html; Desk's own
// page lists none).
func exchangeErrors() []string {
	return []string{"access_denied", "invalid_authtoken", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope"}
}

// ExchangeRequest asks Zoho to turn an auth token into OAuth tokens. Blanks
// within its values are removed before they are sent.
type ExchangeRequest struct {
	Variant      string // VariantSelf when ""
	InQuery      bool   // send the parameters in the URL, as Zoho's page prints them
	Region       string
	OrgID        string
	ClientID     string
	ClientSecret core.Secret
	Authtoken    core.Secret
	Scopes       []string // of the self variant; the external one's are settled with Zoho's support
	On           string   // what the admin calls it
}

// Exchange makes the call authtooauth, once. It cannot be undone: the auth
// token can never be exchanged again and stops working OldTokenLife later.
//
// The class of its error says what is known: Usage or Failed, nothing was
// done; Refused, Zoho said no and nothing was done; Unknown, it may have
// taken effect and must not be repeated blindly. It goes on when ctx is
// cancelled after the request left, within core.CallTime.
func Exchange(ctx context.Context, c *transport.Client, e transport.Endpoints, r ExchangeRequest) (Tokens, error) {
	d, err := centre(r.Region)
	if err != nil {
		return Tokens{}, err
	}
	params, err := r.params()
	if err != nil {
		return Tokens{}, err
	}
	if err := ctx.Err(); err != nil {
		return Tokens{}, transport.NetError(hostOf(d.accounts(e)), err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), core.CallTime)
	defer cancel()
	base := d.accounts(e)
	variant := r.Variant
	if variant == "" {
		variant = VariantSelf
	}
	a, err := postForm(ctx, c.For(hosts(e)...), base+pathExchange+variant+"/authtooauth", params, r.InQuery)
	switch {
	case transport.NotSent(err):
		return Tokens{}, err
	case err != nil:
		return Tokens{}, r.unknown(0, err)
	}
	return r.read(a, hostOf(base))
}

func (r ExchangeRequest) params() (url.Values, error) {
	bad := func(input string) error {
		return &core.Error{Tried: "authtooauth", On: r.On, Code: "action.bad-input", Class: core.Usage, Params: map[string]string{"input": input}}
	}
	v := url.Values{
		"client_id":     {squeeze(r.ClientID)},
		"client_secret": {squeeze(r.ClientSecret.Reveal())},
		"grant_type":    {"authtooauth"},
		"authtoken":     {squeeze(r.Authtoken.Reveal())},
		"soid":          {soid(squeeze(r.OrgID))},
	}
	switch r.Variant {
	case "", VariantSelf:
		var scopes []string
		for _, s := range r.Scopes {
			scopes = append(scopes, squeeze(s))
		}
		v.Set("scope", strings.Join(scopes, ","))
	case VariantExternal:
	default:
		return nil, bad("variant")
	}
	for name := range v {
		if v.Get(name) == "" {
			return nil, bad(name)
		}
	}
	if org := squeeze(r.OrgID); org == "" || checkOrgID(org) != nil {
		return nil, bad("org_id")
	}
	return v, nil
}

// read tells success, refusal and not knowing apart. Zoho documents no status
// for a refusal, and answers 200 elsewhere: only the body decides, and what
// is neither tokens nor a known refusal is not known to be one.
func (r ExchangeRequest) read(a *transport.Answer, host string) (Tokens, error) {
	t, fault, err := readTokens(a, host)
	refused := func(code string) error {
		return &core.Error{Tried: "authtooauth", On: r.On, Code: "zoho.authtooauth." + code, Class: core.Refused, Params: map[string]string{"status": strconv.Itoa(a.Status)}, Err: err}
	}
	switch {
	case err == nil && !t.Access.Empty():
		return t, nil
	case a.Status >= http.StatusInternalServerError:
		return Tokens{}, r.unknown(a.Status, err)
	case err == nil && fault.Code != "":
		code := strings.ToLower(strings.TrimSpace(fault.Code))
		if tokenErrorCode(a.Status, fault.Code, fault.Description) == codeThrottled {
			return Tokens{}, tokenError("authtooauth", r.On, a, fault)
		}
		for _, known := range exchangeErrors() {
			if code == known {
				return Tokens{}, refused(known)
			}
		}
		if tokenErrorCode(a.Status, fault.Code, "") == "zoho.general_error" {
			return Tokens{}, r.unknown(a.Status, nil) // Zoho's word for its own failures too
		}
		return Tokens{}, refused("refused")
	case a.Status == http.StatusNotFound, a.Status == http.StatusMethodNotAllowed, a.Status == http.StatusGone, a.Status >= 300 && a.Status < 400:
		return Tokens{}, refused("retired")
	case a.Status == http.StatusTooManyRequests:
		return Tokens{}, tokenError("authtooauth", r.On, a, fault)
	case a.Status >= 400:
		return Tokens{}, refused("refused")
	}
	return Tokens{}, r.unknown(a.Status, err)
}

func (r ExchangeRequest) unknown(status int, err error) error {
	return &core.Error{
		Tried: "authtooauth", On: r.On, Code: "zoho.authtooauth.unknown", Class: core.Unknown,
		Params: map[string]string{"status": strconv.Itoa(status)}, Err: err,
	}
}
