// Package advice says in plain words what an error means and what to do
// next. What went wrong in deskward itself has its texts in assets/locales
// (error.<code>, error.<code>.means, error.<code>.next); what a vendor answered
// has an entry in assets/advice, with the source it rests on and whether that
// source is sure. Screens and commands show the same explanation.
package advice

import (
	"io/fs"

	"deskward/core/locale"
)

// Entry is what one vendor error means.
type Entry struct {
	Code   string      // as in core.Error.Code: "zoho.invalid_code"
	When   []string    // the values of core.Error.Tried it is for; nil: any
	Where  string      // where the vendor says it, for the reader of the file
	Means  locale.Text // what it means
	Fix    locale.Text // what to do
	Link   string      // a page that says more; "": none
	Sure   bool        // documented by the vendor or seen by several, not guessed
	Source string      // what it rests on
}

// Catalogue is all advice.
type Catalogue struct{ entries map[string][]Entry }

// Load reads all advice files (*.yaml) of a folder.
func Load(files fs.FS) (*Catalogue, error) { return &Catalogue{}, nil }

// Lookup returns the entry of a code for what was tried, else the one for
// anything tried.
func (c *Catalogue) Lookup(code, tried string) (Entry, bool) { return Entry{}, false }

// Explanation is an error as a person reads it.
type Explanation struct {
	Headline string // one sentence: what could not be done, and why
	Means    string // what that means; may be ""
	Next     string // what to do next; may be ""
	Code     string // stable, for search and support; "" for an unknown cause
	Vendor   string // what the vendor wrote, made safe to draw; may be ""
	Sure     bool   // false: the meaning is not documented, and the text says so
	Link     string // a page that says more; may be ""
}

// Explain explains err in the printer's language. An error without a code
// gets one plain sentence and none of its own text, which may hold anything.
func (c *Catalogue) Explain(err error, p *locale.Printer) Explanation { return Explanation{} }
