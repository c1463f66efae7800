package signinwalk

// signIn hands the widget on the device in use a token.
func (m *machine) signIn(e Event) {
	if m.conflict(e) {
		return
	}
	c := m.w.client()
	known := m.w.known(e.ID)
	switch {
	case known == 0 && m.rules == Rules2022:
		m.newUser(c, e)
	case known == 0:
		m.upgrade(c, e)
	case c.Conversation == 0:
		m.say(m.about(), "recognised", "id", e.ID, "user", known)
		c.User, c.Conversation = known, m.w.talk(known)
	case m.rules == Rules2022:
		m.match(c, e, known)
	default:
		m.merge(c, e, known)
	}
	c.SignedIn = true
	m.address(c, e)
	m.check(c, e)
}

// about is the article that describes signing in by these rules.
func (m *machine) about() Source {
	if m.rules == Rules2022 {
		return Setup2022
	}
	return Understanding
}

// conflict reports whether the token is rejected since its address belongs to
// another external id. The chat then goes on unauthenticated, and nobody is
// told (support.zendesk.com 4411666638746, "Resolving conflicts"). The article
// of 2022 knows no identification by e-mail.
func (m *machine) conflict(e Event) bool {
	holder := m.w.holder(e.Email)
	if m.rules == Rules2022 || holder == 0 || m.w.user(holder).ExternalID == e.ID {
		return false
	}
	m.say(Setup, "rejected", "email", e.Email, "id", e.ID, "holder", m.w.user(holder).ExternalID, "user", holder)
	m.say(Setup, "rejected.goes-on")
	return true
}

// newUser is how it was in 2022: another user is made, and the anonymous one's
// ticket becomes that user's.
func (m *machine) newUser(c *Client, e Event) {
	c.User = m.w.addUser(e.ID)
	m.say(Setup2022, "created", "user", c.User, "id", e.ID)
	if c.Conversation == 0 {
		return
	}
	t := m.give(c.Conversation, c.User)
	m.say(Setup2022, "requester", "ticket", t, "user", c.User)
}

// give makes a conversation and its ticket a user's.
func (m *machine) give(conversation, user int) (ticket int) {
	talk := m.w.conversation(conversation)
	talk.User = user
	m.w.ticket(talk.Ticket).Requester = user
	return talk.Ticket
}

// upgrade is how it is today where nobody has the external id yet.
func (m *machine) upgrade(c *Client, e Event) {
	if c.User == 0 {
		// There is no anonymous user to upgrade before the first message. That
		// signing in then makes one follows from the tokens' purpose; when it is
		// made, at once or with the first message, no page says.
		c.User = m.w.addUser(e.ID)
		m.silent("created.early", "user", c.User, "id", e.ID)
		return
	}
	m.w.user(c.User).ExternalID = e.ID
	m.say(Understanding, "upgraded", "user", c.User, "id", e.ID)
	// An anonymous user comes into being with a message, so has a ticket.
	m.say(Understanding, "upgraded.ticket", "ticket", m.w.conversation(c.Conversation).Ticket, "user", c.User)
}

// match is how it was in 2022 where a user has the external id: the
// conversations are joined and the user's open ticket goes on.
func (m *machine) match(c *Client, e Event, known int) {
	m.say(Setup2022, "recognised", "id", e.ID, "user", known)
	anonymous := c.Conversation
	own := m.w.talk(known)
	c.User = known
	if own == 0 {
		t := m.give(anonymous, known)
		m.say(Setup2022, "requester", "ticket", t, "user", known)
		return
	}
	m.join(anonymous, own)
	c.Conversation = own
	ours, theirs := m.w.ticket(m.w.conversation(own).Ticket), m.w.ticket(m.w.conversation(anonymous).Ticket)
	m.say(Setup2022, "joined", "user", known)
	if ours.Status != Active || ours.Unsure {
		ours.Unsure, theirs.Unsure = true, true
		m.silent("which.not-open", "ticket", ours.Number, "other", theirs.Number)
		return
	}
	theirs.Status, theirs.Unsure = Closed, false
	m.say(Setup2022, "goes-on", "ticket", ours.Number, "other", theirs.Number)
}

// merge is how it is today where a user has the external id.
func (m *machine) merge(c *Client, e Event, known int) {
	anonymous, from := c.Conversation, c.User
	m.w.user(from).MergedInto = known
	m.say(Understanding, "merged", "other", from, "user", known, "id", e.ID)
	c.User = known
	own := m.w.talk(known)
	t := m.give(anonymous, known)
	switch {
	case own == 0:
		m.say(Understanding, "requester", "ticket", t, "user", known)
	case m.rules == RulesMulti:
		m.say(Understanding, "apart", "user", known, "ticket", m.w.conversation(own).Ticket, "other", t)
	default:
		m.join(anonymous, own)
		c.Conversation = own
		ours := m.w.ticket(m.w.conversation(own).Ticket)
		ours.Unsure, m.w.ticket(t).Unsure = true, true
		m.say(Understanding, "merged.all", "ticket", ours.Number, "other", t, "user", known)
		m.silent("which", "ticket", ours.Number, "other", t)
	}
}

// join makes one conversation part of another.
func (m *machine) join(from, into int) {
	f := m.w.conversation(from)
	f.MergedInto = into
	m.w.conversation(into).Messages += f.Messages
}

// address keeps the token's e-mail address, which is said to be verified.
func (m *machine) address(c *Client, e Event) {
	if e.Email == "" {
		return
	}
	u := m.w.user(c.User)
	switch {
	case m.rules == Rules2022:
		m.say(Setup2022, "email.hidden")
	case u.Email == "":
		u.Email = e.Email
		m.say(Setup, "email.kept", "email", e.Email, "user", u.Number)
	case u.Email != e.Email:
		m.silent("email.other", "email", u.Email, "user", u.Number)
	}
}

// check is what agents see from now on.
func (m *machine) check(c *Client, e Event) {
	switch m.rules {
	case Rules2022:
		m.say(Setup2022, "check.2022", "user", c.User, "id", e.ID)
	case RulesMulti:
		m.say(Understanding, "check", "user", c.User, "id", e.ID)
		m.say(Understanding, "check.multi")
	default:
		m.say(Understanding, "check", "user", c.User, "id", e.ID)
	}
}
