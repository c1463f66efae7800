package consent

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport"
)

// RFC 8628: how to ask for a token, §3.4; the interval when the server names
// none, §3.2; what slow_down adds, §3.5; the answers while polling, §3.5.
const (
	deviceGrant      = "urn:ietf:params:oauth:grant-type:device_code"
	deviceInterval   = 5 * time.Second
	deviceSlower     = 5 * time.Second
	deviceMost       = 30 * time.Minute // longest a code is polled for when its end is not said
	deviceSlowest    = time.Minute      // between two polls, when the network fails
	pollPending      = "authorization_pending"
	pollSlowDown     = "slow_down"
	pollAccessDenied = "access_denied"
	pollExpired      = "expired_token"
)

// DeviceCode is what the person types at the vendor's page, on any machine.
// It should be shown only to who asked for it just now: talking others into
// typing such codes is a known fraud.
type DeviceCode struct {
	ConnectionID string
	UserCode     string
	URL          string        // where it is typed
	CompleteURL  string        // the same with the code in it; "" when there is none
	Expires      time.Time     // then a new code is needed
	Interval     time.Duration // least time between two polls
	Code         core.Secret   // ours, for DeviceWait
}

// DevicePoll is how a device consent stands after a poll.
type DevicePoll struct {
	Polls  int
	Next   time.Time // of the next poll
	Region string    // not "" once the vendor sent us to another data centre
}

// DeviceBegin asks for a device code (RFC 8628 §3.1). It fails with code
// consent.no-device-grant when the platform has none.
func (s *Service) DeviceBegin(ctx context.Context, connectionID string) (DeviceCode, error) {
	c, cfg, err := s.prepare(ctx, connectionID)
	if err != nil {
		return DeviceCode{}, err
	}
	if cfg.Device == nil {
		return DeviceCode{}, &core.Error{Tried: "device", On: c.Name, Code: "consent.no-device-grant", Class: core.Usage}
	}
	asked := s.Clock.Now()
	raw, err := s.askDevice(ctx, c, cfg)
	if err != nil {
		return DeviceCode{}, err
	}
	text := func(names ...string) string {
		for _, name := range names {
			if v, ok := raw[name].(string); ok && v != "" {
				return v
			}
		}
		return ""
	}
	d := DeviceCode{
		ConnectionID: c.ID, UserCode: core.CleanLine(text("user_code")), Code: core.NewSecret(text("device_code")),
		// verification_url is from a draft; Google and Zoho still send it.
		URL:         text("verification_uri", "verification_url"),
		CompleteURL: text("verification_uri_complete", "verification_url_complete"),
		Interval:    max(seconds(raw["interval"]), cfg.Device.Interval),
	}
	if d.Interval == 0 {
		d.Interval = deviceInterval
	}
	life := cfg.Device.Lifetime
	if life == 0 {
		life = seconds(raw["expires_in"])
	}
	if life == 0 {
		life = deviceMost
	}
	d.Expires = asked.Add(life)
	if d.UserCode == "" || d.Code.Empty() || checkAuthURL(d.URL) != nil {
		return DeviceCode{}, &core.Error{Tried: "device", On: c.Name, Code: "vendor.malformed"}
	}
	if checkAuthURL(d.CompleteURL) != nil {
		d.CompleteURL = ""
	}
	return d, nil
}

