package core

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The payloads are those by which terminals were attacked before:
// CVE-2021-25743, CVE-2023-30844, CVE-2003-0069 and their like.
func TestForeignTextCanNeitherMoveTheCursorNorDisguiseItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {"Acme Europe", "Acme Europe"},
		"japanese":         {"山田 美奈", "山田 美奈"},
		"emoji sequence":   {"👩‍💻", "👩‍💻"},
		"OSC 52":           {"\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"},
		"OSC 8":            {"\x1b]8;;https://evil.test\x1b\\x", "␛]8;;https://evil.test␛\\x"},
		"colours":          {"\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		"cursor":           {"\x1b[2J\x1b[H", "␛[2J␛[H"},
		"one-byte CSI":     {"\u009b2J", "\uFFFD2J"},
		"carriage return":  {"good\rbad ", "good bad "},
		"backspace":        {"ab\b\bcd", "ab␈␈cd"},
		"line feed":        {"one\ntwo", "one two"},
		"tab":              {"one\ttwo", "one two"},
		"NUL":              {"a\x00b", "a␀b"},
		"DEL":              {"a\x7fb", "a␡b"},
		"right-to-left":    {"file\u202egnp.exe", "file\uFFFDgnp.exe"},
		"isolate":          {"a\u2066b\u2069", "a\uFFFDb\uFFFD"},
		"zero width space": {"pay\u200bpal", "pay\uFFFDpal"},
		"invalid UTF-8":    {"a\xff\xfeb", "a\uFFFD\uFFFDb"},
		"line separator":   {"a\u2028b", "a b"},
		"tag characters":   {"a\U000e0041", "a\uFFFD"},
		"byte order mark":  {"\ufeffa", "\uFFFDa"},
		"unterminated":     {"\x1b]0;title", "␛]0;title"},
		"device control":   {"\x1bP1;1|17/ab\x1b\\", "␛P1;1|17/ab␛\\"},
		"reset":            {"\x1bc", "␛c"},
		"invisible plus":   {"a\u2064b\u206fc", "a\uFFFDb\uFFFDc"},
		"annotation":       {"a\ufff9b\ufffbc", "a\uFFFDb\uFFFDc"},
		"empty letter":     {"\u3164\u115f\uffa0", "\uFFFD\uFFFD\uFFFD"},
		"joiner of none":   {"a\u034fb\u180e", "a\uFFFDb\uFFFD"},
		"a name's variant": {"葛\U000e0100城", "葛\U000e0100城"}, // tells 葛 from another form of it
		"soft hyphen":      {"pass\u00adword", "pass\uFFFDword"},
	} {
		if got := CleanLine(c.in); got != c.want {
			t.Errorf("%s: CleanLine(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
	if got := CleanText("one\r\ntwo\rthree\n"); got != "one\ntwo three\n" {
		t.Errorf("CleanText keeps lines: got %q", got)
	}
}

func TestEncodedJSONIsSafeOnATerminalAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", "日本語 👩‍💻", "\u009b31m\u0085", "a\x7fb", "\u202egpj.exe\u2066", "\ufeff\u200b", "\U000e0041\U0010fffd", "\x1b[0m\n\t", `\"\u009b`, "\u2028",
	} {
		raw, err := json.Marshal(map[string]string{text: text})
		if err != nil {
			t.Fatal(err)
		}
		got := CleanJSON(append(raw, '\n'))
		for _, r := range string(got) {
			if unicode.IsControl(r) && r != '\n' || isDisguise(r) {
				t.Errorf("%q: %U is left in %s", text, r, got)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(got, &back); err != nil || back[text] != text {
			t.Errorf("%q came back as %q (%v) from %s", text, back, err, got)
		}
	}
}

func TestABareByteInAVendorsJSONDoesNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(json.RawMessage("{\"name\":\"a\x9b31mb\"}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(CleanJSON(raw)); got != `{"name":"a\ufffd31mb"}` {
		t.Errorf("%q", got)
	}
}

func FuzzCleanLineLeavesNothingThatActsOnATerminal(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[0m", "\u202e", "\xff", "日本語", strings.Repeat("x", 10_000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanLine(s)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8 in %q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || isDisguise(r) || r == '\u2028' || r == '\u2029' {
				t.Fatalf("%U is left in %q", r, got)
			}
		}
		if CleanLine(got) != got {
			t.Fatalf("cleaning twice changes %q", got)
		}
		if again := CleanText(s); strings.ContainsAny(again, "\x1b\r\t\x00") {
			t.Fatalf("CleanText leaves control characters in %q", again)
		}
	})
}
