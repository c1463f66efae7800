package tokenbatch

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"deskward/core"
)

// Plan is what a list would come to: what a dry run shows and Begin writes
// down. Making one calls nobody and writes nothing.
type Plan struct {
	Name    string // of the list
	Variant Variant
	Lines   []Line        // to be exchanged
	Held    []Line        // not to be exchanged: each would end another grant
	Clients []Client      // by id
	Took    time.Duration // about how long it takes at the rate

	Rate    []Window // in force; nil: off
	own     bool     // the admin's
	overRun bool
}

// Client is what a plan comes to for one client.
type Client struct {
	ID      string `json:"client_id"`
	Owner   string `json:"owner,omitempty"` // whose tokens; "": the list does not say
	Rows    int    `json:"rows"`
	Stored  int    `json:"stored"` // grants of it that this store has already
	Held    int    `json:"held"`
	Most    int    `json:"most"`              // grants that live at once; 0: no limit is known
	Guessed bool   `json:"guessed,omitempty"` // whose tokens they are is not known
}

// PlanOptions are the admin's choices.
type PlanOptions struct {
	Rate    []Window // nil: the vendor's
	RateOff bool     // no limit of ours at all
	// OverLimit exchanges what would end another grant, too.
	OverLimit bool
}

// Plan judges a list against what the store knows. Lines whose token is in
// another batch, or was exchanged already, come back as bad.
func (s *Service) Plan(ctx context.Context, name string, v Variant, list List, o PlanOptions) (Plan, []BadLine, error) {
	p := Plan{Name: strings.TrimSpace(core.CleanLine(name)), Variant: v, own: o.Rate != nil || o.RateOff, overRun: o.OverLimit}
	switch {
	case o.RateOff:
	case o.Rate != nil:
		p.Rate = o.Rate
	default:
		p.Rate = s.Vendor.Limits().Windows
	}
	var bad []BadLine
	err := s.Store.View(ctx, func(r core.Reader) error {
		p.Lines, p.Held, p.Clients, bad = nil, nil, nil, nil
		known, err := s.knownTokens(r)
		if err != nil {
			return err
		}
		for _, l := range list.Lines {
			if err := known.refuses(printOf(l.Token)); err != nil {
				bad = append(bad, BadLine{l.Number, err})
			} else {
				p.Lines = append(p.Lines, l)
			}
		}
		return s.foresee(r, &p)
	})
	p.Took = s.estimate(p)
	return p, bad, err
}

// known are the tokens that were seen before, by their prints.
type known struct {
	rows   map[string]Row
	legacy map[string]core.Connection // stored connections of old tokens
}

func (k known) refuses(print string) error {
	if r, ok := k.rows[print]; ok {
		id, _, _ := strings.Cut(r.id, "-")
		return lineError("in-batch", "batch", short(id), "state", string(r.State))
	}
	if c, ok := k.legacy[print]; ok && !c.EndsAt.IsZero() && c.ReplacedBy != "" {
		return lineError("exchanged", "name", c.Name)
	}
	return nil
}

// short is how much of a batch's id is told.
func short(id string) string {
	const shown = 8
	return id[:min(shown, len(id))]
}

// Short is as much of the id as tells the batch from others.
func (b Batch) Short() string { return short(b.ID) }

func (s *Service) knownTokens(r core.Reader) (known, error) {
	k := known{rows: map[string]Row{}, legacy: map[string]core.Connection{}}
	rows, err := rowsOf(r, "")
	if err != nil {
		return k, err
	}
	for _, row := range rows {
		if row.State != Refused && row.State != Held { // nothing was done with those, and nothing will be by itself
			k.rows[row.Print] = row
		}
	}
	sums, err := core.Summaries(r)
	if err != nil {
		return k, err
	}
	for _, sum := range sums {
		if sum.Platform != s.Vendor.Platform() || sum.Grant != core.GrantAuthtoken {
			continue
		}
		c, err := core.GetConnection(r, sum.ID)
		if err != nil {
			return k, err
		}
		k.legacy[printOf(c.Secrets[core.SecretAuthtoken])] = c
	}
	return k, nil
}

