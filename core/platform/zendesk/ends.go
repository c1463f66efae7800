package zendesk

import (
	"time"

	"deskward/core"
)

// The pages that tell the dates below.
const (
	pageTokensEnd = "https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/"
	pageZopim     = "https://developer.zendesk.com/api-reference/live-chat/introduction/"
	pageRefresh   = "https://support.zendesk.com/hc/en-us/articles/9182123625370"
)

// The guides that lead out of the ends.
const (
	guideZopim  = "zendesk-chat-zopim"
	guideTokens = "zendesk-api-token-oauth"
)

// idleLife is how long an API token may go unused before Zendesk deactivates
// it; 60 days later it is deleted (pageTokensEnd, since 2026-07-28).
const idleLife = 30 * 24 * time.Hour

// tokensEnd is when every API token of Support stops. Since 2026-10-27 no new
// one can be made, so one that was let go is not had back (pageTokensEnd).
func tokensEnd() time.Time { return time.Date(2027, 4, 30, 0, 0, 0, 0, time.UTC) }

// refreshNeeded is from when on OAuth clients that an account made for itself
// must use refresh tokens. The date has been moved twice; older copies of the
// page name 2026-04-30 (pageRefresh).
func refreshNeeded() time.Time { return time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC) }

// zopimEnd is until when www.zopim.com was to answer beside the subdomain
// (pageZopim). Whether it still does is not known.
func zopimEnd() time.Time { return time.Date(2025, 5, 12, 0, 0, 0, 0, time.UTC) }

// ends are the dates that Zendesk has announced. API tokens are of Support
// alone: the keys of the Conversations API and the tokens of Chat go on.
func ends(c core.Summary) []core.End {
	var out []core.End
	switch {
	case c.Product == productChat:
		if c.Host == chatAtZopim {
			out = append(out, core.End{Code: "zendesk.zopim-ends", At: zopimEnd(), Source: pageZopim, Guide: guideZopim})
		}
	case c.Grant == core.GrantAPIToken && c.ReplacedBy != "": // ended and proved so
	case c.Grant == core.GrantAPIToken:
		out = append(out, core.End{Code: "zendesk.api-token-ends", At: tokensEnd(), Source: pageTokensEnd, Guide: guideTokens})
		// The last use known here is the last check; other systems may have
		// used it since.
		if used := c.CheckedAt; !used.IsZero() && c.CheckOK && used.Add(idleLife).Before(tokensEnd()) {
			out = append(out, core.End{Code: "zendesk.api-token-idle", At: used.Add(idleLife), Source: pageTokensEnd, Guide: guideTokens})
		}
	case c.Grant == core.GrantCode && c.HasAccess && !c.HasRefresh:
		out = append(out, core.End{Code: "zendesk.refresh-needed", At: refreshNeeded(), Source: pageRefresh})
	}
	return out
}
