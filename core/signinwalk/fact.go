package signinwalk

import (
	"maps"
	"strconv"
)

// Fact is one line of a world that is told: the text walk.world.<Code> with
// Params.
type Fact struct {
	Subject string // what it is about, the same in every world: "ticket 2"
	Code    string
	Params  map[string]string
	Under   bool // it belongs to the fact above it
	Unsure  bool // what became of it is not documented
}

// Facts tell the world: each user, below it the tickets it is the requester of,
// then those who were merged, then who is at which device.
func (w World) Facts() []Fact {
	var out []Fact
	for _, u := range w.Users {
		if u.MergedInto != 0 {
			continue
		}
		out = append(out, u.fact())
		for _, t := range w.Tickets {
			if t.Requester == u.Number {
				out = append(out, w.ticketFact(t))
			}
		}
	}
	for _, u := range w.Users {
		if u.MergedInto != 0 {
			out = append(out, fact("user", u.Number, "merged", "user", strconv.Itoa(u.Number), "into", strconv.Itoa(u.MergedInto)))
		}
	}
	for _, d := range w.Devices {
		code := "device.nobody"
		if d.User != 0 {
			code = "device.anonymous"
		}
		if d.SignedIn {
			code = "device.signed-in"
		}
		out = append(out, fact("device", d.Number, code, "device", strconv.Itoa(d.Number), "user", strconv.Itoa(d.User)))
	}
	return out
}

func (u User) fact() Fact {
	code := "anonymous"
	if u.ExternalID != "" {
		code = "authenticated"
	}
	if u.Email != "" {
		code = "authenticated.email"
	}
	return fact("user", u.Number, code, "user", strconv.Itoa(u.Number), "id", u.ExternalID, "email", u.Email)
}

// ticketFact tells a ticket and, where its conversation goes on elsewhere,
// that.
func (w World) ticketFact(t Ticket) Fact {
	code := "ticket." + string(t.Status)
	if t.Unsure {
		code = "ticket.unsure." + string(t.Status)
	}
	talk := w.conversation(t.Conversation)
	into := ""
	if talk.MergedInto != 0 {
		code += ".joined"
		into = strconv.Itoa(w.conversation(talk.MergedInto).Ticket)
	}
	f := fact("ticket", t.Number, code, "ticket", strconv.Itoa(t.Number), "into", into)
	f.Under, f.Unsure = true, t.Unsure
	return f
}

func fact(what string, number int, code string, nameValue ...string) Fact {
	f := Fact{Subject: what + " " + strconv.Itoa(number), Code: code, Params: map[string]string{}}
	for i := 0; i+1 < len(nameValue); i += 2 {
		f.Params[nameValue[i]] = nameValue[i+1]
	}
	return f
}

// Differs returns the subjects of which two worlds tell different things, and
// the tickets whose requester differs.
func Differs(a, b World) map[string]bool {
	out := map[string]bool{}
	other := map[string]Fact{}
	for _, f := range b.Facts() {
		other[f.Subject] = f
	}
	for _, f := range a.Facts() {
		o, ok := other[f.Subject]
		if !ok || o.Code != f.Code || !maps.Equal(o.Params, f.Params) {
			out[f.Subject] = true
		}
		delete(other, f.Subject)
	}
	for subject := range other {
		out[subject] = true
	}
	for i, t := range a.Tickets {
		if i < len(b.Tickets) && b.Tickets[i].Requester != t.Requester {
			out["ticket "+strconv.Itoa(t.Number)] = true
		}
	}
	return out
}
