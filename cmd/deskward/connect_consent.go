package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

// connectByCode asks for consent in the browser. The address stands alone on
// a line of standard output; the answer comes to the loopback port or as a
// pasted line of standard input, whichever is first.
func (a *app) connectByCode(ctx context.Context, s *session, conn core.Connection, o connectOptions) error {
	attempt, listener, err := a.beginConsent(ctx, s, conn, o.port)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close()
	}
	a.sayConsent(attempt, listener != nil)
	if _, err := fmt.Fprintln(a.io.Out, attempt.URL); err != nil {
		return err
	}
	if listener != nil && !o.noBrowser && !a.env.overSSH() {
		if err := (desktop{a.env}).Open(ctx, attempt.URL); err != nil {
			a.note("cmd.connect.no-browser")
		}
	}
	res, err := a.raceAnswers(ctx, s, attempt, listener)
	return a.connected(res, err)
}

// beginConsent takes up the attempt that waits, or begins one, and listens on
// its port: where that is busy, on the next one that is registered. With all
// of them busy the answer can still be pasted.
func (a *app) beginConsent(ctx context.Context, s *session, conn core.Connection, port int) (consent.Attempt, *consent.Listener, error) {
	attempt, err := s.consent.Pending(ctx, conn.ID)
	if err == nil && (port == 0 || port == attempt.Port) {
		a.note("cmd.connect.taken-up", localeParams("name", core.CleanLine(conn.Name), "span", a.until(attempt.Expires)))
	} else if attempt, err = s.consent.Begin(ctx, conn.ID, consent.BeginOptions{Port: port}); err != nil {
		return attempt, nil, err
	}
	for {
		listener, err := s.consent.Listen(ctx, attempt)
		if err == nil {
			return attempt, listener, nil
		}
		if core.ClassOf(err) != core.Conflict {
			return attempt, nil, err
		}
		a.report(err)
		next, ok := attempt.NextPort()
		if !ok || port != 0 {
			a.note("cmd.connect.paste-only")
			return attempt, nil, nil
		}
		a.note("cmd.connect.next-port", localeParams("port", fmt.Sprint(next)))
		if attempt, err = s.consent.Begin(ctx, conn.ID, consent.BeginOptions{Port: next}); err != nil {
			return attempt, nil, err
		}
	}
}

// sayConsent tells on standard error what to do with the address.
func (a *app) sayConsent(attempt consent.Attempt, listening bool) {
	a.note("cmd.connect.open", localeParams("name", core.CleanLine(attempt.Name), "platform", a.platformName(attempt.Platform)))
	if len(attempt.Scopes) > 0 {
		a.note("cmd.connect.scopes", localeParams("scopes", core.CleanLine(strings.Join(attempt.Scopes, " "))))
	}
	if a.env.overSSH() && listening {
		host := a.actor.Host
		a.note("cmd.connect.tunnel", localeParams("line", consent.TunnelLine(attempt.Port, a.loginName(), host)))
	}
	a.note("cmd.connect.paste", localeParams("redirect", attempt.Redirect))
	a.note("cmd.connect.expires", localeParams("span", a.until(attempt.Expires)))
}

// loginName is who the person logs in as, without what whoAmI says besides.
func (a *app) loginName() string {
	name, _, _ := strings.Cut(a.actor.User, " ")
	return name
}

// raceAnswers waits for the loopback answer and for pasted lines at once. A
// bad paste gives its reason and the race goes on; an ended standard input
// leaves the loopback.
func (a *app) raceAnswers(ctx context.Context, s *session, attempt consent.Attempt, listener *consent.Listener) (consent.Result, error) {
	ctx, stop := context.WithDeadlineCause(ctx, attempt.Expires.Add(time.Second), errConsentOver)
	defer stop()
	type outcome struct {
		res consent.Result
		err error
	}
	// Both may end, and only the first is read.
	ends := make(chan outcome, 2)
	if listener != nil {
		go func() {
			res, err := listener.Wait(ctx)
			ends <- outcome{res, err}
		}()
	}
	go func() {
		res, err := a.takePastes(ctx, s, attempt)
		if !errors.Is(err, io.EOF) || listener == nil {
			ends <- outcome{res, err}
		}
	}()
	end := <-ends
	return end.res, end.err
}

var errConsentOver = errors.New("the time for the answer is over")

// takePastes takes lines of standard input until one settles the attempt.
func (a *app) takePastes(ctx context.Context, s *session, attempt consent.Attempt) (consent.Result, error) {
	restore := allowLongLines(a.io.In)
	defer restore()
	for {
		line, err := a.readLine(ctx)
		if err != nil {
			return consent.Result{}, inputEnded(err)
		}
		if line = edited(line); strings.TrimSpace(line) == "" {
			continue
		}
		res, err := s.consent.Answer(ctx, attempt.ID, line)
		if err == nil {
			return res, nil
		}
		pending, pendingErr := s.consent.Pending(ctx, attempt.ConnectionID)
		if pendingErr != nil || pending.ID != attempt.ID {
			return res, err
		}
		a.report(err)
		a.note("cmd.connect.again")
	}
}

// edited applies the erasing keys of a typed line, which nobody else does
// while allowLongLines is in force.
func edited(line string) string {
	if !strings.ContainsAny(line, "\b\x7f") {
		return line
	}
	var out []rune
	for _, r := range line {
		switch {
		case r != '\b' && r != '\x7f':
			out = append(out, r)
		case len(out) > 0:
			out = out[:len(out)-1]
		}
	}
	return string(out)
}

func inputEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return &core.Error{Tried: "consent", Code: "stdin.ended", Class: core.Usage, Err: err}
	}
	return err
}

// connectByDevice shows the code that the person types at the vendor's page,
// and polls until that is done.
func (a *app) connectByDevice(ctx context.Context, s *session, conn core.Connection) error {
	code, err := s.consent.DeviceBegin(ctx, conn.ID)
	if err != nil {
		return err
	}
	url := code.CompleteURL
	if url == "" {
		url = code.URL
	}
	a.note("cmd.connect.device", localeParams("code", core.CleanLine(code.UserCode), "url", core.CleanLine(code.URL), "span", a.until(code.Expires)))
	if _, err := fmt.Fprintln(a.io.Out, core.CleanLine(url)); err != nil {
		return err
	}
	res, err := s.consent.DeviceWait(ctx, code, func(p consent.DevicePoll) {
		if p.Region != "" {
			a.note("cmd.connect.device-region", localeParams("region", p.Region))
		}
	})
	return a.connected(res, err)
}

// connected says what came of a consent.
func (a *app) connected(res consent.Result, err error) error {
	if err != nil {
		return err
	}
	if len(res.Missing) > 0 {
		a.note("cmd.connect.missing", localeParams("scopes", core.CleanLine(strings.Join(res.Missing, " "))))
	}
	if res.Elsewhere {
		a.note("cmd.connect.elsewhere")
	}
	if res.CheckErr != nil {
		a.note("cmd.connect.saved-unchecked", localeParams("name", core.CleanLine(res.Connection.Name)))
		return res.CheckErr
	}
	return a.connectedConnection(res.Connection)
}

// connectedConnection says on standard error that the connection is stored
// and whether the first check held.
func (a *app) connectedConnection(c core.Connection) error {
	name := localeParams("name", core.CleanLine(c.Name), "note", core.CleanLine(c.Check.Note))
	switch {
	case c.Check.At.IsZero():
		a.note("cmd.connect.done-unproved", name)
	case !c.Check.OK:
		a.note("cmd.connect.saved-refused", name)
		return checkError(c)
	default:
		a.note("cmd.connect.done", name)
	}
	return nil
}
