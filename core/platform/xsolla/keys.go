package xsolla

import (
	"context"
	"encoding/json"
	"net/http"

	"deskward/core"
	"deskward/core/visitortoken"
)

// Keys reads the public keys of an RS256 project. list is the JSON as Xsolla
// sends it, cleaned: visitortoken.ParseKeyList and VerifyLogin read it. It
// fails with code xsolla.no-keys where the list is empty: an HS256 project's.
func (l *Login) Keys(ctx context.Context, projectID string) (list string, keys []visitortoken.PublicKey, err error) {
	a, err := l.do(ctx, call{tried: "fetch-keys", method: http.MethodGet, path: project(projectID, "/keys")})
	if err != nil {
		return "", nil, err
	}
	var clean any
	if err := l.decode(a, &clean); err != nil {
		return "", nil, err
	}
	raw, err := json.Marshal(clean)
	if err != nil {
		return "", nil, l.malformed("fetch-keys", a)
	}
	if empty(clean) {
		return "", nil, &core.Error{Tried: "fetch-keys", On: l.on, Code: "xsolla.no-keys", Class: core.Refused}
	}
	if keys, err = visitortoken.ParseKeyList(raw); err != nil {
		return "", nil, err
	}
	return string(raw), keys, nil
}

// empty reports whether a key list of either form has no key.
func empty(list any) bool {
	switch v := list.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		keys, ok := v["keys"].([]any)
		return ok && len(keys) == 0
	}
	return false
}
