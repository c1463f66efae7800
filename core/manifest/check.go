package manifest

import (
	"slices"

	"deskward/core"
)

// Problem is one rule of the vendor's validator that a manifest breaks.
// Texts: manifest.problem.<Code>.
type Problem struct {
	Code  string `json:"code"`
	Value string `json:"value,omitempty"`
}

// required are the keys without which the validator stops
// (zoho-extension-toolkit 1.0.24, lib/rules/DESK.PluginManifestRule.js).
func required() []string {
	return []string{"locale", "storage", "service", "modules", "connectors", "config", "whiteListedDomains"}
}

var connectionName = core.Pattern(`^[a-zA-Z][a-zA-Z0-9-_ ]*$`)

// Check tells which rules about connections, and about what must be there, a
// manifest breaks. Rules about the extension's other files and its widgets
// are the validator's own business.
func Check(src string) []Problem {
	doc, err := object(src, "manifest")
	if err != nil {
		return []Problem{{Code: core.CodeOf(err)}}
	}
	var out []Problem
	add := func(code, value string) { out = append(out, Problem{code, core.CleanLine(value)}) }
	for _, key := range required() {
		if doc.get(key) == nil {
			add("missing-key", key)
		}
	}
	if m := doc.get("connectors"); m != nil {
		if m.value.kind(src) != '[' {
			add("connectors-no-array", "")
		}
		checkConnectors(src, m.value, add)
	}
	if m := doc.get("zohoAuthorisation"); m != nil {
		checkZoho(src, m.value, add)
	}
	return out
}

func checkConnectors(src string, list *value, add func(code, value string)) {
	services, names := []string{}, []string{}
	for _, it := range list.items {
		name, _ := it.textOf(src, "connectionName")
		service, _ := it.textOf(src, "serviceName")
		link, hasLink := it.textOf(src, "connectionLinkName")
		switch {
		case it.kind(src) != '{' || len(it.members) == 0:
			add("connector-empty", "")
			continue
		case !connectionName().MatchString(name):
			add("connection-name", name)
		case slices.Contains(names, name):
			add("connection-name-twice", name)
		}
		switch {
		case service == "":
			add("service-name", link)
		case service == zlabs:
			add("zoho-in-connectors", link)
		case slices.Contains(services, service):
			add("service-twice", service)
		}
		if !hasLink {
			add("no-link-name", name)
		}
		checkScope(src, it, link, add)
		services, names = append(services, service), append(names, name)
	}
}

func checkScope(src string, it *value, link string, add func(code, value string)) {
	m := it.get("scope")
	if m == nil {
		return
	}
	if m.value.kind(src) != '[' || slices.ContainsFunc(m.value.items, func(s *value) bool { return s.kind(src) != '"' || s.end-s.start == 2 }) {
		add("scope-no-list", link)
	}
}

func checkZoho(src string, v *value, add func(code, value string)) {
	switch {
	case v.kind(src) != '{':
		add("zoho-no-object", "")
		return
	case len(v.members) == 0:
		return
	case v.get("type") == nil:
		add("no-type", "")
	}
	if s, ok := v.textOf(src, "serviceName"); ok && s != zlabs {
		add("not-zoho", s)
	}
}
