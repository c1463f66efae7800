package google

import (
	"encoding/json"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/sheet"
	"deskward/core/transport"
)

// Kind is what a JSON file of Google's holds. It is told from the content:
// files are renamed.
type Kind string

// The kinds: those of use, and those that admins pick by mistake.
const (
	KindWeb            Kind = "web"
	KindInstalled      Kind = "installed" // "Desktop app" in the console
	KindServiceAccount Kind = "service_account"

	KindAuthorizedUser Kind = "authorized_user" // what gcloud writes for its own use
	KindExternal       Kind = "external_account"
	KindExternalUser   Kind = "external_account_authorized_user"
	KindImpersonated   Kind = "impersonated_service_account"
	KindGDCH           Kind = "gdch_service_account"
	KindAndroid        Kind = "google-services" // Firebase's google-services.json
	KindFlat           Kind = "flat"            // client_id at the top: another vendor's, or retyped
	KindOther          Kind = "other"           // JSON, but none of these
)

// File is a client or a key as the Cloud console gives it.
type File struct {
	Kind         Kind
	ClientID     string // of a service account the number that the delegation page wants
	ClientSecret core.Secret
	Project      string
	AuthURL      string
	TokenURL     string
	Redirects    []string
	Origins      []string

	Email      string // of a service account
	KeyID      string
	PrivateKey core.Secret // PEM
	Universe   string
}

// longestFile is far more than the console ever gives.
const longestFile = 1 << 20

// ParseFile reads the JSON that the Cloud console offers for a client or a
// service account. It fails with code google.file-web-page for a page of the
// console and google.file-malformed for what else is no JSON object; what the
// object is good for is Lint's to say. Neither quotes the file.
func ParseFile(data []byte) (File, error) {
	bad := &core.Error{Tried: "read-client", Code: "google.file-malformed", Class: core.Usage}
	if len(data) > longestFile {
		return File{}, bad
	}
	var top map[string]json.RawMessage
	if text, enc, ok := sheet.Decode(data); ok && enc != sheet.ShiftJIS { // an editor may have saved it as UTF-16
		data = []byte(text)
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "<") {
		bad.Code = "google.file-web-page"
		return File{}, bad
	}
	if transport.DecodeJSON(data, &top) != nil || top == nil {
		return File{}, bad
	}
	kind := kindOf(top)
	body := data
	if kind == KindWeb || kind == KindInstalled {
		body = top[string(kind)]
	}
	var fields struct {
		ClientID   string   `json:"client_id"`
		Secret     string   `json:"client_secret"`
		Project    string   `json:"project_id"`
		AuthURL    string   `json:"auth_uri"`
		TokenURL   string   `json:"token_uri"`
		Redirects  []string `json:"redirect_uris"`
		Origins    []string `json:"javascript_origins"`
		Email      string   `json:"client_email"`
		KeyID      string   `json:"private_key_id"`
		PrivateKey string   `json:"private_key"`
		Universe   string   `json:"universe_domain"`
	}
	if transport.DecodeJSON(body, &fields) != nil {
		if kind == KindWeb || kind == KindInstalled || kind == KindServiceAccount {
			return File{}, bad
		}
		return File{Kind: kind}, nil
	}
	return File{
		Kind: kind, ClientID: line(fields.ClientID), ClientSecret: core.NewSecret(strings.TrimSpace(fields.Secret)), Project: line(fields.Project),
		AuthURL: line(fields.AuthURL), TokenURL: line(fields.TokenURL), Redirects: linesOf(fields.Redirects), Origins: linesOf(fields.Origins),
		Email: line(fields.Email), KeyID: line(fields.KeyID), PrivateKey: core.NewSecret(strings.TrimSpace(fields.PrivateKey)), Universe: line(fields.Universe),
	}, nil
}

func line(s string) string { return strings.TrimSpace(core.CleanLine(s)) }

func linesOf(list []string) []string {
	var out []string
	for _, s := range list {
		if s = line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// kindOf tells what a file is by its members.
func kindOf(top map[string]json.RawMessage) Kind {
	has := func(name string) bool { return len(top[name]) > 0 }
	var named string
	if json.Unmarshal(top["type"], &named) != nil {
		named = ""
	}
	known := []Kind{KindServiceAccount, KindAuthorizedUser, KindExternal, KindExternalUser, KindImpersonated, KindGDCH}
	switch {
	case has(string(KindWeb)):
		return KindWeb
	case has(string(KindInstalled)):
		return KindInstalled
	case slices.Contains(known, Kind(named)):
		return Kind(named)
	case has("project_info") && has("client"):
		return KindAndroid
	case named == "" && has("private_key") && has("client_email"):
		return KindServiceAccount
	case has("client_id"):
		return KindFlat
	}
	return KindOther
}
