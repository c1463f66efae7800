package main

import (
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
)

func TestAnOptionalClientSecretIsAskedForOnATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typed, want string
		o           connectOptions
	}{
		"one that is typed":       {typed: "canary-secret\n", want: "canary-secret"},
		"none, by an empty line":  {typed: "\n"},
		"none, given by its file": {o: connectOptions{clientJSON: "client.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			person, terminal, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer person.Close()
			defer terminal.Close()
			go io.Copy(io.Discard, person)     //nolint:errcheck // it ends with the terminal
			go io.WriteString(person, c.typed) //nolint:errcheck // the answer tells
			var said strings.Builder
			say, err := loadTexts(locale.English)
			if err != nil {
				t.Fatal(err)
			}
			a := &app{io: streams{In: terminal, Out: io.Discard, Err: &said}, say: say}
			answers := platform.Answers{Grant: core.GrantCode, Plain: map[string]string{
				core.SettingProduct: "support", "account": "acme", "client_id": "deskward", "scopes": "read",
			}, Secret: core.Secrets{}}
			if err := a.askMissing(t.Context(), zendesk.Platform(), answers, c.o); err != nil {
				t.Fatal(err)
			}
			if got := answers.Secret[core.SecretClientSecret].Reveal(); got != c.want {
				t.Errorf("the secret is %q", got)
			}
		})
	}
}
