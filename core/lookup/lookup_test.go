package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
)

const (
	sub   = "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
	email = "mina@example.com"
)

// people finds by exact match among a few visitors, as a platform would.
type people struct {
	kind    core.VisitorKind
	takes   []lookup.QueryKind
	all     []core.Visitor
	leads   map[string][]lookup.Lead // by visitor id
	fail    func(call int) error
	waiting chan struct{} // closed: it may answer

	mu    sync.Mutex
	calls []lookup.Lead
}

func (p *people) Takes() []lookup.QueryKind { return p.takes }

func (p *people) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	p.mu.Lock()
	p.calls = append(p.calls, lookup.Lead{Kind: k, Text: text})
	n := len(p.calls)
	p.mu.Unlock()
	if p.waiting != nil {
		select {
		case <-p.waiting:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if p.fail != nil {
		if err := p.fail(n); err != nil {
			return nil, err
		}
	}
	var out []core.Visitor
	for _, v := range p.all {
		switch k {
		case lookup.ByExternalID:
			if v.ExternalID != text {
				continue
			}
		case lookup.ByEmail:
			if !slices.ContainsFunc(v.Emails, func(e core.VisitorEmail) bool { return e.Address == text }) {
				continue
			}
		case lookup.ByPhone:
			if had, _ := lookup.ReadPhone(v.Phone); had.Digits == "" || !strings.HasSuffix(had.Digits, phoneOf(text).Subscriber()) {
				continue
			}
		case lookup.ByText:
			if !strings.Contains(v.Name, text) {
				continue
			}
		default:
			if v.ID != text {
				continue
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (p *people) Leads(_ context.Context, v core.Visitor) ([]lookup.Lead, error) {
	return p.leads[v.ID], nil
}

func (*people) LeadCalls() (least, most int) { return 1, 6 }

func mail(address string, verified bool) []core.VisitorEmail {
	return []core.VisitorEmail{{Address: address, Verified: verified, Primary: true}}
}

func yes() *bool { b := true; return &b }

// world is four platforms that know one person well.
type world struct{ login, support, messaging, chat *people }

func linked() world {
	return world{
		login: &people{
			kind: core.VisitorLogin, takes: []lookup.QueryKind{lookup.ByLoginID, lookup.ByEmail, lookup.ByUsername},
			all: []core.Visitor{{Kind: core.VisitorLogin, ID: sub, ExternalID: sub, Name: "mina", Emails: mail(email, true)}},
		},
		support: &people{
			kind: core.VisitorSupport, takes: []lookup.QueryKind{lookup.ByExternalID, lookup.ByEmail, lookup.BySupportID, lookup.ByText},
			all:   []core.Visitor{{Kind: core.VisitorSupport, ID: "1234", ExternalID: sub, Name: "Mina Yamada", Emails: mail(email, true)}},
			leads: map[string][]lookup.Lead{"1234": {{Kind: lookup.ByChatID, Text: "9855790.xjj3ukxyIhn6j3"}}},
		},
		messaging: &people{
			kind: core.VisitorMessaging, takes: []lookup.QueryKind{lookup.ByExternalID, lookup.ByEmail, lookup.ByMessaging},
			all: []core.Visitor{{Kind: core.VisitorMessaging, ID: "5f3a9c0d1111222233334444", ExternalID: sub, Authenticated: yes(), SupportID: "1234", Emails: mail(email, true)}},
		},
		chat: &people{
			kind: core.VisitorChat, takes: []lookup.QueryKind{lookup.ByChatID},
			all: []core.Visitor{{Kind: core.VisitorChat, ID: "9855790.xjj3ukxyIhn6j3", ExternalID: sub, Emails: mail(email, false)}},
		},
	}
}

func (w world) sources() []lookup.Source {
	var out []lookup.Source
	for _, p := range []*people{w.login, w.support, w.messaging, w.chat} {
		out = append(out, lookup.Source{ID: string(p.kind), Name: string(p.kind), Kind: p.kind, Finder: p})
	}
	return out
}

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) }

func find(t *testing.T, w world, query string) lookup.Result {
	t.Helper()
	return (&lookup.Service{Clock: fixed{}}).Find(t.Context(), lookup.Parse(query), w.sources(), nil)
}

func codes(r lookup.Result) string {
	var out []string
	for _, f := range r.Verdict.Findings {
		out = append(out, string(f.Level)+":"+f.Code)
	}
	return strings.Join(out, " ")
}

func TestWhateverOneHasOfAPersonLeadsToThemOnEveryPlatform(t *testing.T) {
	t.Parallel()
	for _, query := range []string{sub, email, "9855790-xjj3ukxyIhn6j3x", "1234", "5f3a9c0d1111222233334444", "login:" + sub, "https://acme.zendesk.com/agent/users/1234/tickets", "Mina Yamada"} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			w := linked()
			if strings.Contains(query, "-xjj") {
				w.chat.all[0].ID = query // found as it was pasted
			}
			r := find(t, w, query)
			if r.Verdict.Outcome != lookup.Linked || r.Verdict.ExternalID != sub {
				t.Errorf("%s, %q: %s", r.Verdict.Outcome, r.Verdict.ExternalID, codes(r))
			}
			for _, a := range r.Answers {
				if a.Kind != core.VisitorChat && (a.State != lookup.Found || len(a.Visitors) != 1) {
					t.Errorf("%s: %s, %d people", a.Source, a.State, len(a.Visitors))
				}
			}
		})
	}
}

