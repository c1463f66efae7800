package keys_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"deskward/assets"
	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/locale"
	"deskward/tui/keys"
)

// developer makes the keys of somebody to share with.
func developer(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// withShare is a rig whose keys can be shared.
func withShare(t testing.TB) *rig {
	t.Helper()
	r := newRig(t)
	sharer := &keyshare.Sharer{Keys: r.keys, Snippets: assets.Snippets}
	r.deps.Share = sharer.Share
	return r
}

// opened is what the developer reads in a sealed file.
func opened(t testing.TB, sealed string, id age.Identity) string {
	t.Helper()
	text, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), id)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestKeyIsSealedForADeveloperWithTheCodeThatIsChosen(t *testing.T) {
	t.Parallel()
	r, id := withShare(t), developer(t)
	k := r.add(web())
	r.start(80, 24)
	r.See("web 2026")
	r.press("s")
	r.See("Share web 2026 with a developer", "Public key")
	r.Type(id.Recipient().String())
	r.press("tab", "tab", "j", "j", "j", "space") // and the code for Node
	r.press("ctrl+s")
	r.See("web 2026 is sealed for", "age -d -i key.txt web-2026.age")
	path := filepath.Join(r.deps.Folder, "web-2026.age")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text := opened(t, string(raw), id)
	for _, want := range []string{webSecret, webKID, "web-messenger.js", "zendesk-token.mjs"} {
		if !contains(text, want) {
			t.Errorf("%s is not in:\n%s", want, text)
		}
	}
	if contains(text, "zendesk_token.py") {
		t.Error("code that was not chosen goes along")
	}
	if ev := r.lastEvent(k.ID); ev.Verb != core.VerbShared || ev.Detail["with"] == "" {
		t.Errorf("log %+v", ev)
	}
	r.press("y")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if got := copiedText(t, r.Raw[0]); got != string(raw) {
		t.Errorf("copied %q", got)
	}
	r.press("d")
	r.See("Where is web 2026 in service?")
	r.press("esc")
	r.See("1 key")
}

func TestASecondFileDoesNotTakeThePlaceOfTheFirst(t *testing.T) {
	t.Parallel()
	r, id := withShare(t), developer(t)
	r.add(chat())
	r.start(80, 24)
	r.See("chat")
	for _, want := range []string{"chat.age", "chat-2.age"} {
		r.press("s")
		r.See("Public key")
		r.Type(id.Recipient().String())
		r.press("tab", "right")
		r.Gone("Code") // the key alone
		r.press("ctrl+s")
		r.See("is sealed for", want)
		r.press("esc")
		r.See("1 key")
	}
	raw, err := os.ReadFile(filepath.Join(r.deps.Folder, "chat-2.age"))
	if err != nil {
		t.Fatal(err)
	}
	if text := opened(t, string(raw), id); !contains(text, chatSecret) || contains(text, ".js") {
		t.Errorf("sealed:\n%s", text)
	}
}

func TestWhatIsNoPublicKeyIsSaidAtItsFieldAndNotKept(t *testing.T) {
	t.Parallel()
	r, id := withShare(t), developer(t)
	k := r.add(web())
	r.start(80, 24)
	r.See("web 2026")
	for typed, want := range map[string]string{"hello": "no public key", id.String(): "private key"} {
		r.press("s")
		r.See("Public key")
		r.Paste(typed)
		r.press("ctrl+s")
		r.See(want, "▸ Public key")
		r.press("esc", "s")
		r.See("Public key")
		if contains(r.Text(), typed[:5]) {
			t.Errorf("kept:\n%s", r.Text())
		}
		r.press("esc")
	}
	if ev := r.lastEvent(k.ID); ev.Verb != core.VerbAdded {
		t.Errorf("log %+v", ev)
	}
}

func TestKeysOnThisMachineCanBeChosen(t *testing.T) {
	t.Parallel()
	r, id := withShare(t), developer(t)
	r.deps.Recipients = []keys.Recipient{{Path: "/home/mina/.ssh/id_ed25519.pub", Line: id.Recipient().String()}}
	r.add(web())
	r.start(80, 24)
	r.See("web 2026")
	r.press("s")
	r.See("a public key that I paste")
	r.press("right")
	r.See("id_ed25519.pub")
	r.Gone("Public key")
	r.press("ctrl+s")
	r.See("is sealed for")
}

func TestWhereNoFileCanBeWrittenTheTextCanBeCopied(t *testing.T) {
	t.Parallel()
	r, id := withShare(t), developer(t)
	r.deps.Folder = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(r.deps.Folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.add(web())
	r.start(80, 30)
	r.See("web 2026")
	r.press("s")
	r.Type(id.Recipient().String())
	r.press("ctrl+s")
	r.See("is sealed for", "file.unwritable")
	r.press("y")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if !contains(opened(t, copiedText(t, r.Raw[0]), id), webSecret) {
		t.Error("another text")
	}
}

func TestHiddenKeyIsNotShared(t *testing.T) {
	t.Parallel()
	r := withShare(t)
	k := r.add(web())
	r.start(80, 24)
	r.See("web 2026")
	r.press("s")
	r.See("Public key")
	r.Type(developer(t).Recipient().String())
	if _, err := r.keys.Hide(t.Context(), k.ID); err != nil { // another session
		t.Fatal(err)
	}
	r.press("ctrl+s")
	r.See("key.hidden")
	r.press("esc")
	r.See("hidden")
	r.press("s")
	r.See("A developer who needs one gets a new key.")
	if files, _ := os.ReadDir(r.deps.Folder); len(files) > 0 {
		t.Errorf("written %v", files)
	}
}

func TestWhatWasSharedFitsEveryTerminal(t *testing.T) {
	t.Parallel()
	id := developer(t)
	for _, lang := range locale.Langs() {
		for _, size := range sizes() {
			r := withShare(t)
			r.opts.Lang = lang
			r.add(web())
			r.start(size[0], size[1])
			r.See("web 2026")
			r.press("s")
			r.Type(id.Recipient().String())
			r.press("ctrl+s")
			r.See("age -d -i key.txt")
			r.Fits(size[0], size[1])
		}
	}
}

func TestShareIsNotOfferedWhereItIsMissing(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("s")
	r.See("There is no sharing here")
}
