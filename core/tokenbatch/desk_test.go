package tokenbatch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
	"deskward/core/tokenbatch"
	"deskward/core/transport"
	"deskward/store/mem"
)

// desk is a service over Zoho's double.
type desk struct {
	testing.TB
	sb      *sandbox.Sandbox
	fix     sandbox.ZohoFixtures
	service *tokenbatch.Service
	store   core.Store
	conns   *core.Connections
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	d := &desk{TB: t, sb: sb, fix: sb.Fixtures().Zoho}
	if d.service, err = serviceFor(mem.New(), sb.Clock(), sb.Endpoints()); err != nil {
		t.Fatal(err)
	}
	d.service.Wait = func(ctx context.Context, wait time.Duration) error { // the clock goes on, the test does not wait
		sb.Clock().Advance(wait)
		return ctx.Err()
	}
	d.store = d.service.Store
	d.conns = &core.Connections{Store: d.store, Events: d.service.Events}
	return d
}

func serviceFor(st core.Store, clock core.Clock, endpoints transport.Endpoints) (*tokenbatch.Service, error) {
	client, err := transport.New(transport.Options{Clock: clock})
	if err != nil {
		return nil, err
	}
	events := &core.EventLog{Store: st, Clock: clock, Actor: core.Actor{User: "admin", Host: "test"}}
	vendor := zoho.Batch(platform.Services{
		Connections: &core.Connections{Store: st, Events: events}, Store: st, Events: events, Clock: clock, HTTP: client, Endpoints: endpoints,
	})
	return &tokenbatch.Service{Store: st, Events: events, Clock: clock, Vendor: vendor, Lease: time.Second}, nil
}

// made adds auth tokens to the double and returns them as an admin's list.
func (d *desk) made(count, clients int) ([]sandbox.ZohoLegacy, string) {
	d.Helper()
	all, err := d.sb.AddZohoAuthtokens(count, clients)
	if err != nil {
		d.Fatal(err)
	}
	return all, listOf(all)
}

func listOf(all []sandbox.ZohoLegacy) string {
	var b strings.Builder
	b.WriteString("name,authtoken,org_id,region,client_id,client_secret\n")
	for _, l := range all {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s\n", l.Name, l.Authtoken, l.OrgID, l.Region, l.ClientID, l.ClientSecret)
	}
	return b.String()
}

// begun writes a list down.
func (d *desk) begun(list string, v tokenbatch.Variant, o tokenbatch.PlanOptions) tokenbatch.Batch {
	d.Helper()
	read, err := d.service.Read([]byte(list), tokenbatch.ReadOptions{Variant: v})
	if err != nil {
		d.Fatal(err)
	}
	plan, bad, err := d.service.Plan(d.Context(), "list.csv", v, read, o)
	if err != nil || len(bad)+len(read.Bad) > 0 {
		d.Fatalf("%v, %v, %v", err, bad, read.Bad)
	}
	b, bad, err := d.service.Begin(d.Context(), plan)
	if err != nil || len(bad) > 0 {
		d.Fatalf("%v, %v", err, bad)
	}
	return b
}

func (d *desk) run(b tokenbatch.Batch, o tokenbatch.RunOptions) tokenbatch.Outcome {
	d.Helper()
	out, err := d.service.Run(d.Context(), b.ID, o, nil)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

func (d *desk) rows(b tokenbatch.Batch) []tokenbatch.Row {
	d.Helper()
	_, rows, err := d.service.Rows(d.Context(), b.ID)
	if err != nil {
		d.Fatal(err)
	}
	return rows
}

func (d *desk) wantCounts(b tokenbatch.Batch, want map[tokenbatch.State]int) {
	d.Helper()
	for _, s := range tokenbatch.States() {
		if b.Counts[s] != want[s] {
			d.Errorf("%s: %d, want %d (%v)", s, b.Counts[s], want[s], b.Counts)
		}
	}
}

// noneTwice fails where a token came in after it had been exchanged.
func (d *desk) noneTwice() {
	d.Helper()
	for token, e := range d.sb.ZohoExchanges() {
		if e.After > 0 || e.Done > 1 {
			d.Errorf("…%s: %+v", token[len(token)-4:], e)
		}
	}
}
