// Package signinwalk plays what signing in changes for the visitors and agents
// of Zendesk messaging: events become users, conversations and tickets, by the
// vendor's rules of a certain time.
//
// It is a pure machine: the same rules and events give the same worlds. Each
// step says what happened in sentences that name their source. Where the vendor
// documents nothing, a sentence says that, and the world stays as it was last
// known, the tickets in question marked unsure. Only a token's user is drawn as
// soon as it signs in, since somebody has to stand there.
package signinwalk

import (
	"strconv"

	"deskward/core"
)

// Rules are whose description of the vendor's behaviour is followed.
type Rules string

// The rules there are.
const (
	// Rules2022 are those of the setup article as it was in 2022: signing in
	// makes another user.
	Rules2022 Rules = "2022"
	// RulesCurrent are today's: the anonymous user is upgraded, or merged.
	RulesCurrent Rules = "current"
	// RulesMulti are today's in an account with multi-conversation messaging:
	// users merge, conversations and tickets do not.
	RulesMulti Rules = "multi"
)

// AllRules are in the order in which they are offered.
func AllRules() []Rules { return []Rules{RulesCurrent, RulesMulti, Rules2022} }

// Source is where a sentence is from.
type Source string

// The sources.
const (
	Setup2022     Source = "setup-2022"    // support.zendesk.com 4411666638746 as of 2022
	Setup         Source = "setup"         // the same article today
	Understanding Source = "understanding" // support.zendesk.com 8851239832090
	NoSource      Source = ""              // nothing says it, or nothing needs to
)

// URL is the source's address.
func (s Source) URL() string {
	switch s {
	case Setup2022, Setup:
		return "https://support.zendesk.com/hc/en-us/articles/4411666638746"
	case Understanding:
		return "https://support.zendesk.com/hc/en-us/articles/8851239832090"
	}
	return ""
}

// Certainty is how far a sentence can be relied on.
type Certainty string

// The certainties.
const (
	Documented   Certainty = "documented"
	Older        Certainty = "older"        // only the article of 2022 says so, and it is told for today
	Undocumented Certainty = "undocumented" // the vendor does not say what happens
	Given        Certainty = "given"        // the event itself, which needs no source
)

// Sentence is one thing that follows from an event: the text
// walk.say.<Code> with Params.
type Sentence struct {
	Code      string            `json:"code"`
	Params    map[string]string `json:"params,omitempty"`
	Certainty Certainty         `json:"certainty"`
	Source    Source            `json:"source,omitempty"`
}

// Step is an event and what it made of the world.
type Step struct {
	Event Event
	Says  []Sentence
	World World
}

// Walk plays events from the beginning. The steps before an event that can't
// happen are returned with the error.
func Walk(r Rules, events []Event) ([]Step, error) {
	switch r {
	case Rules2022, RulesCurrent, RulesMulti:
	default:
		return nil, refused("rules", core.CleanLine(string(r)), nil)
	}
	if len(events) > MaxEvents {
		return nil, refused("long", strconv.Itoa(len(events)), map[string]string{"most": strconv.Itoa(MaxEvents)})
	}
	m := machine{rules: r, w: begin()}
	steps := make([]Step, 0, len(events))
	for _, e := range events {
		m.said = nil
		if _, err := Parse(e.String()); err != nil {
			return steps, err
		}
		if err := m.take(e); err != nil {
			return steps, err
		}
		steps = append(steps, Step{Event: e, Says: m.said, World: m.w.clone()})
	}
	return steps, nil
}

// After is the world after steps, which is empty before the first.
func After(steps []Step) World {
	if len(steps) == 0 {
		return begin()
	}
	return steps[len(steps)-1].World
}

// machine is a walk under way.
type machine struct {
	rules Rules
	w     World
	said  []Sentence
}

func (m *machine) say(src Source, code string, nameValue ...any) {
	c := Documented
	switch {
	case src == NoSource:
		c = Given
	case src == Setup2022 && m.rules != Rules2022:
		c = Older
	}
	m.sentence(c, src, code, nameValue)
}

func (m *machine) silent(code string, nameValue ...any) {
	m.sentence(Undocumented, NoSource, code, nameValue)
}

