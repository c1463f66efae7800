package zoho

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/tokenbatch"
)

// Batch returns what a batch of auth tokens needs of Zoho.
func Batch(s platform.Services) tokenbatch.Vendor { return &batch{migration{s: s}} }

// batch migrates many auth tokens by the calls that the single migration makes.
type batch struct{ m migration }

// Platform is Zoho.
func (b *batch) Platform() core.PlatformID { return ID }

// Limits are below Zoho's figures, of which its pages have several: for a
// person and client 10 refresh tokens in 10 minutes and 20 that live at once, 5 a
// minute, authtooauth itself 60 an hour and 25 a minute
// (https://help.zoho.com kaizen-43; Recruit's and Workerly's pages). None is
// Desk's own, so all are kept. Twenty wrong auth tokens block a client.
func (b *batch) Limits() tokenbatch.Limits {
	return tokenbatch.Limits{
		Windows: []tokenbatch.Window{{Most: 4, Span: time.Minute}, {Most: 9, Span: 10 * time.Minute}, {Most: 54, Span: time.Hour}},
		Rest:    10 * time.Minute, Grants: 20, OldLife: OldTokenLife, Wrong: mostInvalidTries,
	}
}

// Check removes blanks, as Zoho's own samples have them, and reads data
// centres and organizations as people write them.
func (b *batch) Check(v tokenbatch.Variant, l tokenbatch.Line) (tokenbatch.Line, error) {
	l.OrgID, l.ClientID, l.Owner = squeeze(l.OrgID), squeeze(l.ClientID), squeeze(l.Owner)
	l.Token, l.ClientSecret = squeezeSecret(l.Token), squeezeSecret(l.ClientSecret)
	if strings.TrimSpace(l.Region) == "" {
		return l, tokenbatch.LineError("no-region")
	}
	d, ok := centreNamed(l.Region)
	if !ok {
		_, err := centre(l.Region)
		return l, err
	}
	l.Region = d.id
	const service = "zohosupport."
	if len(l.OrgID) > len(service) && strings.EqualFold(l.OrgID[:len(service)], service) {
		l.OrgID = l.OrgID[len(service):] // it was copied out of a soid
	}
	switch err := checkOrgID(l.OrgID); {
	case l.OrgID == "":
		return l, tokenbatch.LineError("no-org")
	case err != nil && rounded(l.OrgID):
		return l, tokenbatch.LineError("org-rounded")
	case err != nil:
		return l, err
	}
	if !plainToken(l.Token.Reveal()) {
		return l, tokenbatch.LineError("bad-token")
	}
	l.Scopes = clean(l.Scopes)
	if len(l.Scopes) == 0 {
		l.Scopes = leastScopes()
		if len(l.OldScopes) > 0 {
			l.Scopes = SuggestScopes(l.OldScopes)
		}
	}
	return l, checkScopes(strings.Join(l.Scopes, ","))
}

// clean removes blanks from scopes, and those that are named twice.
func clean(scopes []string) []string {
	var out []string
	for _, s := range scopes {
		if s = squeeze(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// rounded reports whether a spreadsheet made a number of an id: 6.0E+10. Its
// last digits are gone.
func rounded(org string) bool {
	_, err := strconv.ParseFloat(org, 64)
	return err == nil && strings.ContainsAny(org, "eE.")
}

// plainToken reports whether a text can be an auth token at all, or is empty:
// letters, digits and what separates them.
func plainToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-._~", r))
	})
}

// centreNamed finds a data centre by what people call it: its id, its name, or
// a host or address of it.
func centreNamed(text string) (dataCentre, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
	text, _, _ = strings.Cut(text, "/")
	for _, d := range dataCentres() {
		for _, host := range []string{d.domain, "accounts." + d.domain, "desk." + d.domain, "www." + d.domain, strings.TrimPrefix(d.domain, "zoho"), strings.TrimPrefix(d.domain, "zoho.")} {
			if text == host {
				return d, true
			}
		}
		if text == d.id || text == strings.ToLower(d.name) || text == inJapanese(d.id) {
			return d, true
		}
	}
	return dataCentre{}, false
}