// foresee counts, for each person and client, the grants that there would be,
// and holds back those that would end another.
func (s *Service) foresee(r core.Reader, p *Plan) error {
	stored, err := s.grants(r)
	if err != nil {
		return err
	}
	most := s.Vendor.Limits().Grants
	by := map[[2]string]*Client{}
	var lines []Line
	for _, l := range p.Lines {
		c := s.clientOf(by, p.Variant, l)
		c.Most, c.Stored = most, stored[c.ID]
		if most > 0 && c.Stored+c.Rows >= most && !p.overRun {
			c.Held++
			p.Held = append(p.Held, l)
			continue
		}
		c.Rows++
		lines = append(lines, l)
	}
	p.Lines = lines
	for _, c := range by {
		p.Clients = append(p.Clients, *c)
	}
	slices.SortFunc(p.Clients, func(a, b Client) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Owner, b.Owner))
	})
	return nil
}

// clientOf finds the person and client that a line's grant counts for. An own
// application has the one owner that its tokens have. A web application's
// tokens are of its many users: where the list does not say whose, the
// organization is the best guess.
func (s *Service) clientOf(by map[[2]string]*Client, v Variant, l Line) *Client {
	owner, guessed := strings.ToLower(l.Owner), false
	if v == Self {
		owner = ""
	} else if owner == "" {
		owner, guessed = l.OrgID, true
	}
	key := [2]string{l.ClientID, owner}
	if by[key] == nil {
		by[key] = &Client{ID: l.ClientID, Owner: owner, Guessed: guessed}
	}
	return by[key]
}

// grants counts the grants of each client that the store has, or may have
// given: those of stored connections and the lost and unknown ones of batches.
func (s *Service) grants(r core.Reader) (map[string]int, error) {
	out := map[string]int{}
	sums, err := core.Summaries(r)
	if err != nil {
		return nil, err
	}
	for _, sum := range sums {
		if sum.Platform != s.Vendor.Platform() || !sum.HasRefresh {
			continue
		}
		c, err := core.GetConnection(r, sum.ID)
		if err != nil {
			return nil, err
		}
		out[c.ClientID]++
	}
	rows, err := rowsOf(r, "")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.State == Unknown || row.State == Lost || row.State == Begun {
			out[row.ClientID]++
		}
	}
	return out, nil
}

// estimate is about how long the plan takes at its rate: each client has a
// rate of its own.
func (s *Service) estimate(p Plan) time.Duration {
	var longest time.Duration
	rows := map[string]int{}
	for _, l := range p.Lines {
		rows[l.ClientID]++
	}
	for _, n := range rows {
		longest = max(longest, spanOf(n, p.Rate))
	}
	return longest
}

// Begin writes a plan down, so that it can be run and gone on with. Nobody is
// called yet. Lines that another session wrote down meanwhile come back as bad.
func (s *Service) Begin(ctx context.Context, p Plan) (Batch, []BadLine, error) {
	now := s.Clock.Now().UTC()
	b := Batch{ID: core.NewID(), Name: p.Name, Platform: s.Vendor.Platform(), Variant: p.Variant, By: s.Events.Actor.String(), Made: now}
	if p.own {
		b.Rate, b.RateOff = p.Rate, p.Rate == nil
	}
	var bad []BadLine
	err := s.Store.Update(ctx, func(w core.Writer) error {
		bad, b.Rows, b.rev = nil, 0, 0
		known, err := s.knownTokens(w)
		if err != nil {
			return err
		}
		all := slices.Concat(p.Lines, p.Held)
		slices.SortFunc(all, func(x, y Line) int { return x.Number - y.Number })
		held := map[int]bool{}
		for _, l := range p.Held {
			held[l.Number] = true
		}
		var rows []Row
		for _, l := range all {
			print := printOf(l.Token)
			if err := known.refuses(print); err != nil {
				bad = append(bad, BadLine{l.Number, err})
				continue
			}
			row := Row{
				Line: l.Number, Name: l.Name, Region: l.Region, OrgID: l.OrgID, ClientID: l.ClientID, Owner: l.Owner, Scopes: l.Scopes, OldScopes: l.OldScopes,
				TokenEnd: endOf(l.Token), State: Waiting, Print: print, Legacy: known.legacy[print].ID, id: rowID(b.ID, l.Number),
			}
			if held[l.Number] {
				row.State, row.Code, row.Tried = Held, "tokenbatch.over-limit", "authtooauth"
			}
			if row, err = putRow(w, row, core.Secrets{core.SecretAuthtoken: l.Token, core.SecretClientSecret: l.ClientSecret}); err != nil {
				return err
			}
			rows = append(rows, row)
		}
		if len(rows) == 0 {
			return readError("nothing-left", nil)
		}
		b.Rows = len(rows)
		if b, err = putBatch(w, b); err != nil {
			return err
		}
		b.count(rows)
		return s.Events.Append(w, core.Event{Verb: core.VerbAdded, Subject: b.subject()})
	})
	return b, bad, err
}
