// Package advice says in plain words what an error means and what to do
// next. What went wrong in deskward itself has its texts in assets/locales
// (error.<code>, error.<code>.means, error.<code>.next), and a rule that a
// visitor's token breaks finding.<code> with .means and .fix; what a vendor answered
// has an entry in assets/advice, with the source it rests on and whether that
// source is sure. Screens and commands show the same explanation.
package advice

import (
	"context"
	"errors"
	"strings"

	"deskward/core"
	"deskward/core/locale"
)

// Explanation is an error as a person reads it.
type Explanation struct {
	Headline string // one sentence: what could not be done, and why
	Means    string // what that means; may be ""
	Next     string // what to do next; may be ""
	Code     string // stable, for search and support; "" for an unknown cause
	Vendor   string // what the vendor wrote, made safe to draw; may be ""
	Sure     bool   // false: the meaning is not documented, and the text says so
	Link     string // a page that says more; may be ""
	Foreign  bool   // the code is a vendor's, or nobody's here: ExplainError may say more
}

// Explain explains err in the printer's language. Where the outermost error
// has no texts, that of its cause that has some is explained. An error without
// any code gets one plain sentence and none of its own text, which may hold
// anything. nil gives the zero Explanation.
func (c *Catalogue) Explain(err error, p *locale.Printer) Explanation {
	if err == nil {
		return Explanation{}
	}
	outer, ok := errors.AsType[*core.Error](err)
	if !ok {
		return c.plain(err, p)
	}
	for e := outer; e != nil; e = cause(e) {
		// What was tried is said of the outermost error, whoever explains it.
		asked := *e
		if asked.Tried == "" || !p.Has("tried."+asked.Tried) {
			asked.Tried = outer.Tried
		}
		if asked.On == "" {
			asked.On = outer.On
		}
		if x, ok := c.explain(&asked, p); ok {
			return x
		}
	}
	return c.undescribed(outer, p)
}

// Code explains a code by itself, as the log and a run's report keep it.
func (c *Catalogue) Code(code string, p *locale.Printer) Explanation {
	return c.Explain(&core.Error{Code: code}, p)
}

func cause(e *core.Error) *core.Error {
	inner, _ := errors.AsType[*core.Error](e.Err)
	return inner
}

// explain explains one error from the locale texts or the advice.
func (c *Catalogue) explain(e *core.Error, p *locale.Printer) (Explanation, bool) {
	params := paramsOf(e)
	for name, v := range e.Params {
		if s := p.SpanOr(name, v); s != v {
			params[name] = s
		}
	}
	x := Explanation{Code: e.Code, Vendor: core.CleanText(strings.TrimSpace(e.Params["description"])), Sure: true}
	key, next := "error."+e.Code, ".next"
	if strings.HasPrefix(e.Code, "finding.") { // a rule that a visitor's token breaks has its own texts
		key, next = e.Code, ".fix"
	}
	if p.Has(key) {
		x.Headline = headline(e, text(p, key, params), p)
		if p.Has(key + ".means") {
			x.Means = text(p, key+".means", params)
		}
		if p.Has(key + next) {
			x.Next = text(p, key+next, params)
		}
		return x, true
	}
	entry, ok := c.Lookup(e.Code, e.Tried)
	if !ok {
		return Explanation{}, false
	}
	x.Headline = headline(e, outcome(e, p), p)
	x.Means, x.Next = entry.Means.In(p.Lang()), entry.Fix.In(p.Lang())
	x.Link, x.Sure, x.Foreign = entry.Link, *entry.Sure, true
	return x, true
}

// undescribed is for a code nobody has described: the vendor's own words are
// all there is.
func (c *Catalogue) undescribed(e *core.Error, p *locale.Printer) Explanation {
	return Explanation{
		Headline: headline(e, outcome(e, p), p),
		Means:    text(p, "advice.undescribed.means", paramsOf(e)),
		Next:     text(p, "advice.undescribed.next", paramsOf(e)),
		Code:     e.Code,
		Foreign:  true,
		Vendor:   core.CleanText(strings.TrimSpace(e.Params["description"])),
	}
}

// plain is for an error without a code. A context that ended is one that
// everybody meets; of all others the cause is unknown, and said to be.
func (c *Catalogue) plain(err error, p *locale.Printer) Explanation {
	switch {
	case errors.Is(err, context.Canceled):
		return c.Code("net.cancelled", p)
	case errors.Is(err, context.DeadlineExceeded):
		return c.Code("net.timeout", p)
	}
	return Explanation{Headline: p.T("advice.unknown"), Means: p.T("advice.unknown.means"), Next: p.T("advice.unknown.next")}
}

// headline joins what was tried and why it failed.
func headline(e *core.Error, why string, p *locale.Printer) string {
	key := "tried." + e.Tried
	if e.Tried == "" || !p.Has(key) || e.Tried == "read-input" && e.On == "" { // what was typed is in sight
		return why
	}
	tried := text(p, key, paramsOf(e))
	if e.On == "" { // the blank before what is not named goes with it
		gap := " "
		if p.Lang() == locale.Japanese {
			gap = ""
		}
		tried = strings.TrimSpace(strings.ReplaceAll(tried, "  ", gap))
	}
	return p.T("advice.headline", locale.Params{"tried": tried, "why": why})
}

// outcome says in a sentence who failed at it.
func outcome(e *core.Error, p *locale.Printer) string {
	key := "failed"
	switch e.Class {
	case core.Refused:
		key = "refused"
	case core.Unknown:
		key = "no-answer"
	}
	prefix, _, _ := strings.Cut(e.Code, ".")
	if name := "platform.name." + prefix; p.Has(name) {
		return p.T("advice."+key, locale.Params{"who": p.T(name)})
	}
	return p.T("advice.server." + key)
}

func paramsOf(e *core.Error) locale.Params {
	out := locale.Params{"on": core.CleanLine(e.On)}
	for k, v := range e.Params {
		out[k] = core.CleanText(v)
	}
	return out
}

// text is Printer.T with a dash for each value that the error lacks.
func text(p *locale.Printer, key string, params locale.Params) string {
	return strings.ReplaceAll(p.T(key, params), "<no value>", "–")
}
