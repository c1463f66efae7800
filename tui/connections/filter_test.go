package connections

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform"
)

func someRows(n int, now time.Time) []row {
	f := &family{platforms: map[core.PlatformID]platform.Platform{"zoho": {Name: "Zoho Desk"}}}
	out := make([]row, n)
	for i := range out {
		s := core.Summary{ID: fmt.Sprint(i), Name: fmt.Sprintf("Acme %05d", i), Platform: "zoho", Grant: core.GrantCode, Region: []string{"eu", "jp"}[i%2], Account: fmt.Sprint(60000000000 + i)}
		switch i % 3 {
		case 0:
			s.HasRefresh, s.CheckedAt, s.CheckOK, s.AccessExpires = true, now, true, now.Add(time.Hour)
		case 1:
			s.HasCredential, s.Grant = true, core.GrantAuthtoken
		}
		if i%7 == 0 {
			s.Platform, s.Name = "oauth2", "山田商店 "+s.ID
		}
		out[i] = f.row(s)
	}
	return out
}

func names(l *filtered) []string {
	var out []string
	for _, i := range l.shown {
		out = append(out, l.rows[i].ID)
	}
	return out
}

func TestFilterTermsAllHold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rows := someRows(12, now)
	for _, tt := range []struct {
		filter string
		want   []string
	}{
		{"", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}},
		{"platform:", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}}, // still being typed
		{"platform:oauth", []string{"0", "7"}},
		{"PLATFORM:Zoho state:warn", []string{"1", "4", "10"}},
		{"state:good region:jp", []string{"3", "9"}},
		{"grant:authtoken 60000000004", []string{"4"}},
		{"山田", []string{"0", "7"}},
		{"desk 00005", []string{"5"}},
		{"no:such", nil},
	} {
		var l filtered
		l.set(rows, now)
		l.apply(tt.filter, now)
		if got := names(&l); !slices.Equal(got, tt.want) {
			t.Errorf("%q lets pass %v, want %v", tt.filter, got, tt.want)
		}
	}
}

// FuzzFilterTypedLetterByLetterEqualsFilterAtOnce: narrowing what was narrowed
// must not lose a row.
func FuzzFilterTypedLetterByLetterEqualsFilterAtOnce(f *testing.F) {
	for _, s := range []string{"acme 0001", "platform:zoho state:warn", "state state:w", "山田 region:jp", "a:b  c", "::"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rows := someRows(60, now)
	f.Fuzz(func(t *testing.T, text string) {
		var typed, once filtered
		typed.set(rows, now)
		once.set(rows, now)
		for i := range text {
			typed.apply(text[:i], now)
		}
		typed.apply(text, now)
		once.apply(text, now)
		if got, want := names(&typed), names(&once); !slices.Equal(got, want) {
			t.Errorf("%q typed lets pass %v, at once %v", text, got, want)
		}
	})
}

// BenchmarkFilterKey is one letter more in the filter of ten thousand rows.
func BenchmarkFilterKey(b *testing.B) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rows := someRows(10_000, now)
	for _, text := range []string{"acme", "state:good"} {
		b.Run(text, func(b *testing.B) {
			var l filtered
			l.set(rows, now)
			for b.Loop() {
				l.apply("", now)
				l.apply(text, now)
			}
		})
	}
}
