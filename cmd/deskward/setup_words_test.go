package main

import (
	"testing"

	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/all"
)

func TestWhatASetUpIsReadOfHasItsTexts(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		p, err := loadTexts(lang)
		if err != nil {
			t.Fatal(err)
		}
		asks := 0
		for _, one := range all.Platforms() {
			for _, ask := range one.SetupOf {
				asks++
				for _, key := range setupTexts(one, ask) {
					if !p.Has(key) {
						t.Errorf("%s: %s is missing", lang, key)
					}
				}
			}
		}
		if asks == 0 {
			t.Error("no platform asks for anything")
		}
	}
}

// setupTexts are the keys of what the console says of an ask.
func setupTexts(p platform.Platform, ask platform.SetupAsk) []string {
	prefix := "setup." + string(p.ID) + ".of."
	keys := []string{prefix + ask.Name, prefix + ask.Name + ".hint"}
	if ask.AfterRefusal {
		keys = append(keys, prefix+"further")
	}
	return keys
}
