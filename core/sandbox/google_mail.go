package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
)

// The doubles of Gmail's SMTP and IMAP servers. The exchange, its challenge
// and the texts of refusals are those of Google's XOAUTH2 page
// (developers.google.com/workspace/gmail/imap/xoauth2-protocol). Greetings and
// what else the servers offer are from memory, and nothing hangs on them.

// GoogleMail is a message that Gmail's double has taken for delivery.
type GoogleMail struct {
	From string   `json:"from"`
	To   []string `json:"to"`
	Text string   `json:"text"` // with its head
}

// GoogleMails returns the messages that were taken, oldest first.
func (sb *Sandbox) GoogleMails() []GoogleMail {
	g := sb.google
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.mails)
}

// GoogleForward makes a mailbox forward a copy of what it gets, as its owner
// does once the code that Gmail mailed to the new address was entered; to "":
// no longer.
func (sb *Sandbox) GoogleForward(mailbox, to string) {
	sb.google.change(func(g *google) {
		if a := g.account(mailbox); a != nil {
			a.forward = to
		}
	})
}

// forwards are the addresses to which copies of a mail go.
func (g *google) forwards(m GoogleMail) []string {
	var out []string
	for _, a := range g.accounts {
		mine := func(rcpt string) bool {
			return strings.EqualFold(rcpt, a.mailbox) || slices.ContainsFunc(a.aliases, func(s string) bool { return strings.EqualFold(rcpt, s) })
		}
		if a.forward != "" && !a.noMail && !a.gone && slices.ContainsFunc(m.To, mine) {
			out = append(out, a.forward)
		}
	}
	return out
}

// forward hands copies of a mail on. What the other side does not take comes
// back to the sender as a notice, which nobody here reads.
func (sb *Sandbox) forward(m GoogleMail, to []string) {
	head, err := mail.ReadMessage(strings.NewReader(m.Text))
	if err != nil {
		return
	}
	from := m.From
	if a, err := mail.ParseAddress(head.Header.Get("From")); err == nil {
		from = a.Address
	}
	for _, address := range to {
		_ = sb.SalesforceMail(from, address, head.Header.Get("Subject"))
	}
}

// startMail opens the three servers: SMTP with STARTTLS (as port 587),
// SMTP over TLS (465) and IMAP over TLS (993).
func (g *google) startMail() error {
	for _, s := range []struct {
		name, scheme string
		tls          bool
		serve        func(*mailConn)
		url          *string
	}{
		{"smtp", "smtp", false, g.smtp, &g.fix.SMTP},
		{"smtps", "smtps", true, g.smtp, &g.fix.SMTPS},
		{"imap", "imaps", true, g.imap, &g.fix.IMAP},
	} {
		address, err := g.sb.mail("google."+s.name, s.tls, s.serve)
		if err != nil {
			return err
		}
		*s.url = s.scheme + "://" + address
		g.sb.point("google", s.name, *s.url)
	}
	return nil
}

// mayOpen tells whether a token opens a user's mailbox by mail protocols.
func (g *google) mayOpen(user, token string) bool {
	mailbox, scopes, ok := g.sb.GoogleBearer(token)
	if !ok || !strings.EqualFold(user, mailbox) || !slices.Contains(scopes, googleMailScope) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	account := g.account(mailbox)
	return account != nil && !account.noMail
}

// challenge is the reason that comes before a refusal. Google's page has it
// with status 400 and with 401, and does not say which is for what.
func (g *google) challenge() string {
	status := "400"
	if g.sb.is(GoogleMail401) {
		status = "401"
	}
	raw, _ := json.Marshal(map[string]string{"status": status, "schemes": "Bearer", "scope": googleMailScope}) // texts only: it can't fail
	return base64.StdEncoding.EncodeToString(raw)
}

// What a client may do at one authentication.
type mailVerdict int

const (
	mailGone       mailVerdict = iota // the connection ended
	mailAccepted                      // it is in
	mailRefused                       // the reason was given, and answered as it must be
	mailUnanswered                    // the reason was given, and not answered by an empty line
	mailGarbled                       // not base64
)

// bearer judges the client's message; prompt is how the protocol begins a
// challenge ("334 ", "+ ").
func (g *google) bearer(c *mailConn, message, prompt string) mailVerdict {
	user, token, decoded, ok := bearerMessage(message)
	switch {
	case !decoded:
		return mailGarbled
	case ok && g.mayOpen(user, token):
		return mailAccepted
	}
	c.say(prompt + g.challenge())
	answer, err := c.hear()
	switch {
	case err != nil:
		return mailGone
	case answer != "": // also "*", by which a client gives up
		return mailUnanswered
	}
	return mailRefused
}
