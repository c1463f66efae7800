package signinwalk

import (
	"strconv"
	"strings"

	"deskward/core"
)

// Kind is what happens.
type Kind string

// The kinds of events, as a person writes them.
const (
	Writes   Kind = "write"    // the person in front of the device sends a message
	SignsIn  Kind = "sign-in"  // the site hands the widget a token: sign-in:ID or sign-in:ID,E-MAIL
	SignsOut Kind = "sign-out" // the site signs the person out of the widget
	Solves   Kind = "solve"    // an agent solves a ticket: solve:N
	Closes   Kind = "close"    // a ticket is closed: close:N
	Device   Kind = "device"   // another device is opened; device:N goes to one
)

// Event is one thing that happens.
type Event struct {
	Kind   Kind
	ID     string // external_id of the token
	Email  string // its e-mail address, email_verified being true; "": none
	Number int    // of the ticket or the device; 0: a device that is new
}

// String writes an event as Parse reads it.
func (e Event) String() string {
	s := string(e.Kind)
	switch {
	case e.Email != "":
		s += ":" + e.ID + "," + e.Email
	case e.ID != "":
		s += ":" + e.ID
	case e.Number > 0:
		s += ":" + strconv.Itoa(e.Number)
	}
	return s
}

// Bounds of what is read. The 255 are the vendor's (support.zendesk.com
// 4411666638746); the rest only keeps a walk readable.
const (
	maxID     = 255
	maxNumber = 99
	// MaxEvents is how many events a walk may have.
	MaxEvents = 200
)

// Parse reads one event.
func Parse(s string) (Event, error) {
	kind, rest, has := strings.Cut(s, ":")
	e := Event{Kind: Kind(kind)}
	ok := false
	switch e.Kind {
	case Writes, SignsOut:
		ok = !has
	case SignsIn:
		var mail bool
		e.ID, e.Email, mail = strings.Cut(rest, ",")
		e.Email = strings.ToLower(e.Email)
		ok = plain(e.ID) && mail == (e.Email != "") && (!mail || address(e.Email))
	case Solves, Closes, Device:
		n, err := strconv.Atoi(rest)
		e.Number = n
		ok = err == nil && n > 0 && n <= maxNumber && strconv.Itoa(n) == rest
		if e.Kind == Device && !has {
			e.Number, ok = 0, true
		}
	}
	if !ok {
		return Event{}, refused("event", core.CleanLine(s), nil)
	}
	return e, nil
}

// ParseAll reads a whole story.
func ParseAll(all []string) ([]Event, error) {
	out := make([]Event, 0, len(all))
	for _, s := range all {
		e, err := Parse(s)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// plain reports whether s can be an id here: printable ASCII without a blank.
func plain(s string) bool {
	return s != "" && len(s) <= maxID && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' })
}

func address(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && plain(s) && local != "" && domain != "" && !strings.Contains(domain, "@")
}

func refused(code, on string, params map[string]string) error {
	return &core.Error{Tried: "walk", On: on, Code: "walk." + code, Class: core.Usage, Params: params}
}

// Code is which of the texts walk.event.<Code> tells the event.
func (e Event) Code() string {
	switch {
	case e.Kind == SignsIn && e.Email != "":
		return "sign-in.email"
	case e.Kind == Device && e.Number == 0:
		return "device.new"
	}
	return string(e.Kind)
}
