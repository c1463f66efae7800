package sandbox_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

// mailer has a token for the mailbox and proves it by deskward's client.
type mailer struct {
	*googler
	token string
	roots *x509.CertPool
}

func newMailer(t *testing.T) *mailer {
	t.Helper()
	g := newGoogler(t)
	client, err := transport.New(transport.Options{CA: g.sb.CA()})
	if err != nil {
		t.Fatal(err)
	}
	token, _ := g.consent(g.fix.DesktopClientID, g.fix.DesktopClientSecret, nil)["access_token"].(string)
	return &mailer{g, token, client.Roots()}
}

func (m *mailer) prove(server, user, token, to string) (mailproof.Report, error) {
	m.Helper()
	s, err := mailproof.Parse(server)
	if err != nil {
		m.Fatal(err)
	}
	p := mailproof.Prover{Roots: m.roots, Clock: m.sb.Clock(), StepTime: 5 * time.Second, Pause: time.Millisecond}
	return p.Prove(m.Context(), mailproof.Request{Server: s, User: user, Token: core.NewSecret(token), Account: m.fix.Mailbox, Granted: m.fix.Scopes, SendTo: to})
}

func (m *mailer) servers() []string { return []string{m.fix.SMTP, m.fix.SMTPS, m.fix.IMAP} }

func TestGooglesMailServersLetTheMailboxsTokenIn(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	for _, server := range m.servers() {
		report, err := m.prove(server, m.fix.Mailbox, m.token, "")
		if err != nil || !report.OK || report.Challenge != nil {
			t.Errorf("%s: %v", server, err)
		}
	}
	if got := m.sb.GoogleMails(); len(got) > 0 {
		t.Errorf("a proof has sent %d mails", len(got))
	}
	report, err := m.prove(m.fix.SMTP, m.fix.Mailbox, m.token, m.fix.Other)
	if err != nil {
		t.Fatal(err)
	}
	got := m.sb.GoogleMails()
	if len(got) != 1 || got[0].From != m.fix.Mailbox || len(got[0].To) != 1 || got[0].To[0] != m.fix.Other || !strings.Contains(got[0].Text, report.Nonce) {
		t.Errorf("taken: %v", got)
	}
}

func TestGooglesMailServersRefuseWithTheirReasonFirst(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	identity, _ := m.consent(m.fix.DesktopClientID, m.fix.DesktopClientSecret, url.Values{"scope": {"openid email"}})["access_token"].(string)
	if identity == "" {
		t.Fatal("no token without the mail scope")
	}
	for name, tc := range map[string]struct{ user, token, code string }{
		"another's mailbox": {m.fix.Other, m.token, "mail.wrong-user"},
		"an alias":          {"help@acme.example", m.token, "mail.wrong-user"},
		"no such token":     {m.fix.Mailbox, "canary", "mail.not-accepted"},
		"no mail scope":     {m.fix.Mailbox, identity, "mail.not-accepted"},
	} {
		for _, server := range m.servers() {
			report, err := m.prove(server, tc.user, tc.token, "")
			if core.CodeOf(err) != tc.code || core.ClassOf(err) != core.Refused {
				t.Errorf("%s at %s: %v", name, server, err)
			}
			if c := report.Challenge; c == nil || *c != (mailproof.Challenge{Status: "400", Schemes: "Bearer", Scope: "https://mail.google.com/"}) {
				t.Errorf("%s at %s: challenge %v", name, server, c)
			}
		}
	}
	m.sb.Clock().Advance(2 * time.Hour)
	for _, server := range m.servers() {
		if _, err := m.prove(server, m.fix.Mailbox, m.token, ""); core.CodeOf(err) != "mail.not-accepted" {
			t.Errorf("%s takes a token after its end: %v", server, err)
		}
	}
}

