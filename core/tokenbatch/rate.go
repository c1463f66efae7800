package tokenbatch

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
)

// ParseRate reads a rate as an admin writes it: "54/h", "30/min", "2/s", or
// "off". The calls are spread evenly over the span.
func ParseRate(text string) (windows []Window, off bool, err error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "off" {
		return nil, true, nil
	}
	num, unit, _ := strings.Cut(text, "/")
	n, bad := strconv.Atoi(strings.TrimSpace(num))
	span := map[string]time.Duration{
		"s": time.Second, "sec": time.Second, "second": time.Second,
		"m": time.Minute, "min": time.Minute, "minute": time.Minute,
		"h": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour,
	}[strings.TrimSpace(unit)]
	const most = 10_000
	if bad != nil || n < 1 || n > most || span == 0 {
		return nil, false, &core.Error{Tried: "read-rate", Code: "tokenbatch.bad-rate", Class: core.Usage}
	}
	return []Window{{Most: 1, Span: span / time.Duration(n)}}, false, nil
}

// spanOf is about how long n calls take under the windows: the last of them is
// made so long after the first.
func spanOf(n int, windows []Window) time.Duration {
	var longest time.Duration
	for _, w := range windows {
		longest = max(longest, time.Duration((n-1)/w.Most)*w.Span)
	}
	return longest
}

// limiter spreads the calls of one client.
type limiter struct {
	windows []Window
	calls   []time.Time // begun, ascending; those that no window reaches are dropped
	rest    time.Time   // not before then: the vendor said so
}

// next is when a call may be begun.
func (l *limiter) next(now time.Time) time.Time {
	at := now
	if l.rest.After(at) {
		at = l.rest
	}
	for _, w := range l.windows {
		if n := len(l.calls); n >= w.Most {
			if free := l.calls[n-w.Most].Add(w.Span); free.After(at) {
				at = free
			}
		}
	}
	return at
}

func (l *limiter) take(now time.Time) {
	var longest time.Duration
	for _, w := range l.windows {
		longest = max(longest, w.Span)
	}
	l.calls = slices.DeleteFunc(l.calls, func(t time.Time) bool { return now.Sub(t) > longest })
	i, _ := slices.BinarySearchFunc(l.calls, now, time.Time.Compare)
	l.calls = slices.Insert(l.calls, i, now)
}

// recall takes the calls that were begun before, by whatever session. One from
// a time to come was written by a clock that was wrong: it counts as of now,
// or nothing would be sent until then.
func (l *limiter) recall(begun []time.Time, now time.Time) {
	slices.SortFunc(begun, time.Time.Compare)
	for _, at := range begun {
		if at.After(now) {
			at = now
		}
		l.take(at)
	}
}

// foresee is when the last of n further calls may be begun. Of very many the
// last are reckoned by the rate.
func (l *limiter) foresee(n int, now time.Time) time.Time {
	const walked = 200
	ahead := limiter{windows: l.windows, calls: slices.Clone(l.calls), rest: l.rest}
	at := ahead.next(now)
	for i := 1; i < min(n, walked) && len(l.windows) > 0; i++ {
		ahead.take(at)
		at = ahead.next(at)
	}
	return at.Add(spanOf(max(n-walked, 1), l.windows))
}

// giveBack takes a call back that was not made.
func (l *limiter) giveBack(at time.Time) {
	if i := slices.IndexFunc(l.calls, at.Equal); i >= 0 {
		l.calls = slices.Delete(l.calls, i, i+1)
	}
}
