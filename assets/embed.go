// Package assets holds what deskward reads besides code: guides, advice, the
// texts of the console in every language, and the page the browser lands on
// after consent. It imports nothing but embed.
package assets

import "embed"

// Locales holds the texts: locales/<subject>.<language>.json.
//
//go:embed locales/*.json
var Locales embed.FS

// Guides holds the guides: guides/<id>.yaml.
//
//go:embed guides/*.yaml
var Guides embed.FS

// Advice holds what vendors' errors mean: advice/<platform>.yaml.
//
//go:embed advice/*.yaml
var Advice embed.FS

// Pages holds what the browser shows: pages/*.html.
//
//go:embed pages/*
var Pages embed.FS

// Snippets holds the code for developers: snippets/<file>.tmpl.
//
//go:embed snippets/*.tmpl
var Snippets embed.FS
