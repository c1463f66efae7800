// Package oauth2 is the platform of any standard OAuth 2.0 server: found by
// discovery from its issuer (RFC 8414, OpenID Connect Discovery 1.0), or with
// endpoints given by hand.
package oauth2

import "deskward/core/platform"

// ID is the platform's id.
const ID = "oauth2"

// Platform describes it.
func Platform() platform.Platform {
	return platform.Platform{ID: ID, Name: "OAuth 2.0"}
}
