package mailproof

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"deskward/core"
)

// smtp signs in at an SMTP server (RFC 5321, RFC 3207, RFC 4954).
func (a *attempted) smtp(ctx context.Context) error {
	greeting, err := a.readSMTP(ctx)
	if err != nil {
		return err
	}
	a.step(StepGreeting, "text", greeting.Text)
	if greeting.Code != 220 {
		return a.refused(greeting)
	}
	if err := a.hello(ctx); err != nil {
		return err
	}
	if a.Server.StartTLS {
		if err := a.startTLS(ctx); err != nil {
			return err
		}
	}
	if !offers(a.offered, "AUTH", "XOAUTH2") {
		return a.fail("mail.no-xoauth2", core.Refused, nil)
	}
	if err := a.authSMTP(ctx); err != nil {
		return err
	}
	if a.SendTo != "" {
		if err := a.mail(ctx); err != nil {
			return err
		}
	}
	_ = a.wire.send("QUIT") // what was to be proved is proved
	return nil
}

func (a *attempted) readSMTP(ctx context.Context) (Reply, error) {
	if err := a.wire.readWithin(); err != nil {
		return Reply{}, a.netError(ctx, err)
	}
	r, err := readSMTP(a.wire.r)
	if err != nil {
		return Reply{}, a.netError(ctx, err)
	}
	return a.withoutToken(r), nil
}

func (a *attempted) ask(ctx context.Context, line string) (Reply, error) {
	if err := a.wire.send(line); err != nil {
		return Reply{}, a.netError(ctx, err)
	}
	return a.readSMTP(ctx)
}

// hello names no host of ours: a literal address is enough for a client.
func (a *attempted) hello(ctx context.Context) error {
	r, err := a.ask(ctx, "EHLO [127.0.0.1]")
	if err != nil {
		return err
	}
	if r.Code != 250 {
		return a.refused(r)
	}
	_, a.offered, _ = strings.Cut(r.Text, "\n")
	a.step(StepCapabilities, "offers", strings.ReplaceAll(a.offered, "\n", ", "))
	return nil
}

// startTLS asks for TLS. What else came with the answer would be taken as
// said under TLS, by whoever sits in between (CVE-2011-0411 and its kin).
func (a *attempted) startTLS(ctx context.Context) error {
	if !offers(a.offered, "STARTTLS", "") {
		return a.fail("mail.no-starttls", core.Refused, nil)
	}
	r, err := a.ask(ctx, "STARTTLS")
	if err != nil {
		return err
	}
	if r.Code != 220 {
		a.report.Reply = said(r)
		a.passing = r.Code/100 == 4
		return a.fail("mail.starttls-refused", core.Refused, nil)
	}
	if a.wire.r.Buffered() > 0 {
		return a.fail("mail.injected", core.Failed, nil)
	}
	if err := a.protect(ctx); err != nil {
		return err
	}
	return a.hello(ctx) // what was offered in the clear counts for nothing (RFC 3207 §4.2)
}

// offers finds a keyword among EHLO's lines and a word among its parameters.
func offers(lines, keyword, word string) bool {
	for line := range strings.Lines(lines) {
		f := strings.Fields(strings.ToUpper(line))
		if len(f) == 0 || f[0] != keyword {
			continue
		}
		if word == "" {
			return true
		}
		for _, w := range f[1:] {
			if w == word {
				return true
			}
		}
	}
	return false
}

// initial is the client's one message, in base64.
func (a *attempted) initial() string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + a.User + "\x01auth=Bearer " + a.Token.Reveal() + "\x01\x01"))
}

func (a *attempted) authSMTP(ctx context.Context) error {
	if err := a.wire.sendSecret("AUTH XOAUTH2 " + a.initial()); err != nil {
		return a.netError(ctx, err)
	}
	r, err := a.readSMTP(ctx)
	if err != nil {
		return err
	}
	if r.Code == 334 {
		a.challenged(r)
		if r, err = a.ask(ctx, ""); err != nil {
			return err
		}
	}
	if r.Code != 235 || a.report.Challenge != nil {
		return a.refused(r)
	}
	a.step(StepAuth, "reply", said(r))
	return nil
}

// challenged keeps a server's reason.
func (a *attempted) challenged(r Reply) {
	c, err := ParseChallenge(r.raw)
	c = Challenge{a.hide(c.Status), a.hide(c.Schemes), a.hide(c.Scope)}
	a.report.Challenge = &c
	readable := "yes"
	if err != nil {
		readable = "no"
	}
	a.step(StepChallenge, "status", c.Status, "schemes", c.Schemes, "scope", c.Scope, "readable", readable)
}

// said is a reply as people quote it.
func said(r Reply) string {
	if r.Code != 0 {
		return fmt.Sprintf("%d %s", r.Code, r.Text)
	}
	return strings.TrimSpace(r.Kind + " " + r.Text)
}

// mail sends the one test mail. Until the end of the data it can be given up;
// after it, no answer means that nobody knows.
func (a *attempted) mail(ctx context.Context) error {
	for _, line := range []string{"MAIL FROM:<" + a.User + ">", "RCPT TO:<" + a.SendTo + ">", "DATA"} {
		r, err := a.ask(ctx, line)
		if err != nil {
			return err
		}
		if want := map[bool]int{true: 3, false: 2}[line == "DATA"]; r.Code/100 != want {
			return a.notSent(r)
		}
	}
	nonce := cmp.Or(a.Nonce, core.NewID())
	now := a.Clock.Now()
	text := strings.Join([]string{
		"From: <" + a.User + ">", "To: <" + a.SendTo + ">", "Subject: " + cmp.Or(a.Subject, "deskward proof "+nonce),
		"Date: " + now.Format(time.RFC1123Z), "Message-ID: <" + core.NewID() + "@deskward.invalid>",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "",
		"This mail proves that " + a.User + " can send by OAuth 2.0.", "Proof: " + nonce, ".",
	}, "\r\n")
	r, err := a.ask(ctx, text)
	if err != nil {
		return a.fail("mail.sent-unknown", core.Unknown, errors.Unwrap(err))
	}
	if r.Code/100 != 2 {
		return a.notSent(r)
	}
	a.report.Nonce = nonce
	a.step(StepSent, "to", a.SendTo, "nonce", nonce, "reply", said(r))
	return nil
}

// notSent is a refusal after the sign-in: nothing is repeated by itself.
func (a *attempted) notSent(r Reply) error {
	a.report.Reply = said(r)
	if code := limitCode(a.report.Reply); code != "" {
		return a.fail(code, core.Refused, nil)
	}
	return a.fail("mail.not-sent", core.Refused, nil)
}
