package mailproof_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	proof "deskward/core/mailproof"
	"deskward/tui"
	"deskward/tui/mailproof"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC) }

const canary = "canary-access-token"

// servers answers proofs as a test wants.
type servers struct {
	asked    atomic.Int32
	hang     atomic.Bool // the SMTP server says nothing after its offer
	refuse   atomic.Bool // both refuse
	sent     atomic.Int32
	lost     atomic.Bool // the answer to a mail
	noToken  bool
	requests []proof.Request
}

func newServers() *servers {
	smtp, imap := proof.Gmail()
	s := &servers{}
	for _, at := range []proof.Server{smtp, imap} {
		s.requests = append(s.requests, proof.Request{Server: at, User: "support@acme.example", Token: core.NewSecret(canary), Account: "support@acme.example"})
	}
	return s
}

func (s *servers) all(context.Context) ([]proof.Request, error) {
	if s.noToken {
		return nil, &core.Error{Tried: "prove-mail", On: "Support", Code: "mail.no-server", Class: core.Usage}
	}
	return s.requests, nil
}

func (s *servers) prove(ctx context.Context, r proof.Request) (proof.Report, error) {
	s.asked.Add(1)
	report := proof.Report{Server: r.Server, User: r.User}
	step := func(name string, values map[string]string) {
		st := proof.Step{Name: name, At: fixed{}.Now(), Values: values}
		report.Steps = append(report.Steps, st)
		r.OnStep(st)
	}
	fail := func(code string, class core.Class) (proof.Report, error) {
		report.Code = code
		return report, &core.Error{Tried: "prove-mail", On: r.Server.String(), Code: code, Class: class, Params: map[string]string{
			"host": r.Server.Host, "user": r.User, "account": "admin@acme.example", "description": report.Reply,
		}}
	}
	step(proof.StepConnected, map[string]string{"address": r.Server.Address(), "peer": "192.0.2.7:587"})
	step(proof.StepGreeting, map[string]string{"text": "smtp.gmail.com ESMTP \x1b[2Jx - gsmtp"})
	step(proof.StepTLS, map[string]string{"version": "TLS 1.3", "subject": "CN=" + r.Server.Host, "until": "2027-01-04"})
	if s.hang.Load() {
		<-ctx.Done()
		return fail("net.cancelled", core.Failed)
	}
	if s.refuse.Load() {
		step(proof.StepChallenge, map[string]string{"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/", "readable": "yes"})
		report.Reply = "535 5.7.8 Username and Password not accepted."
		return fail("mail.wrong-user", core.Refused)
	}
	step(proof.StepAuth, map[string]string{"reply": "235 2.7.0 Accepted"})
	if r.SendTo != "" {
		s.sent.Add(1)
		if s.lost.Load() {
			return fail("mail.sent-unknown", core.Unknown)
		}
		report.Nonce = "q4zt7v"
		step(proof.StepSent, map[string]string{"to": r.SendTo, "nonce": report.Nonce, "reply": "250 2.0.0 OK"})
	}
	report.OK = true
	return report, nil
}

type rig struct {
	*tuitest.Driver
	copied *atomic.Pointer[string]
}

func (r rig) press(names ...string) { r.Key(tui.Press, names...) }

func open(t testing.TB, s *servers, lang locale.Lang, width, height int) rig {
	t.Helper()
	sub := func(files fs.FS, name string) fs.FS {
		out, err := fs.Sub(files, name)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	catalogue, err := advice.Load(sub(assets.Advice, "advice"))
	if err != nil {
		t.Fatal(err)
	}
	texts := sub(assets.Locales, "locales")
	copied := &atomic.Pointer[string]{}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "connections", Title: "section.connections", Open: func() screen.Screen {
			return mailproof.New(mailproof.Deps{Name: "Support", Requests: s.all, Prove: s.prove})
		}}},
		Printer: func(l locale.Lang) (*locale.Printer, error) { return locale.Load(texts, l) },
		Lang:    lang,
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			x := catalogue.Explain(err, p)
			return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code, Said: x.Vendor, Unsure: !x.Sure}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{}, Getenv: func(string) string { return "" },
		Native: func(text string) (func(), error) { copied.Store(&text); return func() {}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	// The screen proves as soon as it opens, so where its steps go is set before.
	var to *tuitest.Driver
	ready := make(chan struct{})
	m.SetSend(func(msg tea.Msg) { <-ready; to.Post(msg) })
	to = tuitest.Drive(t, m, width, height)
	close(ready)
	return rig{to, copied}
}

func TestProofsReadWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for name, tc := range map[string]struct {
				given func(*servers)
				do    func(rig, *servers)
			}{
				"accepted": {func(*servers) {}, func(rig, *servers) {}},
				"refused":  {func(s *servers) { s.refuse.Store(true) }, func(rig, *servers) {}},
				"running":  {func(s *servers) { s.hang.Store(true) }, func(rig, *servers) {}},
				"broken":   {func(s *servers) { s.hang.Store(true) }, func(r rig, _ *servers) { r.press("c") }},
				"unknown":  {func(s *servers) { s.noToken = true }, func(rig, *servers) {}},
				"send":     {func(*servers) {}, func(r rig, _ *servers) { r.press("s"); r.Type("ken@customer.example"); r.press("enter") }},
				"sent":     {func(*servers) {}, func(r rig, s *servers) { r.send("ken@customer.example"); s.wait(r) }},
				"maybe":    {func(s *servers) { s.lost.Store(true) }, func(r rig, s *servers) { r.send("ken@customer.example"); s.wait(r) }},
				"copy":     {func(s *servers) { s.refuse.Store(true) }, func(r rig, _ *servers) { r.press("y") }},
			} {
				name := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := newServers()
					tc.given(s)
					r := open(t, s, lang, size[0], size[1])
					settle(r, s)
					tc.do(r, s)
					if strings.HasPrefix(name, "broken") {
						r.Until("it is broken off", func() bool { return over(r.Text()) })
					}
					r.Fits(size[0], size[1])
					tuitest.Golden(t, name, r.Text())
				})
			}
		}
	}
}

