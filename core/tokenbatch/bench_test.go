package tokenbatch_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/tokenbatch"
	"deskward/store"
)

// BenchmarkBatch prints which part of concurrency ÷ latency a batch of a
// thousand tokens reaches on a store in a file, its limiter off, at 100 ms of
// latency: 100 % would be calls that need no time but the vendor's.
// Beside it stands how it compares to the same calls made bare, on this machine
// and in the same run: without a journal, a store or a limiter.
func BenchmarkBatch(b *testing.B) {
	const latency = 100 * time.Millisecond
	for _, concurrency := range []int{4, 16, 32} {
		b.Run(fmt.Sprintf("concurrency-%d", concurrency), func(b *testing.B) {
			b.StopTimer()
			tokens := b.N
			d := newDesk(b)
			file, err := store.Create(b.Context(), filepath.Join(b.TempDir(), "deskward.db"), weak(), store.Member{Label: "test", Passphrase: passphrase()})
			if err != nil {
				b.Fatal(err)
			}
			d.over(file)
			_, list := d.made(tokens, max(1, tokens/20))
			batch := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
			d.sb.SetFault(sandbox.Fault{Service: "zoho.accounts", Latency: latency})
			floor := d.bare(tokens, concurrency)
			b.StartTimer()
			began := time.Now()
			out := d.run(batch, tokenbatch.RunOptions{Concurrency: concurrency, Unasked: true})
			took := time.Since(began)
			b.StopTimer()
			if out.Batch.Counts[tokenbatch.Done] != tokens {
				b.Fatalf("%v", out.Batch.Counts)
			}
			d.noneTwice()
			rate := float64(tokens) / took.Seconds()
			b.ReportMetric(rate, "tokens/s")
			b.ReportMetric(100*floor.Seconds()/took.Seconds(), "%of-bare-calls")
			b.ReportMetric(100*rate/(float64(concurrency)/latency.Seconds()), "%of-concurrency/latency")
		})
	}
}

// bare makes the calls of other tokens without a batch, and says how long that
// takes.
func (d *desk) bare(tokens, concurrency int) time.Duration {
	d.Helper()
	all, _ := d.made(tokens, max(1, tokens/20))
	queue := make(chan sandbox.ZohoLegacy, tokens)
	for _, l := range all {
		queue <- l
	}
	close(queue)
	began := time.Now()
	var wg sync.WaitGroup
	for range concurrency {
		wg.Go(func() {
			for l := range queue {
				if _, err := d.service.Vendor.Exchange(d.Context(), tokenbatch.Self, tokenbatch.Line{
					Name: l.Name, Region: l.Region, OrgID: l.OrgID, ClientID: l.ClientID, Scopes: []string{"Desk.basic.READ"},
					Token: core.NewSecret(l.Authtoken), ClientSecret: core.NewSecret(l.ClientSecret),
				}); err != nil {
					d.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}
