package lookup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/japanese"

	"deskward/core"
	"deskward/core/lookup"
)

func texts(l lookup.List) (out []string) {
	for _, one := range l.Lines {
		out = append(out, fmt.Sprintf("%d %s:%s", one.Number, one.Query.Kinds[0], one.Query.Text))
	}
	return out
}

func utf16le(s string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

func shiftJIS(s string) string {
	out, _ := japanese.ShiftJIS.NewEncoder().String(s)
	return out
}

func TestListsAreReadFromPlainLinesTablesAndTheirEncodings(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		text, column string
		want         []string
		bad          []lookup.BadLine
		blank, twice int
		header       string
	}{
		"lines":                 {text: "usr_1\nmina@example.com\n", want: []string{"1 external:usr_1", "2 email:mina@example.com"}},
		"CRLF, blank and twice": {text: "usr_1\r\n\r\n usr_2 \r\nusr_1\r\n", want: []string{"1 external:usr_1", "3 external:usr_2"}, blank: 1, twice: 1},
		"old Mac":               {text: "usr_1\rusr_2", want: []string{"1 external:usr_1", "2 external:usr_2"}},
		"address twice, other case": {
			text: "Mina@Example.com\nmina@example.COM", want: []string{"1 email:Mina@Example.com"}, twice: 1,
		},
		"ids differ by case":   {text: "usr_A\nusr_a", want: []string{"1 external:usr_A", "2 external:usr_a"}},
		"mark of UTF-8":        {text: "\ufeffusr_1\nusr_2", want: []string{"1 external:usr_1", "2 external:usr_2"}},
		"UTF-16":               {text: utf16le("usr_1\r\nユーザー9\r\n"), want: []string{"1 external:usr_1", "2 external:ユーザー9"}},
		"Shift_JIS":            {text: shiftJIS("氏名,外部ID\r\n山田,利用者1\r\n"), want: []string{"2 external:利用者1"}, header: "外部ID"},
		"comma in an id":       {text: "a,b\nc,d", want: []string{"1 external:a,b", "2 external:c,d"}},
		"known header":         {text: "name,email,x\n\"Yamada, Mina\",mina@example.com,1\n", want: []string{"2 email:mina@example.com"}, header: "email"},
		"header alone":         {text: "external_id\n12345\nm@example.com\n", want: []string{"2 external:12345", "3 external:m@example.com"}, header: "external_id"},
		"named column":         {text: "id;ext\n1;usr_1\n2;usr_2\n", column: "EXT", want: []string{"2 external:usr_1", "3 external:usr_2"}, header: "ext"},
		"pasted cells":         {text: "usr_1\tMina\nusr_2\tHana", want: []string{"1 external:usr_1", "2 external:usr_2"}},
		"line break in a cell": {text: "email,note\na@example.com,\"one\ntwo\"\nb@example.com,x\n", want: []string{"2 email:a@example.com", "4 email:b@example.com"}, header: "email"},
		"a quote never closed": {text: "email,note\n\"a@example.com,1\nb@example.com,2\n", want: []string{"3 email:b@example.com"}, bad: []lookup.BadLine{{Number: 2, Code: "quote"}}, header: "email"},
		"a row too short":      {text: "name,email\nMina\nHana,h@example.com", want: []string{"3 email:h@example.com"}, bad: []lookup.BadLine{{Number: 2, Code: "short"}}, header: "email"},
		"break within the id":  {text: "email,x\n\"a@example.com\nb\",1", bad: []lookup.BadLine{{Number: 2, Code: "break"}}, header: "email"},
		"control characters":   {text: "usr_\x1b[2J1\nusr_2", want: []string{"2 external:usr_2"}, bad: []lookup.BadLine{{Number: 1, Code: "control"}}},
		"too long":             {text: strings.Repeat("x", 5000) + "\nusr_2", want: []string{"2 external:usr_2"}, bad: []lookup.BadLine{{Number: 1, Code: "too-long"}}},
		"said before a colon":  {text: "text:Mina Yamada\nsupport:123", want: []string{"1 text:Mina Yamada", "2 support:123"}},
	} {
		l, err := lookup.ReadList([]byte(one.text), one.column)
		if err != nil || !slices.Equal(texts(l), one.want) || !slices.Equal(l.Bad, one.bad) || l.Blank != one.blank || l.Twice != one.twice || l.Column != one.header {
			t.Errorf("%s: %q, %v; want %q\n%+v", name, texts(l), err, one.want, l)
		}
	}
}

func TestAListThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 20_001 {
		fmt.Fprintln(&many, "usr_", i)
	}
	for name, one := range map[string]struct{ text, column, want string }{
		"nothing":         {"", "", "batch.empty"},
		"blanks":          {"\n \r\n\t\n", "", "batch.empty"},
		"header alone":    {"email\n", "", "batch.empty"},
		"binary":          {"PK\x03\x04\x00\x00", "", "batch.not-text"},
		"no such column":  {"id,ext\n1,2", "mail", "batch.no-column"},
		"far too many":    {many.String(), "", "batch.too-many"},
		"binary with JIS": {"\xff\xfe\x00\x00", "", "batch.not-text"},
	} {
		if _, err := lookup.ReadList([]byte(one.text), one.column); core.CodeOf(err) != one.want || core.ClassOf(err) != core.Usage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	for _, s := range []string{"usr_1\r\nmina@example.com", "name,email\n\"a\nb\",c@example.com", "\"\"\"\n\t,;", "\xff\xfea\x00", shiftJIS("外部ID\n山田"), "email:\n:x\n\"'`"} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "email")
	}
	f.Fuzz(func(t *testing.T, raw []byte, column string) {
		l, err := lookup.ReadList(raw, column)
		if err != nil {
			if core.CodeOf(err) == "" {
				t.Fatalf("%v has no code", err)
			}
			return
		}
		last := 0
		seen := map[string]bool{}
		for _, one := range l.Lines {
			q := one.Query
			if one.Number <= last || q.Text == "" || len(q.Kinds) == 0 || core.CleanLine(q.Text) != q.Text {
				t.Fatalf("%+v behind line %d", one, last)
			}
			last = one.Number
			if key := string(q.Kinds[0]) + q.Text; seen[key] {
				t.Fatalf("%q is there twice", key)
			} else {
				seen[key] = true
			}
		}
		for _, b := range l.Bad {
			if b.Number < 1 || b.Code == "" {
				t.Fatalf("%+v", b)
			}
		}
	})
}
