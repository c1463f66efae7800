package locale

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// found is what members finds, decoded.
func found(raw []byte) (map[string]any, error) {
	out := map[string]any{}
	var bad error
	err := members(raw, func(key string, value []byte) {
		var v any
		if err := json.Unmarshal(value, &v); err != nil {
			bad = err
		}
		out[key] = v
	})
	if err == nil {
		err = bad
	}
	return out, err
}

func TestMembersOfATextFileAreThoseThatEncodingJSONFinds(t *testing.T) {
	for _, raw := range []string{
		`{}`,
		`{"a":"b"}`,
		" {\n  \"a.b\": \"say \\\"no\\\"\",\n  \"c\": {\"one\": \"{{.Count}} } key\", \"other\": \"\\\\\"}\n}\n",
		`{"\u0061":"日本語","z":""}`,
		"{\"\xff\":\"\",\"\":{\"\":\"\"}}", // found by fuzzing: an invalid letter in a key is replaced
	} {
		var want map[string]any
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		got, err := found([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s\n%s", raw, d)
		}
	}
}

func TestMembersRefusesWhatIsNoFileOfTexts(t *testing.T) {
	for _, raw := range []string{``, `[]`, `{`, `{"a"}`, `{"a":}`, `{"a":1}`, `{"a":"b"`, `{"a":"b"}}`, `{"a":"b`, `{a:"b"}`, `{"a":{"b":"c"}`} {
		if got, err := found([]byte(raw)); err == nil {
			t.Errorf("%s was read as %v", raw, got)
		}
	}
}

// FuzzMembers holds that a file of texts and objects is read as encoding/json
// reads it, and that nothing else crashes.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":"b\"","c":{"one":"x","other":"y"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := found(raw)
		var want map[string]any
		if json.Unmarshal(raw, &want) != nil || err != nil {
			return
		}
		if !maps.EqualFunc(want, got, func(a, b any) bool { return cmp.Equal(a, b) }) {
			t.Errorf("%q: %v, want %v", raw, got, want)
		}
	})
}
