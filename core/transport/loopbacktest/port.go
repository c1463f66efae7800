// Package loopbacktest helps tests that need a port of loopback by number.
package loopbacktest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports to choose from lie below those that systems give to outgoing
// connections and to listeners without a number (Linux: from 32768): a port
// that was free there a moment ago may be taken by anybody's next call.
const (
	lowest = 20000
	beyond = 32000
)

// FreePort returns a port that nobody listens on, now and most likely for as
// long as the test runs.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := lowest + rand.IntN(beyond-lowest)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("a hundred ports are taken")
	return 0
}
