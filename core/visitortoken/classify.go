package visitortoken

import (
	"slices"

	"deskward/core"
)

// classified is a kind and the places in the token that speak for it.
type classified struct {
	kind Kind
	by   []string
}

// classify says which token this is. The shared claims say little: what
// decides is what only one kind has, and then which key the token is meant for
// or was signed with.
//
// A token of the Help Center in Web Widget Classic and one of the Support SDK
// have the claims of single sign-on (name, email, jti, iat): nothing in the
// token tells them apart. The SDK's is known by the answer it was pasted in;
// the Help Center's is never guessed.
func classify(header, payload object, meant, signer *core.SigningKey, answers bool) classified {
	says := func(o object, name string) string {
		if v := o.get(name); v.shape == text {
			return v.says
		}
		return ""
	}
	has := payload.has
	kid := says(header, "kid")
	if kid == "" {
		kid = says(payload, "kid")
	}
	switch scope := says(payload, "scope"); {
	case says(payload, "iss") == LoginIssuer || has("xsolla_login_project_id"):
		// A server's token (client_credentials) speaks of no user.
		by := present(payload, "iss", "xsolla_login_project_id", "sub", "type", "email")
		if has("sub") || has("email") || has("type") {
			return classified{KindXsollaUser, by}
		}
		return classified{KindXsollaServer, by}
	case (scope == "app" || scope == "account" || scope == "integration") && !has("external_id"):
		return classified{KindConversations, []string{"payload.scope"}}
	case scope == "user" || scope == "appUser" || isConversationsKID(kid):
		return classified{KindMessaging, slices.Concat(presentIn("header", header, "kid"), present(payload, "kid", "scope", "external_id"))}
	case has("jti") && has("iat") && (has("email") || has("name")) && !(has("external_id") && has("exp")) && !signsVisitors(meant) && !signsVisitors(signer):
		by := present(payload, "jti", "iat", "email", "name")
		if answers {
			return classified{KindSupportSDK, by}
		}
		return classified{KindSSO, by}
	}
	return byKeyOrShape(payload, meant, signer)
}

// isConversationsKID: a key id of Sunshine Conversations, of whose kinds the
// messaging keys are one.
func isConversationsKID(kid string) bool {
	return len(kid) > 4 && slices.Contains([]string{"app_", "act_", "svc_", "int_"}, kid[:4])
}

// signsVisitors reports whether a key is one of messaging or of Chat.
func signsVisitors(k *core.SigningKey) bool {
	return k != nil && (k.Kind == core.KeyMessaging || k.Kind == core.KeyChat)
}

// byKeyOrShape is for a token that lacks what would tell it.
func byKeyOrShape(payload object, meant, signer *core.SigningKey) classified {
	ids := present(payload, "external_id", "externalId", "External_Id", "userId", "user_id")
	for _, k := range []*core.SigningKey{meant, signer} {
		switch {
		case k == nil:
		case k.Kind == core.KeyMessaging:
			return classified{KindMessaging, []string{"signature"}}
		case k.Kind == core.KeyChat:
			return classified{KindChat, []string{"signature"}}
		case k.Kind == core.KeyXsolla && k == meant:
			return classified{KindXsollaUser, []string{"signature"}}
		}
	}
	switch {
	case len(ids) > 0 && payload.has("iat"):
		return classified{KindChat, append(ids, "payload.iat")}
	case len(ids) > 0:
		return classified{KindMessaging, ids}
	case payload.has("scope"):
		return classified{KindMessaging, []string{"payload.scope"}}
	case payload.has("iat") && payload.has("name") && payload.has("email") && !payload.has("iss"):
		return classified{KindChat, present(payload, "name", "email", "iat")}
	}
	return classified{KindOther, nil}
}

func present(payload object, names ...string) []string {
	return presentIn("payload", payload, names...)
}

func presentIn(part string, o object, names ...string) []string {
	var out []string
	for _, name := range names {
		if o.has(name) {
			out = append(out, part+"."+name)
		}
	}
	return out
}
