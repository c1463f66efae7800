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
	rewriteAll(b, all, size)
}

func rewriteAll(b *testing.B, all []string, size int) {
	b.Helper()
	floor := scanned(b, all, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var w deluge.Rewriter
	start := worked(b)
	for b.Loop() {
		for _, src := range all {
			w.RewriteFile("f.dg", src, deluge.Options{Connection: link})
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
	rewriteAll(b, []string{src}, len(src))
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

// BenchmarkRewriteFolder is a company's folder: forty functions of which one in
// three touches an auth token, the others use connections or no request.
func BenchmarkRewriteFolder(b *testing.B) {
	done := deluge.Rewrite(migrated, deluge.Options{Connection: link}).Apply(migrated)
	var all []string
	size := 0
	for i, f := range corpus(b) {
		if len(all) == 40 {
			break
		}
		text := strings.Repeat(done, 2)
		if i%3 == 0 {
			text = done + f.in + done
		}
		all = append(all, text)
		size += len(text)
	}
	rewriteAll(b, all, size)
}
