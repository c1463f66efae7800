package tokenbatch

import (
	"cmp"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/sheet"
)

// WriteCSV writes what came of a batch as a table without a secret: one row a
// token, its header the field names of the JSON. Every cell is safe to open in
// a spreadsheet.
func WriteCSV(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{
		"line", "name", "region", "org_id", "client_id", "owner", "token_end", "scopes", "state", "code",
		"connection", "begun_at", "ended_at", "old_token_ends", "old_token_dead_at",
	}); err != nil {
		return err
	}
	for _, r := range rows {
		cells := []string{
			strconv.Itoa(r.Line), r.Name, r.Region, r.OrgID, r.ClientID, r.Owner, r.TokenEnd, strings.Join(r.Scopes, " "), string(r.State), r.Code,
			r.Connection, when(r.BegunAt), when(r.EndedAt), when(r.OldEnds), when(r.DeadAt),
		}
		for i := 1; i < len(cells); i++ {
			cells[i] = sheet.Cell(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Entry is what the vendor's support needs to know of a client before an
// external application's tokens can be exchanged: what is sent has to be what
// the calls say later.
type Entry struct {
	ClientID  string   `json:"client_id"`
	Region    string   `json:"region"`
	OldScopes []string `json:"authtoken_scopes"` // of the old tokens; none: the list does not say
	Scopes    []string `json:"scopes"`           // wanted
	Orgs      []string `json:"organizations"`
	Owners    []string `json:"owners"`     // whose tokens, as far as the list says
	Tokens    int      `json:"tokens"`     // how many
	TokenEnds []string `json:"token_ends"` // their last four characters
}

// Sheet sums a batch up for the vendor's support, one entry for each client,
// data centre and set of scopes. No token is in it.
func Sheet(rows []Row) []Entry {
	by := map[string]*Entry{}
	var order []string
	add := func(list []string, text string) []string {
		if text == "" || slices.Contains(list, text) {
			return list
		}
		return append(list, text)
	}
	for _, r := range rows {
		wanted, old := slices.Sorted(slices.Values(r.Scopes)), slices.Sorted(slices.Values(r.OldScopes))
		key := strings.Join([]string{r.ClientID, r.Region, strings.Join(wanted, ","), strings.Join(old, ",")}, "\x00")
		e := by[key]
		if e == nil {
			e = &Entry{ClientID: r.ClientID, Region: r.Region, OldScopes: old, Scopes: wanted}
			by[key] = e
			order = append(order, key)
		}
		e.Tokens++
		e.Orgs, e.Owners, e.TokenEnds = add(e.Orgs, r.OrgID), add(e.Owners, r.Owner), add(e.TokenEnds, r.TokenEnd)
	}
	out := make([]Entry, len(order))
	for i, key := range order {
		out[i] = *by[key]
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return out
}

// WriteSheet writes Sheet as a table, for a form or a mail.
func WriteSheet(w io.Writer, entries []Entry) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"client_id", "region", "authtoken_scopes", "scopes", "organizations", "owners", "tokens", "token_ends"}); err != nil {
		return err
	}
	for _, e := range entries {
		cells := []string{
			e.ClientID, e.Region, strings.Join(e.OldScopes, ","), strings.Join(e.Scopes, ","), strings.Join(e.Orgs, " "),
			strings.Join(e.Owners, " "), strconv.Itoa(e.Tokens), strings.Join(e.TokenEnds, " "),
		}
		for i := range cells {
			cells[i] = sheet.Cell(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Err is the one thing to tell of a batch after a run: the worst of what its
// rows came to; nil where all are done.
func (b Batch) Err() error {
	e := &core.Error{Tried: "run-batch", On: b.Name, Params: map[string]string{}}
	for _, c := range []struct {
		state State
		code  string
		class core.Class
	}{
		{Unknown, "tokenbatch.some-unknown", core.Unknown},
		{Lost, "tokenbatch.some-lost", core.Unknown},
		{Refused, "tokenbatch.some-refused", core.Refused},
		{Held, "tokenbatch.some-held", core.Failed},
		{Failed, "tokenbatch.some-left", core.Failed},
		{Waiting, "tokenbatch.some-left", core.Failed},
	} {
		if n := b.Counts[c.state]; n > 0 {
			e.Code, e.Class = c.code, c.class
			e.Params["count"], e.Params["batch"] = strconv.Itoa(n), b.Short()
			return e
		}
	}
	return nil
}