func (m *machine) sentence(c Certainty, src Source, code string, nameValue []any) {
	s := Sentence{Code: code, Certainty: c, Source: src, Params: map[string]string{}}
	for i := 0; i+1 < len(nameValue); i += 2 {
		name, _ := nameValue[i].(string)
		switch v := nameValue[i+1].(type) {
		case string:
			s.Params[name] = v
		case int:
			s.Params[name] = strconv.Itoa(v)
		}
	}
	m.said = append(m.said, s)
}

func (m *machine) take(e Event) error {
	c := m.w.client()
	switch e.Kind {
	case Writes:
		m.write()
	case SignsIn:
		if c.SignedIn {
			// Zendesk's own widget of 2022 signed the first one out by itself; no
			// page says that it still does.
			return refused("signed-in", m.w.user(c.User).ExternalID, nil)
		}
		m.signIn(e)
	case SignsOut:
		if !c.SignedIn {
			return refused("not-signed-in", strconv.Itoa(c.Number), nil)
		}
		m.say(Setup2022, "signed-out", "id", m.w.user(c.User).ExternalID)
		c.User, c.SignedIn, c.Conversation = 0, false, 0
	case Solves, Closes:
		return m.finish(e)
	case Device:
		return m.device(e)
	}
	return nil
}

func (m *machine) finish(e Event) error {
	if e.Number < 1 || e.Number > len(m.w.Tickets) {
		return refused("no-ticket", strconv.Itoa(e.Number), nil)
	}
	t := m.w.ticket(e.Number)
	to, code := Solved, "solved"
	if e.Kind == Closes {
		to, code = Closed, "closed"
	}
	if t.Status == to || t.Status == Closed {
		return refused("ticket-done", strconv.Itoa(e.Number), nil)
	}
	t.Status, t.Unsure = to, false // an agent has seen what it was
	m.say(NoSource, code, "ticket", e.Number)
	return nil
}

func (m *machine) device(e Event) error {
	if e.Number > len(m.w.Devices) {
		return refused("no-device", strconv.Itoa(e.Number), nil)
	}
	if e.Number > 0 {
		m.w.Device = e.Number
		m.say(NoSource, "device", "device", e.Number)
		return nil
	}
	if len(m.w.Devices) == maxNumber {
		return refused("no-device", strconv.Itoa(maxNumber+1), nil)
	}
	m.w.Device = len(m.w.Devices) + 1
	m.w.Devices = append(m.w.Devices, Client{Number: m.w.Device})
	m.say(NoSource, "device.new", "device", m.w.Device)
	return nil
}

// write sends a message from the device in use.
func (m *machine) write() {
	c := m.w.client()
	if c.SignedIn && c.Conversation == 0 { // another device may have begun one meanwhile
		c.Conversation = m.w.talk(c.User)
	}
	if c.Conversation == 0 {
		m.first(c)
		return
	}
	talk := m.w.conversation(c.Conversation)
	talk.Messages++
	t := m.w.ticket(talk.Ticket)
	switch {
	case t.Status != Active:
		// "An open ticket is updated" (2022); no page says what is made of a
		// message behind a solved or closed one.
		t.Unsure = true
		m.silent("wrote."+string(t.Status), "ticket", t.Number)
	case t.Unsure:
		m.silent("wrote.unsure", "user", talk.User)
	case m.rules == RulesMulti && m.w.talks(c.User) > 1:
		m.silent("wrote.several", "ticket", t.Number, "user", talk.User)
	case c.SignedIn:
		m.say(Setup2022, "wrote.open", "ticket", t.Number, "user", talk.User)
	default:
		m.say(Setup2022, "wrote.on", "ticket", t.Number)
	}
}

// first is the message that makes a ticket.
func (m *machine) first(c *Client) {
	code := "wrote.first"
	if !c.SignedIn {
		c.User = m.w.addUser("")
		code = "wrote.anonymous"
	}
	c.Conversation = m.w.addTicket(c.User)
	talk := m.w.conversation(c.Conversation)
	talk.Messages++
	if c.SignedIn {
		// The articles begin their example with a signed-in user who has a ticket.
		m.say(Setup2022, code, "user", c.User, "ticket", talk.Ticket, "id", m.w.user(c.User).ExternalID)
		return
	}
	m.say(Setup2022, code, "user", c.User, "ticket", talk.Ticket)
}
