package guide

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/locale"
)

// Kind is what a step wants.
type Kind string

// The kinds of step.
const (
	Tell  Kind = "tell"  // a person acts, and says so
	Ask   Kind = "ask"   // a person types values
	Do    Kind = "do"    // an action of core runs
	Prove Kind = "prove" // a check of core runs, which changes nothing, and leaves evidence
)

// Guide is one checked guide.
type Guide struct {
	ID       string // as the file is named
	Platform core.PlatformID
	Title    locale.Text
	Summary  locale.Text // one sentence for a list; may be missing
	Subject  string      // what a run without a name is called: a text with ${step.output}
	Steps    []Step

	source string // the file's text, which a run keeps
}

// Step is one step of a guide.
type Step struct {
	ID    string
	Kind  Kind
	Title locale.Text
	// Text is what the admin reads: paragraphs, lists ("- " and "1. ") and
	// `code`. A tell step has one; for the others it may be missing.
	Text locale.Text
	Link string // an https URL, or one value that is such a URL; "": none

	Ask []Field // of an ask step

	Action  action.Action     // of a do or prove step
	With    map[string]string // its inputs, with ${step.output}
	Confirm *Confirm          // of a do step; never nil where its action cannot be undone
	Shows   locale.Text       // the evidence in one sentence, once done

	// A step with After or AfterValue cannot be done earlier than that: so
	// long after the step before it was done, or at the time of an output.
	After      time.Duration
	AfterValue string // "${step.output}"

	InsteadOf string // id of the do step this one stands in for; see the package comment

	line int
}

// Field is one value of an ask step.
type Field struct {
	Name      string
	Label     locale.Text
	Hint      locale.Text // where to find it, what it looks like; may be missing
	Secret    bool
	Optional  bool
	Multiline bool
	Compact   bool     // white space is no part of it: all of it is taken out of what was pasted
	Options   []Option // the choices, the guide's own or those of a list; nil: free text
	Default   string   // may hold ${step.output}
	Pattern   string   // the whole value must match; "": anything

	pattern *regexp.Regexp
}

// Option is one choice.
type Option struct {
	Value string
	Label Words
}

// Confirm is what must be typed before an action runs that cannot be undone.
type Confirm struct {
	Word string      // the same in every language
	Text locale.Text // what will happen, in plain words
}

// Step returns the step of that id.
func (g *Guide) Step(id string) (Step, bool) {
	for _, s := range g.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}

// MainSteps counts the steps without those that stand in for another: what
// there is to do when all goes well.
func (g *Guide) MainSteps() int {
	n := 0
	for _, s := range g.Steps {
		if s.InsteadOf == "" {
			n++
		}
	}
	return n
}

// Irreversible reports whether the step's action works once only or takes
// something away for good.
func (s Step) Irreversible() bool { return s.Kind == Do && s.Action.Risk >= action.Once }

// maxAnswer is the longest value taken, in bytes: no field of a guide needs
// more, and a record is written whole at each step.
const maxAnswer = 64 << 10

// Check reports why a typed value would not be taken: an *core.Error with
// code guide.answer-missing, -choice, -shape or -long.
func (f Field) Check(typed string) error {
	if reason := f.reason(f.tidy(typed)); reason != "" {
		return &core.Error{Tried: "answer", Code: "guide.answer-" + reason, Class: core.Usage, Params: map[string]string{"field": f.Name}}
	}
	return nil
}

// reason says what is wrong with a value; "" when nothing is.
func (f Field) reason(v string) string {
	switch {
	case v == "" && f.Optional:
		return ""
	case v == "":
		return "missing"
	case len(v) > maxAnswer:
		return "long"
	case f.Options != nil && !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }):
		return "choice"
	case f.pattern != nil && !f.pattern.MatchString(v):
		return "shape"
	}
	return ""
}

// tidy takes out of a pasted value what mail programs, terminals and help
// pages put into it.
func (f Field) tidy(v string) string {
	switch {
	case f.Compact:
		return strings.Join(strings.Fields(v), "")
	case f.Multiline:
		v = strings.ReplaceAll(v, "\r\n", "\n")
	default:
		v = strings.NewReplacer("\r", "", "\n", "").Replace(v)
	}
	return strings.TrimSpace(v)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
