package sandbox

import "strings"

// imap is Gmail's IMAP server, as far as signing in goes.
func (g *google) imap(c *mailConn) {
	if status, over := c.fault("CONNECT"); over {
		return
	} else if status != 0 {
		c.say("* BYE Temporary System Error")
		return
	}
	c.say("* OK Gimap ready for requests from 127.0.0.1 sandbox")
	for {
		line, err := c.hear()
		if err != nil || !g.imapCommand(c, line) {
			return
		}
	}
}

func (g *google) imapOffers() string {
	auth := " AUTH=XOAUTH2"
	if g.sb.is(GoogleNoXOAUTH2) {
		auth = ""
	}
	early := " SASL-IR"
	if g.sb.is(GoogleNoSASLIR) {
		early = ""
	}
	return "* CAPABILITY IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY" + early + auth + " AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER"
}

// imapCommand answers one line. It reports whether the connection goes on.
func (g *google) imapCommand(c *mailConn, line string) bool {
	tag, rest, _ := strings.Cut(line, " ")
	if tag == "" || strings.ContainsAny(tag, "*+") || rest == "" {
		c.say("* BAD Invalid tag")
		return true
	}
	verb, rest, _ := strings.Cut(rest, " ")
	verb = strings.ToUpper(verb)
	status, over := c.fault(verb)
	switch {
	case over:
		return false
	case status != 0:
		c.say(tag + " NO [UNAVAILABLE] Temporary System Error")
		c.log(verb, "", status)
		return true
	}
	switch verb {
	case "CAPABILITY":
		c.say(g.imapOffers(), tag+" OK Thats all she wrote! sandbox")
	case "NOOP":
		c.say(tag + " OK Nothing Accomplished. sandbox")
	case "AUTHENTICATE":
		return g.imapAuth(c, tag, rest)
	case "LOGOUT":
		c.say("* BYE LOGOUT Requested", tag+" OK 73 good day (Success)")
		return false
	default:
		c.say(tag + " BAD Unknown command sandbox")
	}
	return true
}

// imapAuth signs in. The call log gives IMAP's answers in SMTP's numbers.
func (g *google) imapAuth(c *mailConn, tag, rest string) bool {
	mechanism, message, early := strings.Cut(rest, " ")
	answer := func(status int, line string) bool {
		c.say(tag + " " + line)
		c.log("AUTHENTICATE", strings.ToUpper(mechanism), status)
		return true
	}
	switch {
	case !strings.EqualFold(mechanism, "XOAUTH2") || g.sb.is(GoogleNoXOAUTH2):
		return answer(504, "NO [CANNOT] Unsupported authentication mechanism")
	case early && g.sb.is(GoogleNoSASLIR):
		return answer(501, "BAD Could not parse command")
	case !early:
		c.say("+ ")
		var err error
		if message, err = c.hear(); err != nil {
			return false
		}
	}
	switch g.bearer(c, message, "+ ") {
	case mailAccepted:
		if g.sb.is(GoogleIMAPOff) {
			return answer(535, "NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page and enable your account for IMAP access. (Failure)")
		}
		return answer(235, "OK Success")
	case mailRefused:
		return answer(535, "NO SASL authentication failed")
	case mailUnanswered, mailGarbled:
		return answer(501, "BAD Invalid SASL argument")
	}
	return false
}
