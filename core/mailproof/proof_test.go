package mailproof_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
)

const (
	canary   = "canary-token"
	wanted   = "https://mail.google.com/"
	textOf   = "535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 BadCredentials"
	imapTest = mailproof.IMAP
)

// authority makes certificates for the servers of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: time.Now().Add(-48 * time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (a *authority) leaf(t testing.TB, name string, until time.Time) *tls.Config {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
	}
	if ip := net.ParseIP(name); ip != nil {
		tmpl.IPAddresses = []net.IP{ip}
	} else {
		tmpl.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: a.key}}}
}

// scripted serves connections one after the other and keeps what it heard
// outside of TLS.
type scripted struct {
	mu    sync.Mutex
	heard []string
	plain []string
}

type peer struct {
	net.Conn
	r   *bufio.Reader
	srv *scripted
	tls *tls.Config
}

func (p *peer) say(text string) { io.WriteString(p, text+"\r\n") }

func (p *peer) hear() string {
	line, err := p.r.ReadString('\n')
	if err != nil {
		return ""
	}
	line = strings.TrimRight(line, "\r\n")
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.srv.heard = append(p.srv.heard, line)
	if _, ok := p.Conn.(*tls.Conn); !ok {
		p.srv.plain = append(p.srv.plain, line)
	}
	return line
}

func (p *peer) protect() {
	c := tls.Server(p.Conn, p.tls)
	p.Conn, p.r = c, bufio.NewReader(c)
}

func serve(t *testing.T, cfg *tls.Config, first bool, script func(p *peer, n int)) (*scripted, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &scripted{}
	var done sync.WaitGroup
	t.Cleanup(func() { l.Close(); done.Wait() })
	done.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p := &peer{c, bufio.NewReader(c), srv, cfg}
			if first {
				p.protect()
			}
			script(p, n)
			p.Close()
		}
	})
	return srv, l.Addr().(*net.TCPAddr).Port
}

func challenge(status, scope string) string {
	raw, _ := json.Marshal(map[string]string{"status": status, "schemes": "Bearer", "scope": scope})
	return base64.StdEncoding.EncodeToString(raw)
}

// smtpServer greets, offers, and answers AUTH with what verdict says; a
// challenge must be answered by an empty line.
func smtpServer(verdict func(n int) (challenge, reply string)) func(*peer, int) {
	return func(p *peer, n int) {
		p.say("220 mail ESMTP")
		for {
			line := p.hear()
			switch {
			case line == "":
				return
			case strings.HasPrefix(line, "EHLO"):
				_, safe := p.Conn.(*tls.Conn)
				if safe {
					p.say("250-mail\r\n250-SIZE 100\r\n250 AUTH LOGIN XOAUTH2")
				} else {
					p.say("250-mail\r\n250 STARTTLS")
				}
			case line == "STARTTLS":
				p.say("220 go")
				p.protect()
			case strings.HasPrefix(line, "AUTH XOAUTH2 "):
				c, reply := verdict(n)
				if c != "" {
					p.say("334 " + c)
					if got := p.hear(); got != "" {
						p.say("501 an empty line was wanted")
						return
					}
				}
				p.say(reply)
			case line == "QUIT":
				p.say("221 bye")
				return
			default:
				p.say("250 ok")
			}
		}
	}
}

func imapServer(caps, chall, reply string) func(*peer, int) {
	return func(p *peer, _ int) {
		p.say("* OK ready")
		for {
			line := p.hear()
			tag, rest, _ := strings.Cut(line, " ")
			switch {
			case line == "":
				return
			case rest == "CAPABILITY":
				p.say("* CAPABILITY IMAP4rev1 " + caps + "\r\n" + tag + " OK done")
			case strings.HasPrefix(rest, "AUTHENTICATE XOAUTH2"):
				if rest == "AUTHENTICATE XOAUTH2" {
					p.say("+ ")
					p.hear()
				}
				if chall != "" {
					p.say("+ " + chall)
					if got := p.hear(); got != "" {
						p.say(tag + " BAD an empty line was wanted")
						return
					}
				}
				p.say(tag + " " + reply)
			default:
				p.say("* BYE\r\n" + tag + " OK")
				return
			}
		}
	}
}