func TestNoSourceIsAskedTheSameTwice(t *testing.T) {
	t.Parallel()
	w := linked()
	find(t, w, sub)
	for _, p := range []*people{w.login, w.support, w.messaging, w.chat} {
		seen := map[lookup.Lead]bool{}
		for _, c := range p.calls {
			if seen[c] {
				t.Errorf("%s was asked %v twice", p.kind, c)
			}
			seen[c] = true
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query   string
		edit    func(*world)
		outcome lookup.Outcome
		want    []string
		never   []string
	}{
		"everybody agrees": {sub, func(*world) {}, lookup.Linked, []string{"good:external-id.same", "good:login.sub-matches", "good:authenticated.yes"}, []string{"bad:"}},
		"the address is another's identity": {sub, func(w *world) {
			w.messaging.all = append(w.messaging.all, core.Visitor{Kind: core.VisitorMessaging, ID: "5f3a9c0d1111222233335555", ExternalID: "usr_991", Emails: mail(email, true)})
		}, lookup.WillFail, []string{"bad:email.taken"}, []string{"bad:external-id.differs"}},
		"the address is another Support user's": {sub, func(w *world) {
			w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: "99", ExternalID: "usr_991", Emails: mail(email, true)})
		}, lookup.WillFail, []string{"bad:email.taken-support"}, nil},
		"asked by the id that has the address of the next sign-in": {"usr_991", func(w *world) {
			w.messaging.all[0].ExternalID, w.support.all[0].ExternalID = "usr_991", "usr_991"
			w.chat.all = nil
		}, lookup.WillFail, []string{"bad:email.taken ", "note:login.sub-unknown"}, []string{"login.second", "external-id.differs"}},
		"a second Login user with the address": {sub, func(w *world) {
			w.login.all = append(w.login.all, core.Visitor{Kind: core.VisitorLogin, ID: "9a", ExternalID: "9a", Name: "mina", Emails: mail(email, true)})
		}, lookup.Linked, []string{"bad:login.second"}, []string{"email.taken"}},
		"linked to somebody else": {sub, func(w *world) {
			w.messaging.all[0].ExternalID, w.messaging.all[0].Emails = "usr_1", nil
			w.support.leads["1234"] = append(w.support.leads["1234"], lookup.Lead{Kind: lookup.ByMessaging, Text: w.messaging.all[0].ID})
		}, lookup.Elsewhere, []string{"bad:external-id.differs"}, nil},
		"the company's id is missing": {email, func(w *world) {
			w.login.all, w.messaging.all, w.chat.all = nil, nil, nil
			w.support.all[0].ExternalID = ""
		}, lookup.NotLinked, []string{"note:external-id.missing"}, nil},
		"a Chat visitor has none without a token": {email, func(w *world) {
			w.chat.all[0].ExternalID = ""
		}, lookup.Linked, []string{"note:external-id.missing-chat"}, []string{"external-id.missing "}},
		"a Login user nobody else knows": {sub, func(w *world) {
			w.support.all, w.messaging.all, w.chat.all = nil, nil, nil
		}, lookup.NotLinked, []string{"note:login.sub-unknown"}, nil},
		"an address without proof":        {sub, func(w *world) { w.messaging.all[0].Emails[0].Verified = false }, lookup.Linked, []string{"note:email.unverified"}, nil},
		"a Login user without an address": {sub, func(w *world) { w.login.all[0].Emails = nil }, lookup.Linked, []string{"note:login.no-email"}, nil},
		"never signed in":                 {sub, func(w *world) { b := false; w.messaging.all[0].Authenticated = &b }, lookup.Linked, []string{"note:authenticated.no"}, nil},
		"two records of one person": {sub, func(w *world) {
			w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: "77", Name: "Mina", Emails: mail(email, false)})
		}, lookup.Linked, []string{"bad:duplicate"}, nil},
		"banned": {sub, func(w *world) { w.chat.all[0].Blocked = true }, lookup.Linked, []string{"bad:blocked"}, nil},
		"an id of the vendor's is not the company's": {sub, func(w *world) {
			w.chat.all[0].ExternalID = "5f3a9c0d0000000000000000_5f3a9c0d1111222233334444_5f3a9c0d9999999999999999"
		}, lookup.Linked, []string{"note:external-id.conversation"}, []string{"bad:"}},
		"an id beyond what a token may carry": {"external:" + strings.Repeat("x", 256), func(w *world) {
			w.support.all[0].ExternalID = strings.Repeat("x", 256)
		}, lookup.WillFail, []string{"bad:external-id.too-long"}, nil},
		"an address as id": {email, func(w *world) {
			for _, p := range []*people{w.login, w.support, w.messaging, w.chat} {
				p.all[0].ExternalID = email
			}
		}, lookup.Linked, []string{"note:external-id.like-email"}, nil},
		"a name that several have": {"Yamada Hanako", func(w *world) {
			for i := range 3 {
				w.support.all = append(w.support.all, core.Visitor{Kind: core.VisitorSupport, ID: fmt.Sprint(i), Name: "Yamada Hanako", ExternalID: fmt.Sprint("usr_", i)})
			}
		}, lookup.Several, []string{"note:several"}, []string{"bad:"}},
		"nobody": {"usr_0", func(*world) {}, lookup.NoOne, nil, []string{"bad:", "note:"}},
		"one source is down": {sub, func(w *world) {
			w.messaging.fail = func(int) error { return &core.Error{Tried: "find-visitor", Code: "net.refused"} }
		}, lookup.Linked, []string{"note:unseen"}, nil},
		"nothing could be seen": {sub, func(w *world) {
			for _, p := range []*people{w.login, w.support, w.messaging} {
				p.fail = func(int) error { return errors.New("down") }
			}
		}, lookup.CantTell, []string{"note:unseen"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := linked()
			c.edit(&w)
			r := find(t, w, c.query)
			got := codes(r)
			if r.Verdict.Outcome != c.outcome {
				t.Errorf("%s, want %s: %s", r.Verdict.Outcome, c.outcome, got)
			}
			for _, code := range c.want {
				if !strings.Contains(got, code) {
					t.Errorf("%s is missing in %s", code, got)
				}
			}
			for _, code := range c.never {
				if strings.Contains(got, code) {
					t.Errorf("%s in %s", code, got)
				}
			}
			for _, f := range r.Verdict.Findings {
				if !slices.Contains(lookup.Codes(), f.Code) {
					t.Errorf("%s is not listed", f.Code)
				}
			}
		})
	}
}

