package assets_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deskward/assets"
	"deskward/core/action"
	"deskward/core/advice"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/mailproof"
	"deskward/core/platform"
	"deskward/core/platform/all"
	"deskward/core/platform/xsolla"
	"deskward/core/platform/zoho"
)

// terms is all that guides may name; its actions cannot run.
func terms() guide.Terms {
	out := guide.Terms{Actions: mailproof.Actions(platform.Services{}), Text: sentence}
	for _, p := range all.Platforms() {
		if p.Actions != nil {
			out.Actions = append(out.Actions, p.Actions(platform.Services{})...)
		}
		out.Lists = append(out.Lists, p.Lists...)
	}
	return out
}

// sentence is a text as the program says it.
func sentence(l locale.Lang, key string) string {
	p, err := locale.Load(os.DirFS("locales"), l)
	if err != nil {
		return "[" + key + "]"
	}
	return p.T(key)
}

func TestEveryChoiceOfAListHasWordsInEveryLanguageAndNoListIsIdle(t *testing.T) {
	t.Parallel()
	all := terms()
	used := map[string]bool{}
	names, err := fs.Glob(os.DirFS("guides"), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile("guides/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^ *options_from: (\S+)$`).FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
		}
	}
	for _, l := range all.Lists {
		if !used[l.Name] {
			t.Errorf("no guide takes options from %s", l.Name)
		}
		for _, lang := range locale.Langs() {
			seen := map[string]string{}
			words := texts(t, lang)
			for _, c := range l.Choices {
				w := words[c.Text]
				if w == "" || seen[w] != "" {
					t.Errorf("%s: the words of %q in %s are %q, as those of %q", l.Name, c.Value, lang, w, seen[w])
				}
				seen[w] = c.Value
			}
		}
	}
}

func TestNoTwoGuidesSpellOutTheSameChoices(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		t.Fatal(err)
	}
	raw := regexp.MustCompile(`(?m)^        options:\n((?:^          .*\n)+)`)
	seen := map[string]string{}
	names, _ := fs.Glob(files, "*.yaml")
	found := 0
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range raw.FindAllStringSubmatch(string(text), -1) {
			found++
			if strings.Count(m[1], "value:") > 2 && seen[m[1]] != "" && seen[m[1]] != name {
				t.Errorf("%s and %s have the same options; a platform's list (options_from) holds them once:\n%s", seen[m[1]], name, m[1])
			}
			seen[m[1]] = name
		}
	}
	if found < 10 {
		t.Errorf("only %d fields with options of their own were read", found)
	}
}

func TestTheWordsOfADataCentreNameItsHost(t *testing.T) {
	t.Parallel()
	i := slices.IndexFunc(terms().Lists, func(l action.List) bool { return l.Name == "zoho.data-centres" })
	list := terms().Lists[i]
	regions := zoho.Platform().Regions
	if len(list.Choices) != len(regions) {
		t.Errorf("%d of %d data centres can be chosen", len(list.Choices), len(regions))
	}
	for _, r := range regions {
		i := slices.IndexFunc(list.Choices, func(c action.Choice) bool { return c.Value == r.ID })
		if i < 0 {
			t.Errorf("%s cannot be chosen", r.ID)
			continue
		}
		host := strings.TrimPrefix(r.Console, "https://api-console.")
		for lang, doubt := range map[locale.Lang]string{locale.English: "not confirmed", locale.Japanese: "未確認"} {
			words := texts(t, lang)[list.Choices[i].Text]
			if !strings.Contains(words, "("+host+")") {
				t.Errorf("%s in %s: %q does not name %s", r.ID, lang, words, host)
			}
			if strings.Contains(words, doubt) != r.Doubtful {
				t.Errorf("%s in %s: %q, but doubtful is %v", r.ID, lang, words, r.Doubtful)
			}
		}
	}
}

func TestEveryGuideFitsTheActionsThereAre(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := guide.Load(files, terms())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guides {
		if _, err := platform.Find(all.Platforms(), g.Platform); err != nil {
			t.Errorf("%s: %v", g.ID, err)
		}
	}
	if len(guides) == 0 {
		t.Error("there are no guides")
	}
}

func TestEveryErrorOfAVendorHasAdvice(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		t.Fatal(err)
	}
	c, err := advice.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range slices.Concat(zoho.AdviceKeys(), xsolla.AdviceKeys()) {
		if _, ok := c.Lookup(code, ""); !ok {
			t.Errorf("no advice for %s", code)
		}
	}
	english := texts(t, locale.English)
	for _, code := range mailproof.Codes() {
		if _, ok := c.Lookup(code, ""); !ok && english["error."+code+".next"] == "" {
			t.Errorf("no advice for %s", code)
		}
	}
}

func TestEveryStepThatDeskwardTakesSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := guide.Load(files, terms())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guides {
		for _, s := range g.Steps {
			if (s.Kind == guide.Do || s.Kind == guide.Prove) && (s.Text == nil || s.Shows == nil) {
				t.Errorf("%s, step %s: nothing says what will be done, or what was", g.ID, s.ID)
			}
		}
	}
}
