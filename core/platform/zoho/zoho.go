package zoho

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// Platform describes Zoho Desk.
//
// core.GrantMigrated is not among the grants: a connection gets it from the
// action zoho.authtooauth, and nobody can ask for it. It renews like any other.
func Platform() platform.Platform {
	return platform.Platform{
		ID:      ID,
		Name:    "Zoho Desk",
		Grants:  []core.Grant{core.GrantCode, core.GrantPastedCode, core.GrantDevice, core.GrantClientCredentials, core.GrantAuthtoken},
		Regions: regions(),
		Asks:    asks(),
		Scopes:  scopes(),
		OAuth:   oauthConfig,
		Dial:    func(c core.Connection, env platform.Env) any { return dial(c, env) },
		Actions: func(s platform.Services) []action.Action { return (&migration{s: s}).actions() },
		Lists:   lists(),
		SetupOf: []platform.SetupAsk{{Name: ofDataCentre, AfterRefusal: true}},
	}
}

func asks() []platform.Ask {
	oauth := []core.Grant{core.GrantCode, core.GrantPastedCode, core.GrantDevice, core.GrantClientCredentials}
	return []platform.Ask{
		{Name: "region", Default: dataCentres()[0].id, Check: func(v string) error { _, err := centre(v); return err }},
		{Name: "client_id", Grants: oauth},
		{Name: "client_secret", Secret: true, Grants: oauth},
		{Name: "authtoken", Secret: true, Grants: []core.Grant{core.GrantAuthtoken}},
		{Name: "account", Optional: true, Check: checkOrgID},
		{Name: "scopes", Optional: true, Grants: oauth, Default: strings.Join(leastScopes(), ","), Check: checkScopes},
	}
}

// checkOrgID refuses what cannot be an organization id. Ids are texts of
// digits (17 to 19 of them for records): too long for a float, so they never
// become numbers here.
func checkOrgID(v string) error {
	for _, r := range v {
		if r < '0' || r > '9' {
			return &core.Error{Tried: "read-input", Code: "zoho.bad-org-id", Class: core.Usage}
		}
	}
	return nil
}

// squeeze removes every blank and invisible character. Ids, codes and tokens
// have none, but Zoho's own sample requests do ("soid=ZohoSupport. 1234567"),
// and so has what people copy from them.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

func squeezeSecret(s core.Secret) core.Secret { return core.NewSecret(squeeze(s.Reveal())) }

// get builds a GET request with the given authorization.
func get(ctx context.Context, base, path string, query url.Values, auth credential) (*http.Request, error) {
	u := base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, &core.Error{Tried: "call", Code: "endpoints.bad", Class: core.Usage, Params: map[string]string{"url": base}}
	}
	req.Header.Set("Accept", "application/json")
	if auth.token.Reveal() != "" {
		req.Header.Set("Authorization", auth.scheme+" "+auth.token.Reveal())
	}
	return req, nil
}

// credential is what a Desk request is signed with.
type credential struct {
	scheme string
	token  core.Secret
}

// The schemes of Desk's Authorization header.
const (
	schemeOAuth     = "Zoho-oauthtoken"
	schemeAuthtoken = "Zoho-authtoken" // legacy
)