// send asks for a test mail.
func (r rig) send(to string) {
	r.press("s")
	r.Type(to)
	r.press("enter")
	r.Type("SEND")
	r.press("enter")
}

// wait waits until a mail was sent and its outcome is shown.
func (s *servers) wait(r rig) {
	r.Until("the mail's outcome is there", func() bool {
		return s.sent.Load() == 1 && over(r.Text()) && strings.Contains(r.Text(), "ken@customer.example")
	})
}

func TestATestMailIsSentOnceAndOnlyOnItsWord(t *testing.T) {
	t.Parallel()
	s := newServers()
	r := open(t, s, locale.English, 80, 40)
	settle(r, s)
	r.press("s")
	r.Type("nobody")
	r.press("enter")
	r.See("This is no mail address.")
	r.Type("@customer.example")
	r.press("enter")
	r.Type("send")
	r.press("enter")
	r.See("The word is SEND")
	r.press("esc")
	r.See("Nothing was sent.")
	if n := s.sent.Load(); n != 0 {
		t.Fatalf("%d mails were sent without the word", n)
	}
	r.send("ken@customer.example")
	s.wait(r)
	r.See("Look for q4zt7v in its", "smtp://smtp.gmail.com:587")
	if strings.Contains(r.Text(), "imaps://") || s.asked.Load() != 3 {
		t.Errorf("asked %d times:\n%s", s.asked.Load(), r.Text())
	}
	r.press("y", "down", "down", "enter")
	r.Until("the mark is copied", func() bool { p := r.copied.Load(); return p != nil && *p == "q4zt7v" })
	r.press("r")
	r.See("Every server lets the token in. Nothing was sent.")
	if n := s.sent.Load(); n != 1 {
		t.Errorf("%d mails were sent", n)
	}
}

// over reports whether the footer offers another round.
func over(text string) bool {
	return strings.Contains(text, " r again") || strings.Contains(text, " r 再検証")
}

// settle waits until the screen shows what will stay.
func settle(r rig, s *servers) {
	r.Until("nothing more comes", func() bool {
		text := r.Text()
		switch {
		case s.noToken:
			return strings.Contains(text, "mail.no-server")
		case s.hang.Load():
			return strings.Contains(text, "TLS 1.3")
		}
		return over(text)
	})
}

func TestAProofIsBrokenOffAndBegunAgain(t *testing.T) {
	t.Parallel()
	s := newServers()
	s.hang.Store(true)
	r := open(t, s, locale.English, 80, 40)
	r.See("TLS 1.3", "Waiting for the server", "Not asked yet")
	r.press("r")
	r.See("The proof still runs")
	r.press("c")
	r.See("Broken off", "Not asked.")
	if n := s.asked.Load(); n != 1 {
		t.Errorf("%d servers were asked", n)
	}
	s.hang.Store(false)
	r.press("r")
	r.See("Every server lets the token in", "235 2.7.0 Accepted")
	if n := s.asked.Load(); n != 3 {
		t.Errorf("%d servers were asked", n)
	}
	r.press("c")
	r.See("The proof has ended")
}

func TestARefusalShowsItsReasonAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := newServers()
	s.refuse.Store(true)
	r := open(t, s, locale.English, 120, 60)
	r.See("0 of 2 servers", "wants scope https://mail.google.com/", "535 5.7.8", "mail.wrong-user")
	if strings.Contains(r.Text(), "\x1b[2J") || strings.Contains(r.Text(), canary) {
		t.Errorf("what a server sent, or the token, is drawn:\n%q", r.Text())
	}
}

func TestTheCopiedReportHasEveryStepAndNoToken(t *testing.T) {
	t.Parallel()
	s := newServers()
	s.refuse.Store(true)
	r := open(t, s, locale.English, 80, 24)
	r.See("0 of 2 servers")
	take := func(keys ...string) string {
		r.copied.Store(nil)
		r.press(keys...)
		r.Until("something is copied", func() bool { return r.copied.Load() != nil })
		return *r.copied.Load()
	}
	text := take("y", "enter")
	for _, want := range []string{"Proof of Support", "imaps://imap.gmail.com:993", "TLS 1.3", "mail.wrong-user"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	raw := take("y", "down", "enter")
	var reports []proof.Report
	if err := json.Unmarshal([]byte(raw), &reports); err != nil || len(reports) != 2 || len(reports[1].Steps) != 4 || reports[0].Code != "mail.wrong-user" {
		t.Errorf("%v: %s", err, raw)
	}
	if code := take("y", "down", "down", "enter"); code != "mail.wrong-user" {
		t.Errorf("the code is %q", code)
	}
	if strings.Contains(text+raw, canary) || strings.ContainsRune(text, '\x1b') {
		t.Errorf("copied %q %q", text, raw)
	}
}