func TestGooglesMailServersErrAsTheyAreAskedTo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		set   sandbox.Switch
		fault sandbox.Fault
		user  string
		smtp  string
		imap  string
	}{
		"XOAUTH2 not offered": {set: sandbox.GoogleNoXOAUTH2, smtp: "mail.no-xoauth2", imap: "mail.no-xoauth2"},
		"busy once":           {fault: sandbox.Fault{Path: "AUTH", Status: 454, Times: 1}},
		"busy":                {fault: sandbox.Fault{Path: "AUTH", Status: 454}, smtp: "mail.busy", imap: "mail.busy"},
		"busy at the door":    {fault: sandbox.Fault{Path: "CONNECT", Status: 421}, smtp: "mail.busy", imap: "mail.busy"},
		"cut":                 {fault: sandbox.Fault{Path: "AUTH", Cut: true}, smtp: "mail.cut", imap: "mail.cut"},
		"a portal between":    {fault: sandbox.Fault{Path: "EHLO", HTML: true}, smtp: "mail.bad-reply"},
		"own lines":           {set: sandbox.GoogleNoSASLIR},
		"IMAP off":            {set: sandbox.GoogleIMAPOff, imap: "mail.imap-off"},
		"status 401":          {set: sandbox.GoogleMail401, user: "stranger@acme.example", smtp: "mail.wrong-user", imap: "mail.wrong-user"},
		"older texts":         {set: sandbox.GoogleMailOldTexts, user: "stranger@acme.example", smtp: "mail.wrong-user", imap: "mail.wrong-user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailer(t)
			if tc.set != "" {
				m.set(tc.set)
			}
			if tc.user == "" {
				tc.user = m.fix.Mailbox
			}
			for server, want := range map[string]string{m.fix.SMTP: tc.smtp, m.fix.SMTPS: tc.smtp, m.fix.IMAP: tc.imap} {
				m.sb.ClearFaults()
				if tc.fault != (sandbox.Fault{}) {
					m.sb.SetFault(tc.fault)
				}
				report, err := m.prove(server, tc.user, m.token, "")
				if core.CodeOf(err) != want {
					t.Errorf("%s: %v, want %q", server, err, want)
				}
				switch {
				case tc.set == sandbox.GoogleMail401 && (report.Challenge == nil || report.Challenge.Status != "401"):
					t.Errorf("%s: challenge %v", server, report.Challenge)
				case tc.set == sandbox.GoogleMailOldTexts && strings.HasPrefix(server, "smtp") && !strings.Contains(report.Reply, "5.7.1 "):
					t.Errorf("%s: %s", server, report.Reply)
				}
			}
		})
	}
}

func TestAMailboxThatForwardsToTheOrgMakesCasesOfItsMail(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	u := m.user
	services := u.salesforceServices()
	_, tokens := u.salesforceCode(nil)
	session, _ := tokens["access_token"].(string)
	cases := func() int {
		m.sb.Clock().Advance(time.Minute)
		_, _, body := u.get(m.sb.Fixtures().Salesforce.Instance+"/services/data/v62.0/query?q="+url.QueryEscape("SELECT Id FROM Case"), "Authorization", "Bearer "+session)
		n, _ := body["totalSize"].(float64)
		return int(n)
	}
	send := func(to string) {
		m.Helper()
		if _, err := m.prove(m.fix.SMTP, m.fix.Mailbox, m.token, to); err != nil {
			m.Fatal(err)
		}
	}
	for _, step := range []struct {
		name, mailbox, to string
		forward           string
		verified          bool
		want              int
	}{
		{"nothing is forwarded", m.fix.Other, m.fix.Other, "", true, 0},
		{"to nobody", m.fix.Other, m.fix.Other, "else@where.example", true, 0},
		{"to an address that nobody confirmed", m.fix.Other, m.fix.Other, services, false, 0},
		{"to the org", m.fix.Other, m.fix.Other, services, true, 1},
		{"and no longer", m.fix.Other, m.fix.Other, "", true, 1},
	} {
		m.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { s.Routes[0].Verified = step.verified })
		m.sb.GoogleForward(step.mailbox, step.forward)
		send(step.to)
		if got := cases(); got != step.want {
			t.Errorf("%s: %d cases", step.name, got)
		}
	}
}

