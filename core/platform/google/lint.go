package google

import (
	"crypto/rsa"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// Use is what a file is linted for.
type Use struct {
	Grant core.Grant // core.GrantCode or core.GrantServiceAccount
	// Redirects are the redirect URIs that will be asked for, one of which must
	// be registered with a web client: those of deskward, or another system's.
	// nil: not known yet.
	Redirects []string
	// Elsewhere: the redirects are another system's. Then the client is that
	// system's too, nothing but its redirect will ever be asked for, and a client
	// that lacks it can do nothing.
	Elsewhere bool
	Audience  string // as the admin said: "internal", "testing", "production"; else unknown
	Mailbox   string // that is to consent, or to be acted for; "": not said
	Scopes    []string
	Typed     bool // by hand, not from a file: then what a file would say is not missed
}

// The URLs that a client file of today names, and the host of both.
const (
	authURL    = "https://accounts.google.com/o/oauth2/v2/auth"
	authURLOld = "https://accounts.google.com/o/oauth2/auth" // still in new downloads
	tokenURL   = "https://oauth2.googleapis.com/token"
)

// delegationPage is where an administrator lets a service account act for the
// domain's mailboxes.
const delegationPage = "https://admin.google.com/ac/owl/domainwidedelegation"

// clientIDShape is what client ids look like; the oldest have no second part.
var clientIDShape = core.Pattern(`^[0-9]{6,}(-[0-9a-z]+)?\.apps\.googleusercontent\.com$`)

// borrowed are published client ids of well-known programs. What such a client
// is granted appears under the program's name, and ends when its owner says so.
func borrowed() map[string]string {
	const tail = ".apps.googleusercontent.com"
	return map[string]string{
		"406964657835-aq8lmia8j95dhl1a2bvharmfk3t1hgqj" + tail: "Thunderbird",
		"764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur" + tail: "gcloud",
		"32555940559" + tail: "gcloud",
		"44438659992-7kgjeitenc16ssihbtdjbgguch7ju55s" + tail: "GNOME Online Accounts",
		"407408718192" + tail: "OAuth 2.0 Playground",
	}
}

// AllFindings lists the codes that Lint may give.
func AllFindings() []string {
	out := []string{
		"audience-unknown", "auth-url-stale", "borrowed-client", "callback-almost", "callback-desktop", "callback-missing", "callback-none", "client-id-malformed", "client-id-missing", "delegate", "grant-code",
		"grant-service-account", "internal-consumer", "key-malformed", "key-missing", "redirect-almost", "redirect-impossible", "redirect-insecure", "redirect-missing",
		"redirect-none", "redirect-oob", "scope-mail", "secret-masked", "secret-missing", "secret-optional", "service-id", "shared-client", "subject-consumer",
		"subject-missing", "subject-robot", "testing-seven-days", "token-url-foreign", "token-url-stale", "universe",
	}
	for _, k := range wrongKinds() {
		out = append(out, "kind-"+string(k))
	}
	for i := range out {
		out[i] = "google." + out[i]
	}
	slices.Sort(out)
	return out
}

func wrongKinds() []Kind {
	return []Kind{KindAuthorizedUser, KindExternal, KindExternalUser, KindImpersonated, KindGDCH, KindAndroid, KindFlat, KindOther}
}

type lint struct {
	f   File
	use Use
	out []platform.Finding
}

func (l *lint) add(level platform.Level, code string, params ...string) {
	f := platform.Finding{Code: "google." + code, Level: level}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = map[string]string{}
		}
		f.Params[params[i]] = params[i+1]
	}
	l.out = append(l.out, f)
}

// Lint says what is wrong with a client or a service account for a use, worst
// first: what cannot work whatever is done, what will not work as it stands,
// and what is good to know. It makes no call. Their texts are the locale texts
// finding.<code>, .means and .fix.
func Lint(f File, use Use) []platform.Finding {
	l := &lint{f: f, use: use}
	switch {
	case slices.Contains(wrongKinds(), f.Kind) && !use.Typed:
		l.add(platform.Stops, "kind-"+string(f.Kind))
	case f.Kind == KindServiceAccount && use.Grant == core.GrantCode:
		l.add(platform.Stops, "grant-code")
	case f.Kind != KindServiceAccount && use.Grant == core.GrantServiceAccount:
		l.add(platform.Stops, "grant-service-account")
	case f.Kind == KindServiceAccount:
		l.service()
	default:
		l.client()
		l.redirects()
		l.app()
	}
	l.urls()
	slices.SortStableFunc(l.out, func(a, b platform.Finding) int { return int(b.Level) - int(a.Level) })
	return l.out
}

