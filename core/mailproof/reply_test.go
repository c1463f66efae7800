package mailproof

import (
	"bufio"
	"strings"
	"testing"

	"deskward/core"
)

func FuzzReplies(f *testing.F) {
	f.Add("220-a\r\n220 b\r\n")
	f.Add("* OK hi\r\n")
	f.Add("* CAPABILITY X\r\na1 OK done\r\n")
	f.Add("+ e30=\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		clean := func(r Reply, err error) {
			if err == nil && core.CleanText(r.Text) != r.Text {
				t.Errorf("%q", r.Text)
			}
		}
		r, err := readSMTP(bufio.NewReader(strings.NewReader(raw)))
		clean(r, err)
		if err == nil && (r.Code < 200 || r.Code > 599) {
			t.Errorf("%+v", r)
		}
		for _, tag := range []string{"", "a1"} {
			clean(readIMAP(bufio.NewReader(strings.NewReader(raw)), tag, func(string) {}))
		}
	})
}
