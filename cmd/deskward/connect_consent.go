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
	opened, err := a.openConsent(ctx, s, conn, o.port)
	if err != nil {
		return err
	}
	defer opened.Close()
	attempt, listening := opened.Attempt, opened.Listener != nil
	a.sayConsent(attempt, listening)
	if _, err := fmt.Fprintln(a.io.Out, attempt.URL); err != nil {
		return err
	}
	if listening && !o.noBrowser && !a.env.overSSH() {
		if err := (desktop{a.env}).Open(ctx, attempt.URL); err != nil {
			a.note("cmd.connect.no-browser")
		}
	}
	res, err := a.raceAnswers(ctx, s, opened)
	return a.connected(res, err)
}

// openConsent takes up the attempt that waits, or begins one, and says which
// ports were busy. With all of them busy the answer can still be pasted.
func (a *app) openConsent(ctx context.Context, s *session, conn core.Connection, port int) (consent.Opened, error) {
	o, err := s.consent.Open(ctx, conn.ID, consent.OpenOptions{Port: port})
	if err == nil && o.Resumed {
		a.note("cmd.connect.taken-up", localeParams("name", core.CleanLine(conn.Name), "span", a.until(o.Attempt.Expires)))
	}
	for _, busy := range o.Busy {
		a.report(busy)
	}
	switch {
	case err != nil:
	case o.Deaf != nil:
		a.report(o.Deaf)
		a.note("cmd.connect.paste-only")
	case len(o.Busy) > 0:
		a.note("cmd.connect.next-port", localeParams("port", fmt.Sprint(o.Attempt.Port)))
	}
	return o, err
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

// answerEnd is how one way to an answer ended.
type answerEnd struct {
	res consent.Result
	err error
}

// raceAnswers waits for the loopback answer, or another session's, and for
// pasted lines at once. A bad paste gives its reason and the race goes on; an
// ended standard input leaves the loopback.
//
// Whatever ends the race, the other way is told to stop and waited for: an
// exchange that it has begun is finished and saved, and the terminal is as it
// was, before the command goes on. core.FinishTime bounds that.
func (a *app) raceAnswers(ctx context.Context, s *session, opened consent.Opened) (consent.Result, error) {
	ctx, expire := context.WithDeadlineCause(ctx, opened.Attempt.Expires.Add(time.Second), errConsentOver)
	defer expire()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	waited, pasted := make(chan answerEnd, 1), make(chan answerEnd, 1)
	go func() {
		res, err := opened.Wait(ctx)
		waited <- answerEnd{res, err}
	}()
	go func() {
		res, err := a.takePastes(ctx, s, opened.Attempt)
		pasted <- answerEnd{res, err}
	}()
	var first, second answerEnd
	late := waited
	select {
	case first = <-waited:
		late = pasted
	case first = <-pasted:
		if errors.Is(first.err, io.EOF) && (opened.Listener != nil || opened.Resumed) {
			end := <-waited // nothing more can be pasted
			return end.res, end.err
		}
	}
	stop()
	select {
	case second = <-late:
	case <-time.After(core.FinishTime):
		return first.res, first.err
	}
	if first.err != nil && second.err == nil {
		return second.res, nil
	}
	return first.res, first.err
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
		return c.Refusal()
	default:
		a.note("cmd.connect.done", name)
	}
	return nil
}