func TestALimitedSourceIsAskedAgainWhenTheVendorSaysSo(t *testing.T) {
	t.Parallel()
	w := linked()
	w.support.fail = func(call int) error {
		if call == 1 {
			return &core.Error{Tried: "find-visitor", Code: "zendesk.rate-limited", Class: core.Refused, Params: map[string]string{"seconds": "7"}}
		}
		return nil
	}
	var waited []time.Duration
	var states []lookup.State
	s := &lookup.Service{Clock: fixed{}, Wait: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }}
	r := s.Find(t.Context(), lookup.Parse(sub), w.sources(), func(a lookup.Answer) {
		if a.Kind == core.VisitorSupport {
			states = append(states, a.State)
			if a.State == lookup.Limited && !a.Until.Equal(fixed{}.Now().Add(7*time.Second)) {
				t.Errorf("limited until %v", a.Until)
			}
		}
	})
	if r.Verdict.Outcome != lookup.Linked || !slices.Equal(waited, []time.Duration{7 * time.Second}) || !slices.Contains(states, lookup.Limited) {
		t.Errorf("%s, waited %v, %v", r.Verdict.Outcome, waited, states)
	}
}

func TestASourceThatWantsTooLongAWaitIsSaidAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := linked()
	w.support.fail = func(int) error {
		return &core.Error{Code: "zendesk.rate-limited", Class: core.Refused, Params: map[string]string{"seconds": "3600"}}
	}
	s := &lookup.Service{Clock: fixed{}, Wait: func(context.Context, time.Duration) error { t.Error("it waited"); return nil }}
	if r := s.Find(t.Context(), lookup.Parse(sub), w.sources(), nil); !slices.Contains(r.Verdict.Unseen, "support") {
		t.Errorf("unseen: %v", r.Verdict.Unseen)
	}
}

