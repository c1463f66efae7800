package tui_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mainKeys are, for each family of screens, the keys that must be in sight at
// 80 columns in every language, by state: what an admin came for. More than
// these fit mostly; ? lists them all.
func mainKeys() map[string]map[string]string {
	return map[string]map[string]string{
		"activity":    {"list": "↵ / v", "detail": "y esc"},
		"connections": {"list": "↵ a c C /", "detail": "c o esc", "setup": "r y esc", "add": "↵ ctrl+s esc", "consent": "y t esc", "revoke-refused": "↵ esc ctrl+o", "empty": "a"},
		"deadlines":   {"dismissed": "u a", "dismiss": "↵ esc", "token": "↵"},
		"endpoint":    {"requests": "x w y"},
		"explain":     {"known": "p y", "waiting": "↵ esc"},
		"inspect":     {"refused": "tab n a", "waiting": "↵ esc"},
		"keys":        {"list": "↵ a m / y", "detail": "m n esc", "add": "↵ ctrl+s esc", "minted": "y n esc", "share": "↵ ctrl+s esc"},
		"mailproof":   {"accepted": "r s y", "running": "c", "send": "↵ esc"},
		"migrations": {
			"empty": "↵ r d t /", "list": "↵ d t", "start": "↵ ctrl+r esc", "ask": "↵ ctrl+s esc", "tell": "↵ s esc", "prove": "↵ p s esc", "once": "↵ f esc",
			"unknown": "h n esc", "refused": "↵ f s esc", "wait": "p s e esc", "report": "w y esc", "steps": "b y esc",
		},
		"rewrite":    {"found": "w n l", "ask": "y esc", "links": "R r esc", "links-change": "y esc j/k"},
		"signinwalk": {"empty": "w i r t", "2022": "w o r t", "stories": "↵ esc"},
		"tokens":     {"batches": "↵ a x", "form": "esc", "read": "ctrl+s esc", "ready": "r f esc", "ran": "a p R esc", "refused": "a p R ! esc", "unknown": "a p u esc", "external": "m c esc"},
		"visitors":   {"warning": "↵ j m y /", "several": "↵ y /", "hints": "/ h", "detail": "j m o y esc", "batch-list": "↵ a x esc", "batch-done": "↵ f w esc", "waiting": "esc ↵"},
	}
}

// crowded are keys that a Japanese footer has no room for and an English one
// has. None is what its screen is for.
func crowded() map[string]string {
	return map[string]string{
		"signinwalk":   "u",      // undo
		"keys/retired": "R",      // a key that is out of use is not renamed often
		"rewrite":      "ctrl+d", // scrolls the difference
	}
}

// footers are the last lines of the golden screens of 80 columns, by family,
// state and language.
func footers(t *testing.T) map[string]map[string]map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*/testdata/*80x24*.golden")
	if err != nil {
		t.Fatal(err)
	}
	lang := regexp.MustCompile(`(^|-)(en|ja)(-|$)`)
	gap := regexp.MustCompile(` {3,}`)
	out := map[string]map[string]map[string][]string{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		family, name := strings.Split(f, string(filepath.Separator))[0], strings.TrimSuffix(filepath.Base(f), ".golden")
		name = strings.Trim(strings.Replace(name, "80x24", "", 1), "-")
		name = strings.ReplaceAll(name, "--", "-")
		m := lang.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		state := strings.Trim(lang.ReplaceAllString(name, "-"), "-")
		lines := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
		var keys []string
		for _, part := range gap.Split(strings.TrimSpace(lines[len(lines)-1]), -1) {
			shown, _, _ := strings.Cut(part, " ")
			keys = append(keys, shown)
		}
		if out[family] == nil {
			out[family] = map[string]map[string][]string{}
		}
		if out[family][state] == nil {
			out[family][state] = map[string][]string{}
		}
		out[family][state][m[2]] = keys
	}
	return out
}

func TestTheMainKeysOfEveryScreenAreInSightAt80ColumnsInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := footers(t)
	for family, states := range mainKeys() {
		for state, keys := range states {
			langs := all[family][state]
			if len(langs) != 2 {
				t.Errorf("%s/%s: golden screens in %d languages", family, state, len(langs))
			}
			for lang, shown := range langs {
				for _, k := range strings.Fields(keys) {
					if !slices.Contains(shown, k) {
						t.Errorf("%s/%s, %s: %s is not in sight (%s)", family, state, lang, k, strings.Join(shown, " "))
					}
				}
			}
		}
	}
	for family := range all {
		if mainKeys()[family] == nil {
			t.Errorf("%s: which keys are its main ones?", family)
		}
	}
}

func TestWhatAnEnglishFooterShowsAJapaneseOneShows(t *testing.T) {
	t.Parallel()
	for family, states := range footers(t) {
		for state, langs := range states {
			if langs["ja"] == nil {
				continue
			}
			for _, k := range langs["en"] {
				if !slices.Contains(langs["ja"], k) && crowded()[family] != k && crowded()[family+"/"+state] != k {
					t.Errorf("%s/%s: %s (%s)", family, state, k, strings.Join(langs["ja"], " "))
				}
			}
		}
	}
}
