package migrations_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
)

// formGuide has a step whose values belong into another system's form, a
// secret among them.
const formGuide = `id: form
platform: oauth2
title: {en: Fill in a form, ja: フォームの入力}
steps:
  - id: client
    title: {en: The client, ja: クライアント}
    ask:
      - name: client_secret
        label: {en: Secret, ja: シークレット}
        secret: true
  - id: fill
    title: {en: Fill in, ja: 入力}
    tell:
      en: "Host ` + "`smtp.example.test`, secret `${client.client_secret}`, port `587`" + `."
      ja: "ホスト ` + "`smtp.example.test`、シークレット `${client.client_secret}`、ポート `587`" + `"
  - id: next
    title: {en: Look, ja: 確認}
    tell: {en: Look at it., ja: 確認します。}
`

func TestValuesOfAFormAreCopiedOneAfterTheOtherAndTheSecretByItsDots(t *testing.T) {
	t.Parallel()
	const canary = "canary-client-secret"
	w := newToy(t)
	g, err := guide.Parse("form.yaml", []byte(formGuide), guide.Terms{Actions: w.actions()})
	if err != nil {
		t.Fatal(err)
	}
	w.deps.Guides = []guide.Guide{*g}
	w.runner.Guides = guide.Only(*g)
	run, err := w.runner.Start(t.Context(), "form", "Acme")
	if err == nil {
		_, err = w.runner.Answer(t.Context(), run, map[string]string{"client_secret": canary})
	}
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, w.deps, locale.English, 80, 24)
	c.See("Acme")
	c.press("enter")
	c.See("Fill in", "••••")
	for i, want := range []string{"smtp.example.test", canary, "587"} {
		c.press("y")
		c.See("Which one?", "client secret")
		c.press("enter")
		c.Until("the sequence for the clipboard", func() bool { return len(c.Raw) > i })
		if sent := fmt.Sprint(c.Raw[i]); !strings.Contains(sent, base64.StdEncoding.EncodeToString([]byte(want))) {
			t.Errorf("%q was sent to the terminal in the place of %s", sent, want)
		}
		if strings.Contains(c.Text(), canary) {
			t.Error("the secret is readable on the screen")
		}
		c.See("Host")
	}
	// Said to be done too early, the step still has its values.
	c.press("enter")
	c.See("Look at it.")
	c.press("p")
	c.See("Host smtp.example.test", "••••")
	c.Gone("${")
	c.press("y", "j", "enter")
	c.Until("the secret once more", func() bool { return len(c.Raw) > 3 })
	if sent := fmt.Sprint(c.Raw[3]); !strings.Contains(sent, base64.StdEncoding.EncodeToString([]byte(canary))) {
		t.Errorf("%q was sent in the place of the secret", sent)
	}
	c.See("Host smtp.example.test") // and the step is still in sight
	log, err := w.runner.Events.Recent(t.Context(), 20, "")
	if err != nil || !slices.ContainsFunc(log, func(e core.Event) bool {
		return e.Verb == core.VerbCopied && e.Detail["secret"] == "client.client_secret"
	}) {
		t.Errorf("the log has no copying: %v", err)
	}
}
