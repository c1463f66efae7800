// Package mailproof proves that an access token opens a mailbox: it signs in
// by XOAUTH2 at an SMTP or an IMAP server and leaves again, without sending
// anything unless a test mail is asked for by name. A token is never written
// to a connection that TLS with a verified certificate does not protect.
//
// The exchange is the one of Google's XOAUTH2 page, which Microsoft's servers
// follow: what a server gives as reason for a refusal is a challenge in base64,
// which has to be answered by an empty line before the refusal itself comes.
package mailproof

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// Protocol is what a server speaks.
type Protocol string

// The protocols.
const (
	SMTP Protocol = "smtp"
	IMAP Protocol = "imap"
)

// Server is one mail server.
type Server struct {
	Protocol Protocol `json:"protocol"`
	Host     string   `json:"host"`
	Port     int      `json:"port"`
	// StartTLS: the connection begins in the clear and is protected by
	// STARTTLS. Else TLS comes first.
	StartTLS bool `json:"starttls"`
	// Corrected is the port that was asked for where it was a known mistake; 0: none.
	Corrected int `json:"corrected_port,omitempty"`
}

// Address is host:port.
func (s Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// String is the server as a URL.
func (s Server) String() string {
	scheme := string(s.Protocol)
	if !s.StartTLS {
		scheme += "s"
	}
	return scheme + "://" + s.Address()
}

// Gmail returns the servers of Gmail and Google Workspace: SMTP with
// STARTTLS, and IMAP.
func Gmail() (smtp, imap Server) {
	return Server{Protocol: SMTP, Host: "smtp.gmail.com", Port: 587, StartTLS: true},
		Server{Protocol: IMAP, Host: "imap.gmail.com", Port: 993}
}

// Microsoft365 returns the servers of Microsoft 365, which offers SMTP with
// STARTTLS only.
func Microsoft365() (smtp, imap Server) {
	return Server{Protocol: SMTP, Host: "smtp.office365.com", Port: 587, StartTLS: true},
		Server{Protocol: IMAP, Host: "outlook.office365.com", Port: 993}
}

// Defaults returns the servers that a connection's platform, or the issuer of
// its tokens, belongs to. ok is false where neither tells.
func Defaults(c core.Connection) (smtp, imap Server, ok bool) {
	issuer := issuerHost(c)
	switch {
	case c.Platform == "google", issuer == "accounts.google.com":
		smtp, imap = Gmail()
	case issuer == microsoft:
		smtp, imap = Microsoft365()
	default:
		return Server{}, Server{}, false
	}
	return smtp, imap, true
}

// wants is the scope of Microsoft 365 for a protocol.
func wants(c core.Connection, p Protocol) string {
	switch {
	case issuerHost(c) != microsoft:
		return ""
	case p == SMTP:
		return "https://outlook.office.com/SMTP.Send"
	}
	return "https://outlook.office.com/IMAP.AccessAsUser.All"
}

const microsoft = "login.microsoftonline.com"

func issuerHost(c core.Connection) string {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Parse reads smtp://HOST:PORT (STARTTLS), smtps://HOST:PORT or
// imaps://HOST:PORT; without a port it is 587, 465 or 993. Port 487, which
// instructions for Gmail print, is no mail port: it becomes 587 with STARTTLS,
// and Corrected says so. A port that belongs to another protocol or another
// kind of TLS is refused with a code of its own.
func Parse(raw string) (Server, error) {
	bad := func(code string, params map[string]string) (Server, error) {
		return Server{}, &core.Error{Tried: "read-mail-server", On: core.CleanLine(raw), Code: code, Class: core.Usage, Params: params}
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return Server{}, &core.Error{Tried: "read-mail-server", Code: "mail.bad-server", Class: core.Usage} // raw may hold a password
	}
	s := Server{Host: u.Hostname()}
	switch u.Scheme {
	case "smtp":
		s.Protocol, s.StartTLS, s.Port = SMTP, true, 587
	case "smtps":
		s.Protocol, s.Port = SMTP, 465
	case "imaps":
		s.Protocol, s.Port = IMAP, 993
	case "imap":
		return bad("mail.port-143", map[string]string{"host": s.Host})
	default:
		return bad("mail.bad-server", nil)
	}
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return bad("mail.bad-server", nil)
		}
	}
	if code := misplaced(s); code != "" {
		return bad(code, map[string]string{"host": s.Host, "port": strconv.Itoa(s.Port)})
	}
	if s.Port == 487 && s.Protocol == SMTP {
		s.Corrected, s.Port, s.StartTLS = 487, 587, true
	}
	return s, nil
}

// misplaced returns the code for a port that is known to be another service's.
func misplaced(s Server) string {
	switch {
	case s.Port == 25:
		return "mail.port-25"
	case s.Port == 143:
		return "mail.port-143"
	case s.Protocol == SMTP && s.Port == 993, s.Protocol == IMAP && (s.Port == 465 || s.Port == 587 || s.Port == 487):
		return "mail.port-other-protocol"
	case s.StartTLS && s.Port == 465:
		return "mail.port-465-starttls"
	case s.Protocol == SMTP && !s.StartTLS && s.Port == 587:
		return "mail.port-587-tls"
	}
	return ""
}

// Servers is Defaults, and the servers of an endpoints file instead: the names
// smtp and imap of the connection's platform, as Parse reads them.
func Servers(c core.Connection, e transport.Endpoints) (smtp, imap Server, ok bool, err error) {
	smtp, imap, ok = Defaults(c)
	if !ok {
		return Server{}, Server{}, false, nil
	}
	for s, protocol := range map[*Server]Protocol{&smtp: SMTP, &imap: IMAP} {
		named, err := Parse(e.Resolve(c.Platform, string(protocol), "", s.String()))
		if err != nil {
			return Server{}, Server{}, false, err
		}
		if named.Protocol != protocol {
			return Server{}, Server{}, false, &core.Error{Tried: "read-mail-server", On: named.String(), Code: "mail.bad-server", Class: core.Usage}
		}
		*s = named
	}
	return smtp, imap, true, nil
}

// ForConnection returns the requests that prove c at the given servers, or,
// where none is given, at those of Servers. user "" is the connection's
// account, or the one that its last check found, else the one that is expected
// to consent. The tokens are left out.
func ForConnection(c core.Connection, e transport.Endpoints, user string, servers ...Server) ([]Request, error) {
	if len(servers) == 0 {
		smtp, imap, ok, err := Servers(c, e)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &core.Error{Tried: "prove-mail", On: c.Name, Code: "mail.no-server", Class: core.Usage}
		}
		servers = []Server{smtp, imap}
	}
	account := c.Account
	if !strings.Contains(account, "@") && c.Check.OK && address(c.Check.Note) {
		account = c.Check.Note // whose the token is, as the vendor said
	}
	for _, u := range []string{account, c.Expect} {
		if user == "" && strings.Contains(u, "@") {
			user = u
		}
	}
	out := make([]Request, len(servers))
	for i, s := range servers {
		out[i] = Request{Server: s, User: user, Account: account, Granted: c.Granted, Wants: wants(c, s.Protocol)}
	}
	return out, nil
}
