package lookup

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"deskward/core"
)

// Outcome is what the platforms make of the person.
type Outcome string

// The outcomes.
const (
	Linked    Outcome = "linked"     // they mean the same person
	NotLinked Outcome = "not-linked" // somebody is there, and no second record is tied to them
	Elsewhere Outcome = "elsewhere"  // tied to somebody else
	WillFail  Outcome = "will-fail"  // the next sign-in will be refused, or go to somebody else
	Several   Outcome = "several"    // a name or text that several people have
	NoOne     Outcome = "nobody"     // nobody is known by this
	CantTell  Outcome = "cant-tell"  // too little could be seen
)

// Outcomes lists the outcomes, those that need somebody first.
func Outcomes() []Outcome {
	return []Outcome{WillFail, Elsewhere, NotLinked, Several, CantTell, NoOne, Linked}
}

// Level is how much a finding matters.
type Level string

// The levels.
const (
	Good Level = "good"
	Note Level = "note"
	Bad  Level = "bad"
)

// Finding is one thing that was noticed. Its texts are lookup.<Code>,
// lookup.<Code>.means and lookup.<Code>.fix.
type Finding struct {
	Code   string            `json:"code"`
	Level  Level             `json:"level"`
	Source string            `json:"source,omitempty"` // the connection that shows it
	Params map[string]string `json:"params,omitempty"`
}

// Verdict is the conclusion: bad findings first.
type Verdict struct {
	Outcome    Outcome   `json:"outcome"`
	ExternalID string    `json:"external_id,omitempty"` // the person's id in the company's own system
	Findings   []Finding `json:"findings"`
	Unseen     []string  `json:"unseen,omitempty"` // the connections that could not be asked
	// Untraced are the connections whose way over tickets to a Chat visitor was
	// not gone to its end, though somebody who can find one is asked.
	Untraced []string `json:"untraced,omitempty"`
}

// NextKey is the locale text that says what to do next where no finding does;
// "": nothing is left to do.
func NextKey(r Result) string {
	switch {
	case r.Verdict.Outcome == NoOne:
		return "lookup.nobody.next"
	case r.Verdict.Outcome == NotLinked && len(r.Answers) == 1: // there was nothing to compare with
		return "lookup.one-source.next"
	}
	return ""
}

// Codes lists the codes that findings may have.
func Codes() []string {
	return []string{
		"external-id.same", "external-id.case", "external-id.case-unsure", "external-id.differs", "external-id.missing", "external-id.missing-chat", "external-id.too-long", "external-id.like-email",
		"external-id.like-number", "external-id.conversation", "login.sub-matches", "login.sub-unknown", "login.second",
		"authenticated.yes", "authenticated.no", "email.taken", "email.taken-support", "email.unverified", "login.no-email",
		"duplicate", "blocked", "several", "unseen", "unseen-rest", "bridge", "tickets-off",
	}
}

// maxExternalID is the longest external_id in a messaging token
// (support.zendesk.com article 4411666638746); users made by API may have
// longer ones.
const maxExternalID = 255

