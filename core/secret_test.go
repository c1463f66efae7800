package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const canary = "canary-secret-text"

func TestASecretIsDotsWhereverItIsPrinted(t *testing.T) {
	t.Parallel()
	s := NewSecret(canary)
	type holder struct {
		Token Secret
		Inner *Secret
		Map   Secrets
		Any   any
		inner struct{ hidden Secret }
		list  []Secret
		byKey Secrets
	}
	h := holder{s, &s, Secrets{"x": s}, s, struct{ hidden Secret }{s}, []Secret{s}, Secrets{"y": s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		fmt.Fprintf(&out, verb, s)
		fmt.Fprintf(&out, verb, &s)
		fmt.Fprintf(&out, verb, h)
		fmt.Fprintf(&out, verb, Secrets{"a": s})
		fmt.Fprintf(&out, verb, []Secret{s})
	}
	raw, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	fmt.Fprint(&out, errors.Join(fmt.Errorf("with %v", s), &Error{Tried: "x", On: s.String()}))
	c := Connection{Name: "n", Secrets: Secrets{SecretRefreshToken: s}}
	fmt.Fprintf(&out, "%v %+v %#v", c, c, c)
	raw, err = json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	// %x of the text would be readable too.
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q is in the output", leak)
		}
	}
}

func TestARecordsBodyKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	in := Connection{Name: "Acme", Secrets: Secrets{SecretRefreshToken: NewSecret(canary)}}
	data, err := EncodeBody(in, in.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	var out Connection
	secrets, err := DecodeBody(data, &out)
	if err != nil {
		t.Fatal(err)
	}
	if out.Name != "Acme" || secrets[SecretRefreshToken].Reveal() != canary {
		t.Errorf("got %+v %q", out, secrets[SecretRefreshToken].Reveal())
	}
}

func TestAListingHoldsNoSecret(t *testing.T) {
	t.Parallel()
	c := Connection{Name: "Acme", Secrets: Secrets{SecretRefreshToken: NewSecret(canary), SecretAccessToken: NewSecret(canary), SecretAuthtoken: NewSecret(canary)}}
	if head := c.Summary().head(); bytes.Contains(head, []byte(canary)) {
		t.Errorf("the head holds a secret: %q", head)
	}
}

func FuzzHeadDecoderNeverPanicsAndKeepsWhatWasEncoded(f *testing.F) {
	f.Add("Acme", "zoho", int64(1795312443000), true, []byte{0x80, 0x80})
	f.Add("", "日本", int64(-5), false, []byte{})
	f.Fuzz(func(t *testing.T, a, b string, ms int64, yes bool, garbage []byte) {
		// Times beyond what a time.Time can say in milliseconds do not occur.
		ms %= 1 << 52
		at := time.UnixMilli(ms).UTC()
		d := NewHeadDecoder(NewHeadEncoder(1).String(a).Time(at).Bool(yes).String(b).Bytes())
		gotA, gotAt, gotYes, gotB := d.String(), d.Time(), d.Bool(), d.String()
		if gotA != a || gotB != b || gotYes != yes || d.Err() != nil || (ms != 0 && !gotAt.Equal(at)) {
			t.Fatalf("got %q %v %v %q %v", gotA, gotAt, gotYes, gotB, d.Err())
		}
		if s, err := summaryOf(Record{Head: garbage}); err == nil && len(garbage) == 0 && s.Name != "" {
			t.Fatal("a name out of nothing")
		}
	})
}

func TestStatesAreJudgedWorstFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	hour := time.Hour
	good := Summary{HasRefresh: true, HasAccess: true, AccessExpires: now.Add(hour), CheckedAt: now.Add(-hour), CheckOK: true}
	with := func(change func(*Summary)) Summary { s := good; change(&s); return s }
	for name, c := range map[string]struct {
		s    Summary
		want State
	}{
		"works and renews":        {good, State{HealthGood, "renews", now.Add(hour)}},
		"no consent yet":          {Summary{Grant: GrantCode}, State{HealthWaiting, "consent-missing", time.Time{}}},
		"renews when used":        {with(func(s *Summary) { s.AccessExpires = now.Add(-hour) }), State{HealthGood, "renews-on-use", time.Time{}}},
		"refused at the check":    {with(func(s *Summary) { s.CheckOK = false }), State{HealthBad, "refused", now.Add(-hour)}},
		"ends within a week":      {with(func(s *Summary) { s.EndsAt = now.Add(20 * hour) }), State{HealthWarn, "ends", now.Add(20 * hour)}},
		"has ended":               {with(func(s *Summary) { s.EndsAt = now }), State{HealthBad, "ended", now}},
		"legacy":                  {Summary{Grant: GrantAuthtoken, HasCredential: true}, State{HealthWarn, "legacy", time.Time{}}},
		"refresh outcome unknown": {with(func(s *Summary) { s.RefreshBegun = now.Add(-hour) }), State{HealthWarn, "refresh-unknown", now.Add(-hour)}},
		"refresh under way":       {with(func(s *Summary) { s.RefreshBegun = now.Add(-time.Second) }), State{HealthGood, "renews", now.Add(hour)}},
		"access token only":       {Summary{HasAccess: true, AccessExpires: now.Add(hour)}, State{HealthWarn, "expires", now.Add(hour)}},
		"access token expired":    {Summary{HasAccess: true, AccessExpires: now}, State{HealthBad, "expired", now}},
		"never checked":           {Summary{HasRefresh: true}, State{HealthUnknown, "unchecked", time.Time{}}},
		"client credentials":      {Summary{Grant: GrantClientCredentials}, State{HealthUnknown, "unchecked", time.Time{}}},
	} {
		if got := c.s.State(now); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAnIDIsKnownByItsShape(t *testing.T) {
	t.Parallel()
	if id := NewID(); !IsID(id) {
		t.Error(id)
	}
	for _, s := range []string{"", "Acme org", "support@acme.example", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxy1"} {
		if IsID(s) {
			t.Error(s)
		}
	}
}
