package main

import (
	"context"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

// sandboxPlatform is what the sandbox has at hand for one platform, where the
// admin would look it up or fetch it from a page. A platform's own is in the
// file sandbox_<platform>.go.
type sandboxPlatform struct {
	// connection returns what is asked for a new connection, by ask; chosen are
	// the options that were chosen already.
	connection func(sb *sandbox.Sandbox, g core.Grant, chosen map[string]string) map[string]string
	// answer returns what is typed into a field of the step that a run is at,
	// and false where the sandbox has nothing to say. It may act on the
	// double's pages for it. nil: the platform has no guide.
	answer func(ctx context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error)
	// stock puts into the store what the answers to a step name. nil: they name
	// nothing that the guide does not make.
	stock func(ctx context.Context, sb *sandbox.Sandbox, s *session, step guide.Step) error
}

func sandboxPlatformOf(p core.PlatformID) sandboxPlatform {
	switch p {
	case "zoho":
		return sandboxPlatform{connection: zohoConnection, answer: zohoAnswer}
	case "xsolla":
		return sandboxPlatform{connection: xsollaConnection, answer: xsollaAnswer}
	case "salesforce":
		return sandboxPlatform{connection: salesforceConnection, answer: salesforceAnswer, stock: salesforceStock}
	case "zendesk":
		return sandboxPlatform{connection: zendeskConnection, answer: zendeskAnswer}
	case "google":
		return sandboxPlatform{connection: googleConnection, answer: googleAnswer}
	case "webex":
		return sandboxPlatform{connection: webexConnection, answer: webexAnswer}
	case "oauth2":
		return sandboxPlatform{connection: oauth2Connection}
	}
	return sandboxPlatform{}
}

// sandboxValues are what an admin would have at hand for a connection in the
// sandbox, by ask.
func sandboxValues(sb *sandbox.Sandbox, p core.PlatformID, g core.Grant, chosen map[string]string) map[string]string {
	if known := sandboxPlatformOf(p); known.connection != nil {
		return known.connection(sb, g, chosen)
	}
	return nil
}