// Judge draws the conclusions from what the sources answered.
func Judge(r Result) Verdict {
	j := &judge{result: r}
	for _, a := range r.Answers {
		switch a.State {
		case Failed, Limited, Asking:
			j.verdict.Unseen = append(j.verdict.Unseen, a.Source)
			code := "unseen"
			if len(a.Visitors) > 0 && a.State == Failed {
				code = "unseen-rest" // it failed after it had found somebody
			}
			j.add(Note, code, a.Source, "code", a.Code)
		case Skipped:
			// What is behind a source that was not seen was not seen either; the
			// finding is that source's. A way that is closed halfway has its own.
			if slices.ContainsFunc(r.Answers, func(o Answer) bool { return o.Source == a.Behind && (o.State == Failed || o.State == Limited) }) {
				j.verdict.Unseen = append(j.verdict.Unseen, a.Source)
			}
		}
		j.way(a)
		for _, v := range a.Visitors {
			// A record that two connections lead to is one record: it links
			// nobody with itself. Ids of a kind are the vendor's, not an account's.
			if !slices.ContainsFunc(j.people, func(p person) bool { return p.Kind == v.Kind && p.ID == v.ID && p.ID != "" }) {
				j.people = append(j.people, person{a.Source, v})
			}
		}
	}
	if n := j.several(); n > 0 {
		j.add(Note, "several", "", "count", strconv.Itoa(n))
		j.verdict.Outcome = Several
		return j.verdict
	}
	j.verdict.ExternalID = j.externalID()
	j.ids()
	j.emails()
	j.duplicates()
	j.state()
	j.verdict.Outcome = j.outcome()
	order := map[Level]int{Bad: 0, Note: 1, Good: 2}
	slices.SortStableFunc(j.verdict.Findings, func(a, b Finding) int { return order[a.Level] - order[b.Level] })
	return j.verdict
}

// way says what became of the way from a source to others over tickets.
func (j *judge) way(a Answer) {
	closed := a.BridgeErr != nil || a.BridgeCode != ""
	if closed {
		j.add(Note, "bridge", a.Source, "code", a.BridgeCode)
	}
	if a.TicketsOff {
		j.add(Note, "tickets-off", a.Source)
	}
	leads := slices.ContainsFunc(j.result.Answers, func(o Answer) bool { return o.Kind == core.VisitorChat && o.SourceID != a.SourceID })
	if (closed || a.TicketsOff) && leads {
		j.verdict.Untraced = append(j.verdict.Untraced, a.Source)
	}
}

type person struct {
	source string
	core.Visitor
}

type judge struct {
	result  Result
	people  []person
	verdict Verdict
	linked  int  // records tied to the person by the external id
	unsure  int  // records tied to the person if case does not matter there
	foreign bool // a record that must be this person's is tied to somebody else
	refused bool // the next sign-in will be
}

func (j *judge) add(l Level, code, source string, nameValue ...string) {
	f := Finding{Code: code, Level: l, Source: source}
	for i := 0; i+1 < len(nameValue); i += 2 {
		if f.Params == nil {
			f.Params = map[string]string{}
		}
		f.Params[nameValue[i]] = nameValue[i+1]
	}
	j.verdict.Findings = append(j.verdict.Findings, f)
}

// several is how many people the vendor's search gave for a text or a number,
// where that was more than one and none of them has it as an id.
func (j *judge) several() int {
	q, most := j.result.Query, 0
	if !slices.ContainsFunc(q.Kinds, QueryKind.many) || slices.ContainsFunc(j.people, func(p person) bool { return p.is(q.Text) == same }) {
		return 0
	}
	for _, a := range j.result.Answers {
		asked := slices.ContainsFunc(a.By, func(l Lead) bool { return l.Kind.many() && l.Text == q.Text && l.From == "" })
		if len(a.Visitors) > 1 && asked {
			most = max(most, len(a.Visitors))
		}
	}
	return most
}

// externalID is whose record the person is: the Login user's sub, else what was
// asked for where it is some record's external id, else the external id of a
// record that answers the query itself.
func (j *judge) externalID() string {
	q := j.result.Query
	ids := map[string]int{}
	for _, p := range j.people {
		if own(p) != "" {
			ids[own(p)]++
		}
	}
	if q.Is(ByExternalID) || q.Is(ByLoginID) {
		for _, p := range j.people { // tokens carry the spelling of the Login
			if p.Kind == core.VisitorLogin && strings.EqualFold(own(p), q.Text) {
				return own(p)
			}
		}
		if ids[q.Text] > 0 {
			if id := j.signsInAs(q.Text); id != "" {
				return id
			}
			return q.Text
		}
	}
	for _, p := range j.people {
		if p.Kind == core.VisitorLogin {
			return own(p)
		}
	}
	for _, a := range j.result.Answers {
		direct := slices.ContainsFunc(a.By, func(l Lead) bool { return l.From == "" })
		for _, v := range a.Visitors {
			if id := own(person{a.Source, v}); direct && id != "" {
				return id
			}
		}
	}
	// Nobody answers the query itself: the id that most records have.
	best := ""
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if best == "" || ids[id] > ids[best] {
			best = id
		}
	}
	return best
}

