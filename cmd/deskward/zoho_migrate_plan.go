package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
)

// shownBad is how many bad lines are named on standard error; all are in a dry
// run's --json.
const shownBad = 50

// noteBad names the lines that can't be used.
func (a *app) noteBad(bad []tokenbatch.BadLine) {
	for i, b := range bad {
		if i == shownBad {
			a.note("cmd.zoho.migrate.more-bad", locale.Params{"count": len(bad) - i})
			return
		}
		a.note("cmd.zoho.migrate.bad-line", locale.Params{"line": b.Number, "why": a.whyBad(b), "code": core.CodeOf(b.Err)})
	}
}

// whyBad is one line: what is wrong with a line of a list.
func (a *app) whyBad(b tokenbatch.BadLine) string {
	if e, ok := errors.AsType[*core.Error](b.Err); ok {
		bare := *e
		bare.Tried, bare.On = "", "" // the sentence around it has said so
		b.Err = &bare
	}
	return strings.TrimSuffix(core.CleanLine(a.explanation(b.Err).Headline), ".")
}

// notePlan says what is foreseen.
func (a *app) notePlan(p tokenbatch.Plan) {
	for _, c := range p.Clients {
		params := locale.Params{
			"client": core.CleanLine(c.ID), "owner": core.CleanLine(c.Owner), "rows": c.Rows, "stored": c.Stored, "most": c.Most, "held": c.Held,
			"over": c.Rows + c.Stored - c.Most,
		}
		switch {
		case c.Held > 0:
			a.note("cmd.zoho.migrate.held", params)
		case c.Most > 0 && c.Rows+c.Stored > c.Most:
			a.note("cmd.zoho.migrate.evicts", params)
		}
	}
	if slices.ContainsFunc(p.Clients, func(c tokenbatch.Client) bool { return c.Guessed }) {
		a.note("cmd.zoho.migrate.guessed")
	}
}

// rateText is the rate in force: "4 per min, 9 per 10 min, 54 per h".
func (a *app) rateText(windows []tokenbatch.Window) string {
	if len(windows) == 0 {
		return a.say.T("tokenbatch.rate.off")
	}
	var out []string
	for _, w := range windows {
		out = append(out, a.say.T("tokenbatch.rate.window", localeParams("most", strconv.Itoa(w.Most), "span", a.spanOf(w.Span))))
	}
	return strings.Join(out, ", ")
}

// spanOf is a length of time in words.
func (a *app) spanOf(d time.Duration) string {
	const slack = 100 * time.Millisecond // the clock goes on while it is told
	return a.span(a.clock.Now().Add(d + slack))
}

// planJSON is what a dry run prints. Its field names are a contract.
type planJSON struct {
	List     string              `json:"list"`
	Variant  tokenbatch.Variant  `json:"variant"`
	Encoding string              `json:"encoding"`
	Columns  []tokenbatch.Column `json:"columns"`
	Tokens   int                 `json:"tokens"`
	Held     int                 `json:"held"`
	Blank    int                 `json:"blank"`
	Bad      []badJSON           `json:"bad"`
	Clients  []tokenbatch.Client `json:"clients"`
	Rate     []tokenbatch.Window `json:"rate"`
	Seconds  int                 `json:"seconds"` // about how long it takes
	Lines    []planLineJSON      `json:"lines"`
}

type badJSON struct {
	Line int    `json:"line"`
	Code string `json:"code"`
	Why  string `json:"why"`
}

type planLineJSON struct {
	Line     int      `json:"line"`
	Name     string   `json:"name"`
	Region   string   `json:"region"`
	OrgID    string   `json:"org_id"`
	ClientID string   `json:"client_id"`
	Owner    string   `json:"owner,omitempty"`
	Scopes   []string `json:"scopes"`
	Held     bool     `json:"held,omitempty"`
}

// showPlan prints what a list would come to. Nothing was called or written.
func (a *app) showPlan(list tokenbatch.List, p tokenbatch.Plan, bad []tokenbatch.BadLine, f migrateFlags) error {
	if a.opt.json {
		return a.json(a.planOf(list, p, bad))
	}
	var columns []string
	for _, c := range list.Columns {
		field := string(c.Field)
		if field == "" {
			field = a.say.T("cmd.zoho.migrate.not-read")
		}
		columns = append(columns, c.Header+" → "+field)
	}
	a.pairs([]pair{
		{"list", p.Name},
		{"variant", a.say.T("tokenbatch.variant." + string(p.Variant))},
		{"encoding", string(list.Encoding)},
		{"columns", strings.Join(columns, ", ")},
		{"tokens", strconv.Itoa(len(p.Lines))},
		{"held", zeroless(len(p.Held))},
		{"bad", zeroless(len(bad))},
		{"blank", zeroless(list.Blank)},
		{"rate", a.rateText(p.Rate)},
		{"takes", a.spanOf(p.Took)},
	})
	a.plainLine("")
	rows := make([][]string, len(p.Clients))
	for i, c := range p.Clients {
		rows[i] = []string{c.ID, c.Owner, strconv.Itoa(c.Rows), strconv.Itoa(c.Stored), fmt.Sprintf("%d/%d", c.Rows+c.Stored, c.Most), zeroless(c.Held)}
	}
	if len(rows) > 0 {
		a.table([]string{"client", "owner", "tokens", "stored", "grants", "held"}, rows)
	}
	a.noteBad(bad)
	a.notePlan(p)
	a.note("cmd.zoho.migrate.dry")
	if len(bad) > 0 {
		return said{&core.Error{Tried: "read-tokens", Code: "tokenbatch.some-bad"}}
	}
	return nil
}

// zeroless is a number that is left out when there is nothing to say.
func zeroless(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (a *app) planOf(list tokenbatch.List, p tokenbatch.Plan, bad []tokenbatch.BadLine) planJSON {
	out := planJSON{
		List: p.Name, Variant: p.Variant, Encoding: string(list.Encoding), Columns: list.Columns, Tokens: len(p.Lines), Held: len(p.Held), Blank: list.Blank,
		Bad: []badJSON{}, Clients: notNil(p.Clients), Rate: notNil(p.Rate), Seconds: int(p.Took.Seconds()), Lines: []planLineJSON{},
	}
	for _, b := range bad {
		out.Bad = append(out.Bad, badJSON{b.Number, core.CodeOf(b.Err), a.whyBad(b)})
	}
	add := func(l tokenbatch.Line, held bool) {
		out.Lines = append(out.Lines, planLineJSON{l.Number, l.Name, l.Region, l.OrgID, l.ClientID, l.Owner, l.Scopes, held})
	}
	for _, l := range p.Lines {
		add(l, false)
	}
	for _, l := range p.Held {
		add(l, true)
	}
	slices.SortFunc(out.Lines, func(x, y planLineJSON) int { return x.Line - y.Line })
	return out
}
