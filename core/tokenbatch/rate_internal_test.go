package tokenbatch

import (
	"testing"
	"time"

	"deskward/core"
)

func TestTheTimeLeftCountsTheCallsThatWereMade(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	l := limiter{windows: []Window{{4, time.Minute}, {9, 10 * time.Minute}}}
	for range 4 {
		l.take(now)
	}
	// 5 more fit the first ten minutes, 9 the next: of 16 the last is in the third.
	if got := l.foresee(16, now).Sub(now); got != 20*time.Minute {
		t.Errorf("16 more: %s", got)
	}
	if got := l.foresee(1, now).Sub(now); got != time.Minute {
		t.Errorf("one more: %s", got)
	}
	if got := (&limiter{}).foresee(1000, now); !got.Equal(now) {
		t.Errorf("without a limit: %s", got)
	}
	if got := l.foresee(1000, now).Sub(now); got < 17*time.Hour || got > 20*time.Hour {
		t.Errorf("a thousand: %s", got)
	}
}

func TestACallOfAClockThatWasWrongHoldsUpNoLongerThanOthers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	l := limiter{windows: []Window{{2, time.Minute}}}
	l.recall([]time.Time{now.Add(24 * time.Hour), now.Add(-time.Hour), now.Add(-30 * time.Second)}, now)
	if got := l.next(now).Sub(now); got != 30*time.Second {
		t.Errorf("the next call is in %s", got)
	}
	l.recall([]time.Time{now.Add(time.Hour)}, now)
	if got := l.next(now).Sub(now); got != time.Minute {
		t.Errorf("with two of them, it is in %s", got)
	}
}

func TestARateIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for text, span := range map[string]time.Duration{"60/h": time.Minute, "30/min": 2 * time.Second, " 2 / s ": time.Second / 2, "24/day": time.Hour} {
		w, off, err := ParseRate(text)
		if err != nil || off || len(w) != 1 || w[0].Most != 1 || w[0].Span != span {
			t.Errorf("%q: %v, %v", text, w, err)
		}
	}
	if w, off, err := ParseRate("OFF"); w != nil || !off || err != nil {
		t.Errorf("off: %v %v %v", w, off, err)
	}
	for _, text := range []string{"", "fast", "0/h", "-1/h", "5", "5/week", "99999/h", "1e3/h"} {
		if _, _, err := ParseRate(text); core.CodeOf(err) != "tokenbatch.bad-rate" {
			t.Errorf("%q: %v", text, err)
		}
	}
}
