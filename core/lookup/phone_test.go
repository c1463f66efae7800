package lookup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"deskward/core/lookup"
)

func phoneOf(text string) lookup.Phone {
	p, _ := lookup.ReadPhone(text)
	return p
}

func TestAPhoneNumberIsOneQueryHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"+81 90-1234-5678":    "[phone] +819012345678",
		"+819012345678":       "[phone] +819012345678",
		"+81 (0)90 1234 5678": "[phone] +819012345678",
		"(+81) 90-1234-5678":  "[phone] +819012345678",
		"＋８１（０）９０−１２３４−５６７８": "[phone] +819012345678",
		"(03) 1234-5678":            "[phone] 0312345678",
		"（03）1234-5678":             "[phone] 0312345678",
		"tel:+81-90-1234-5678":      "[phone] +819012345678",
		"Tel: 03-1234-5678":         "[phone] 0312345678",
		"phone:0312345678":          "[phone] 0312345678",
		"090-1234-5678":             "[phone external] 09012345678",
		"090-12345678":              "[phone external] 09012345678", // and no Chat visitor
		"090 1234 5678":             "[phone external] 09012345678",
		"090ー1234ー5678":             "[phone external] 09012345678",
		"513.555.7611":              "[phone external] 5135557611",
		"1234 5678":                 "[phone external] 12345678",
		"09012345678":               "[external phone] 09012345678", // an id as well as a number
		"12345678901":               "[support external]",
		"2024-0001-123":             "[external username text]",
		"01-02-2024":                "[external username text]",
		"0000012345":                "[support external]",
		"9855790-1234567890":        "[chat external]",
		"9855790-xjj3u5xPWhW1Fv":    "[chat external]",
		"192.168.100.200":           "[external username text]",
		"+81":                       "[external username text]",
		"+81 90-1234-5678 ext. 4":   "[text external]",
		"((03) 1234-5678":           "[text external]",
		"+81 90-1234-5678-90-12-34": "[text external]",
	} {
		q := lookup.Parse(typed)
		got := fmt.Sprint(q.Kinds)
		if q.Is(lookup.ByPhone) {
			got += " " + phoneOf(q.Text).String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}

func TestTheZeroBeforeAnAreaIsLeftOutWhereTheCountrysCodeMayStand(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"03-1234-5678": "312345678", "+81 3-1234-5678": "81312345678", "+81 (0)3-1234-5678": "81312345678", "513 555 7611": "5135557611", "0000-0000": "",
	} {
		if got := phoneOf(typed).Subscriber(); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

func TestALineWithAPhoneNumberIsOneQueryOfAList(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		text  string
		want  []string
		twice int
	}{
		"lines": {
			text: "+81 90-1234-5678\n(03) 1234-5678\nusr_1\n+81-90-1234-5678\n", twice: 1,
			want: []string{"1 [phone] +81 90-1234-5678", "2 [phone] (03) 1234-5678", "3 [external username text] usr_1"},
		},
		"table": {
			text: "name,電話番号\n\"山田, 美奈\",(03) 1234-5678\nB,9012345678\nC,mina@example.com\nD,n/a\n",
			want: []string{"2 [phone] (03) 1234-5678", "3 [phone] 9012345678", "4 [email external] mina@example.com", "5 [external username text] n/a"},
		},
		"bare digits below a header": {text: "phone\n09012345678\n", want: []string{"2 [phone] 09012345678"}},
		"bare digits":                {text: "09012345678\n", want: []string{"1 [external phone] 09012345678"}},
		"pasted cells":               {text: "(03) 1234-5678\tMina\n+81 90 1234 5678\tHana", want: []string{"1 [phone] (03) 1234-5678", "2 [phone] +81 90 1234 5678"}},
	} {
		l, err := lookup.ReadList([]byte(one.text), "")
		var got []string
		for _, line := range l.Lines {
			got = append(got, fmt.Sprint(line.Number, " ", line.Query.Kinds, " ", line.Query.Text))
		}
		if err != nil || !slices.Equal(got, one.want) || len(l.Bad) != 0 || l.Twice != one.twice {
			t.Errorf("%s: %q (%d twice), %v; want %q", name, got, l.Twice, err, one.want)
		}
	}
}

func TestABatchAsksForAPhoneNumberOnceAndForBareDigitsAsIDs(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support := supportOf(3)
	support.takes = append(support.takes, lookup.ByPhone)
	support.all[1].Phone = "+81 90-1234-5678"
	support.all[2].Phone, support.all[0].Phone = "(03) 1234-5678", "+81312345678"
	b := begin(t, s, list(t, "090-1234-5678", "+81 3-1234-5678", "(03) 1234-5678", "09012345670"))
	if _, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	got, rows := outcomes(t, s, b.ID)
	if want := map[int]lookup.Outcome{1: lookup.NotLinked, 2: lookup.NotLinked, 3: lookup.Several, 4: lookup.NoOne}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if v := rows[0].Answers[0].Visitors; len(v) != 1 || v[0].ExternalID != "usr_0001" {
		t.Errorf("%+v", v)
	}
	if len(support.calls) != 3 { // the bare digits are in the lot of external ids
		t.Errorf("%v", support.calls)
	}
}

func FuzzReadPhone(f *testing.F) {
	for _, s := range []string{"+81 (0)90-1234-5678", "（03）1234-5678", "tel:0312345678", "+", "((", "(0)(0)+81", "+0(0)1234567", "\xff+81", "Tel: ＋（０）"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := lookup.ReadPhone(text)
		if !ok {
			return
		}
		if strings.Trim(p.Digits, "0123456789") != "" || len(p.Digits) < 7 || len(p.Digits) > 15 {
			t.Fatalf("%q: %+v", text, p)
		}
		if again, ok := lookup.ReadPhone(p.String()); !ok || again != p {
			t.Fatalf("%q: %+v read again is %+v", text, p, again)
		}
		if q := lookup.Parse(p.String()); p.International && !slices.Equal(q.Kinds, []lookup.QueryKind{lookup.ByPhone}) {
			t.Fatalf("%q: %v", text, q.Kinds)
		}
	})
}
