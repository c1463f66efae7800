package main

import (
	"errors"
	"fmt"
	"strings"

	"deskward/core"
	"deskward/core/advice"
)

// said is an error whose text is out already: only its exit code is left.
type said struct{ error }

func (s said) Unwrap() error { return s.error }

// report tells the person on standard error what happened, what it means and
// what to do next, with the code by which it can be looked up.
func (a *app) report(err error) {
	if _, ok := errors.AsType[said](err); ok {
		return
	}
	for _, line := range a.explain(err) {
		fmt.Fprintln(a.io.Err, line)
	}
}

// explain returns the lines of report, for the landing page as well.
func (a *app) explain(err error) []string {
	var lines []string
	for _, one := range flatten(err) {
		lines = append(lines, a.explanationLines(a.explanation(one))...)
	}
	return lines
}

// explanation is an error as advice knows it. The catalogue is part of the
// program and a test reads it; were it broken, the locale texts still explain.
func (a *app) explanation(err error) advice.Explanation {
	catalogue, loadErr := a.advice()
	if loadErr != nil {
		catalogue = new(advice.Catalogue)
	}
	return catalogue.Explain(err, a.printer())
}

func (a *app) explanationLines(x advice.Explanation) []string {
	head := core.CleanLine(x.Headline)
	if x.Code != "" {
		head += " [" + x.Code + "]"
	}
	lines := []string{"deskward: " + head}
	add := func(key, text string) {
		if text = strings.TrimSpace(text); text != "" {
			label := a.printer().T("cmd.error." + key)
			for i, part := range strings.Split(core.CleanText(text), "\n") {
				if i == 0 {
					part = label + " " + part
				}
				lines = append(lines, "  "+part)
			}
		}
	}
	add("vendor", x.Vendor)
	add("means", x.Means)
	add("next", x.Next)
	add("link", x.Link)
	return lines
}

// flatten takes joined errors apart, so that each gets its own explanation.
func flatten(err error) []error {
	if _, ok := err.(*core.Error); ok {
		return []error{err}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}
