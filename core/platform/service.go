package platform

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

// Service does for any stored connection what its platform can do.
type Service struct {
	Platforms   []Platform
	Connections *core.Connections
	Keys        *core.SigningKeys
	HTTP        *transport.Client
	Endpoints   transport.Endpoints
	Clock       core.Clock
	Tokens      TokenSource
}

// Config returns the consent configuration of c. It has the form that
// consent.Service asks for.
func (s *Service) Config(c core.Connection) (consent.Config, error) {
	p, err := Find(s.Platforms, c.Platform)
	if err != nil {
		return consent.Config{}, err
	}
	if p.OAuth == nil {
		return consent.Config{}, missing("consent", c)
	}
	return p.OAuth(c, s.Endpoints)
}

// Discover completes the connection with what its server publishes of itself,
// saves what is new and returns it. It has the form that consent.Service asks
// for, and leaves the connection as it is where its platform has nothing to discover.
func (s *Service) Discover(ctx context.Context, id string) (core.Connection, error) {
	c, err := s.Connections.Get(ctx, id)
	if err != nil {
		return c, err
	}
	p, err := Find(s.Platforms, c.Platform)
	if err != nil || p.Discover == nil {
		return c, err
	}
	found, err := p.Discover(ctx, c.Clone(), Env{HTTP: s.HTTP, Endpoints: s.Endpoints, Clock: s.Clock})
	if err != nil || maps.Equal(found.Settings, c.Settings) {
		return c, err
	}
	return s.Connections.Change(ctx, id, core.Event{Verb: core.VerbChanged}, func(now *core.Connection) error {
		// Only what was discovered: the call took a while, and somebody may
		// have changed the rest.
		settings := maps.Clone(now.Settings)
		if settings == nil {
			settings = map[string]string{}
		}
		for k, v := range found.Settings {
			if c.Settings[k] != v {
				settings[k] = v
			}
		}
		for k := range c.Settings {
			if _, kept := found.Settings[k]; !kept {
				delete(settings, k)
			}
		}
		now.Settings = settings
		return nil
	})
}

// Sheet is what c holds for people, and its health; empty where its platform
// has none.
func (s *Service) Sheet(c core.Connection) Sheet {
	p, err := Find(s.Platforms, c.Platform)
	if err != nil || p.Sheet == nil {
		return Sheet{}
	}
	return p.Sheet(c, s.Clock.Now())
}

// Dial returns the platform's client of c. An access token is had only when
// the client asks for one.
func (s *Service) Dial(c core.Connection) (any, error) {
	p, err := Find(s.Platforms, c.Platform)
	if err != nil {
		return nil, err
	}
	if p.Dial == nil {
		return nil, missing("dial", c)
	}
	id := c.ID
	env := Env{
		HTTP: s.HTTP, Endpoints: s.Endpoints, Clock: s.Clock,
		Token:  func(ctx context.Context) (core.Secret, error) { return s.Tokens.Access(ctx, id) },
		Grants: func(ctx context.Context) (int, error) { return s.grants(ctx, c) },
	}
	if r, ok := s.Tokens.(Refresher); ok {
		env.Renew = func(ctx context.Context) (core.Secret, error) {
			c, err := r.Refresh(ctx, id)
			return c.Secrets[core.SecretAccessToken], err
		}
	}
	env.Checked = func(ctx context.Context, name string) (core.Connection, error) { return s.checkOther(ctx, c, name) }
	return p.Dial(c, env), nil
}

// checkOther checks the connection by which c is proven. One of c's own platform
// proves nothing, and could lead back to c: code platform.no-proof.
func (s *Service) checkOther(ctx context.Context, c core.Connection, name string) (core.Connection, error) {
	other, err := s.Connections.ByName(ctx, name)
	if err != nil {
		return other, err
	}
	if other.Platform == c.Platform {
		return other, &core.Error{Tried: "check", On: c.Name, Code: "platform.no-proof", Class: core.Usage, Params: map[string]string{"proof": other.Name}}
	}
	return s.Check(ctx, other.ID)
}

// grants counts the stored connections with a refresh token of c's client.
func (s *Service) grants(ctx context.Context, c core.Connection) (int, error) {
	all, err := s.Connections.List(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, sum := range all {
		if !sum.HasRefresh || sum.Platform != c.Platform || sum.Region != c.Region {
			continue
		}
		o, err := s.Connections.Get(ctx, sum.ID)
		if err != nil {
			return n, err
		}
		if o.ClientID == c.ClientID {
			n++
		}
	}
	return n, nil
}

// Ends returns what the connection's platform knows of its ends. It has the
// form that core.Deadlines asks for.
func (s *Service) Ends(c core.Summary) []core.End {
	p, err := Find(s.Platforms, c.Platform)
	if err != nil || p.Ends == nil {
		return nil // of an unknown platform nothing is known
	}
	return p.Ends(c)
}

// Check proves the connection with a real call, saves what came out and
// returns the connection as saved. A credential that the vendor refuses is
// not an error of Check: it is the result (Check.OK false, Check.Code why).
func (s *Service) Check(ctx context.Context, id string) (core.Connection, error) {
	c, err := s.Connections.Get(ctx, id)
	if err != nil {
		return c, err
	}
	client, err := s.Dial(c)
	if err != nil {
		return c, err
	}
	checker, ok := client.(Checker)
	if !ok {
		return c, missing("check", c)
	}
	var rec core.CallRecorder
	check, err := checker.Check(core.WithCallRecorder(ctx, &rec))
	if e, ok := errors.AsType[*core.Error](err); ok && e.Class == core.Refused {
		check, err = core.Check{Code: e.Code, Tried: e.Tried, Params: e.Params}, nil
	}
	if err != nil {
		return c, err
	}
	if check.OK {
		check = s.compareOwner(core.WithCallRecorder(ctx, &rec), c, client, check)
	}
	check.At, check.Calls = s.Clock.Now(), append(check.Calls, rec.Calls()...)
	ev := core.Event{Verb: core.VerbChecked, Code: check.Code}
	checked := c
	c, err = s.Connections.Change(ctx, id, ev, func(now *core.Connection) error {
		if !sameGrant(*now, checked) {
			return errOtherGrant // the verdict is about a credential that is no longer stored
		}
		now.Check = check
		if l, ok := client.(Learner); ok && check.OK {
			now.Settings = with(now.Settings, l.Learned())
		}
		return nil
	})
	if errors.Is(err, errOtherGrant) {
		return s.Connections.Get(ctx, id)
	}
	return c, err
}

// with returns settings with those that were learned.
func with(settings, learned map[string]string) map[string]string {
	if len(learned) == 0 {
		return settings
	}
	out := maps.Clone(settings)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, learned)
	return out
}

