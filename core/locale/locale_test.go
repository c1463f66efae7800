package locale_test

import (
	"sync"
	"testing"
	"testing/fstest"

	"deskward/core/locale"
)

func files() fstest.MapFS {
	return fstest.MapFS{
		"a.en.json": {Data: []byte(`{"hello":"Hello {{.name}}","only":"only English","calls":{"one":"{{.Count}} call","other":"{{.Count}} calls"}}`)},
		"a.ja.json": {Data: []byte(`{"hello":"{{.name}}さん、こんにちは","calls":{"other":"呼び出し {{.Count}} 回"}}`)},
		"b.en.json": {Data: []byte(`{"more":"more"}`)},
	}
}

func load(t *testing.T, l locale.Lang) *locale.Printer {
	t.Helper()
	p, err := locale.Load(files(), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSentencesComeInTheLanguageWithTheirValues(t *testing.T) {
	t.Parallel()
	en, ja := load(t, locale.English), load(t, locale.Japanese)
	for got, want := range map[string]string{
		en.T("hello", locale.Params{"name": "Mina"}): "Hello Mina",
		ja.T("hello", locale.Params{"name": "美奈"}):   "美奈さん、こんにちは",
		en.N("calls", 1): "1 call",
		en.N("calls", 3): "3 calls",
		ja.N("calls", 3): "呼び出し 3 回",
		ja.T("only"):     "only English",
		ja.T("more"):     "more",
		en.T("nothing"):  "[nothing]",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if en.Has("nothing") || !ja.Has("only") {
		t.Error("Has disagrees with T")
	}
}

func TestABrokenFileIsNamed(t *testing.T) {
	t.Parallel()
	f := files()
	f["c.en.json"] = &fstest.MapFile{Data: []byte(`{"half`)}
	if _, err := locale.Load(f, locale.English); err == nil {
		t.Error("loaded half a file")
	}
}

func TestTheLanguageIsTakenFromTheEnvironmentAsPOSIXSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  map[string]string
		want locale.Lang
	}{
		{nil, locale.English},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, locale.Japanese},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, locale.English},
		{map[string]string{"LANG": "en_GB", "LC_MESSAGES": "ja"}, locale.Japanese},
		{map[string]string{"LANG": "de_DE.UTF-8"}, locale.English},
	} {
		if got := locale.FromEnv(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v: %s, want %s", c.env, got, c.want)
		}
	}
}

func TestOnePrinterServesSeveralGoroutines(t *testing.T) {
	t.Parallel()
	p := load(t, locale.Japanese)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				p.N("calls", 2)
				p.T("hello", locale.Params{"name": "x"})
				p.Has("only")
			}
		})
	}
	wg.Wait()
}
