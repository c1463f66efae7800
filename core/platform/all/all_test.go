package all_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/all"
)

const assets = "../../../assets"

func TestPlatformsHaveTheirOwnIDs(t *testing.T) {
	t.Parallel()
	seen := map[core.PlatformID]bool{}
	for _, p := range all.Platforms() {
		if seen[p.ID] {
			t.Errorf("%s is there twice", p.ID)
		}
		seen[p.ID] = true
		if found, err := platform.Find(all.Platforms(), p.ID); err != nil || found.Name != p.Name {
			t.Errorf("%s is not found: %v", p.ID, err)
		}
	}
	if _, err := platform.Find(all.Platforms(), "fax"); core.CodeOf(err) != "platform.unknown" {
		t.Errorf("an unknown platform: %v", err)
	}
}

// A platform without advice refuses in the vendor's words only, and one with
// actions but no guide offers them to nobody.
func TestPlatformsHaveTheirAdviceAndGuides(t *testing.T) {
	t.Parallel()
	guided := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(assets, "guides", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	platformLine := regexp.MustCompile(`(?m)^platform: *(\w+)`)
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if m := platformLine.FindSubmatch(raw); m != nil {
			guided[string(m[1])] = true
		}
	}
	for _, p := range all.Platforms() {
		if _, err := os.Stat(filepath.Join(assets, "advice", string(p.ID)+".yaml")); err != nil {
			t.Errorf("%s has no advice: %v", p.ID, err)
		}
		if p.Actions != nil && !guided[string(p.ID)] {
			t.Errorf("%s has actions and no guide", p.ID)
		}
	}
}
