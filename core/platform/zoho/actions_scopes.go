package zoho

import (
	"context"
	"strings"

	"deskward/core"
)

// asBefore, as a use, leaves the choice to the auth token's own scopes.
const asBefore = "as-before"

// SuggestIn is the input of zoho.suggest_scopes.
type SuggestIn struct {
	Uses            []string `name:"uses,optional"`             // of Uses; "as-before" or none: whatever the auth token was allowed to
	AuthtokenScopes []string `name:"authtoken_scopes,optional"` // as the auth token was made with: "ZohoSupport/supportapi"
}

// SuggestOut is the output of zoho.suggest_scopes.
type SuggestOut struct {
	Scopes []string `name:"scopes"`
}

// suggest returns the smallest set of scopes for what the systems do.
func suggest(_ context.Context, in SuggestIn) (SuggestOut, error) {
	known := map[Use]bool{}
	for _, u := range Uses() {
		known[u] = true
	}
	var uses []Use
	for _, text := range in.Uses {
		u := Use(text)
		switch {
		case text == asBefore:
		case known[u]:
			uses = append(uses, u)
		default:
			return SuggestOut{}, &core.Error{
				Tried: "run-action", On: "zoho.suggest_scopes", Code: "action.bad-input", Class: core.Usage,
				Params: map[string]string{"input": "uses"},
			}
		}
	}
	return SuggestOut{SuggestScopes(in.AuthtokenScopes, uses...)}, nil
}

// CodeRequestIn is the input of zoho.code_request.
type CodeRequestIn struct {
	Region string   `name:"region,optional"`
	Scopes []string `name:"scopes"`
}

// CodeRequestOut is the output of zoho.code_request.
type CodeRequestOut struct {
	ConsoleURL string `name:"console_url"` // where the code is made
	ScopeLine  string `name:"scope_line"`  // the scopes as the console takes them
}

// codeRequest says what to enter in the self client's console to get a code:
// no URL can make one.
func (m *migration) codeRequest(_ context.Context, in CodeRequestIn) (CodeRequestOut, error) {
	d, err := centre(in.Region)
	if err != nil {
		return CodeRequestOut{}, err
	}
	return CodeRequestOut{ConsoleURL: d.console(m.s.Endpoints), ScopeLine: strings.Join(in.Scopes, ",")}, nil
}
