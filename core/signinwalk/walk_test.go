package signinwalk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskward/core"
	"deskward/core/signinwalk"
)

func steps(t *testing.T, r signinwalk.Rules, story string) []signinwalk.Step {
	t.Helper()
	events, err := signinwalk.ParseAll(strings.Fields(story))
	if err != nil {
		t.Fatal(err)
	}
	out, err := signinwalk.Walk(r, events)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// told is a world in short: "1=anonymous" for users, "#1@2 active" for tickets.
func told(w signinwalk.World) []string {
	var out []string
	for _, f := range w.Facts() {
		if strings.HasPrefix(f.Subject, "device") {
			continue
		}
		s := f.Subject + " " + f.Code
		if f.Under {
			s = "  " + s
		}
		out = append(out, s)
	}
	return out
}

func codes(s signinwalk.Step) []string {
	var out []string
	for _, x := range s.Says {
		c := x.Code
		switch x.Certainty {
		case signinwalk.Undocumented:
			c += "?"
		case signinwalk.Older:
			c += " (2022)"
		}
		out = append(out, c)
	}
	return out
}

type after struct {
	says  []string
	world []string
}

func TestTheArticlesExamplesComeOutEventByEvent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, story string
		rules       signinwalk.Rules
		want        []after
	}{
		{
			"signs in mid-conversation, 2022", "write sign-in:a write", signinwalk.Rules2022,
			[]after{
				{[]string{"wrote.anonymous"}, []string{"user 1 anonymous", "  ticket 1 ticket.active"}},
				{[]string{"created", "requester", "check.2022"}, []string{"user 1 anonymous", "user 2 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"wrote.open"}, []string{"user 1 anonymous", "user 2 authenticated", "  ticket 1 ticket.active"}},
			},
		},
		{
			"signs in mid-conversation, today", "write sign-in:a write", signinwalk.RulesCurrent,
			[]after{
				{[]string{"wrote.anonymous (2022)"}, []string{"user 1 anonymous", "  ticket 1 ticket.active"}},
				{[]string{"upgraded", "upgraded.ticket", "check"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"wrote.open (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
			},
		},
		{
			"comes back, 2022", "sign-in:a write sign-out write sign-in:a write", signinwalk.Rules2022,
			[]after{
				{[]string{"created", "check.2022"}, []string{"user 1 authenticated"}},
				{[]string{"wrote.first"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"signed-out"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"wrote.anonymous"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "user 2 anonymous", "  ticket 2 ticket.active"}},
				{[]string{"recognised", "joined", "goes-on", "check.2022"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "user 2 anonymous", "  ticket 2 ticket.closed.joined"}},
				{[]string{"wrote.open"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "user 2 anonymous", "  ticket 2 ticket.closed.joined"}},
			},
		},
		{
			"comes back, today", "sign-in:a write sign-out write sign-in:a write", signinwalk.RulesCurrent,
			[]after{
				{[]string{"created.early?", "check"}, []string{"user 1 authenticated"}},
				{[]string{"wrote.first (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"signed-out (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"wrote.anonymous (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "user 2 anonymous", "  ticket 2 ticket.active"}},
				{[]string{"merged", "merged.all", "which?", "check"}, []string{"user 1 authenticated", "  ticket 1 ticket.unsure.active", "  ticket 2 ticket.unsure.active.joined", "user 2 merged"}},
				{[]string{"wrote.unsure?"}, []string{"user 1 authenticated", "  ticket 1 ticket.unsure.active", "  ticket 2 ticket.unsure.active.joined", "user 2 merged"}},
			},
		},
		{
			"comes back, several conversations", "sign-in:a write sign-out write sign-in:a write", signinwalk.RulesMulti,
			[]after{
				{[]string{"created.early?", "check", "check.multi"}, []string{"user 1 authenticated"}},
				{[]string{"wrote.first (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"signed-out (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active"}},
				{[]string{"wrote.anonymous (2022)"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "user 2 anonymous", "  ticket 2 ticket.active"}},
				{[]string{"merged", "apart", "check", "check.multi"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "  ticket 2 ticket.active", "user 2 merged"}},
				{[]string{"wrote.several?"}, []string{"user 1 authenticated", "  ticket 1 ticket.active", "  ticket 2 ticket.active", "user 2 merged"}},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for i, s := range steps(t, tc.rules, tc.story) {
				if d := cmp.Diff(tc.want[i].says, codes(s)); d != "" {
					t.Errorf("event %d, %s, says (-want +got):\n%s", i+1, s.Event, d)
				}
				if d := cmp.Diff(tc.want[i].world, told(s.World)); d != "" {
					t.Errorf("event %d, %s, world (-want +got):\n%s", i+1, s.Event, d)
				}
			}
		})
	}
}

func TestATakenAddressRejectsTheTokenAndTheChatGoesOnUnauthenticated(t *testing.T) {
	t.Parallel()
	const story = "sign-in:a,x@example.com write sign-out write sign-in:b,X@example.com write"
	for _, r := range []signinwalk.Rules{signinwalk.RulesCurrent, signinwalk.RulesMulti} {
		all := steps(t, r, story)
		if got := codes(all[4]); !slices.Equal(got, []string{"rejected", "rejected.goes-on"}) {
			t.Error(r, got)
		}
		w := all[5].World
		if d := w.Devices[0]; d.SignedIn || d.User != 2 || w.Tickets[1].Requester != 2 || w.Conversations[1].Messages != 2 {
			t.Errorf("%s: %+v", r, w)
		}
	}
	all := steps(t, signinwalk.Rules2022, story)
	if w := all[5].World; !w.Devices[0].SignedIn || w.Users[2].ExternalID != "b" {
		t.Errorf("in 2022 nobody was identified by e-mail: %+v", w)
	}
}

func TestTheSameAddressWithTheSameIDIsNoConflict(t *testing.T) {
	t.Parallel()
	all := steps(t, signinwalk.RulesCurrent, "sign-in:a,x@example.com sign-out sign-in:a,x@example.com sign-out sign-in:a,y@example.com")
	if !all[4].World.Devices[0].SignedIn || all[4].World.Users[0].Email != "x@example.com" || !slices.Contains(codes(all[4]), "email.other?") {
		t.Errorf("%v %+v", codes(all[4]), all[4].World)
	}
}

func TestWhatNoPageSaysIsSaidAndChangesNoTicketsStatus(t *testing.T) {
	t.Parallel()
	for story, code := range map[string]string{
		"sign-in:a write solve:1 write":                          "wrote.solved?",
		"sign-in:a write close:1 write":                          "wrote.closed?",
		"write solve:1 close:1 write":                            "wrote.closed?",
		"sign-in:a write close:1 sign-out write sign-in:a":       "which.not-open?",
		"sign-in:a write close:1 write sign-out write sign-in:a": "which.not-open?",
	} {
		all := steps(t, signinwalk.Rules2022, story)
		last := all[len(all)-1]
		if !slices.Contains(codes(last), code) {
			t.Errorf("%s: %v", story, codes(last))
		}
		before := all[len(all)-2].World
		for i, tk := range last.World.Tickets {
			if tk.Status != before.Tickets[i].Status || !tk.Unsure {
				t.Errorf("%s: ticket %+v was %+v", story, tk, before.Tickets[i])
			}
		}
	}
}

func TestAnotherDeviceKnowsNobodyUntilItSignsIn(t *testing.T) {
	t.Parallel()
	all := steps(t, signinwalk.RulesCurrent, "sign-in:a write device sign-in:a write device:1 write")
	w := all[len(all)-1].World
	if len(w.Users) != 1 || len(w.Tickets) != 1 || w.Conversations[0].Messages != 3 || all[2].World.Devices[1].User != 0 {
		t.Errorf("%+v", w)
	}
	all = steps(t, signinwalk.RulesCurrent, "sign-in:a device sign-in:a write device:1 write")
	if w := all[len(all)-1].World; len(w.Tickets) != 1 || w.Conversations[0].Messages != 2 {
		t.Errorf("the first device began a conversation of its own: %+v", w)
	}
}

func TestWhatCanNotHappenIsRefusedWithTheStepsBeforeIt(t *testing.T) {
	t.Parallel()
	for story, code := range map[string]string{
		"sign-out": "walk.not-signed-in", "write sign-out": "walk.not-signed-in", "sign-in:a sign-in:b": "walk.signed-in",
		"solve:1": "walk.no-ticket", "write solve:1 solve:1": "walk.ticket-done", "write close:1 solve:1": "walk.ticket-done",
		"device:2": "walk.no-device",
	} {
		events, err := signinwalk.ParseAll(strings.Fields(story))
		if err != nil {
			t.Fatal(err)
		}
		got, err := signinwalk.Walk(signinwalk.RulesCurrent, events)
		if core.CodeOf(err) != code || len(got) != len(events)-1 {
			t.Errorf("%s: %v after %d steps", story, err, len(got))
		}
	}
	if _, err := signinwalk.Walk("1999", nil); core.CodeOf(err) != "walk.rules" {
		t.Error(err)
	}
	if _, err := signinwalk.Walk(signinwalk.RulesCurrent, make([]signinwalk.Event, signinwalk.MaxEvents+1)); core.CodeOf(err) != "walk.long" {
		t.Error(err)
	}
	if _, err := signinwalk.Walk(signinwalk.RulesCurrent, []signinwalk.Event{{Kind: signinwalk.SignsIn}}); core.CodeOf(err) != "walk.event" {
		t.Error(err)
	}
}

func TestOnlyWellFormedEventsAreRead(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "writes", "write:", "write:1", "sign-in", "sign-in:", "sign-in:a b", "sign-in:a,", "sign-in:a,b", "sign-in:a,@b", "sign-in:a,b@",
		"sign-in:a,b@c@d", "sign-in:" + strings.Repeat("a", 256), "sign-in:é", "solve", "solve:0", "solve:01", "solve:-1", "close:x", "device:", "device:100", "sign-out:a",
	} {
		if e, err := signinwalk.Parse(s); core.CodeOf(err) != "walk.event" {
			t.Errorf("%q: %+v %v", s, e, err)
		}
	}
}

func TestAStepsWorldIsNotChangedByLaterSteps(t *testing.T) {
	t.Parallel()
	long := steps(t, signinwalk.RulesCurrent, "write device write sign-in:a device:1 sign-in:a write solve:1")
	for n := range long {
		short := steps(t, signinwalk.RulesCurrent, strings.Join(strings.Fields("write device write sign-in:a device:1 sign-in:a write solve:1")[:n+1], " "))
		if d := cmp.Diff(short[n], long[n]); d != "" {
			t.Errorf("step %d:\n%s", n+1, d)
		}
	}
}

func TestDifferencesBetweenRulesAreNamed(t *testing.T) {
	t.Parallel()
	last := func(r signinwalk.Rules, story string) signinwalk.World {
		return signinwalk.After(steps(t, r, story))
	}
	d := signinwalk.Differs(last(signinwalk.RulesCurrent, "write sign-in:a"), last(signinwalk.Rules2022, "write sign-in:a"))
	if !d["user 1"] || !d["user 2"] || !d["ticket 1"] || !d["device 1"] || len(d) != 4 {
		t.Error(d)
	}
	if d := signinwalk.Differs(last(signinwalk.RulesCurrent, "write"), last(signinwalk.Rules2022, "write")); len(d) != 0 {
		t.Error(d)
	}
}

func FuzzWalksHoldTogether(f *testing.F) {
	f.Add("current", "write sign-in:a,x@y device write sign-in:a sign-out write solve:1 close:2 write device:1")
	f.Add("2022", "sign-in:a write sign-out write sign-in:a write")
	f.Add("multi", "sign-in:a write sign-out write sign-in:a write")
	f.Fuzz(func(t *testing.T, rules, story string) {
		var events []signinwalk.Event
		for _, s := range strings.Fields(story) {
			e, err := signinwalk.Parse(s)
			if err != nil {
				continue
			}
			if again, err := signinwalk.Parse(e.String()); err != nil || again != e {
				t.Fatalf("%q reads as %+v, %q as %+v (%v)", s, e, e, again, err)
			}
			events = append(events, e)
		}
		all, err := signinwalk.Walk(signinwalk.Rules(rules), events)
		if err == nil && len(all) != len(events) {
			t.Fatalf("%d steps of %d events", len(all), len(events))
		}
		for _, s := range all {
			hold(t, s)
		}
	})
}

// hold fails where a world contradicts itself.
func hold(t *testing.T, s signinwalk.Step) {
	t.Helper()
	w := s.World
	if len(s.Says) == 0 {
		t.Fatalf("%s says nothing", s.Event)
	}
	ids := map[string]bool{}
	for i, u := range w.Users {
		if u.Number != i+1 || u.MergedInto != 0 && w.Users[u.MergedInto-1].MergedInto != 0 {
			t.Fatalf("%s: %+v", s.Event, w)
		}
		if u.ExternalID != "" && ids[u.ExternalID] {
			t.Fatalf("%s: two users with %s: %+v", s.Event, u.ExternalID, w)
		}
		ids[u.ExternalID] = true
	}
	for _, tk := range w.Tickets {
		if w.Users[tk.Requester-1].MergedInto != 0 || w.Conversations[tk.Conversation-1].Ticket != tk.Number {
			t.Fatalf("%s: ticket %+v: %+v", s.Event, tk, w)
		}
	}
	for _, d := range w.Devices {
		if d.User != 0 && w.Users[d.User-1].MergedInto != 0 || d.SignedIn && w.Users[d.User-1].ExternalID == "" {
			t.Fatalf("%s: device %+v: %+v", s.Event, d, w)
		}
		if d.Conversation != 0 && (w.Conversations[d.Conversation-1].User != d.User || w.Conversations[d.Conversation-1].MergedInto != 0) {
			t.Fatalf("%s: device %+v talks where it can't: %+v", s.Event, d, w)
		}
	}
}
