package main

import (
	"os"
	"testing"
)

// mostBytes is how large the release may be.
const mostBytes = 25_000_000

// TestTheReleaseIsSmall builds what README says to install. Its weight jumps by
// a tenth when anything in it looks a method up by a name known only at run
// time, as text/template and html/template do: the linker then keeps every
// method of every type. `go build -ldflags=-dumpdep` names such places
// <ReflectMethod>.
func TestTheReleaseIsSmall(t *testing.T) {
	t.Parallel()
	at, err := os.Stat(build(t, ".", "deskward"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.2f MB", float64(at.Size())/1e6)
	if at.Size() > mostBytes {
		t.Errorf("the release has %.2f MB, and may have %.0f", float64(at.Size())/1e6, float64(mostBytes)/1e6)
	}
}