// signsInAs is the sub of the Login user who has the address of the record of
// that external id, where it is another: their next token carries the sub, and
// the address that is the record's.
func (j *judge) signsInAs(id string) string {
	for _, p := range j.people {
		if p.Kind != core.VisitorLogin || own(p) == "" {
			continue
		}
		for _, r := range j.people {
			if r.Kind != core.VisitorLogin && r.is(id) == same && slices.ContainsFunc(r.Emails, func(e core.VisitorEmail) bool { return hasEmail(p.Visitor, e.Address) }) {
				return own(p)
			}
		}
	}
	return ""
}

// own is the company's own id of a record; "" where the vendor put an id of
// its own in that place.
func own(p person) string {
	if conversationShape().MatchString(p.ExternalID) {
		return ""
	}
	return p.ExternalID
}

// ids compares the external ids and says what is odd about the person's.
func (j *judge) ids() {
	id := j.verdict.ExternalID
	hasLogin, matched := false, false
	for _, p := range j.people {
		switch {
		case p.Kind == core.VisitorLogin:
			hasLogin = true
			if p.is(id) == same {
				j.linked++
			} else if email := j.signInEmail(); email != "" && hasEmail(p.Visitor, email) {
				j.add(Bad, "login.second", p.source, "id", own(p), "expected", id, "email", email)
			}
		case conversationShape().MatchString(p.ExternalID):
			j.add(Note, "external-id.conversation", p.source, "id", p.ExternalID)
		case own(p) == "" && p.Kind == core.VisitorChat: // read-only there: it comes with a signed token
			j.add(Note, "external-id.missing-chat", p.source, "name", nameOf(p))
		case own(p) == "":
			j.add(Note, "external-id.missing", p.source, "name", nameOf(p))
		case p.is(id) == same:
			matched = true
			j.linked++
			if own(p) == id {
				j.add(Good, "external-id.same", p.source, "id", id)
			} else {
				j.add(Note, "external-id.case", p.source, "id", own(p), "expected", id)
			}
		case p.is(id) == alike:
			j.unsure++
			j.add(Note, "external-id.case-unsure", p.source, "id", own(p), "expected", id)
		case !j.takenBy(p): // said in the words of the address then
			j.foreign = true
			j.add(Bad, "external-id.differs", p.source, "id", own(p), "expected", id)
		}
	}
	if hasLogin && id != "" {
		if matched {
			j.add(Good, "login.sub-matches", "", "id", id)
		} else {
			j.add(Note, "login.sub-unknown", "", "id", id)
		}
	}
	j.odd(id)
	if asked := j.result.Query.Text; asked != id && slices.ContainsFunc(j.people, func(p person) bool { return own(p) == asked }) {
		j.odd(asked)
	}
}

// odd says what is odd about an external id by itself.
func (j *judge) odd(id string) {
	switch n := utf8.RuneCountInString(id); {
	case n > maxExternalID:
		j.refused = true
		j.add(Bad, "external-id.too-long", "", "count", strconv.Itoa(n))
	case emailShape().MatchString(id):
		j.add(Note, "external-id.like-email", "", "id", id)
	case numberShape().MatchString(id):
		j.add(Note, "external-id.like-number", "", "id", id)
	}
}