func prover(ca []byte) mailproof.Prover {
	return mailproof.Prover{CA: ca, Clock: core.SystemClock{}, StepTime: 400 * time.Millisecond, Pause: time.Millisecond}
}

func request(p mailproof.Protocol, port int, startTLS bool) mailproof.Request {
	return mailproof.Request{
		Server: mailproof.Server{Protocol: p, Host: "127.0.0.1", Port: port, StartTLS: startTLS},
		User:   "support@example.test", Token: core.NewSecret(canary),
	}
}

func names(r mailproof.Report) []string {
	var out []string
	for _, s := range r.Steps {
		out = append(out, s.Name)
	}
	return out
}

func always(c, reply string) func(int) (string, string) {
	return func(int) (string, string) { return c, reply }
}

func TestEveryFailureHasItsOwnReason(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	good := ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour))
	accept := smtpServer(always("", "235 2.7.0 Accepted"))
	refuse := smtpServer(always(challenge("400", wanted), textOf))
	hang := func(p *peer, _ int) { p.hear() }
	for name, c := range map[string]struct {
		want    string
		script  func(*peer, int)
		cfg     *tls.Config
		first   bool // TLS from the start, at the server
		start   bool // STARTTLS, at the client
		imap    bool
		ca      []byte
		granted []string
		account string
		expires time.Time
	}{
		"accepted by STARTTLS":      {script: accept, start: true},
		"accepted by TLS":           {script: accept, first: true},
		"IMAP, at once":             {script: imapServer("AUTH=XOAUTH2 SASL-IR", "", "OK Success"), first: true, imap: true},
		"IMAP, asked first":         {script: imapServer("AUTH=XOAUTH2", "", "OK Success"), first: true, imap: true},
		"wrong scope":               {want: "mail.wrong-scope", script: refuse, start: true, granted: []string{"email"}},
		"wrong user":                {want: "mail.wrong-user", script: refuse, start: true, account: "other@example.test", granted: []string{wanted}},
		"expired":                   {want: "mail.token-expired", script: refuse, start: true, expires: time.Now().Add(-time.Minute)},
		"no cause known":            {want: "mail.not-accepted", script: refuse, start: true},
		"status 401":                {want: "mail.token-refused", script: smtpServer(always(challenge("401", ""), textOf)), start: true},
		"challenge of rubbish":      {want: "mail.not-accepted", script: smtpServer(always("%%%", textOf)), start: true},
		"535 alone":                 {want: "mail.not-accepted", script: smtpServer(always("", textOf)), start: true},
		"success after a challenge": {want: "mail.unexpected", script: smtpServer(always("", "250 what")), start: true},
		"login rate":                {want: "mail.login-rate", script: smtpServer(always("", "454 4.7.0 Too many login attempts, please try again later.")), start: true},
		"daily limit":               {want: "mail.daily-limit", script: smtpServer(always("", "550 5.4.5 Daily user sending limit exceeded")), start: true},
		"SMTP AUTH off":             {want: "mail.smtp-auth-off", script: smtpServer(always("", "535 5.7.139 Authentication unsuccessful")), start: true},
		"busy twice":                {want: "mail.busy", script: smtpServer(always("", "421 4.7.0 Try again later")), start: true},
		"IMAP refused":              {want: "mail.wrong-scope", script: imapServer("AUTH=XOAUTH2 SASL-IR", challenge("400", wanted), "NO SASL authentication failed"), first: true, imap: true, granted: []string{"email"}},
		"Dovecot, whatever it is":   {want: "mail.token-refused", script: imapServer("AUTH=XOAUTH2 SASL-IR", challenge("401", "mail"), "NO [AUTHENTICATIONFAILED] Authentication failed."), first: true, imap: true, granted: []string{"email"}},
		"IMAP off":                  {want: "mail.imap-off", script: imapServer("AUTH=XOAUTH2 SASL-IR", "", "NO [ALERT] Your account is not enabled for IMAP use."), first: true, imap: true},
		"IMAP without XOAUTH2":      {want: "mail.no-xoauth2", script: imapServer("AUTH=PLAIN", "", ""), first: true, imap: true},
		"IMAP that says PREAUTH":    {want: "mail.preauth", script: func(p *peer, _ int) { p.say("* PREAUTH hi") }, first: true, imap: true},
		"no STARTTLS":               {want: "mail.no-starttls", script: func(p *peer, _ int) { p.say("220 hi"); p.hear(); p.say("250 mail"); p.hear() }, start: true},
		"STARTTLS refused": {want: "mail.starttls-refused", script: func(p *peer, _ int) {
			p.say("220 hi")
			p.hear()
			p.say("250-mail\r\n250 STARTTLS")
			p.hear()
			p.say("502 no")
		}, start: true},
		"injected after STARTTLS": {want: "mail.injected", script: func(p *peer, _ int) {
			p.say("220 hi")
			p.hear()
			p.say("250-mail\r\n250 STARTTLS")
			p.hear()
			p.say("220 go\r\n235 2.7.0 Accepted")
			p.hear()
		}, start: true},
		"plain TCP on a TLS port":    {want: "mail.no-tls", script: func(p *peer, _ int) { p.say("220 hi"); p.hear() }},
		"STARTTLS on a TLS port":     {want: "mail.hung", script: hang, first: true, start: true},
		"hung":                       {want: "mail.hung", script: hang, start: true},
		"closed at once":             {want: "mail.cut", script: func(*peer, int) {}, start: true},
		"not a mail server":          {want: "mail.bad-reply", script: func(p *peer, _ int) { p.say("HTTP/1.1 400 Bad Request"); p.hear() }, start: true},
		"a line without end":         {want: "mail.reply-too-long", script: func(p *peer, _ int) { p.say("220 " + strings.Repeat("x", 64<<10)); p.hear() }, start: true},
		"lines without end":          {want: "mail.reply-too-long", script: func(p *peer, _ int) { p.say(strings.Repeat("220-x\r\n", 5000)); p.hear() }, start: true},
		"certificate of another":     {want: "mail.certificate-name", script: accept, start: true, cfg: ca.leaf(t, "mail.example.test", time.Now().Add(time.Hour))},
		"certificate that ran out":   {want: "mail.certificate-expired", script: accept, start: true, cfg: ca.leaf(t, "127.0.0.1", time.Now().Add(-time.Hour))},
		"certificate of nobody's CA": {want: "mail.certificate-authority", script: accept, start: true, ca: newAuthority(t).pem},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, pem, protocol := good, ca.pem, mailproof.SMTP
			if c.cfg != nil {
				cfg = c.cfg
			}
			if c.ca != nil {
				pem = c.ca
			}
			if c.imap {
				protocol = imapTest
			}
			srv, port := serve(t, cfg, c.first, c.script)
			r := request(protocol, port, c.start)
			r.Granted, r.Account, r.Expires = c.granted, c.account, c.expires
			report, err := prover(pem).Prove(t.Context(), r)
			if core.CodeOf(err) != c.want || report.OK != (c.want == "") || report.Code != c.want {
				t.Errorf("%v\n%+v", err, report)
			}
			if c.want != "" && !slices.Contains(mailproof.Codes(), c.want) {
				t.Errorf("%s is not among the codes", c.want)
			}
			raw, _ := json.Marshal(report)
			secret := base64.StdEncoding.EncodeToString([]byte("user=support@example.test\x01auth=Bearer " + canary))[:40]
			if text := string(raw) + fmt.Sprint(err); strings.Contains(text, canary) || strings.Contains(text, secret) {
				t.Errorf("the token shows: %s", text)
			}
			srv.mu.Lock()
			defer srv.mu.Unlock()
			if slices.ContainsFunc(srv.plain, func(l string) bool { return strings.Contains(l, "AUTH") || strings.Contains(l, secret) }) {
				t.Errorf("sent in the clear: %q", srv.plain)
			}
		})
	}
}

