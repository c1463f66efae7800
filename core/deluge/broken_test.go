package deluge_test

import (
	"testing"

	"deskward/core/deluge"
)

func TestATextMayEndRightBehindARequest(t *testing.T) {
	t.Parallel()
	src := `answer = getUrl("https://desk.zoho.com/api/v1/tickets?authtoken=" + token)`
	r := deluge.Rewrite(src, deluge.Options{Connection: link})
	if sameMeaning(t, src+";", r.Apply(src)+";") == 0 {
		t.Errorf("not rewritten: %s", r.Apply(src))
	}
}

func TestEveryBeginningOfAFunctionIsRead(t *testing.T) {
	t.Parallel()
	for _, f := range corpus(t) {
		for end := range f.in {
			deluge.Rewrite(f.in[:end], deluge.Options{Connection: link})
			deluge.Connections("f.dg", f.in[:end])
		}
	}
}
