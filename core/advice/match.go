package advice

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/locale"
)

// How sure an answer is.
const (
	Certain  = "certain"  // the vendor documents it, or several saw it, and the text can be nothing else
	Likely   = "likely"   // the text is the vendor's, but what it means there is not documented
	Possible = "possible" // the words fit, and nothing says whose they are
	Own      = "own"      // a code of deskward's own: it met the error itself
)

// Candidate is one meaning of a pasted text.
type Candidate struct {
	Code       string   `json:"code"`
	System     string   `json:"system"`          // who says it: an advice file's subject
	Place      string   `json:"place,omitempty"` // where: browser, callback, token, api, sasl; "": several
	Means      string   `json:"means"`
	Fix        string   `json:"fix"`
	Link       string   `json:"link,omitempty"`
	Confidence string   `json:"confidence"`
	Evidence   []string `json:"evidence"` // the words of the text it rests on, as the advice has them
	weight     int
}

// Says is the locale key of the sentence that says whose error it is and how
// sure that is; its {{.system}} is explain.system.<System>.
func (c Candidate) Says() string {
	if c.System == "oauth" && c.Confidence != Possible {
		return "explain.says.general"
	}
	return "explain.says." + c.Confidence
}

// Answer is what a pasted text means. Without candidates nobody here knows.
type Answer struct {
	Candidates []Candidate `json:"candidates"`
	Systems    []string    `json:"systems"`              // whose texts were recognised, whether explained or not
	Challenges []string    `json:"challenges,omitempty"` // what a mail server's base64 says, without secrets
	Text       string      `json:"text"`                 // the beginning of what was read, without secrets
}

// shownText is how much of a pasted text is shown again, in runes.
const shownText = 600

// mostCandidates is how many meanings are told: who has ten has none.
const mostCandidates = 4

// ExplainText says what a pasted text means: a page, an address, an answer of
// an API, a log, a code. The best meaning comes first. It never guesses: a
// rule must find all of its words, and words that several systems use count
// only beside a sign of the system, or where the text is hardly more than
// them.
func (c *Catalogue) ExplainText(text string, lang locale.Lang) Answer {
	folded, challenges := views(text)
	found := c.index.find(folded)
	seen := c.systemsIn(found)
	a := Answer{Systems: slices.AppendSeq([]string{}, maps.Keys(seen)), Text: shown(text)}
	slices.Sort(a.Systems)
	for _, ch := range challenges {
		a.Challenges = append(a.Challenges, core.CleanLine(Redact(ch)))
	}
	short := len([]rune(folded[0]))
	names := c.codesIn(found)
	for i := range c.rules {
		if cand, ok := c.rules[i].judge(found, seen, short, len(seen)); ok {
			cand.weight += said(cand.evidence, names)
			a.Candidates = append(a.Candidates, cand.in(lang))
		}
	}
	a.Candidates = decide(a.Candidates)
	return a
}

// codesIn returns which of the catalogue's codes a text names.
func (c *Catalogue) codesIn(found map[string]int) []string {
	var out []string
	for i := range c.rules {
		if c.rules[i].named(found) {
			out = append(out, c.rules[i].code)
		}
	}
	return out
}

// said weighs what a vendor said more than the codes by which deskward sums it
// up: the words may be of one of the causes that a code is for.
func said(evidence map[string]bool, codes []string) int {
	for e := range evidence {
		if !slices.ContainsFunc(codes, func(code string) bool { return strings.Contains(code, e) }) {
			return 1 << 20
		}
	}
	return 0
}

// systemsIn returns the systems of which the text bears a sign, with how much
// of it is theirs.
func (c *Catalogue) systemsIn(found map[string]int) map[string]int {
	seen := map[string]int{}
	for system, signs := range c.signs {
		for _, s := range signs {
			if _, ok := found[s]; ok {
				seen[system] += len(s)
			}
		}
	}
	for _, r := range c.rules {
		if r.named(found) {
			seen[r.system] += len(r.code)
		}
		for _, all := range r.alone {
			if hasAll(found, all) && !hasAny(found, r.unless) {
				seen[r.system] += lengthOf(all)
			}
		}
	}
	return seen
}

// rule is an entry as the index has it, its phrases folded.
type rule struct {
	entry         Entry
	system        string
	code          string // as screens and log name it: it says enough by itself
	match, alone  [][]string
	unless, needs []string
}

// judged is a rule that fits, before its texts are looked up.
type judged struct {
	r        *rule
	evidence map[string]bool
	weight   int
	sure     string
}

