// Package platformtest is what every platform must pass, whatever its vendor:
// its description is complete and has words in every language, its consent is
// safe, and nothing that a server may answer makes its client panic, hang,
// believe a page, or tell a secret.
package platformtest

import (
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/transport"
)

// Options are what the suite needs to know of a platform.
type Options struct {
	// Locales are the texts: the folder of assets/locales.
	Locales fs.FS
	// Connection returns a connection with a grant, all of whose hosts the
	// endpoints below (or the connection itself) put at base. The suite puts
	// the secrets in.
	Connection func(base string, g core.Grant) core.Connection
	// Endpoints points the platform at base. nil: the connection does.
	Endpoints func(base string) transport.Endpoints
}

func (o Options) endpoints(base string) transport.Endpoints {
	if o.Endpoints == nil {
		return nil
	}
	return o.Endpoints(base)
}

func (o Options) connection(base string, g core.Grant) core.Connection {
	c := o.Connection(base, g)
	c.ID, c.Grant = core.NewID(), g
	if c.Name == "" {
		c.Name = "Under test"
	}
	c.Secrets = core.Secrets{}
	for _, name := range []string{
		core.SecretClientSecret, core.SecretAccessToken, core.SecretRefreshToken, core.SecretAuthtoken, core.SecretAPIToken, core.SecretIDToken,
	} {
		c.Secrets[name] = core.NewSecret(canary + name)
	}
	return c
}

// canary begins every secret of the suite. It is as long as the shortest real
// token.
const canary = "canary-of-the-suite-"

// Run runs the suite on a platform.
func Run(t *testing.T, p platform.Platform, o Options) {
	t.Run("description", func(t *testing.T) { testDescription(t, p) })
	t.Run("words", func(t *testing.T) { testWords(t, p, o) })
	t.Run("consent", func(t *testing.T) { testConsent(t, p, o) })
	t.Run("actions", func(t *testing.T) { testActions(t, p) })
	t.Run("hostile answers", func(t *testing.T) { testHostile(t, p, o) })
	t.Run("cancel", func(t *testing.T) { testCancel(t, p, o) })
}

func testDescription(t *testing.T, p platform.Platform) {
	if p.ID == "" || p.Name == "" || len(p.Grants) == 0 || p.Dial == nil {
		t.Errorf("incomplete: %+v", p)
	}
	unique(t, "grant", p.Grants, func(g core.Grant) string { return string(g) })
	unique(t, "region", p.Regions, func(r platform.Region) string { return r.ID })
	unique(t, "ask", p.Asks, func(a platform.Ask) string { return a.Name })
	unique(t, "scope", p.Scopes, func(s platform.Scope) string { return s.ID })
	for _, a := range p.Asks {
		for _, g := range a.Grants {
			if !slices.Contains(p.Grants, g) {
				t.Errorf("ask %s is for grant %s, which the platform does not take", a.Name, g)
			}
		}
		if a.File && p.Import == nil {
			t.Errorf("ask %s is a file, which nothing reads", a.Name)
		}
		if len(a.Options) > 0 && !slices.Contains(a.Options, a.Default) {
			t.Errorf("ask %s has the default %q, which is none of its options", a.Name, a.Default)
		}
		if a.Secret && a.Default != "" {
			t.Errorf("ask %s has a secret as its default", a.Name)
		}
		if a.Check != nil && a.Default != "" {
			if err := a.Check(a.Default); err != nil {
				t.Errorf("ask %s refuses its own default: %v", a.Name, err)
			}
		}
	}
	for _, r := range p.Regions {
		if u, err := url.Parse(r.Console); r.Console != "" && (err != nil || u.Scheme != "https") {
			t.Errorf("region %s: console %q", r.ID, r.Console)
		}
	}
	for _, s := range p.Scopes {
		if s.Disputed && s.Least {
			t.Errorf("scope %s is disputed and asked for by default", s.ID)
		}
	}
}

func unique[T any](t *testing.T, what string, list []T, id func(T) string) {
	t.Helper()
	seen := map[string]bool{}
	for _, v := range list {
		if k := id(v); k == "" || seen[k] {
			t.Errorf("%s %q is empty or there twice", what, k)
		} else {
			seen[k] = true
		}
	}
}

func testWords(t *testing.T, p platform.Platform, o Options) {
	id := string(p.ID)
	keys := []string{"platform.name." + id}
	for _, a := range p.Asks {
		keys = append(keys, "ask."+id+"."+a.Name, "ask."+id+"."+a.Name+".hint")
		for _, v := range a.Options {
			keys = append(keys, "ask."+id+"."+a.Name+"."+v)
		}
	}
	for _, r := range p.Regions {
		keys = append(keys, "region."+id+"."+r.ID)
	}
	for _, s := range p.Scopes {
		keys = append(keys, "scope."+id+"."+s.ID)
	}
	for _, e := range endsOf(p) {
		keys = append(keys, "deadline."+e.Code, "deadline."+e.Code+".past", "deadline."+e.Code+".next")
		if u, err := url.Parse(e.Source); e.At.IsZero() || err != nil || u.Scheme != "https" {
			t.Errorf("the end %s: at %v, from %q", e.Code, e.At, e.Source)
		}
	}
	for _, lang := range locale.Langs() {
		// Loaded apart from English, which other languages fall back to.
		only, err := fs.Glob(o.Locales, "*."+string(lang)+".json")
		if err != nil || len(only) == 0 {
			t.Fatalf("no texts in %s: %v", lang, err)
		}
		words, err := locale.Load(oneLanguage{o.Locales, lang}, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if !words.Has(k) {
				t.Errorf("%s has no text %s", lang, k)
			}
		}
	}
}