// client looks at id and secret.
func (l *lint) client() {
	program := borrowed()[l.f.ClientID]
	switch {
	case l.f.ClientID == "":
		l.add(platform.Stops, "client-id-missing")
	case program != "":
		l.add(platform.Stops, "borrowed-client", "program", program)
	case !clientIDShape().MatchString(l.f.ClientID):
		l.add(platform.Stops, "client-id-malformed", "id", l.f.ClientID)
	}
	switch {
	case strings.ContainsAny(l.f.ClientSecret.Reveal(), "*•●…"):
		l.add(platform.Stops, "secret-masked")
	case !l.f.ClientSecret.Empty():
	case l.f.Kind == KindWeb:
		l.add(platform.Stops, "secret-missing")
	default:
		l.add(platform.Warns, "secret-optional")
	}
}

// redirects looks at what is registered. For a desktop client nothing is:
// Google takes any port of this machine.
func (l *lint) redirects() {
	for _, r := range l.f.Redirects {
		u, err := url.Parse(r)
		switch {
		case strings.HasPrefix(r, "urn:ietf:wg:oauth:2.0:oob"):
			l.add(platform.Notes, "redirect-oob", "redirect", r)
		case l.f.Kind == KindWeb && (err != nil || u.Scheme != "https" && !transport.IsLoopback(u.Hostname())):
			l.add(platform.Warns, "redirect-insecure", "redirect", r)
		case l.f.Kind == KindWeb && !registrable(r, u):
			l.add(platform.Warns, "redirect-impossible", "redirect", r)
		}
	}
	if l.use.Elsewhere {
		l.callback()
		return
	}
	if l.f.Kind != KindWeb || len(l.use.Redirects) == 0 || l.use.Typed && len(l.f.Redirects) == 0 {
		return
	}
	registered := strings.Join(l.f.Redirects, " ")
	has := func(r string) bool { return slices.Contains(l.f.Redirects, r) }
	switch want := l.use.Redirects[0]; {
	case len(l.f.Redirects) == 0:
		l.add(platform.Warns, "redirect-none", "redirect", want)
	case slices.ContainsFunc(l.use.Redirects, has):
		if slices.ContainsFunc(l.f.Redirects, foreign) && ours(l.use.Redirects) {
			l.add(platform.Warns, "shared-client", "registered", registered)
		}
	default:
		if near, how := nearest(want, l.f.Redirects); near != "" {
			l.add(platform.Warns, "redirect-almost", "redirect", want, "registered", near, "how", how)
			return
		}
		l.add(platform.Warns, "redirect-missing", "redirect", want, "registered", registered)
	}
}

// registrable reports whether Google lets a web client have a redirect URI: no
// wildcard, user, fragment or way upwards, and no address but this machine's
// for a host.
func registrable(raw string, u *url.URL) bool {
	return u.Hostname() != "" && u.User == nil && !strings.ContainsAny(raw, "* #") && !strings.Contains(raw, "/..") && !strings.Contains(raw, `\..`) &&
		(net.ParseIP(u.Hostname()) == nil || transport.IsLoopback(u.Hostname()))
}

// callback looks whether another system's callback is registered.
func (l *lint) callback() {
	if len(l.use.Redirects) == 0 {
		return
	}
	want, registered := l.use.Redirects[0], strings.Join(l.f.Redirects, " ")
	near, how := nearest(want, l.f.Redirects)
	switch {
	case l.f.Kind == KindInstalled:
		l.add(platform.Stops, "callback-desktop", "callback", want)
	case len(l.f.Redirects) == 0:
		l.add(platform.Stops, "callback-none", "callback", want)
	case slices.Contains(l.f.Redirects, want):
	case near != "":
		l.add(platform.Stops, "callback-almost", "callback", want, "registered", near, "how", how)
	default:
		l.add(platform.Stops, "callback-missing", "callback", want, "registered", registered)
	}
}

func foreign(redirect string) bool {
	u, err := url.Parse(redirect)
	return err == nil && u.Scheme == "https"
}

// ours reports whether the redirects go to this machine.
func ours(redirects []string) bool { return !slices.ContainsFunc(redirects, foreign) }

