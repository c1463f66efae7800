package tokenbatch_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/japanese"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
	"deskward/core/sheet"
	"deskward/core/tokenbatch"
)

func reader() *tokenbatch.Service {
	return &tokenbatch.Service{Vendor: zoho.Batch(platform.Services{})}
}

const token = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func defaults() tokenbatch.Defaults {
	return tokenbatch.Defaults{Region: "jp", OrgID: "60001234567", ClientID: "1000.CLIENT", ClientSecret: core.NewSecret("canary-secret")}
}

// wide writes a text as UTF-16, as spreadsheets write "Unicode text".
func wide(s string, big bool) string {
	var b strings.Builder
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(s))...) {
		if big {
			b.WriteByte(byte(u >> 8))
			b.WriteByte(byte(u))
		} else {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
	}
	return b.String()
}

func TestAListIsReadInEveryEncodingAndForm(t *testing.T) {
	t.Parallel()
	plain := "用途,認証トークン,組織ID,スコープ,データセンター\n" +
		"請求,\"" + token + "1\",60009876543,\"Desk.tickets.READ、Desk.basic.READ\",日本\n" +
		"\n" +
		"\"二行の\n用途\"," + token + "2,ZohoSupport.60009876543,,https://accounts.zoho.eu\n"
	inShiftJIS, err := japanese.ShiftJIS.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text string
		enc  sheet.Encoding
	}{
		"UTF-8":      {plain, sheet.UTF8},
		"with BOM":   {"\ufeff" + plain, sheet.UTF8},
		"CRLF":       {strings.ReplaceAll(plain, "\n", "\r\n"), sheet.UTF8},
		"CR":         {strings.ReplaceAll(plain, "\n", "\r"), sheet.UTF8},
		"Shift_JIS":  {inShiftJIS, sheet.ShiftJIS},
		"UTF-16 LE":  {wide(plain, false), sheet.UTF16},
		"UTF-16 BE":  {wide(plain, true), sheet.UTF16},
		"no newline": {strings.TrimSuffix(plain, "\n"), sheet.UTF8},
	} {
		l, err := reader().Read([]byte(tt.text), tokenbatch.ReadOptions{Variant: tokenbatch.Self, Defaults: defaults()})
		if err != nil || l.Encoding != tt.enc || len(l.Lines) != 1 || len(l.Bad) != 1 || l.Blank != 1 {
			t.Errorf("%s: %+v, %v", name, l, err)
			continue
		}
		got := l.Lines[0]
		if got.Number != 2 || got.Name != "請求" || got.Region != "jp" || got.OrgID != "60009876543" || !slices.Equal(got.Scopes, []string{"Desk.tickets.READ", "Desk.basic.READ"}) {
			t.Errorf("%s: %+v", name, got)
		}
		// The name of the other has a line break; its line number counts the file's lines.
		if l.Bad[0].Number != 4 || core.CodeOf(l.Bad[0].Err) != "tokenbatch.line.control" {
			t.Errorf("%s: %+v", name, l.Bad[0])
		}
	}
}

func TestEachBadLineHasItsNumberAndReasonAndTheOthersAreGood(t *testing.T) {
	t.Parallel()
	rows := []struct{ cells, code string }{
		{token + "1,60001,us,Desk.basic.READ,A,c,s", ""},
		{",60001,us,Desk.basic.READ,B,c,s", "tokenbatch.line.no-token"},
		{token + "1,60001,us,,C,c,s", "tokenbatch.line.twice"},
		{token + "3,6.0E+10,us,,D,c,s", "tokenbatch.line.org-rounded"},
		{token + "4,abc,us,,E,c,s", "zoho.bad-org-id"},
		{token + "5,60001,mars,,F,c,s", "zoho.unknown-region"},
		{token + "6,60001,us,desk.tickets.read,G,c,s", "zoho.bad-scope"},
		{"=cmd|x,60001,us,,H,c,s", "tokenbatch.line.bad-token"},
		{token + "7,60001,us,,A,c,s", "tokenbatch.line.name-twice"},
		{token + "8,60001,us,,I\x1b[31m,c,s", "tokenbatch.line.control"},
		{token + "9,60001,,,J,c,s", "tokenbatch.line.no-region"},
		{token + "a,,us,,K,c,s", "tokenbatch.line.no-org"},
		{token + "b,60001,us,,L,,s", "tokenbatch.line.no-client"},
		{token + "c,60001,us,,M,c,", "tokenbatch.line.no-secret"},
		{token + "d,60001,us,,\"N,c,s", "tokenbatch.line.quote"},
		{token + "e,60001,us,," + strings.Repeat("x", 3000) + ",c,s", "tokenbatch.line.too-long"},
		{" " + token + "\u00a0f , 6000 1 ,US,Desk.tickets.READ; Desk.basic.READ,O, c ,s ", ""},
		{",,,,,,", "blank"},
	}
	text := "authtoken,org_id,region,scopes,name,client_id,client_secret\n"
	for _, r := range rows {
		text += r.cells + "\n"
	}
	l, err := reader().Read([]byte(text), tokenbatch.ReadOptions{Variant: tokenbatch.Self})
	if err != nil {
		t.Fatal(err)
	}
	bad, good := map[int]string{}, map[int]bool{}
	for _, b := range l.Bad {
		bad[b.Number] = core.CodeOf(b.Err)
		if strings.Contains(b.Err.Error(), token) {
			t.Errorf("line %d: the reason holds the token", b.Number)
		}
	}
	for _, g := range l.Lines {
		good[g.Number] = true
	}
	for i, r := range rows {
		n := i + 2
		if want := r.code; want == "blank" {
			if bad[n] != "" || good[n] || l.Blank != 1 {
				t.Errorf("line %d is not blank: %q", n, bad[n])
			}
		} else if bad[n] != want || good[n] != (want == "") {
			t.Errorf("line %d (%.30s): %q, want %q", n, r.cells, bad[n], want)
		}
	}
	if last := l.Lines[1]; last.Token.Reveal() != token+"f" || last.OrgID != "60001" || last.Region != "us" || last.ClientSecret.Reveal() != "s" {
		t.Errorf("blanks are not removed: %+v", last)
	}
}

