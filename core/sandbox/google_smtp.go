package sandbox

import (
	"strconv"
	"strings"
)

// smtpTalk is one connection to the SMTP double.
type smtpTalk struct {
	*mailConn
	g    *google
	in   bool // signed in
	from string
	to   []string
}

// smtp is Gmail's SMTP server.
func (g *google) smtp(c *mailConn) {
	t := &smtpTalk{mailConn: c, g: g}
	if status, over := c.fault("CONNECT"); over {
		return
	} else if status != 0 {
		c.say(smtpFault(status))
		return
	}
	c.say("220 smtp.gmail.com ESMTP sandbox - gsmtp")
	for {
		line, err := c.hear()
		if err != nil || !t.command(line) {
			return
		}
	}
}

func smtpFault(status int) string {
	text := strconv.Itoa(status)
	if status/100 == 4 {
		return text + " 4.7.0 Try again later, closing connection. - gsmtp"
	}
	return text + " " + text[:1] + ".7.0 The sandbox was asked to refuse this. - gsmtp"
}

// command answers one line. It reports whether the connection goes on.
func (t *smtpTalk) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	status, over := t.fault(verb)
	switch {
	case over:
		return false
	case status != 0:
		t.say(smtpFault(status))
		t.log(verb, "", status)
		return status != 421 // RFC 5321 §3.8: it closes
	}
	switch verb {
	case "EHLO":
		t.say(t.offers()...)
	case "NOOP":
		t.say("250 2.0.0 OK - gsmtp")
	case "RSET":
		t.from, t.to = "", nil
		t.say("250 2.1.5 Flushed - gsmtp")
	case "STARTTLS":
		return t.startTLS()
	case "AUTH":
		return t.auth(rest)
	case "MAIL", "RCPT", "DATA":
		return t.mail(verb, rest)
	case "QUIT":
		t.say("221 2.0.0 closing connection - gsmtp")
		return false
	default:
		t.say("502 5.5.1 Unrecognized command. - gsmtp")
	}
	return true
}

func (t *smtpTalk) offers() []string {
	lines := []string{"250-smtp.gmail.com at your service", "250-SIZE 35882577", "250-8BITMIME"}
	switch {
	case !t.secure:
		lines = append(lines, "250-STARTTLS")
	case t.g.sb.is(GoogleNoXOAUTH2):
		lines = append(lines, "250-AUTH LOGIN PLAIN")
	default:
		lines = append(lines, "250-AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER")
	}
	return append(lines, "250-ENHANCEDSTATUSCODES", "250-PIPELINING", "250 SMTPUTF8")
}

func (t *smtpTalk) startTLS() bool {
	if t.secure {
		t.say("502 5.5.1 Unrecognized command. - gsmtp")
		return true
	}
	t.say("220 2.0.0 Ready to start TLS")
	return t.protect()
}

func (t *smtpTalk) auth(rest string) bool {
	mechanism, message, early := strings.Cut(rest, " ")
	answer := func(status int, lines ...string) bool {
		t.say(lines...)
		t.log("AUTH", strings.ToUpper(mechanism), status)
		return true
	}
	switch {
	case !t.secure:
		return answer(530, "530 5.7.0 Must issue a STARTTLS command first. - gsmtp")
	case t.in:
		return answer(503, "503 5.5.1 Already authenticated. - gsmtp")
	case !strings.EqualFold(mechanism, "XOAUTH2") || t.g.sb.is(GoogleNoXOAUTH2):
		return answer(504, "504 5.7.4 Unrecognized Authentication Type - gsmtp")
	case !early:
		t.say("334 ")
		var err error
		if message, err = t.hear(); err != nil {
			return false
		}
	}
	switch t.g.bearer(t.mailConn, message, "334 ") {
	case mailAccepted:
		t.in = true
		return answer(235, "235 2.7.0 Accepted")
	case mailRefused:
		code := "5.7.8"
		if t.g.sb.is(GoogleMailOldTexts) {
			code = "5.7.1"
		}
		return answer(535, "535-"+code+" Username and Password not accepted. For more information, go to",
			"535 "+code+"  https://support.google.com/mail/?p=BadCredentials sandbox - gsmtp")
	case mailUnanswered, mailGarbled:
		return answer(501, "501 5.5.2 Cannot Decode response - gsmtp")
	}
	return false
}

// mail takes one message, which goes where the mailboxes of its recipients
// forward to, and else nowhere.
func (t *smtpTalk) mail(verb, rest string) bool {
	switch {
	case !t.secure:
		t.say("530 5.7.0 Must issue a STARTTLS command first. - gsmtp")
		return true
	case !t.in:
		t.say("530 5.7.0 Authentication Required. - gsmtp")
		return true
	}
	address := func(prefix string) (string, bool) {
		if len(rest) < len(prefix) || !strings.EqualFold(rest[:len(prefix)], prefix) {
			return "", false
		}
		a, _, ok := strings.Cut(rest[len(prefix):], ">")
		return a, ok && strings.Contains(a, "@")
	}
	switch verb {
	case "MAIL":
		a, ok := address("FROM:<")
		if !ok || t.from != "" {
			t.say("555 5.5.2 Syntax error. - gsmtp")
			return true
		}
		t.from = a
		t.say("250 2.1.0 OK - gsmtp")
	case "RCPT":
		a, ok := address("TO:<")
		if !ok || t.from == "" {
			t.say("555 5.5.2 Syntax error. - gsmtp")
			return true
		}
		t.to = append(t.to, a)
		t.say("250 2.1.5 OK - gsmtp")
	case "DATA":
		if len(t.to) == 0 {
			t.say("503 5.5.1 RCPT first. - gsmtp")
			return true
		}
		t.say("354  Go ahead - gsmtp")
		return t.data()
	}
	return true
}

// data reads a message to its dot (RFC 5321 §4.5.2).
func (t *smtpTalk) data() bool {
	var text strings.Builder
	for {
		line, err := t.hear()
		if err != nil || text.Len() > mailMessage {
			return false
		}
		if line == "." {
			break
		}
		text.WriteString(strings.TrimPrefix(line, ".") + "\n")
	}
	status, over := t.fault("TAKEN")
	if over && status == 0 { // it is taken, and its answer is lost
		t.take(text.String())
		return false
	}
	if status != 0 {
		t.say(smtpFault(status))
		return true
	}
	t.take(text.String())
	t.say("250 2.0.0 OK  sandbox - gsmtp")
	return true
}

func (t *smtpTalk) take(text string) {
	m := GoogleMail{From: t.from, To: t.to, Text: text}
	t.g.mu.Lock()
	t.g.mails = append(t.g.mails, m)
	to := t.g.forwards(m)
	t.g.mu.Unlock()
	t.log("DATA", "", 250)
	t.g.sb.forward(m, to)
	t.from, t.to = "", nil
}
