package zoho

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/platform"
)

// Zoho's limits, of which its own pages disagree; these are the lowest figures
// (Kaizen 43; zoho.com/accounts … access-token-expiry).
const (
	mostGrants  = 20 // refresh tokens of a person and client; one more ends the oldest without a word
	nearGrants  = 18
	mostTokens  = 10 // access tokens of a refresh token in tokenWindow
	tokenWindow = 10 * time.Minute
)

// ReadSetup reads how the credential stands at Zoho Desk: its data centre and
// organizations, what it may do, the credits that are left, and how near it is
// to Zoho's limits. With of "data-centre", and where its own Desk refuses it,
// the Desks of the other data centres are asked with it, too: only on request,
// since the credential goes to each, and only those that Zoho's own pages name.
func (d *Desk) ReadSetup(ctx context.Context, of string) (platform.Setup, error) {
	orgs, err := d.Organizations(ctx)
	told := err == nil
	switch {
	case refusedAs(err, codeWrongHost, "zoho.invalid_authtoken", "zoho.INVALID_OAUTH", "zoho.invalid_code", "zoho.invalid_client"):
		if of != ofDataCentre {
			return platform.Setup{}, err
		}
		return d.elsewhere(ctx, err)
	case core.CodeOf(err) == codeThrottled:
		out := platform.Setup{Findings: []platform.SetupFinding{finding(err, true)}}
		return out, d.limits(ctx, &out)
	case refusedAs(err, "zoho.SCOPE_MISMATCH"):
		// It may not list them; the rest can be read all the same.
	case err != nil:
		return platform.Setup{}, err
	}
	out := platform.Setup{Facts: []platform.SetupFact{{Name: "data-centre", Value: cmp.Or(d.conn.Region, dataCentres()[0].id)}}}
	if len(orgs) > 0 {
		out.Facts = append(out.Facts, platform.SetupFact{Name: "organizations", Value: listed(orgs)})
	}
	if d.conn.Account != "" {
		out.Facts = append(out.Facts, platform.SetupFact{Name: "bound-to", Value: d.conn.Account})
	}
	if _, err := pick(orgs, d.conn.Account, d.conn.Name); told && err != nil {
		if len(orgs) == 0 { // an answer that lists nothing proves nothing
			return out, err
		}
		out.Findings = append(out.Findings, finding(err, true))
	}
	if d.conn.Grant != core.GrantAuthtoken {
		if err := d.limits(ctx, &out); err != nil {
			return out, err
		}
	}
	if len(out.Findings) > 0 && out.Findings[0].Stops {
		return out, nil // every other call would be refused for the same reason
	}
	return out, d.permissions(ctx, &out)
}

// ofDataCentre asks ReadSetup for the data centre that takes a credential.
const ofDataCentre = "data-centre"

// finding is an error as something that was found.
func finding(err error, stops bool) platform.SetupFinding {
	f := platform.SetupFinding{Code: core.CodeOf(err), Stops: stops}
	if e, ok := errors.AsType[*core.Error](err); ok {
		f.Params = e.Params
	}
	return f
}

// limits says how many tokens were made and how many there may be.
func (d *Desk) limits(ctx context.Context, out *platform.Setup) error {
	now := d.env.Clock.Now()
	made := slices.DeleteFunc(slices.Clone(d.conn.Refreshes), func(at time.Time) bool { return now.Sub(at) >= tokenWindow })
	out.Facts = append(out.Facts, platform.SetupFact{Name: "tokens-made", Value: strconv.Itoa(len(made)) + " / " + strconv.Itoa(mostTokens)})
	if len(made) >= mostTokens {
		until := made[len(made)-mostTokens].Add(tokenWindow)
		out.Findings = append(out.Findings, platform.SetupFinding{Code: "zoho.care.tokens-used", Params: map[string]string{"until": until.UTC().Format("15:04 MST")}})
	}
	if d.env.Grants == nil {
		return nil
	}
	grants, err := d.env.Grants(ctx)
	if err != nil {
		return err
	}
	out.Facts = append(out.Facts, platform.SetupFact{Name: "refresh-tokens", Value: strconv.Itoa(grants) + " / " + strconv.Itoa(mostGrants)})
	if grants >= nearGrants {
		out.Findings = append(out.Findings, platform.SetupFinding{Code: "zoho.care.grants-near", Params: map[string]string{"count": strconv.Itoa(grants), "most": strconv.Itoa(mostGrants)}})
	}
	return nil
}

