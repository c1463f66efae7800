package manifest

import (
	"encoding/json"
	"strings"
)

// CodeExtensions are the endings of the files in which an extension's code is.
func CodeExtensions() []string {
	return []string{".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".html", ".htm", ".vue", ".svelte"}
}

// TokenLines returns the lines of an extension's code, from 1, that send one of
// Zoho's auth tokens: as the scheme of a header, or as the parameter of an
// address. The bare word is not enough, since other services have auth tokens
// of their own.
func TokenLines(src string) []int {
	var out []int
	n := 0
	for line := range strings.Lines(src) {
		n++
		low := strings.ToLower(line)
		if strings.Contains(low, "zoho-authtoken") || strings.Contains(low, "?authtoken=") || strings.Contains(low, "&authtoken=") {
			out = append(out, n)
		}
	}
	return out
}

// TokenQuestions returns the names of the items in a manifest's config that ask
// the extension's users for an auth token of Zoho; nil also where src is no
// manifest, which Check reports.
func TokenQuestions(src string) []string {
	var m struct {
		Config []struct {
			Name string `json:"name"`
		} `json:"config"`
	}
	if json.Unmarshal([]byte(src), &m) != nil {
		return nil
	}
	var out []string
	for _, item := range m.Config {
		switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(item.Name)) {
		case "authtoken", "zohoauthtoken", "zohodeskauthtoken", "deskauthtoken":
			out = append(out, item.Name)
		}
	}
	return out
}
