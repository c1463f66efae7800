package tokens_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/explain"
	"deskward/tui/screen"
	"deskward/tui/tokens"
	"deskward/tui/tuitest"
	"deskward/tui/widget"
)

// movable is a clock that tests move.
type movable struct {
	mu  sync.Mutex
	now time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *movable) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// vendor is one whose answer a token's own name decides, and which counts.
type vendor struct {
	clock *movable
	mu    sync.Mutex
	calls map[string]int       // exchanges, by token
	ends  map[string]time.Time // of exchanged tokens
	gate  chan struct{}        // each exchange of a good token waits for one; nil: none does
	stops bool                 // it refuses the client
}

func (*vendor) Platform() core.PlatformID { return "zoho" }

func (*vendor) Limits() tokenbatch.Limits {
	return tokenbatch.Limits{Grants: 20, OldLife: 24 * time.Hour, Wrong: 3, Rest: time.Minute}
}

func (*vendor) Check(_ tokenbatch.Variant, l tokenbatch.Line) (tokenbatch.Line, error) {
	if l.Region != "" && l.Region != "jp" && l.Region != "eu" {
		return l, tokenbatch.LineError("region", "value", core.CleanLine(l.Region))
	}
	return l, nil
}

func (v *vendor) Pulse(_ context.Context, l tokenbatch.Line) (tokenbatch.Pulse, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if end, ok := v.ends[l.Token.Reveal()]; ok && !v.clock.Now().Before(end) {
		return tokenbatch.Dead, nil
	}
	return tokenbatch.Alive, nil
}

