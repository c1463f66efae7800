// Package all is the one list of the platforms deskward knows.
package all

import (
	"deskward/core/platform"
	"deskward/core/platform/google"
	"deskward/core/platform/oauth2"
	"deskward/core/platform/salesforce"
	"deskward/core/platform/webex"
	"deskward/core/platform/xsolla"
	"deskward/core/platform/zendesk"
	"deskward/core/platform/zoho"
	"deskward/core/tokenbatch"
)

// Platforms returns every platform, in the order in which they are offered.
func Platforms() []platform.Platform {
	return []platform.Platform{
		zoho.Platform(),
		zendesk.Platform(),
		xsolla.Platform(),
		google.Platform(),
		salesforce.Platform(),
		webex.Platform(),
		oauth2.Platform(),
	}
}

// TokenBatch returns what turns many of a platform's old tokens into OAuth
// connections: Zoho's, the only one that has such tokens.
func TokenBatch(s platform.Services) tokenbatch.Vendor { return zoho.Batch(s) }
