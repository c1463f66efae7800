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
