package signinwalk

import "slices"

// Status of a ticket.
type Status string

// The states in which a ticket can be here.
const (
	Active Status = "active" // neither solved nor closed
	Solved Status = "solved"
	Closed Status = "closed"
)

// User is an end user as the vendor keeps one.
type User struct {
	Number     int    `json:"number"`
	ExternalID string `json:"external_id,omitempty"` // set: authenticated; agents see the check mark
	Email      string `json:"email,omitempty"`
	MergedInto int    `json:"merged_into,omitempty"` // the user who took this one's place
}

// Conversation is a thread of messages.
type Conversation struct {
	Number     int `json:"number"`
	User       int `json:"user"`
	Ticket     int `json:"ticket"` // the ticket in which it goes on
	MergedInto int `json:"merged_into,omitempty"`
	Messages   int `json:"messages"`
}

// Ticket is what agents work on.
type Ticket struct {
	Number       int    `json:"number"`
	Requester    int    `json:"requester"`
	Conversation int    `json:"conversation"`
	Status       Status `json:"status"`
	// Unsure: what became of it is not documented; the rest is as it was last
	// known.
	Unsure bool `json:"unsure"`
}

// Client is one device with the widget on it.
type Client struct {
	Number       int  `json:"number"`
	User         int  `json:"user"` // 0: nobody until somebody writes or signs in
	SignedIn     bool `json:"signed_in"`
	Conversation int  `json:"conversation"` // 0: none yet
}

// World is all that there is after an event. Its lists are in the order of
// their numbers, which begin with 1.
type World struct {
	Users         []User         `json:"users"`
	Conversations []Conversation `json:"conversations"`
	Tickets       []Ticket       `json:"tickets"`
	Devices       []Client       `json:"devices"`
	Device        int            `json:"device"` // the one in use
}

func begin() World {
	return World{
		Users: []User{}, Conversations: []Conversation{}, Tickets: []Ticket{},
		Devices: []Client{{Number: 1}}, Device: 1,
	}
}

func (w *World) clone() World {
	out := *w
	out.Users, out.Conversations = slices.Clone(w.Users), slices.Clone(w.Conversations)
	out.Tickets, out.Devices = slices.Clone(w.Tickets), slices.Clone(w.Devices)
	return out
}

// The pointers hold until something is added to the list.
func (w *World) client() *Client                  { return &w.Devices[w.Device-1] }
func (w *World) user(n int) *User                 { return &w.Users[n-1] }
func (w *World) ticket(n int) *Ticket             { return &w.Tickets[n-1] }
func (w *World) conversation(n int) *Conversation { return &w.Conversations[n-1] }

func (w *World) addUser(id string) int {
	w.Users = append(w.Users, User{Number: len(w.Users) + 1, ExternalID: id})
	return len(w.Users)
}

// addTicket makes a conversation of a user and its ticket.
func (w *World) addTicket(user int) (conversation int) {
	c, t := len(w.Conversations)+1, len(w.Tickets)+1
	w.Conversations = append(w.Conversations, Conversation{Number: c, User: user, Ticket: t})
	w.Tickets = append(w.Tickets, Ticket{Number: t, Requester: user, Conversation: c, Status: Active})
	return c
}

// known is the user with an external id; 0: there is none.
func (w *World) known(id string) int {
	for _, u := range w.Users {
		if u.ExternalID == id && u.MergedInto == 0 {
			return u.Number
		}
	}
	return 0
}

// holder is the user to whom an address belongs; 0: nobody.
func (w *World) holder(email string) int {
	for _, u := range w.Users {
		if email != "" && u.Email == email {
			return u.Number
		}
	}
	return 0
}

// talk is the conversation of a user that is still one of its own, the oldest
// of several; 0: there is none.
func (w *World) talk(user int) int {
	for _, c := range w.Conversations {
		if c.User == user && c.MergedInto == 0 {
			return c.Number
		}
	}
	return 0
}

// talks counts a user's conversations that are still their own.
func (w *World) talks(user int) int {
	n := 0
	for _, c := range w.Conversations {
		if c.User == user && c.MergedInto == 0 {
			n++
		}
	}
	return n
}