func TestAPassingRefusalIsTriedOnceMoreAndSaid(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	_, port := serve(t, ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour)), false, smtpServer(func(n int) (string, string) {
		if n == 1 {
			return "", "454 4.7.0 Temporary authentication failure"
		}
		return "", "235 2.7.0 Accepted"
	}))
	report, err := prover(ca.pem).Prove(t.Context(), request(mailproof.SMTP, port, true))
	if err != nil || !slices.Contains(names(report), mailproof.StepRetry) {
		t.Error(err, names(report))
	}
}

func TestACancelledProofEndsAtOnce(t *testing.T) {
	t.Parallel()
	_, port := serve(t, nil, false, func(p *peer, _ int) { p.hear() })
	ctx, cancel := context.WithCancel(t.Context())
	p := prover(nil)
	p.StepTime = time.Minute
	r := request(mailproof.SMTP, port, true)
	r.OnStep = func(mailproof.Step) { cancel() }
	if _, err := p.Prove(ctx, r); core.CodeOf(err) != "net.cancelled" || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestATestMailGoesToSomebodyElseOnly(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	sent := make(chan string, 1)
	_, port := serve(t, ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour)), true, func(p *peer, _ int) {
		p.say("220 hi")
		for _, answer := range []string{"250-mail\r\n250 AUTH XOAUTH2", "235 ok", "250 ok", "250 ok", "354 go"} {
			p.hear()
			p.say(answer)
		}
		var b strings.Builder
		for line := p.hear(); line != "."; line = p.hear() {
			b.WriteString(line + "\n")
			if b.Len() > 4096 {
				break
			}
		}
		sent <- b.String()
		if strings.Contains(b.String(), "lost@") {
			return
		}
		p.say("250 taken")
		p.hear()
	})
	r := request(mailproof.SMTP, port, false)
	r.SendTo = "Support@example.test"
	if _, err := prover(ca.pem).Prove(t.Context(), r); core.CodeOf(err) != "mail.to-self" {
		t.Error(err)
	}
	r.SendTo = "reader@example.test"
	report, err := prover(ca.pem).Prove(t.Context(), r)
	if err != nil || report.Nonce == "" || !strings.Contains(<-sent, report.Nonce) {
		t.Error(err, report)
	}
	r.SendTo = "lost@example.test"
	if _, err := prover(ca.pem).Prove(t.Context(), r); core.CodeOf(err) != "mail.sent-unknown" || core.ClassOf(err) != core.Unknown {
		t.Error(err)
	}
	<-sent
}

