package mailproof

import (
	"context"
	"strings"

	"deskward/core"
)

// imap signs in at an IMAP server (RFC 9051, RFC 4959).
func (a *attempted) imap(ctx context.Context) error {
	greeting, err := a.readIMAP(ctx, "", nil)
	if err != nil {
		return err
	}
	a.step(StepGreeting, "text", said(greeting))
	switch greeting.Kind {
	case "OK":
	case "PREAUTH":
		return a.fail("mail.preauth", core.Failed, nil)
	default:
		return a.refused(greeting)
	}
	var offered []string
	if err := a.wire.send("a1 CAPABILITY"); err != nil {
		return a.netError(ctx, err)
	}
	r, err := a.readIMAP(ctx, "a1", func(line string) {
		if f := strings.Fields(strings.ToUpper(line)); len(f) > 0 && f[0] == "CAPABILITY" {
			offered = f[1:]
		}
	})
	if err != nil {
		return err
	}
	if r.Kind != "OK" {
		return a.refused(r)
	}
	a.step(StepCapabilities, "offers", a.hide(strings.Join(offered, " ")))
	words := "AUTH " + strings.Join(offered, " ")
	if !offers(words, "AUTH", "AUTH=XOAUTH2") {
		return a.fail("mail.no-xoauth2", core.Refused, nil)
	}
	if err := a.authIMAP(ctx, offers(words, "AUTH", "SASL-IR")); err != nil {
		return err
	}
	_ = a.wire.send("a3 LOGOUT") // what was to be proved is proved
	return nil
}

func (a *attempted) readIMAP(ctx context.Context, tag string, seen func(string)) (Reply, error) {
	if seen == nil {
		seen = func(string) {}
	}
	if err := a.wire.readWithin(); err != nil {
		return Reply{}, a.netError(ctx, err)
	}
	r, err := readIMAP(a.wire.r, tag, seen)
	if err != nil {
		return Reply{}, a.netError(ctx, err)
	}
	return a.withoutToken(r), nil
}

// authIMAP sends the token at once where the server takes it so (SASL-IR),
// else after the server's empty continuation.
func (a *attempted) authIMAP(ctx context.Context, atOnce bool) error {
	first := "a2 AUTHENTICATE XOAUTH2"
	if !atOnce {
		if err := a.wire.send(first); err != nil {
			return a.netError(ctx, err)
		}
		r, err := a.readIMAP(ctx, "a2", nil)
		if err != nil {
			return err
		}
		if r.Kind != "+" {
			return a.refused(r)
		}
		first = ""
	} else {
		first += " "
	}
	if err := a.wire.sendSecret(first + a.initial()); err != nil {
		return a.netError(ctx, err)
	}
	r, err := a.readIMAP(ctx, "a2", nil)
	if err != nil {
		return err
	}
	if r.Kind == "+" {
		a.challenged(r)
		if err := a.wire.send(""); err != nil {
			return a.netError(ctx, err)
		}
		if r, err = a.readIMAP(ctx, "a2", nil); err != nil {
			return err
		}
	}
	if r.Kind != "OK" || a.report.Challenge != nil {
		return a.refused(r)
	}
	a.step(StepAuth, "reply", said(r))
	return nil
}