func TestHeadersAreKnownOrMappedByHand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, header, row string
		hand              map[string]tokenbatch.Field
		code              string
	}{
		{"known", "Auth Token;Org ID", token + ";60001", nil, ""},
		{"Japanese", "認証トークン\t組織 ID", token + "\t60001", nil, ""},
		{"by hand", "Key,Firma", token + ",60001", map[string]tokenbatch.Field{"key": "authtoken", "Firma": "org_id"}, ""},
		{"by hand over a known one", "token,real", "x," + token, map[string]tokenbatch.Field{"real": "authtoken"}, ""},
		{"known one before the one by hand", "real,token", token + ",x", map[string]tokenbatch.Field{"real": "authtoken"}, ""},
		{"ignored", "token,authtoken", "x," + token, map[string]tokenbatch.Field{"token": "ignore"}, ""},
		{"one column", "authtoken", token, nil, ""},
		{"two of one", "token,authtoken", "x," + token, nil, "tokenbatch.column-twice"},
		{"mapped header missing", "token,b", token + ",x", map[string]tokenbatch.Field{"nowhere": "owner"}, "tokenbatch.no-header"},
		{"none", "a,b", "x,y", nil, "tokenbatch.no-token-column"},
		{"no header", token + ",60001", token + "2,60001", nil, "tokenbatch.no-token-column"},
		{"header alone", "authtoken,org_id", "", nil, "tokenbatch.empty"},
		{"nothing", "", "", nil, "tokenbatch.empty"},
		{"binary", "\x00\x01", "", nil, "tokenbatch.not-text"},
	} {
		l, err := reader().Read([]byte(tt.header+"\n"+tt.row+"\n"), tokenbatch.ReadOptions{Variant: tokenbatch.Self, Defaults: defaults(), Map: tt.hand})
		if core.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.code)
		}
		if tt.code == "" && (len(l.Lines) != 1 || l.Lines[0].Token.Reveal() != token) {
			t.Errorf("%s: %+v", tt.name, l)
		}
		if e, ok := err.(*core.Error); ok {
			for _, p := range e.Params {
				if strings.Contains(p, token) {
					t.Errorf("%s: the error repeats what may be a token", tt.name)
				}
			}
		}
	}
}

func FuzzAListLosesNoLineAndTellsNoToken(f *testing.F) {
	f.Add([]byte("authtoken,org_id,region\nabc,60001,us\n"))
	f.Add([]byte("認証トークン\t組織ID\r\n\"a\nb\"\t1\r\n"))
	f.Add([]byte("\xff\xfea\x00u\x00"))
	f.Add([]byte("token;token\n;"))
	f.Add([]byte("authtoken\n\"\n\"\n\"\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := reader().Read(raw, tokenbatch.ReadOptions{Variant: tokenbatch.Self, Defaults: defaults()})
		if err != nil {
			if core.ClassOf(err) != core.Usage {
				t.Fatalf("%v", err)
			}
			return
		}
		text, _, _ := sheet.Decode(raw)
		lines := len(sheet.Lines(text))
		seen := map[int]bool{}
		take := func(n int) {
			if n < 2 || n > lines || seen[n] {
				t.Fatalf("line %d of %d, seen %v", n, lines, seen[n])
			}
			seen[n] = true
		}
		names := map[string]bool{}
		for _, g := range l.Lines {
			take(g.Number)
			name := strings.ToLower(g.Name)
			if names[name] || g.Token.Empty() || g.OrgID == "" || g.Region == "" || core.CleanLine(g.Name) != g.Name {
				t.Fatalf("%+v", g)
			}
			names[name] = true
			if _, err := strconv.Atoi(g.OrgID[:min(9, len(g.OrgID))]); err != nil {
				t.Fatalf("organization %q", g.OrgID)
			}
		}
		for _, b := range l.Bad {
			take(b.Number)
			if core.CodeOf(b.Err) == "" {
				t.Fatal(b.Err)
			}
		}
	})
}
