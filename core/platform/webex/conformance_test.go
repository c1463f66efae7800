package webex_test

import (
	"os"
	"testing"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/platform/platformtest"
	"deskward/core/platform/webex"
	"deskward/core/transport"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, webex.Platform(), platformtest.Options{
		Locales: os.DirFS("../../../assets/locales"),
		Connection: func(string, core.Grant) core.Connection {
			return core.Connection{Platform: webex.ID, Region: "us", Account: "support@acme.example", Settings: map[string]string{"organization": "org"}}
		},
		Endpoints: func(base string) transport.Endpoints { return transport.Endpoints{webex.ID: {"assets": base}} },
	})
}

func TestEveryCodeIsAdvised(t *testing.T) {
	t.Parallel()
	catalogue, err := advice.Load(os.DirFS("../../../assets/advice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range webex.AdviceKeys() {
		if _, ok := catalogue.Lookup(code, ""); !ok {
			t.Errorf("no advice for %s", code)
		}
	}
}

func TestEveryWordOfTheSheetIsThere(t *testing.T) {
	t.Parallel()
	full := map[string]string{"login": "x", "service": "x", "callback": "x", "forwarding": "x"}
	sheet := webex.Platform().Sheet(core.Connection{Name: "x", Account: "x", ClientID: "x", Settings: full}, core.SystemClock{}.Now())
	var keys []string
	for _, f := range sheet.Facts {
		keys = append(keys, "setup.webex."+f.Name)
	}
	for _, f := range webex.AllFindings() {
		keys = append(keys, "finding."+f)
	}
	for _, f := range sheet.Findings {
		if f.Level > 0 {
			keys = append(keys, "finding."+f.Code+".fix")
		}
	}
	for _, lang := range locale.Langs() {
		words, err := locale.Load(os.DirFS("../../../assets/locales"), lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if !words.Has(key) {
				t.Errorf("%s has no text %s", lang, key)
			}
		}
	}
}
