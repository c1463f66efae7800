package deluge_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"deskward/core/deluge"
)

// BenchmarkRewrite rewrites a folder's worth of functions, all of which use
// auth tokens, and prints MB/s beside the floor: looking at each byte once.
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
	start := time.Now()
	for b.Loop() {
		for _, src := range all {
			deluge.RewriteFile("f.dg", src, deluge.Options{Connection: link})
		}
	}
	rate := float64(size) * float64(b.N) / time.Since(start).Seconds() / 1e6
	b.ReportMetric(rate, "MB/s/core")
	b.ReportMetric(floor/rate, "x-floor")
}

// scanned is how fast bytes can be looked at one by one, in MB/s.
func scanned(b *testing.B, all []string, size int) float64 {
	b.Helper()
	start, n, seen := time.Now(), 0, 0
	for time.Since(start) < 50*time.Millisecond {
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
	return float64(size) * float64(n) / time.Since(start).Seconds() / 1e6
}