// signInEmail is the address that the person's next token will carry: the Login
// user's, else what was asked for, else that of a record tied to them.
func (j *judge) signInEmail() string {
	for _, p := range j.people {
		if p.Kind == core.VisitorLogin && p.is(j.verdict.ExternalID) == same {
			return p.Email()
		}
	}
	if q := j.result.Query; len(q.Kinds) > 0 && q.Kinds[0] == ByEmail {
		return q.Text
	}
	for _, p := range j.people {
		if p.is(j.verdict.ExternalID) == same && p.Email() != "" {
			return p.Email()
		}
	}
	return ""
}

// takenBy reports whether a record of Zendesk is somebody else's that has the
// address of the person's next sign-in. That another Login user has it takes it
// from nobody at Zendesk.
func (j *judge) takenBy(p person) bool {
	if p.Kind == core.VisitorLogin {
		return false
	}
	email := j.signInEmail()
	return email != "" && own(p) != "" && p.is(j.verdict.ExternalID) == another && hasEmail(p.Visitor, email)
}

// emails predicts the refusal that shows no message: a messaging token whose
// e-mail is the identity of another external_id is rejected, and the
// conversation begins unauthenticated (support.zendesk.com article
// 4411666638746).
func (j *judge) emails() {
	email := j.signInEmail()
	for _, p := range j.people {
		if p.Kind == core.VisitorLogin && p.is(j.verdict.ExternalID) == same && p.Email() == "" {
			j.add(Note, "login.no-email", p.source)
		}
		if !j.takenBy(p) {
			continue
		}
		j.refused = true
		code := "email.taken"
		if p.Kind == core.VisitorSupport {
			code = "email.taken-support"
		}
		j.add(Bad, code, p.source, "email", email, "owner", own(p))
	}
	if email == "" {
		return
	}
	for _, p := range j.people {
		if p.is(j.verdict.ExternalID) != same || p.Kind != core.VisitorMessaging {
			continue
		}
		for _, e := range p.Emails {
			if strings.EqualFold(e.Address, email) && !e.Verified {
				j.add(Note, "email.unverified", p.source, "email", email)
			}
		}
	}
}

func hasEmail(v core.Visitor, address string) bool {
	return slices.ContainsFunc(v.Emails, func(e core.VisitorEmail) bool { return strings.EqualFold(e.Address, address) })
}

// duplicates are several records of one kind that are all this person's.
func (j *judge) duplicates() {
	for _, a := range j.result.Answers {
		var ids []string
		for _, v := range a.Visitors {
			p := person{a.Source, v}
			if p.is(j.verdict.ExternalID) == same || own(p) == "" && hasEmail(v, j.signInEmail()) && j.signInEmail() != "" {
				ids = append(ids, v.ID)
			}
		}
		// A Chat visitor is made per conversation; several are how it works.
		if len(ids) > 1 && a.Kind != core.VisitorChat {
			j.add(Bad, "duplicate", a.Source, "count", strconv.Itoa(len(ids)), "ids", strings.Join(ids, ", "))
		}
	}
}

// state tells who has signed in, and who is shut out.
func (j *judge) state() {
	for _, p := range j.people {
		if p.Blocked {
			j.add(Bad, "blocked", p.source, "name", nameOf(p))
		}
		if p.Authenticated == nil || p.is(j.verdict.ExternalID) != same {
			continue
		}
		if *p.Authenticated {
			j.add(Good, "authenticated.yes", p.source)
		} else {
			j.add(Note, "authenticated.no", p.source)
		}
	}
}

func (j *judge) outcome() Outcome {
	switch {
	case j.refused:
		return WillFail
	case j.foreign:
		return Elsewhere
	case j.unsure > 0:
		return CantTell
	case j.linked > 1:
		return Linked
	case len(j.people) == 0 && len(j.verdict.Unseen) > 0, len(j.result.Answers) == 0:
		return CantTell
	case len(j.people) == 0:
		return NoOne
	case len(j.verdict.Unseen) > 0, len(j.verdict.Untraced) > 0:
		return CantTell // what is missing may be where it could not be seen
	}
	return NotLinked
}

func nameOf(p person) string {
	for _, s := range []string{p.Name, p.Email(), p.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}
