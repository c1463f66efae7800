package keyshare_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/locale"
	"deskward/core/snippet"
	"deskward/store/mem"
)

const (
	assets = "../../assets"
	secret = "canary-of-a-shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz"
)

func printer(t testing.TB, l locale.Lang) *locale.Printer {
	t.Helper()
	p, err := locale.Load(os.DirFS(assets+"/locales"), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// weakRSA is a public key of 1024 bits, which Go no longer makes.
const weakRSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDNKWubwJYthWJFqKJwf9orF3Q7oPOju/7Do9YpaA71/lCCI3x41YGjlwMljeaDVLftrDiaLFS51deg+26d5QZe3Tz87raZ9b7XsGeFaMXt+lZnb6gGa8v7aSPUyjijGNd6+IbvyLDhqdr5g77RjurYzj65U6PTGqLkH/otuks1eQ== weak"

type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC) }

func inventory() *core.SigningKeys {
	st := mem.New()
	return &core.SigningKeys{Store: st, Events: &core.EventLog{Store: st, Clock: clock{}, Actor: core.Actor{User: "mia", Host: "jump1"}}}
}

func add(t testing.TB, keys *core.SigningKeys, kind core.KeyKind, secret string) core.SigningKey {
	t.Helper()
	n := core.NewKey{SigningKey: core.SigningKey{
		Name: "Web 2026 / 本番", Kind: kind, Account: "acme", Alg: core.AlgHS256, Secrets: core.Secrets{core.SecretSigning: core.NewSecret(secret)},
	}}
	switch kind {
	case core.KeyMessaging:
		n.KID = "app_5f1c2d3e4b5a6978870a1b2c"
	case core.KeyXsolla:
		n.Account = "40db2ea4-5d42-11e6-a3ff-005056a0e04a"
	}
	k, err := keys.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signer is a developer's key pair.
type signer struct{ public, private string }

func ed25519Key(t testing.TB, comment string) signer {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer{line(t, pub) + " " + comment, string(pem.EncodeToMemory(block))}
}

func rsaKey(t testing.TB, bits int) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer{line(t, &key.PublicKey), string(pem.EncodeToMemory(block))}
}

func ageKey(t testing.TB) signer {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return signer{id.Recipient().String(), id.String() + "\n"}
}

func line(t testing.TB, public any) string {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// opener is the stock age program: Debian's, else the one built from the
// module that this project uses.
func opener(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("age"); err == nil {
		return path
	}
	path := filepath.Join(t.TempDir(), "age")
	if text, err := exec.Command("go", "build", "-o", path, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Skipf("age is not installed (Debian package age; .ci/run installs it) and can't be built: %s", text)
	}
	return path
}

func decrypt(t *testing.T, data []byte, with age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(data)), with)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// open opens data with the age program and a private key, and nothing else.
func open(t *testing.T, program string, data []byte, private string) string {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-d", "-i", key)
	cmd.Stdin = bytes.NewReader(data)
	cmd.Env = []string{"HOME=" + dir}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("age: %v: %s", err, &stderr)
	}
	return string(text)
}