func TestWhatWasFoundStaysWhenTheRestIsCancelled(t *testing.T) {
	t.Parallel()
	w := linked()
	w.messaging.waiting = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	done := map[core.VisitorKind]bool{}
	r := (&lookup.Service{Clock: fixed{}}).Find(ctx, lookup.Parse(sub), w.sources(), func(a lookup.Answer) {
		mu.Lock()
		defer mu.Unlock()
		if done[a.Kind] = a.State == lookup.Found; done[core.VisitorLogin] && done[core.VisitorSupport] {
			cancel()
		}
	})
	if r.Answers[0].State != lookup.Found || r.Answers[1].State != lookup.Found || r.Answers[2].State != lookup.Failed {
		t.Errorf("%v", r.Answers)
	}
	if !slices.Contains(r.Verdict.Unseen, "messaging") {
		t.Errorf("unseen: %v", r.Verdict.Unseen)
	}
}

// halfway finds a person, and is then refused the rest.
type halfway struct{ *people }

func (h halfway) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	found, err := h.people.Find(ctx, k, text)
	if err == nil && len(found) > 0 {
		err = &core.Error{Tried: "look-up", Code: "x.unavailable"}
	}
	return found, err
}

func TestWhoWasFoundBeforeAFailureIsShownAndLeadsOn(t *testing.T) {
	t.Parallel()
	w := linked()
	sources := w.sources()
	sources[1].Finder = halfway{w.support}
	r := (&lookup.Service{Clock: fixed{}}).Find(t.Context(), lookup.Parse("external:"+sub), sources, nil)
	support := r.Answers[1]
	if support.State != lookup.Failed || support.Code != "x.unavailable" || len(support.Visitors) != 1 {
		t.Errorf("Support: %+v", support)
	}
	if len(r.Answers[3].Visitors) != 1 {
		t.Errorf("the way to Chat was not gone: %+v", r.Answers[3])
	}
	if r.Verdict.Outcome != lookup.Linked || !slices.Equal(r.Verdict.Unseen, []string{"support"}) || !strings.Contains(codes(r), "note:unseen-rest") {
		t.Errorf("%+v", r.Verdict)
	}
}

func TestParseSaysWhatAQueryMayBe(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		" " + email + "\n":           email + " [email external]",
		sub:                          sub + " [external login]",
		"9855790-xjj3u5xPWhW1Fv":     "9855790-xjj3u5xPWhW1Fv [chat external]",
		"\"9855790.xjj3ukxyIhn6j3\"": "9855790.xjj3ukxyIhn6j3 [chat external]",
		"5f3a9c0d1111222233334444":   "5f3a9c0d1111222233334444 [messaging external]",
		"12345":                      "12345 [support external]",
		"external:12345":             "12345 [external]",
		"EMAIL: a@b.example":         "a@b.example [email]",
		"usr_12345":                  "usr_12345 [external username text]",
		"auth0|123/456":              "auth0|123/456 [external username text]",
		"山田 美奈":                      "山田 美奈 [text external]",
		"+81 3-1234-5678":            "+81 3-1234-5678 [phone]",
		"https://a.zendesk.com/agent/users/42/requested_tickets": "42 [support]",
		"": " []",
	} {
		if q := lookup.Parse(typed); fmt.Sprint(q.Text, " ", q.Kinds) != want {
			t.Errorf("%q: %q %v, want %s", typed, q.Text, q.Kinds, want)
		}
	}
}

func FuzzParseGivesASafeLineOfKnownKinds(f *testing.F) {
	for _, s := range []string{email, sub, "external:\x1b[2J", "email:", "\u202e", strings.Repeat("x", 10000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		q := lookup.Parse(typed)
		if q.Text != core.CleanLine(q.Text) || len(q.Text) > 4096 {
			t.Errorf("%q became %q", typed, q.Text)
		}
		if (q.Text == "") != (len(q.Kinds) == 0) {
			t.Errorf("%q: %v", q.Text, q.Kinds)
		}
		for _, k := range q.Kinds {
			if !slices.Contains(lookup.QueryKinds(), k) {
				t.Errorf("%q", k)
			}
		}
	})
}

func TestBothFormsOfAChatIDAreAskedForTheAPIsFirst(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"1.abcdef", "1-abcdef"} {
		if got := lookup.ChatIDs(id); !slices.Equal(got, []string{"1.abcdef", "1-abcdef"}) {
			t.Errorf("%s: %v", id, got)
		}
	}
}