// judge returns what the rule has to say of a text: found are the phrases in
// it, seen the systems, size the text's runes.
func (r *rule) judge(found, seen map[string]int, size, systems int) (judged, bool) {
	j := judged{r: r, evidence: map[string]bool{}}
	named := r.named(found)
	if named {
		j.evidence[r.code] = true
	}
	if !named && (hasAny(found, r.unless) || len(r.needs) > 0 && !hasAny(found, r.needs)) {
		return j, false
	}
	alone := r.gather(found, r.alone, j.evidence) || named
	matched := r.gather(found, r.match, j.evidence)
	if !alone && !matched {
		return j, false
	}
	own := alone || seen[r.system] > 0
	length := 0
	for e := range j.evidence {
		length += len([]rune(e))
	}
	general := r.system == "oauth"
	switch {
	case own && *r.entry.Sure:
		j.sure = Certain
	case own:
		j.sure = Likely
	case 3*length >= size && systems == 0: // hardly more than a code: whoever has it
		j.sure = Possible
		if general {
			j.weight = 100 * length
		}
	case general && *r.entry.Sure && systems == 0:
		j.sure = Likely
	case general:
		j.sure = Possible
	default:
		return j, false
	}
	if !general { // what a vendor means by its own code goes before what it means anywhere
		j.weight = 99 * length
	}
	j.weight += min(seen[r.system], 99)
	return j, true
}

// named reports whether a text names the rule by its code, and not by a
// longer one of which it is the beginning.
func (r *rule) named(found map[string]int) bool {
	if found[r.code] == 0 {
		return false
	}
	for phrase := range found {
		if strings.HasPrefix(phrase, r.code+".") {
			return false
		}
	}
	return true
}

// gather adds the phrases of all alternatives that fit.
func (r *rule) gather(found map[string]int, alternatives [][]string, into map[string]bool) bool {
	fits := false
	for _, all := range alternatives {
		if hasAll(found, all) {
			fits = true
			for _, phrase := range all {
				into[phrase] = true
			}
		}
	}
	return fits
}

func (j judged) in(lang locale.Lang) Candidate {
	e := j.r.entry
	if j.evidence[j.r.code] { // as it is written, and not folded
		delete(j.evidence, j.r.code)
		j.evidence[e.Code] = true
	}
	return Candidate{
		Code: e.Code, System: j.r.system, Place: e.At, Means: e.Means.In(lang), Fix: e.Fix.In(lang), Link: e.Link,
		Confidence: j.sure, Evidence: longest(slices.Sorted(maps.Keys(j.evidence))), weight: j.weight,
	}
}

// longest leaves out the phrases that are part of another.
func longest(phrases []string) []string {
	return slices.DeleteFunc(slices.Clone(phrases), func(p string) bool {
		return slices.ContainsFunc(phrases, func(q string) bool { return q != p && strings.Contains(q, p) })
	})
}

// decide ranks the meanings and leaves out those that a better one covers: a
// bare code beside the same code with its description, what a code means
// anywhere beside what it means to the vendor who said it.
func decide(all []Candidate) []Candidate {
	rank := map[string]int{Certain: 0, Likely: 1, Possible: 2}
	slices.SortStableFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(rank[a.Confidence]/2, rank[b.Confidence]/2), cmp.Compare(b.weight, a.weight), cmp.Compare(rank[a.Confidence], rank[b.Confidence]),
			cmp.Compare(a.Code, b.Code))
	})
	kept := []Candidate{}
	for _, x := range all {
		covered := slices.ContainsFunc(kept, func(k Candidate) bool {
			if k.Code == x.Code {
				return true
			}
			if k.System == x.System || x.System == "oauth" || x.Confidence == Possible && k.Confidence != Possible {
				return covers(k.Evidence, x.Evidence)
			}
			return false
		})
		if !covered && len(kept) < mostCandidates {
			kept = append(kept, x)
		}
	}
	return kept
}

// covers reports whether each phrase of less is one of more, or part of one.
func covers(more, less []string) bool {
	for _, l := range less {
		if !slices.ContainsFunc(more, func(m string) bool { return strings.Contains(m, l) }) {
			return false
		}
	}
	return true
}

// shown is the beginning of a text, safe to draw and without secrets.
func shown(text string) string {
	text = Redact(strings.ToValidUTF8(text[:min(len(text), 4*shownText)], ""))
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text) // a terminal pastes lines with CR
	runes := []rune(strings.TrimSpace(core.CleanText(text)))
	if len(runes) > shownText {
		return string(runes[:shownText]) + "…"
	}
	return string(runes)
}

func hasAll(found map[string]int, phrases []string) bool {
	for _, p := range phrases {
		if _, ok := found[p]; !ok {
			return false
		}
	}
	return len(phrases) > 0
}

func hasAny(found map[string]int, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return found[p] > 0 })
}

func lengthOf(phrases []string) int {
	n := 0
	for _, p := range phrases {
		n += len(p)
	}
	return n
}