// nearest returns a registered URI that differs from the wanted one in a single
// part, and which: Google compares them character by character.
func nearest(want string, registered []string) (uri, how string) {
	w, err := url.Parse(want)
	if err != nil {
		return "", ""
	}
	for _, r := range registered {
		u, err := url.Parse(r)
		if err != nil {
			continue
		}
		var differs []string
		for _, part := range [][3]string{
			{"scheme", w.Scheme, u.Scheme}, {"host", w.Hostname(), u.Hostname()}, {"port", w.Port(), u.Port()}, {"path", w.Path, u.Path},
		} {
			if part[1] != part[2] {
				differs = append(differs, part[0])
			}
		}
		same := len(differs) == 1 && (differs[0] != "host" || transport.IsLoopback(w.Hostname()) && transport.IsLoopback(u.Hostname()) || strings.EqualFold(w.Hostname(), u.Hostname()))
		switch {
		case len(differs) == 0: // user, query or fragment
			return r, "query"
		case same && differs[0] == "path" && strings.TrimRight(w.Path, "/") == strings.TrimRight(u.Path, "/"):
			return r, "slash"
		case same && differs[0] == "path" && strings.EqualFold(w.Path, u.Path):
			return r, "case"
		case same:
			return r, differs[0]
		}
	}
	return "", ""
}

// app looks at what the admin said of the app.
func (l *lint) app() {
	switch l.use.Audience {
	case audienceTesting:
		l.add(platform.Notes, "testing-seven-days", "mailbox", l.use.Mailbox)
	case audienceInternal:
		if consumer(l.use.Mailbox) {
			l.add(platform.Stops, "internal-consumer", "mailbox", l.use.Mailbox)
		}
	case audienceProduction:
	default:
		l.add(platform.Notes, "audience-unknown")
	}
	if len(l.use.Scopes) > 0 && !slices.Contains(l.use.Scopes, MailScope) {
		l.add(platform.Notes, "scope-mail", "scopes", strings.Join(l.use.Scopes, " "))
	}
}

// consumer reports whether a mailbox is of no Workspace.
func consumer(mailbox string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(mailbox), "@")
	return domain == "gmail.com" || domain == "googlemail.com"
}

// service looks at a service account, and at whom it is to act for.
func (l *lint) service() {
	switch _, err := privateKey(l.f.PrivateKey); {
	case l.f.PrivateKey.Empty() || l.f.Email == "":
		l.add(platform.Stops, "key-missing")
	case err != nil:
		l.add(platform.Stops, "key-malformed")
	}
	if numeric := l.f.ClientID != "" && strings.Trim(l.f.ClientID, "0123456789") == ""; !numeric {
		l.add(platform.Warns, "service-id", "id", l.f.ClientID)
	}
	switch {
	case l.use.Mailbox == "":
		l.add(platform.Stops, "subject-missing")
	case consumer(l.use.Mailbox):
		l.add(platform.Stops, "subject-consumer", "mailbox", l.use.Mailbox)
	case strings.EqualFold(l.use.Mailbox, l.f.Email), strings.HasSuffix(strings.ToLower(l.use.Mailbox), ".gserviceaccount.com"):
		l.add(platform.Stops, "subject-robot", "mailbox", l.use.Mailbox)
	}
	if len(l.use.Scopes) > 0 {
		l.add(platform.Notes, "delegate", "id", l.f.ClientID, "scopes", strings.Join(l.use.Scopes, ","), "page", delegationPage)
	}
}

func privateKey(pem core.Secret) (*rsa.PrivateKey, error) {
	return jwt.ParseRSAPrivateKeyFromPEM([]byte(pem.Reveal()))
}

// urls looks at the endpoints that a file names. deskward goes to the present
// ones whatever it says; other systems go where the file sends them.
func (l *lint) urls() {
	if u := l.f.AuthURL; u != "" && u != authURL && u != authURLOld {
		l.add(platform.Warns, "auth-url-stale", "url", u, "now", authURLOld)
	}
	switch u, err := url.Parse(l.f.TokenURL); {
	case l.f.TokenURL == "" || l.f.TokenURL == tokenURL:
	case err != nil || u.Scheme != "https" || u.Host != "accounts.google.com" && u.Host != "googleapis.com" && !strings.HasSuffix(u.Host, ".googleapis.com"):
		l.add(platform.Stops, "token-url-foreign", "url", l.f.TokenURL)
	default:
		l.add(platform.Warns, "token-url-stale", "url", l.f.TokenURL, "now", tokenURL)
	}
	if l.f.Universe != "" && l.f.Universe != "googleapis.com" {
		l.add(platform.Stops, "universe", "universe", l.f.Universe)
	}
}