// permissions asks by one call for each scope, and says what of the day's
// credits is left after that.
func (d *Desk) permissions(ctx context.Context, out *platform.Setup) error {
	if d.conn.Grant != core.GrantAuthtoken {
		probes, err := d.ProbeScopes(ctx)
		if err != nil {
			return err
		}
		denied := names(probes, func(p platform.ScopeProbe) bool { return !p.Allowed && !p.Unsure })
		for _, f := range []platform.SetupFact{
			{Name: "may", Value: strings.Join(names(probes, func(p platform.ScopeProbe) bool { return p.Allowed }), " ")},
			{Name: "may-not", Value: strings.Join(denied, " ")},
			{Name: "untold", Value: strings.Join(names(probes, func(p platform.ScopeProbe) bool { return p.Unsure }), " ")},
		} {
			if f.Value != "" {
				out.Facts = append(out.Facts, f)
			}
		}
		if len(denied) > 0 {
			out.Findings = append(out.Findings, platform.SetupFinding{Code: "zoho.SCOPE_MISMATCH", Stops: true, Params: map[string]string{"scope": strings.Join(denied, ", ")}})
		}
	}
	if left := d.CreditsLeft(); left != "" {
		out.Facts = append(out.Facts, platform.SetupFact{Name: "credits-left", Value: left})
		if n, err := strconv.Atoi(left); err == nil && n <= 0 {
			out.Findings = append(out.Findings, platform.SetupFinding{Code: "zoho.THRESHOLD_EXCEEDED", Stops: true})
		}
	}
	return nil
}

// elsewhere asks the other data centres for the one whose Desk takes the stored
// credential. refusal is what its own said. An access token that ran out is
// refused everywhere, so the refusal then stays.
func (d *Desk) elsewhere(ctx context.Context, refusal error) (platform.Setup, error) {
	own, err := centre(d.conn.Region)
	if err != nil {
		return platform.Setup{}, err
	}
	// As it is stored: a renewal would be refused where the rest is.
	cred := credential{schemeAuthtoken, d.conn.Secrets[core.SecretAuthtoken]}
	if d.conn.Grant != core.GrantAuthtoken {
		cred = credential{schemeOAuth, d.conn.Secrets[core.SecretAccessToken]}
	}
	out := platform.Setup{Facts: []platform.SetupFact{{Name: "data-centre", Value: own.id}}}
	if cred.token.Empty() {
		return out, refusal
	}
	asked := map[string]bool{d.base: true}
	var silent []string
	for _, other := range dataCentres() {
		base := other.desk(d.env.Endpoints) + apiPath
		if other.id == "cn" || other.doubtful || asked[base] { // China is a service apart
			continue
		}
		asked[base] = true
		_, err := d.once(ctx, "find-data-centre", base, "/organizations", "", cred)
		if err == nil || refusedAs(err, "zoho.SCOPE_MISMATCH") {
			out.Facts = append(out.Facts, platform.SetupFact{Name: "taken-by", Value: other.id})
			out.Findings = append(out.Findings, platform.SetupFinding{Code: "zoho.care.other-centre", Stops: true, Params: map[string]string{"region": own.id, "other": other.id}})
			return out, nil
		}
		if ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		if core.ClassOf(err) != core.Refused {
			silent = append(silent, other.id)
		}
	}
	if len(silent) > 0 { // who was not reached may be the one
		out.Facts = append(out.Facts, platform.SetupFact{Name: "not-reached", Value: strings.Join(silent, " ")})
		out.Findings = append(out.Findings, finding(refusal, true))
		return out, nil
	}
	return out, refusal
}
