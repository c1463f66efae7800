package sandbox

import "strings"

// Person is somebody whom several doubles know: an id is "" where the platform
// does not know the person.
type Person struct {
	Story       string `json:"story"` // why the person is there
	Name        string `json:"name"`
	Email       string `json:"email,omitempty"`
	LoginID     string `json:"login_id,omitempty"`     // the sub of Xsolla Login
	Username    string `json:"username,omitempty"`     // of Xsolla Login
	ExternalID  string `json:"external_id,omitempty"`  // in Zendesk
	SupportID   string `json:"support_id,omitempty"`   // a user of Zendesk Support
	MessagingID string `json:"messaging_id,omitempty"` // a user of the Conversations API
	ChatID      string `json:"chat_id,omitempty"`      // a visitor of Zendesk Chat
	TicketID    string `json:"ticket_id,omitempty"`    // a chat of theirs
}

// CastFixtures are the people whom the doubles share.
type CastFixtures struct {
	Linked   Person `json:"linked"`   // the same person everywhere
	Apart    Person `json:"apart"`    // known everywhere, linked nowhere
	Refused  Person `json:"refused"`  // whose address another external id has
	Double   Person `json:"double"`   // has the external id
	Second   Person `json:"second"`   // the same human being, has the address
	Long     Person `json:"long"`     // external id of more than 255 characters
	Hostile  Person `json:"hostile"`  // texts full of what a terminal obeys
	Anybody  Person `json:"anybody"`  // the external id is an e-mail address
	Numbered Person `json:"numbered"` // the external id and the Chat visitor's are numbers
	Gone     Person `json:"gone"`     // deleted in Support
	Banned   Person `json:"banned"`   // suspended in Support, banned in Chat
}

func zendeskCast() CastFixtures {
	const sub = "b7d14a52-5c1e-4a0f-9e33-0000000000"
	c := CastFixtures{
		Linked: Person{
			Name: "Lin Linked", Email: "lin@acme.example", LoginID: sub + "01", Username: "lin", ExternalID: sub + "01",
			SupportID: "900123450011", MessagingID: "6f1d0c2b3a4e5f6071829401", ChatID: "9855790.xjj3u5xPWhW101", TicketID: "4101",
		},
		Apart: Person{
			Name: "Una Apart", Email: "una@acme.example", LoginID: sub + "02", Username: "una",
			SupportID: "900123450012", ChatID: "9855790.xjj3u5xPWhW102", TicketID: "4102",
		},
		// The Login user has the address that the messaging user usr_991 has.
		Refused: Person{
			Name: "Taro Taken", Email: "taro@acme.example", LoginID: sub + "03", Username: "taro", ExternalID: "usr_991",
			SupportID: "900123450001", MessagingID: "6f1d0c2b3a4e5f60718293a4",
		},
		Double: Person{
			Name: "Dora Double", LoginID: sub + "04", Username: "dora", ExternalID: sub + "04",
			SupportID: "900123450014", MessagingID: "6f1d0c2b3a4e5f6071829404", TicketID: "4104",
		},
		Second: Person{Name: "Dora Double", Email: "dora@acme.example", SupportID: "900123450015", ChatID: "9855790.xjj3u5xPWhW105", TicketID: "4105"},
		Long: Person{
			Name: "Loretta Long", Email: "loretta@acme.example", LoginID: sub + "06", Username: "loretta", ExternalID: "legacy-" + strings.Repeat("0123456789", 29),
			SupportID: "900123450016", MessagingID: "6f1d0c2b3a4e5f6071829406",
		},
		Hostile: Person{
			Name: "\x1b[2J\x1b]0;owned\x07山田\u202e花子\u2066 👩‍👩‍👧\r\nadmin\x9b31m", Email: "hanako@acme.example", LoginID: sub + "07", Username: "hanako", ExternalID: "usr|7/ü?&#%2e",
			SupportID: "900123450017", MessagingID: "6f1d0c2b3a4e5f6071829407", ChatID: "9855790.xjj3u5xPWhW107", TicketID: "4107",
		},
		Anybody:  Person{Name: "Ed Mail", Email: "ed@acme.example", ExternalID: "ed@acme.example", SupportID: "900123450018", MessagingID: "6f1d0c2b3a4e5f6071829408"},
		Numbered: Person{Name: "Noa Number", Email: "noa@acme.example", ExternalID: "200417", SupportID: "900123450019", MessagingID: "6f1d0c2b3a4e5f6071829409", ChatID: "7741203", TicketID: "4109"},
		Gone:     Person{Name: "Permanently Deleted User", ExternalID: "usr_gone", SupportID: "900123450020"},
		Banned:   Person{Name: "Ben Banned", Email: "ben@acme.example", ExternalID: "usr_ben", SupportID: "900123450021", ChatID: "9855790.xjj3u5xPWhW111", TicketID: "4111"},
	}
	for p, story := range map[*Person]string{
		&c.Linked: "linked", &c.Apart: "apart", &c.Refused: "refused", &c.Double: "double", &c.Second: "second", &c.Long: "long",
		&c.Hostile: "hostile", &c.Anybody: "anybody", &c.Numbered: "numbered", &c.Gone: "gone", &c.Banned: "banned",
	} {
		p.Story = story
	}
	return c
}

// all lists the people in the order of their records.
func (c CastFixtures) all() []Person {
	return []Person{c.Linked, c.Apart, c.Refused, c.Double, c.Second, c.Long, c.Hostile, c.Anybody, c.Numbered, c.Gone, c.Banned}
}

// notes are what an agent wrote about the hostile person: one line of 10 KB.
func (c CastFixtures) notes(p Person) string {
	if p.Story != c.Hostile.Story {
		return ""
	}
	return strings.Repeat("備考\x1b[31m\u202e", 10<<10/len("備考\x1b[31m\u202e"))
}

// messagingCast are the messaging users of the cast who are not there already.
func messagingCast(c CastFixtures) []*zendeskUser {
	var out []*zendeskUser
	for _, p := range c.all() {
		if p.MessagingID == "" || p.Story == c.Refused.Story {
			continue
		}
		u := &zendeskUser{id: p.MessagingID, externalID: p.ExternalID, supportID: p.SupportID, name: p.Name, authenticated: p.Story != c.Long.Story}
		if p.Email != "" {
			u.identities = []zendeskIdentity{{"email", p.Email, "sso"}}
		}
		out = append(out, u)
	}
	return out
}

// loginCast are the Login users of the cast. They have a password that nobody
// knows: only servers look them up.
func loginCast(c CastFixtures) []*xsollaUser {
	var out []*xsollaUser
	for _, p := range c.all() {
		if p.LoginID != "" {
			out = append(out, &xsollaUser{id: p.LoginID, username: p.Username, name: p.Name, email: p.Email})
		}
	}
	return out
}
