package zendesk

import (
	"testing"

	"deskward/core"
)

func FuzzChatVisitorsAreReadOrLeftOut(f *testing.F) {
	for _, s := range []string{
		`{"id":"9855790.xjj3ukxyIhn6j3","created":1586950554,"banned":false,"name":"Visitor 1"}`,
		`{"id":12345,"created":"2014-06-30T08:28:31Z","external_id":null,"banned":true}`, `{"id":{}}`, `[]`, `"x"`, `{"id":1e400,"created":99999999999999999999}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, ok := chatVisitor(raw)
		if ok && (v.ID == "" || v.Kind != core.VisitorChat || v.Name != core.CleanLine(v.Name)) {
			t.Errorf("%+v", v)
		}
	})
}