func TestASharedKeyOpensWithTheStockAgeProgram(t *testing.T) {
	t.Parallel()
	program := opener(t)
	keys := inventory()
	k := add(t, keys, core.KeyMessaging, secret)
	to := map[string]signer{"age": ageKey(t), "ssh-ed25519": ed25519Key(t, "dev@example.com"), "ssh-rsa": rsaKey(t, 2048)}
	var public []string
	for _, s := range to {
		public = append(public, s.public)
	}
	sharer := keyshare.Sharer{Keys: keys, Snippets: os.DirFS(assets)}
	sealed, err := sharer.Share(t.Context(), keyshare.Request{
		KeyID: k.ID, To: public, Bundle: []snippet.Kind{snippet.WebMessenger, snippet.Go}, Say: printer(t, locale.Japanese),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(sealed.Data, []byte("-----BEGIN AGE ENCRYPTED FILE-----\n")) || bytes.Contains(sealed.Data, []byte(secret)) {
		t.Errorf("not an armored age file: %.60s", sealed.Data)
	}
	if sealed.FileName != "web-2026-本番.age" {
		t.Errorf("it is called %s", sealed.FileName)
	}
	for name, s := range to {
		text := open(t, program, sealed.Data, s.private)
		for _, want := range []string{
			"\nZENDESK_MESSAGING_KEY_ID=app_5f1c2d3e4b5a6978870a1b2c\nZENDESK_MESSAGING_SECRET=" + secret + "\n",
			"# 名前: Web 2026 / 本番\n", "dev@example.com", "mia@jump1", "2026-11-25 09:30:00Z", "acme", "web-messenger.js", `"loginUser"`, "zendesk_token.go",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
}

func TestAKeyWithoutCodeIsAFileOfVariablesThatAShellReads(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	dev := ageKey(t)
	id, err := age.ParseX25519Identity(strings.TrimSpace(dev.private))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		kind     core.KeyKind
		secret   string
		variable string
	}{
		"messaging":      {core.KeyMessaging, secret, "ZENDESK_MESSAGING_SECRET"},
		"chat":           {core.KeyChat, secret, "ZENDESK_CHAT_SECRET"},
		"xsolla":         {core.KeyXsolla, secret, "XSOLLA_LOGIN_SECRET"},
		"odd characters": {core.KeyChat, `canary'$HOME"\n#` + "`" + `;&*(){}[]<>|~!^ü0123456789abcdefghij`, "ZENDESK_CHAT_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := inventory()
			k := add(t, keys, tc.kind, tc.secret)
			for _, l := range locale.Langs() {
				sealed, err := keyshare.Seal([]string{dev.public}, keyshare.Bundle{
					Key: k.Summary(), Secret: k.Secret(), From: "mia@jump1", At: clock{}.Now(), Say: printer(t, l),
				})
				if err != nil {
					t.Fatal(err)
				}
				text := decrypt(t, sealed, id)
				if strings.Contains(text, "[keyshare.") || strings.Contains(text, "[snippet.") {
					t.Errorf("a text is missing:\n%s", text)
				}
				cmd := exec.Command(shell, "-euc", ". ./key.env; printf %s \"$"+tc.variable+"\"")
				cmd.Dir, cmd.Env = t.TempDir(), []string{}
				if err := os.WriteFile(filepath.Join(cmd.Dir, "key.env"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := cmd.CombinedOutput()
				if err != nil || string(got) != tc.secret {
					t.Errorf("%v: the shell reads %q, want %q", err, got, tc.secret)
				}
			}
		})
	}
}

func TestSharingIsWrittenDownWithShortNamesAndNoSecret(t *testing.T) {
	t.Parallel()
	keys := inventory()
	k := add(t, keys, core.KeyChat, secret)
	dev, other := ageKey(t), ed25519Key(t, "")
	sharer := keyshare.Sharer{Keys: keys, Snippets: os.DirFS(assets)}
	named := ed25519Key(t, "eve\x1b[2J@example.com, and a comment that goes on and on without an end")
	_, err := sharer.Share(t.Context(), keyshare.Request{KeyID: k.ID, To: []string{dev.public, other.public, named.public, dev.public}, Say: printer(t, locale.English)})
	if err != nil {
		t.Fatal(err)
	}
	events, err := keys.Events.Recent(t.Context(), 1, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	e := events[0]
	pub := strings.Fields(other.public)[1]
	want := "…" + dev.public[len(dev.public)-8:] + ", …" + pub[len(pub)-8:] + ", eve␛[2J@example.com, and a comment that…"
	if e.Verb != core.VerbShared || e.Detail["with"] != want {
		t.Errorf("%s %q, want %q", e.Verb, e.Detail["with"], want)
	}
	for k, v := range e.Detail {
		if strings.Contains(v, secret) {
			t.Errorf("the log holds the secret: %s", k)
		}
	}
	if text := printer(t, locale.English).Event(e); !strings.Contains(text, "sealed for …") {
		t.Errorf("it is told as %q", text)
	}
}

// TestWhatIsRefusedIsNotWrittenDown: an event says that the secret left, so it
// is there exactly when it did.
func TestWhatIsRefusedIsNotWrittenDown(t *testing.T) {
	t.Parallel()
	good := ageKey(t)
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		to     []string
		bundle []snippet.Kind
		kind   core.KeyKind
		hide   bool
		code   string
	}{
		"nobody":                     {code: "keyshare.recipient-none"},
		"only comments":              {to: []string{"# nobody\n\n"}, code: "keyshare.recipient-none"},
		"a name":                     {to: []string{"eve@example.com"}, code: "keyshare.recipient-unknown"},
		"half an age key":            {to: []string{good.public[:40]}, code: "keyshare.recipient-unknown"},
		"ECDSA":                      {to: []string{line(t, &ecdsaKey.PublicKey)}, code: "keyshare.recipient-unknown"},
		"a weak RSA key":             {to: []string{weakRSA}, code: "keyshare.recipient-weak"},
		"an age private key":         {to: []string{good.private}, code: "keyshare.recipient-private"},
		"an SSH private key":         {to: []string{ed25519Key(t, "").private}, code: "keyshare.recipient-private"},
		"post-quantum beside others": {to: []string{hybrid.Recipient().String(), good.public}, code: "keyshare.recipient-mixed"},
		"one of two":                 {to: []string{good.public, "nobody"}, code: "keyshare.recipient-unknown"},
		"code that does not fit":     {to: []string{good.public}, bundle: []snippet.Kind{snippet.IOS}, code: "snippet.key"},
		"a hidden key":               {to: []string{good.public}, hide: true, code: "key.hidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := inventory()
			k := add(t, keys, core.KeyChat, secret)
			if tc.hide {
				if _, err := keys.Hide(t.Context(), k.ID); err != nil {
					t.Fatal(err)
				}
			}
			sharer := keyshare.Sharer{Keys: keys, Snippets: os.DirFS(assets)}
			sealed, err := sharer.Share(context.Background(), keyshare.Request{KeyID: k.ID, To: tc.to, Bundle: tc.bundle, Say: printer(t, locale.English)})
			if core.CodeOf(err) != tc.code || core.ClassOf(err) != core.Usage || sealed.Data != nil {
				t.Fatalf("%v, want %s", err, tc.code)
			}
			for _, to := range tc.to {
				if strings.HasPrefix(tc.code, "keyshare.") && len(to) > 10 && strings.Contains(err.Error(), to[:10]) {
					t.Errorf("the error repeats what was given: %v", err)
				}
			}
			events, err := keys.Events.Recent(t.Context(), 0, k.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Verb == core.VerbShared {
					t.Errorf("the log says it was shared: %v", e.Detail)
				}
			}
		})
	}
}

func TestAPostQuantumKeyOpensWhatIsSealedForIt(t *testing.T) {
	t.Parallel()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	keys := inventory()
	k := add(t, keys, core.KeyChat, secret)
	sealed, err := keyshare.Seal([]string{id.Recipient().String()}, keyshare.Bundle{Key: k.Summary(), Secret: k.Secret(), Say: printer(t, locale.English)})
	if err != nil {
		t.Fatal(err)
	}
	if text := decrypt(t, sealed, id); !strings.Contains(text, "ZENDESK_CHAT_SECRET="+secret+"\n") {
		t.Error(text)
	}
}

func TestRecipientsAreReadFromFilesAsTheyLieAround(t *testing.T) {
	t.Parallel()
	a, s := ageKey(t), ed25519Key(t, "dev@laptop")
	file := "# team\r\n\r\n" + a.public + "\r\n  restrict,command=\"none\" " + s.public + "  \n" + s.public
	got, err := keyshare.ParseRecipients(file)
	if err != nil || len(got) != 2 || got[0].Key != a.public || got[1].Label != "dev@laptop" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = keyshare.ParseRecipients(a.public + "\n\nnobody")
	if e, ok := err.(*core.Error); !ok || e.Params["line"] != "3" {
		t.Errorf("%v", err)
	}
}

func FuzzRecipients(f *testing.F) {
	f.Add("age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIFs0Nt5A6W1c0cXfXlEk9vR6o6WwqA2Ew2qF4bF0a3C dev")
	f.Add(weakRSA)
	f.Add("# none\n\nage1\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := keyshare.ParseRecipients(text)
		if (err == nil) != (len(got) > 0) {
			t.Fatalf("%v, %v", got, err)
		}
		for _, r := range got {
			if r.Label == "" || core.CleanLine(r.Label) != r.Label || strings.ContainsAny(r.Key, "\r\n") {
				t.Fatalf("%q", r)
			}
		}
		if err != nil && core.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}
