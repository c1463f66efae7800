package assets_test

import (
	"io/fs"
	"slices"
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

func actions() []action.Action {
	out := mailproof.Actions(platform.Services{})
	for _, p := range all.Platforms() {
		if p.Actions != nil {
			out = append(out, p.Actions(platform.Services{})...)
		}
	}
	return out
}

func TestEveryGuideFitsTheActionsThereAre(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := guide.Load(files, actions())
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