var errOtherGrant = errors.New("the connection was granted anew meanwhile")

// sameGrant reports whether two readings of a connection hold tokens of the
// same consent. A refresh in between does not matter.
func sameGrant(a, b core.Connection) bool {
	return a.GrantedAt.Equal(b.GrantedAt) && a.Secrets[core.SecretAuthtoken].Equal(b.Secrets[core.SecretAuthtoken]) &&
		a.Secrets[core.SecretAPIToken].Equal(b.Secrets[core.SecretAPIToken])
}

// compareOwner turns a good check into one with code connection.wrong-account
// when the vendor says that the credential is another's than was expected.
// Where the vendor does not say whose it is (no such call, or no scope for
// it), the check stands: it proved that the credential works.
func (s *Service) compareOwner(ctx context.Context, c core.Connection, client any, check core.Check) core.Check {
	o, ok := client.(Owner)
	if !ok || c.Expect == "" {
		return check
	}
	owner, err := o.Owner(ctx)
	if err != nil || owner == "" || strings.EqualFold(owner, c.Expect) {
		return check
	}
	check.OK, check.Code = false, "connection.wrong-account"
	check.Params = map[string]string{"expected": c.Expect, "owner": core.CleanLine(owner)}
	return check
}

// ProbeScopes asks per scope what the connection may do.
func (s *Service) ProbeScopes(ctx context.Context, c core.Connection) ([]ScopeProbe, error) {
	client, err := s.Dial(c)
	if err != nil {
		return nil, err
	}
	prober, ok := client.(ScopeProber)
	if !ok {
		return nil, missing("probe", c)
	}
	return prober.ProbeScopes(ctx)
}

// ReadSetup reads and judges how that is set up which the connection serves.
func (s *Service) ReadSetup(ctx context.Context, c core.Connection, of string) (Setup, error) {
	client, err := s.Dial(c)
	if err != nil {
		return Setup{}, err
	}
	reader, ok := client.(SetupReader)
	if !ok {
		return Setup{}, missing("setup", c)
	}
	return reader.ReadSetup(ctx, of)
}

// Revoke ends the connection's credential at the vendor, drops the dead
// tokens here and records it.
func (s *Service) Revoke(ctx context.Context, id string) (core.Connection, error) {
	c, err := s.Connections.Get(ctx, id)
	if err != nil {
		return c, err
	}
	client, err := s.Dial(c)
	if err != nil {
		return c, err
	}
	revoker, ok := client.(Revoker)
	if !ok {
		return c, s.noRevoke(c)
	}
	if err := revoker.Revoke(ctx); err != nil {
		return c, err
	}
	revoked := c
	return s.Connections.Change(context.WithoutCancel(ctx), id, core.Event{Verb: core.VerbRevoked}, func(c *core.Connection) error {
		if !sameGrant(*c, revoked) {
			return nil // what is stored now was granted after what was revoked
		}
		c.Secrets = c.Secrets.With(core.SecretAccessToken, core.Secret{}).With(core.SecretRefreshToken, core.Secret{})
		c.Check, c.Granted, c.GrantedAt, c.AccessExpires = core.Check{}, nil, time.Time{}, time.Time{}
		return nil
	})
}

// noRevoke says why c's credential is not ended at the vendor.
func (s *Service) noRevoke(c core.Connection) error {
	if p, err := Find(s.Platforms, c.Platform); err == nil && p.NoRevoke != "" {
		return &core.Error{Tried: "revoke", On: c.Name, Code: p.NoRevoke, Class: core.Usage}
	}
	return missing("revoke", c)
}

// KeyList reads the public keys of a vendor's project as the vendor publishes
// them, without a connection.
func (s *Service) KeyList(ctx context.Context, p core.PlatformID, projectID string) (string, error) {
	c := core.Connection{Platform: p, Name: projectID}
	client, err := s.Dial(c)
	if err != nil {
		return "", err
	}
	lister, ok := client.(KeyLister)
	if !ok {
		return "", missing("keys", c)
	}
	list, _, err := lister.Keys(ctx, projectID)
	return list, err
}

// missing says that c's platform lacks a capability: locale text
// error.platform.cannot.<what>.
func missing(what string, c core.Connection) error {
	return &core.Error{Tried: what, On: c.Name, Code: "platform.cannot." + what, Class: core.Usage, Params: map[string]string{"platform": string(c.Platform)}}
}
