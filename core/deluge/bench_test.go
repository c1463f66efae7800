package deluge_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"deskward/core/deluge"
)

// BenchmarkRewrite rewrites a folder's worth of functions, nearly every line of
// which has to do with auth tokens, and prints MB/s beside the floor: looking
// at each byte once. Both count the processor time of this process, the
// collector's included, so that what else runs on the machine does not matter.
func BenchmarkRewrite(b *testing.B) {
	var all []string
	size := 0
	for _, f := range corpus(b) {
		// As long as real functions are: the cases are a few lines each.
		text := strings.Repeat(f.in+"\n", 8)
		all = append(all, text)
		size += len(text)
	}
	floor := scanned(b, all, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	start := worked(b)
	for b.Loop() {
		for _, src := range all {
			deluge.RewriteFile("f.dg", src, deluge.Options{Connection: link})
		}
	}
	rate := float64(size) * float64(b.N) / (worked(b) - start).Seconds() / 1e6
	b.ReportMetric(rate, "MB/s/core")
	b.ReportMetric(floor/rate, "x-floor")
}

// scanned is how fast bytes can be looked at one by one, in MB/s.
func scanned(b *testing.B, all []string, size int) float64 {
	b.Helper()
	start, n, seen := worked(b), 0, 0
	for worked(b)-start < 50*time.Millisecond {
		for _, src := range all {
			for i := range len(src) {
				if src[i] == '"' {
					seen++
				}
			}
		}
		n++
	}
	runtime.KeepAlive(seen)
	return float64(size) * float64(n) / (worked(b) - start).Seconds() / 1e6
}

// worked is the processor time of this process so far.
func worked(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRewriteMigrated is what most of a folder is: functions that use
// connections already, in which nothing is to be done.
func BenchmarkRewriteMigrated(b *testing.B) {
	one := deluge.Rewrite(migrated, deluge.Options{Connection: link}).Apply(migrated)
	src := strings.Repeat(one, 20)
	floor := scanned(b, []string{src}, len(src))
	b.SetBytes(int64(len(src)))
	start := worked(b)
	for b.Loop() {
		deluge.RewriteFile("f.dg", src, deluge.Options{Connection: link})
	}
	rate := float64(len(src)) * float64(b.N) / (worked(b) - start).Seconds() / 1e6
	b.ReportMetric(rate, "MB/s/core")
	b.ReportMetric(floor/rate, "x-floor")
}

const migrated = `// Notes of the day go to the ticket that was opened last by the customer.
orgId = "60001234567";
found = invokeurl
[
	url :"https://desk.zoho.com/api/v1/tickets/search?limit=1&sortBy=-createdTime&contactId=" + contactId
	type :GET
	headers:{"orgId":orgId}
	connection:"deskoperation"
];
if(found != null && found.get("data").size() > 0)
{
	for each  ticket in found.get("data")
	{
		note = Map();
		note.put("content","Called at " + zoho.currenttime + ": " + summary);
		note.put("isPublic","false");
		info "adding a note to the ticket " + ticket.get("ticketNumber");
	}
}
`