func TestAHungMailServerEndsWithTheSandbox(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	m.sb.SetFault(sandbox.Fault{Path: "AUTH", Latency: time.Hour})
	s, err := mailproof.Parse(m.fix.SMTPS)
	if err != nil {
		t.Fatal(err)
	}
	p := mailproof.Prover{Roots: m.roots, Clock: core.SystemClock{}, StepTime: 200 * time.Millisecond}
	if _, err := p.Prove(t.Context(), mailproof.Request{Server: s, User: m.fix.Mailbox, Token: core.NewSecret(m.token)}); core.CodeOf(err) != "mail.hung" {
		t.Errorf("%v", err)
	}
	done := make(chan struct{})
	go func() { m.sb.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the sandbox waits for a connection that hangs")
	}
}

// What deskward's client never does, by hand.
func TestGooglesSMTPHoldsToTheOrderOfThings(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	message := base64.StdEncoding.EncodeToString([]byte("user=" + m.fix.Mailbox + "\x01auth=Bearer " + m.token + "\x01\x01"))
	refused := base64.StdEncoding.EncodeToString([]byte("user=" + m.fix.Mailbox + "\x01auth=Bearer canary\x01\x01"))
	half := base64.StdEncoding.EncodeToString([]byte("user=" + m.fix.Mailbox + "\x01auth=Bearer " + m.token + "\x01"))
	for name, tc := range map[string]struct {
		server string
		tls    bool
		lines  []string
		want   string // of the last line
	}{
		"a token in the clear":             {m.fix.SMTP, false, []string{"EHLO x", "AUTH XOAUTH2 " + message}, "530 5.7.0"},
		"mail before signing in":           {m.fix.SMTPS, true, []string{"EHLO x", "MAIL FROM:<a@b.example>"}, "530 5.7.0"},
		"the message in a line of its own": {m.fix.SMTPS, true, []string{"EHLO x", "AUTH XOAUTH2", message}, "235 2.7.0"},
		"not base64":                       {m.fix.SMTPS, true, []string{"EHLO x", "AUTH XOAUTH2 %%"}, "501 5.5.2"},
		"half a message":                   {m.fix.SMTPS, true, []string{"EHLO x", "AUTH XOAUTH2 " + half}, "334 "},
		"a star instead of an empty line":  {m.fix.SMTPS, true, []string{"EHLO x", "AUTH XOAUTH2 " + refused, "*"}, "501 5.5.2"},
		"an empty line":                    {m.fix.SMTPS, true, []string{"EHLO x", "AUTH XOAUTH2 " + refused, ""}, "535"},
		"another mechanism":                {m.fix.SMTPS, true, []string{"EHLO x", "AUTH PLAIN AGEAYg=="}, "504 5.7.4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tc.server)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if tc.tls {
				conn = tls.Client(conn, &tls.Config{RootCAs: m.roots, ServerName: "localhost"})
			}
			r := bufio.NewReader(conn)
			reply := func() string {
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if len(line) < 4 || line[3] != '-' || strings.HasPrefix(line, "535-") {
						return line
					}
				}
			}
			reply()
			last := ""
			for _, line := range tc.lines {
				if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
					t.Fatal(err)
				}
				last = reply()
			}
			if !strings.HasPrefix(last, tc.want) {
				t.Errorf("%q, want %s", last, tc.want)
			}
		})
	}
}

func TestTheSandboxsAuthorityStandsForThisMachineOnlyAndIsNewEachTime(t *testing.T) {
	t.Parallel()
	m := newMailer(t)
	other := start(t)
	client, err := transport.New(transport.Options{CA: other.sb.CA()})
	if err != nil {
		t.Fatal(err)
	}
	m.roots = client.Roots()
	if _, err := m.prove(m.fix.SMTPS, m.fix.Mailbox, m.token, ""); core.CodeOf(err) != "mail.certificate-authority" {
		t.Errorf("another sandbox's authority: %v", err)
	}
	if err := m.sb.Endpoints().Validate(); err != nil {
		t.Error(err)
	}
	smtp, imap, ok, err := mailproof.Servers(core.Connection{Platform: "google"}, m.sb.Endpoints())
	if err != nil || !ok || fmt.Sprint(smtp, imap) != m.fix.SMTP+" "+m.fix.IMAP {
		t.Errorf("%v %v %t %v", smtp, imap, ok, err)
	}
}
