package lookup_test

import (
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/store/mem"
)

type moving struct{ at time.Time }

func (m *moving) Now() time.Time { return m.at }

func TestLookUpsAreRememberedOnlyWhereSwitchedOnAndOnlyForAsLong(t *testing.T) {
	t.Parallel()
	clock := &moving{time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)}
	store := mem.New()
	h := &lookup.History{Store: store, Clock: clock}
	add := func(text string) {
		t.Helper()
		if err := h.Add(t.Context(), lookup.Parse(text), lookup.Linked); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(d time.Duration) {
		t.Helper()
		if err := h.Keep(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, texts ...string) {
		t.Helper()
		m, err := h.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Past) != len(texts) {
			t.Fatalf("%s: %v, want %v", what, m.Past, texts)
		}
		for i, p := range m.Past {
			if p.Query.Text != texts[i] {
				t.Errorf("%s: %v, want %v", what, m.Past, texts)
			}
		}
	}
	records := func() (n int) {
		t.Helper()
		_ = store.View(t.Context(), func(r core.Reader) error { n, _ = r.Count(core.KindLookup); return nil })
		return n
	}

	add("usr_1")
	if want("off"); records() != 0 {
		t.Error("something was written although it is off")
	}
	keep(48 * time.Hour)
	add("usr_1")
	clock.at = clock.at.Add(time.Hour)
	add("usr_2")
	add("usr_1")
	want("asked for again", "usr_1", "usr_2")
	clock.at = clock.at.Add(24 * time.Hour)
	add("usr_3")
	want("a day later", "usr_3", "usr_1", "usr_2")
	keep(time.Hour)
	keep(48 * time.Hour)
	want("kept for less, then for more", "usr_3")
	clock.at = clock.at.Add(72 * time.Hour)
	want("too old")
	add("usr_4")
	keep(0)
	if want("off again"); records() != 0 {
		t.Error("the record is still there")
	}
}

func TestAFinderIsKnownByTheIDThatItTakes(t *testing.T) {
	t.Parallel()
	for _, f := range []*people{linked().login, linked().support, linked().messaging, linked().chat} {
		if got := lookup.Finds(f); got != f.kind {
			t.Errorf("%s was taken for %s", f.kind, got)
		}
	}
}