func (v *vendor) Exchange(ctx context.Context, _ tokenbatch.Variant, l tokenbatch.Line) (tokenbatch.Tokens, error) {
	token := l.Token.Reveal()
	if v.gate != nil && strings.Contains(token, "good") {
		select {
		case <-v.gate:
		case <-ctx.Done():
			return tokenbatch.Tokens{}, &core.Error{Tried: "authtooauth", On: l.Name, Code: "net.timeout", Class: core.Failed, Err: ctx.Err()}
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls[token]++
	switch {
	case v.stops:
		return tokenbatch.Tokens{}, &core.Error{Tried: "authtooauth", On: l.Name, Code: "zoho.invalid_client", Class: core.Refused}
	case strings.Contains(token, "refused"):
		return tokenbatch.Tokens{}, &core.Error{Tried: "authtooauth", On: l.Name, Code: "zoho.org_mapping_error", Class: core.Refused}
	case strings.Contains(token, "unseen"):
		v.ends[token] = v.clock.Now().Add(24 * time.Hour)
		return tokenbatch.Tokens{}, &core.Error{Tried: "authtooauth", On: l.Name, Code: "net.cut", Class: core.Unknown, Params: map[string]string{"host": "accounts.zoho.jp"}}
	}
	v.ends[token] = v.clock.Now().Add(24 * time.Hour)
	return tokenbatch.Tokens{Access: core.NewSecret("canary-access"), Refresh: core.NewSecret("canary-refresh"), Type: "Bearer", Lifetime: time.Hour}, nil
}

func (*vendor) Connection(l tokenbatch.Line, t tokenbatch.Tokens, now time.Time) core.Connection {
	return core.Connection{
		Name: l.Name, Platform: "zoho", Grant: core.GrantCode, Region: l.Region, Account: l.OrgID, ClientID: l.ClientID, AccessExpires: now.Add(t.Lifetime), GrantedAt: now,
		Secrets: core.Secrets{core.SecretAccessToken: t.Access, core.SecretRefreshToken: t.Refresh, core.SecretClientSecret: l.ClientSecret},
	}
}

func (*vendor) Claim(*core.Connection, string) error { return nil }
func (*vendor) Free(*core.Connection, error)         {}

func (v *vendor) Meaning(error) tokenbatch.Meaning {
	if v.stops {
		return tokenbatch.OfClient
	}
	return tokenbatch.OfToken
}

func (*vendor) OldEnds() string { return "zoho.old-token-ends" }

// world is a console with token batches only.
type world struct {
	clock   *movable
	vendor  *vendor
	service *tokenbatch.Service
	deps    tokens.Deps
	first   func() screen.Screen // instead of the batches
	files   map[string]string
	mu      sync.Mutex
	written []string
}

func newWorld() *world {
	clock := &movable{now: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
	w := &world{clock: clock, vendor: &vendor{clock: clock, calls: map[string]int{}, ends: map[string]time.Time{}}, files: map[string]string{}}
	st := mem.New()
	w.service = &tokenbatch.Service{
		Store: st, Clock: clock, Vendor: w.vendor,
		Events: &core.EventLog{Store: st, Clock: clock, Actor: core.Actor{User: "mina", Host: "jump01"}},
	}
	w.deps = tokens.Deps{
		Batches: w.service,
		ReadFile: func(_ context.Context, path string) ([]byte, error) {
			text, ok := w.files[path]
			if !ok {
				return nil, &core.Error{Tried: "read-tokens", On: path, Code: "file.missing", Class: core.Usage}
			}
			return []byte(text), nil
		},
		Export: func(_ context.Context, b tokenbatch.Batch, rows []tokenbatch.Row) (string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, r := range rows {
				w.written = append(w.written, r.Name)
			}
			return "/home/mina/tokens.csv", nil
		},
		Sheet:   func(context.Context, string) (string, error) { return "/home/mina/sheet.csv", nil },
		Regions: []widget.Option{{Value: "jp", Label: widget.Text("zoho.jp")}, {Value: "eu", Label: widget.Text("zoho.eu")}},
	}
	return w
}

// nothingKnown stands for the advice: what is looked at here is which error it
// is asked about.
func nothingKnown(text string, _ locale.Lang) (advice.Answer, error) {
	return advice.Answer{Text: text}, nil
}

// table is a list as an admin has it, with a few lines that can't be used.
func table() string {
	return strings.Join([]string{
		"Name,Auth token,Organization ID,DC,Memo",
		"請求書の連携,canary-token-good-000001,60001234567,jp,x",
		"Order import,canary-token-good-000002,60001234567,jp,",
		"Order import twice,canary-token-good-000002,60001234567,jp,",
		"Old kiosk,canary-token-refused-0003,60007654321,eu,\"a\nnote\"",
		"Warehouse,canary-token-unseen-00004,60001234567,jp,",
		"Nowhere,canary-token-good-000005,60001234567,mars,",
		"Nightly report,canary-token-good-000006,60001234567,jp,",
	}, "\r\n") + "\r\n"
}

// open is the first screen.
func (w *world) open() screen.Screen {
	if w.first != nil {
		return w.first()
	}
	return tokens.New(w.deps)
}

type console struct{ *tuitest.Driver }

func (c console) press(names ...string) { c.Key(tui.Press, names...) }

func open(t testing.TB, w *world, lang locale.Lang, width, height int) console {
	t.Helper()
	texts, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tui.New(t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "migrations", Title: "section.migrations", Open: w.open}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(texts, l) },
		Lang:     lang,
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			code, params := core.CodeOf(err), locale.Params{}
			if e, ok := errors.AsType[*core.Error](err); ok {
				for k, v := range e.Params {
					params[k] = v
				}
			}
			if !p.Has("error." + code) { // a vendor's: its words are advice
				return screen.Explanation{Headline: code, Code: code, More: true}
			}
			return screen.Explanation{Headline: p.T("error."+code, params), Code: code}
		},
		About: func(err error) screen.Screen {
			return explain.New(explain.Deps{Text: advice.Words(err), Explain: nothingKnown})
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      w.clock, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := console{tuitest.Drive(t, m, width, height)}
	m.SetSend(c.Post)
	return c
}