func TestNoUserOrTokenCanChangeACommand(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"", "support", "a@b\x01auth=", "a@b\r\nDATA", "a b@c", "a@b>", "a@"} {
		r := request(mailproof.SMTP, 1, true)
		r.User = user
		if _, err := prover(nil).Prove(t.Context(), r); core.CodeOf(err) != "mail.bad-user" {
			t.Errorf("%q: %v", user, err)
		}
	}
	r := request(mailproof.SMTP, 1, true)
	r.Token = core.NewSecret("a\x01b")
	if _, err := prover(nil).Prove(t.Context(), r); core.CodeOf(err) != "mail.bad-token" {
		t.Error(err)
	}
}

func TestKnownMistakesOfPortsAreNamed(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"smtp://smtp.gmail.com": "smtp://smtp.gmail.com:587", "smtps://smtp.gmail.com": "smtps://smtp.gmail.com:465",
		"imaps://h:1993": "imaps://h:1993", "smtp://smtp.gmail.com:487": "smtp://smtp.gmail.com:587", "smtps://smtp.gmail.com:487": "smtp://smtp.gmail.com:587",
		"smtp://h:25": "mail.port-25", "imap://h": "mail.port-143", "imaps://h:143": "mail.port-143", "imaps://h:465": "mail.port-other-protocol",
		"smtps://h:993": "mail.port-other-protocol", "smtp://h:465": "mail.port-465-starttls", "smtps://h:587": "mail.port-587-tls",
		"smtp://u:p@h": "mail.bad-server", "http://h": "mail.bad-server", "smtp.gmail.com:587": "mail.bad-server", "smtp://h:0": "mail.bad-server",
	} {
		s, err := mailproof.Parse(raw)
		got := s.String()
		if err != nil {
			got = core.CodeOf(err)
		}
		if got != want || strings.HasSuffix(raw, ":487") != (s.Corrected == 487) {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(challenge("400", wanted))
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := mailproof.ParseChallenge(raw)
		if err == nil && (core.CleanLine(c.Scope) != c.Scope || core.CleanLine(c.Status) != c.Status) {
			t.Errorf("%q", c)
		}
	})
}