// endsOf are the ends that the platform knows of connections of every grant,
// granted and checked, with a refresh token and without.
func endsOf(p platform.Platform) []core.End {
	if p.Ends == nil {
		return nil
	}
	then := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var out []core.End
	for _, g := range p.Grants {
		for _, refresh := range []bool{false, true} {
			for _, ends := range []time.Time{{}, then.Add(7 * 24 * time.Hour)} {
				out = append(out, p.Ends(core.Summary{
					ID: "c", Name: "Acme", Platform: p.ID, Grant: g, HasAccess: true, HasCredential: true, HasRefresh: refresh,
					AccessExpires: then.Add(time.Hour), EndsAt: ends, CheckedAt: then, CheckOK: true, GrantedAt: then,
				})...)
			}
		}
	}
	return out
}

// oneLanguage hides the files of all languages but one.
type oneLanguage struct {
	fs.FS
	lang locale.Lang
}

// Glob implements fs.GlobFS.
func (l oneLanguage) Glob(pattern string) ([]string, error) {
	if !strings.HasSuffix(pattern, "."+string(l.lang)+".json") {
		return nil, nil
	}
	return fs.Glob(l.FS, pattern)
}

func testConsent(t *testing.T, p platform.Platform, o Options) {
	if p.OAuth == nil {
		t.Skip("the platform has no OAuth")
	}
	regions := []string{""}
	for _, r := range p.Regions {
		regions = append(regions, r.ID)
	}
	for _, g := range p.Grants {
		switch g {
		case core.GrantCode, core.GrantPastedCode, core.GrantDevice, core.GrantClientCredentials, core.GrantServiceAccount, core.GrantMigrated:
		default:
			continue
		}
		for _, region := range regions {
			c := o.connection("https://vendor.example", g)
			c.Region = region
			cfg, err := p.OAuth(c, nil)
			if err != nil {
				t.Errorf("%s %s: %v", g, region, err)
				continue
			}
			checkConfig(t, p, c, cfg)
		}
	}
}

func checkConfig(t *testing.T, p platform.Platform, c core.Connection, cfg consent.Config) {
	t.Helper()
	if cfg.Platform != p.ID || cfg.ClientID != c.ClientID || !cfg.ClientSecret.Equal(c.Secrets[core.SecretClientSecret]) {
		t.Errorf("%s: platform, client id or secret is not the connection's", c.Grant)
	}
	need := map[string]string{"token endpoint": cfg.TokenURL}
	if c.Grant == core.GrantCode {
		need["authorization endpoint"] = cfg.AuthURL
		if cfg.RedirectHost != "" && cfg.RedirectHost != "127.0.0.1" && cfg.RedirectHost != "localhost" {
			t.Errorf("the redirect goes to %s", cfg.RedirectHost)
		}
	}
	if c.Grant == core.GrantServiceAccount && cfg.Assertion == nil {
		t.Error("the service account signs no assertion")
	}
	if c.Grant == core.GrantDevice {
		if cfg.Device == nil {
			t.Fatal("the device grant has no configuration")
		}
		need["device endpoint"], need["device token endpoint"] = cfg.Device.CodeURL, cfg.Device.TokenURL
	}
	for what, raw := range need {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s %s: %s is %q", c.Grant, c.Region, what, raw)
		} else if what != "authorization endpoint" && !slices.Contains(cfg.Hosts, u.Host) {
			t.Errorf("%s %s: %s is at %s, which is not among the hosts %v", c.Grant, c.Region, what, u.Host, cfg.Hosts)
		}
	}
	if cfg.RefreshLimit > 0 && cfg.RefreshWindow <= 0 {
		t.Error("a limit of refreshes without a window")
	}
	if cfg.ErrorCode != nil {
		if code := cfg.ErrorCode(400, canary+"error", canary+"description"); code == "" || strings.Contains(code, canary) {
			t.Errorf("an unknown error becomes advice key %q", code)
		}
	}
	if cfg.TokenURLFor != nil {
		checkForged(t, cfg)
	}
}

// checkForged answers with addresses of a stranger in every parameter a
// vendor might read one from.
func checkForged(t *testing.T, cfg consent.Config) {
	t.Helper()
	answer := url.Values{}
	for _, name := range []string{"accounts-server", "location", "iss", "issuer", "api_domain", "instance_url", "token_url", "host"} {
		answer.Set(name, "https://stranger.example")
	}
	got, _, err := cfg.TokenURLFor(answer)
	if err != nil {
		if core.CodeOf(err) == "" {
			t.Errorf("refused without a code: %v", err)
		}
		return
	}
	if u, err := url.Parse(got); err != nil || !slices.Contains(cfg.Hosts, u.Host) {
		t.Errorf("a forged answer sends the code to %s", got)
	}
}

func testActions(t *testing.T, p platform.Platform) {
	if p.Actions == nil {
		t.Skip("the platform has no actions")
	}
	list := p.Actions(platform.Services{})
	unique(t, "action", list, func(a action.Action) string { return a.Name })
	for _, a := range list {
		if !strings.HasPrefix(a.Name, string(p.ID)+".") {
			t.Errorf("%s does not begin with the platform", a.Name)
		}
		unique(t, a.Name+" input", a.In, func(f action.Field) string { return f.Name })
		unique(t, a.Name+" output", a.Out, func(f action.Field) string { return f.Name })
		if a.Run == nil {
			t.Errorf("%s cannot run", a.Name)
		}
		if a.Risk == action.Once && a.Ask == nil {
			t.Errorf("%s works once, and nothing can ask what became of it", a.Name)
		}
	}
}

// patience is how long a call may take that should end at once. It only ends
// a test that hangs.
const patience = 30 * time.Second
