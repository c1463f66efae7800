package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"deskward/core"
	"deskward/store/mem"
)

type stopped struct{}

func (stopped) Now() time.Time { return time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC) }

func TestPagesOfTheLogMeetWithoutGapOrOverlap(t *testing.T) {
	t.Parallel()
	l := &core.EventLog{Store: mem.New(), Clock: stopped{}}
	for i := range 25 {
		if err := l.Record(t.Context(), core.Event{Verb: core.VerbChecked, Subject: core.Subject{Name: fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	var got []uint64
	var below uint64
	for {
		page, err := l.Before(t.Context(), below, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got = append(got, e.Seq)
		}
		below = got[len(got)-1]
	}
	want := make([]uint64, 25)
	for i := range want {
		want[i] = uint64(25 - i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages give %v", got)
	}
}
