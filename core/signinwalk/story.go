package signinwalk

// Story is a walk that is ready to be watched: its name is the text
// walk.story.<Name>.
type Story struct {
	Name   string
	Events []Event
}

// Stories are the two examples of the setup article and what today's rules add.
func Stories() []Story {
	in := Event{Kind: SignsIn, ID: "user-a"}
	write, out := Event{Kind: Writes}, Event{Kind: SignsOut}
	mail := func(id string) Event { return Event{Kind: SignsIn, ID: id, Email: "a@example.com"} }
	return []Story{
		{Name: "mid-chat", Events: []Event{write, in, write}},
		{Name: "returns", Events: []Event{in, write, out, write, in, write}},
		{Name: "two-devices", Events: []Event{in, write, {Kind: Device}, write, in, write}},
		{Name: "address-taken", Events: []Event{mail("user-a"), write, out, write, mail("user-b"), write}},
		{Name: "after-solved", Events: []Event{in, write, {Kind: Solves, Number: 1}, write}},
	}
}