// askDevice makes the device authorization request and returns the answer's fields.
func (s *Service) askDevice(ctx context.Context, c core.Connection, cfg Config) (map[string]any, error) {
	form := url.Values{"client_id": {cfg.ClientID}}
	if len(cfg.Scopes) > 0 {
		form.Set("scope", cfg.scope())
	}
	basic := cfg.authStyle() == oauth2.AuthStyleInHeader && !cfg.Device.CodeWithoutSecret
	if !basic && !cfg.ClientSecret.Empty() && !cfg.Device.CodeWithoutSecret {
		form.Set("client_secret", cfg.ClientSecret.Reveal())
	}
	for name, values := range cfg.Device.CodeParams {
		form[name] = values
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.Device.CodeURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &core.Error{Tried: "device", On: c.Name, Code: "consent.bad-auth-url", Class: core.Usage}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if basic {
		req.SetBasicAuth(url.QueryEscape(cfg.ClientID), url.QueryEscape(cfg.ClientSecret.Reveal()))
	}
	a, err := transport.Do(s.HTTP.For(cfg.Hosts...), req)
	if err != nil {
		return nil, err
	}
	raw := map[string]any{}
	bad := a.Decode(req.URL.Host, &raw)
	code, _ := raw["error"].(string)
	description, _ := raw["error_description"].(string)
	switch {
	case a.Status >= 300 || code != "":
		return nil, cfg.vendorError("device", c.Name, req, a, code, description)
	case bad != nil:
		return nil, bad
	}
	return raw, nil
}

// devicePolling is one wait for a device consent.
type devicePolling struct {
	code     DeviceCode
	conn     core.Connection
	cfg      Config
	tokenURL string
	stand    DevicePoll
	interval time.Duration
}

// DeviceWait polls until the person has agreed or refused, or the code has
// expired (code consent.device-expired), and saves what was granted. progress,
// which may be nil, is told how it stands after every poll. Cancelling ctx
// stops the polling (code consent.stopped); it can be taken up again with the
// same DeviceCode.
func (s *Service) DeviceWait(ctx context.Context, d DeviceCode, progress func(DevicePoll)) (Result, error) {
	c, err := s.Connections.Get(ctx, d.ConnectionID)
	if err != nil {
		return Result{}, err
	}
	cfg, err := s.Config(c)
	if err != nil {
		return Result{}, err
	}
	if cfg.Device == nil {
		return Result{}, &core.Error{Tried: "device", On: c.Name, Code: "consent.no-device-grant", Class: core.Usage}
	}
	p := devicePolling{code: d, conn: c, cfg: cfg, tokenURL: cfg.Device.TokenURL, interval: d.Interval}
	if p.tokenURL == "" {
		p.tokenURL = cfg.TokenURL
	}
	for {
		p.stand.Next = s.Clock.Now().Add(p.interval)
		if progress != nil {
			progress(p.stand)
		}
		if !p.stand.Next.Before(d.Expires) {
			return Result{}, &core.Error{Tried: "device", On: c.Name, Code: "consent.device-expired"}
		}
		select {
		case <-time.After(p.interval):
		case <-ctx.Done():
			return Result{}, &core.Error{Tried: "device", On: c.Name, Code: "consent.stopped", Err: ctx.Err()}
		}
		res, again, err := s.pollDevice(ctx, &p)
		if !again {
			return res, err
		}
	}
}

// pollDevice asks once. again means that the person has not decided yet.
func (s *Service) pollDevice(ctx context.Context, p *devicePolling) (res Result, again bool, err error) {
	ctx = context.WithoutCancel(ctx) // an answer with tokens comes only once
	asked := s.Clock.Now()
	p.stand.Polls++
	tok, failed := s.token(ctx, tokenCall{tried: "device", on: p.conn.Name, cfg: p.cfg, url: p.tokenURL, do: p.ask})
	if failed != nil {
		again, err = p.failed(failed)
		return Result{}, again, err
	}
	c, err := s.grant(ctx, p.conn.ID, p.cfg.read(tok, asked), granting{cfg: p.cfg, region: p.stand.Region})
	if err != nil {
		return Result{}, false, err
	}
	res, err = s.finish(ctx, c, missing(p.cfg.Scopes, c.Granted))
	return res, false, err
}

func (p *devicePolling) ask(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) {
	grant, name := p.cfg.Device.GrantType, p.cfg.Device.CodeName
	if grant == "" {
		grant = deviceGrant
	}
	if name == "" {
		name = "device_code"
	}
	return postToken(ctx, oc, url.Values{"grant_type": {grant}, name: {p.code.Code.Reveal()}})
}

// failed reads an answer that is not a token.
func (p *devicePolling) failed(f *callError) (again bool, err error) {
	if move := p.cfg.Device.Elsewhere; move != nil && len(f.answer) > 0 {
		var raw map[string]any
		if transport.DecodeJSON(f.answer, &raw) == nil {
			if tokenURL, region, ok := move(raw); ok {
				p.tokenURL, p.stand.Region = tokenURL, region
				return true, nil
			}
		}
	}
	code := f.oauth
	if mapped := p.cfg.Device.Pending[code]; mapped != "" {
		code = mapped
	}
	switch {
	case code == pollPending:
		return true, nil
	case code == pollSlowDown, f.err.Code == "oauth.rate-limited":
		p.interval += deviceSlower
		return true, nil
	case code == pollExpired:
		return false, &core.Error{Tried: "device", On: p.conn.Name, Code: "consent.device-expired", Err: f.err}
	case code == pollAccessDenied:
		return false, &core.Error{Tried: "device", On: p.conn.Name, Code: "consent.device-denied", Class: core.Refused, Err: f.err}
	case f.effect == wasRefused:
		return false, f.err
	}
	// RFC 8628 §3.5: after a failure of the network, back off and go on.
	p.interval = min(2*p.interval, deviceSlowest)
	return true, nil
}
