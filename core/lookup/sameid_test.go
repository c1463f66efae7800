package lookup_test

import (
	"strings"
	"testing"

	"deskward/core/lookup"
)

func TestOnlySupportHasOneIDWhateverItsCapitals(t *testing.T) {
	t.Parallel()
	upper := strings.ToUpper(sub)
	for name, c := range map[string]struct {
		edit    func(*world)
		query   string
		outcome lookup.Outcome
		id      string
		want    []string
		never   []string
	}{
		"Support in capitals is the same person": {func(w *world) {
			w.support.all[0].ExternalID = upper
		}, sub, lookup.Linked, sub, []string{"note:external-id.case ", "good:login.sub-matches"}, []string{"bad:", "case-unsure"}},
		"two in Support by two spellings are duplicates": {func(w *world) {
			v := w.support.all[0]
			v.ID, v.ExternalID = "77", upper
			w.support.all = append(w.support.all, v)
		}, sub, lookup.Linked, sub, []string{"bad:duplicate"}, []string{"bad:email.taken", "bad:external-id.differs"}},
		"messaging in capitals is not known to be": {func(w *world) {
			w.messaging.all[0].ExternalID = upper
		}, sub, lookup.CantTell, sub, []string{"note:external-id.case-unsure"}, []string{"bad:", "authenticated"}},
		"Chat in capitals is not known to be": {func(w *world) {
			w.chat.all[0].ExternalID = upper
		}, sub, lookup.CantTell, sub, []string{"note:external-id.case-unsure"}, []string{"bad:"}},
		"what is typed in capitals is the Login user's in his own spelling": {func(w *world) {
			w.support.all[0].ExternalID = upper
			w.login.all[0].Emails = mail(email, true)
		}, upper, lookup.Linked, sub, []string{"note:external-id.case "}, []string{"bad:"}},
		"another id is another person": {func(w *world) {
			w.support.all[0].ExternalID = "usr_1"
		}, sub, lookup.WillFail, sub, []string{"bad:email.taken-support"}, []string{"case"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := linked()
			c.edit(&w)
			r := find(t, w, c.query)
			got := codes(r) + " "
			if r.Verdict.Outcome != c.outcome || r.Verdict.ExternalID != c.id {
				t.Errorf("%s of %s, want %s of %s: %s", r.Verdict.Outcome, r.Verdict.ExternalID, c.outcome, c.id, got)
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
		})
	}
}