func inJapanese(region string) string {
	return map[string]string{
		"us": "米国", "eu": "欧州", "in": "インド", "au": "オーストラリア", "jp": "日本", "ca": "カナダ",
		"sa": "サウジアラビア", "uk": "英国", "cn": "中国", "sg": "シンガポール",
	}[region]
}

// old is a line's auth token as a connection that is not stored.
func (b *batch) old(l tokenbatch.Line) core.Connection {
	return core.Connection{
		Name: l.Name, Platform: ID, Grant: core.GrantAuthtoken, Region: l.Region, Account: l.OrgID,
		Secrets: core.Secrets{core.SecretAuthtoken: l.Token},
	}
}

// Pulse asks Desk for the auth token's organizations.
func (b *batch) Pulse(ctx context.Context, l tokenbatch.Line) (tokenbatch.Pulse, error) {
	orgs, err := dial(b.old(l), b.m.env("")).Organizations(ctx)
	switch {
	case refusedAs(err, "zoho.invalid_authtoken"):
		return tokenbatch.Dead, nil
	case err != nil:
		return tokenbatch.Unclear, err
	}
	_, err = pick(orgs, l.OrgID, l.Name)
	return tokenbatch.Alive, err
}

// Exchange makes the call authtooauth.
func (b *batch) Exchange(ctx context.Context, v tokenbatch.Variant, l tokenbatch.Line) (tokenbatch.Tokens, error) {
	t, err := Exchange(ctx, b.m.s.HTTP, b.m.s.Endpoints, ExchangeRequest{
		Variant: string(v), Region: l.Region, OrgID: l.OrgID, ClientID: l.ClientID, ClientSecret: l.ClientSecret,
		Authtoken: l.Token, Scopes: l.Scopes, On: l.Name,
	})
	return tokenbatch.Tokens(t), err
}

// Connection is what the single migration stores.
func (b *batch) Connection(l tokenbatch.Line, t tokenbatch.Tokens, now time.Time) core.Connection {
	c := core.Connection{
		Name: l.Name, Platform: ID, Region: l.Region, Account: l.OrgID, Expect: l.Owner, ClientID: l.ClientID,
		Scopes: slices.Clone(l.Scopes), Secrets: core.Secrets{core.SecretClientSecret: l.ClientSecret},
	}
	granted(&c, Tokens(t), core.GrantMigrated, now)
	return c
}

// Claim marks the auth token as the single migration does, which refuses it
// from then on.
func (b *batch) Claim(old *core.Connection, into string) error { return claim(old, into) }

// Free takes the mark away, and counts a wrong token.
func (b *batch) Free(old *core.Connection, why error) { unclaim(old, why) }

// Meaning sorts the refusals of authtooauth
// (https://www.zoho.com/crm/developer/docs/api/self-oauth.html). access_denied
// has several: the token was exchanged already, the client is blocked, or it is
// another person's.
func (b *batch) Meaning(err error) tokenbatch.Meaning {
	switch core.CodeOf(err) {
	case codeThrottled, "zoho.TOO_MANY_REQUESTS", "zoho.THRESHOLD_EXCEEDED":
		return tokenbatch.Busy
	case "zoho.authtooauth.invalid_client", "zoho.authtooauth.invalid_grant", "zoho.authtooauth.retired":
		return tokenbatch.OfClient
	case "zoho.authtooauth.invalid_authtoken":
		return tokenbatch.WrongToken
	case "zoho.authtooauth.access_denied", "zoho.authtooauth.refused":
		return tokenbatch.Doubtful
	}
	return tokenbatch.OfToken
}

// OldEnds is the code of the deadline of an exchanged auth token.
func (b *batch) OldEnds() string { return codeOldTokenEnds }
