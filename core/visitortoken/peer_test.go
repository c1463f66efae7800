package visitortoken

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
)

// peer runs a script of peertest, which uses the JWT libraries jose and
// jsonwebtoken, and reads its answer into out. It skips the test where there
// is no Node.js or the packages were not installed.
func peer(t *testing.T, script string, in, out any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH")
	}
	for _, name := range []string{"jose", "jsonwebtoken"} {
		if _, err := os.Stat("peertest/node_modules/" + name); err != nil {
			t.Skip(name + " is not installed: run npm ci in core/visitortoken/peertest")
		}
	}
	cmd := exec.Command(node, script)
	cmd.Dir = "peertest"
	cmd.Stdin = strings.NewReader(marshal(t, in))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// peerRow is a token of the peers' table, and what they expect of it.
type peerRow struct {
	Name, Paste, Code string
	Kind              Kind
	Verdict           Verdict
	Outcome           Outcome
}

func TestTokensOfOtherLibrariesGetTheVerdictThatThePagesLetExpect(t *testing.T) {
	t.Parallel()
	type key struct {
		KID    string `json:"kid"`
		Secret string `json:"secret"`
	}
	keys := map[string]key{}
	for _, k := range kept() {
		keys[k.ID] = key{k.KID, k.Secret().Reveal()}
	}
	var rows []peerRow
	peer(t, "table.mjs", map[string]any{"now": at().Unix(), "keys": keys, "project": project}, &rows)
	ps, codes := printers(t), Codes()
	for _, c := range rows {
		r := Inspect(c.Paste, Options{Keys: kept(), Now: at()})
		if r.Kind != c.Kind || r.Verdict != c.Verdict {
			t.Errorf("%s: %s, %s; want %s, %s; %v", c.Name, r.Kind, r.Verdict, c.Kind, c.Verdict, problems(r))
		}
		if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == c.Code && f.Outcome == c.Outcome }) {
			t.Errorf("%s: no %s %s in %v", c.Name, c.Outcome, c.Code, problems(r))
		}
		for _, f := range r.Findings {
			checkFinding(t, ps, codes, f)
		}
	}
	if len(rows) < 200 {
		t.Errorf("only %d tokens", len(rows))
	}
	t.Logf("%d tokens", len(rows))
}

func TestLoginTokensOfAnotherLibraryAreVerifiedByEitherKindOfKeyList(t *testing.T) {
	t.Parallel()
	var lists []struct {
		List   string
		Pastes []peerRow
	}
	peer(t, "keylists.mjs", map[string]any{"now": at().Unix(), "project": project}, &lists)
	if len(lists) != 2 {
		t.Fatalf("%d lists", len(lists))
	}
	for _, l := range lists {
		k := core.SigningKey{ID: "rsa", Name: "rsa", Kind: core.KeyXsolla, Account: project, Alg: core.AlgRS256, KeyList: l.List}
		for _, c := range l.Pastes {
			if _, err := VerifyLogin(k, core.NewSecret(c.Paste), at()); core.CodeOf(err) != c.Code {
				t.Errorf("%s with %.40s…: %v, want %q", c.Name, l.List, err, c.Code)
			}
			want := map[bool]Verdict{true: Accept, false: Refuse}[c.Code == ""]
			if r := Inspect(c.Paste, Options{Keys: []core.SigningKey{k}, Now: at()}); r.Verdict != want {
				t.Errorf("%s with %.40s…: inspected %s, %v", c.Name, l.List, r.Verdict, problems(r))
			}
		}
	}
}

func TestMintedTokensVerifyWithOtherLibraries(t *testing.T) {
	t.Parallel()
	type made struct {
		Token  string `json:"token"`
		Secret string `json:"secret"`
		Now    int64  `json:"now"`
		draft  Draft
	}
	var in []made
	for _, k := range kept() {
		if k.Kind == core.KeyXsolla || !k.RetiredAt.IsZero() {
			continue
		}
		for _, v := range []Visitor{
			{ExternalID: "usr_12345"},
			{ExternalID: subject, Name: `Mina "M" <山田> \ 🙂`, Email: "mina@example.com", EmailVerified: true},
			{ExternalID: "a/b", Name: "line\u2028separator & more", Email: "a+b@example.com"},
			{ExternalID: strings.Repeat("9", 255), Name: "\ttab", EmailVerified: true},
		} {
			for _, life := range []time.Duration{0, time.Second, MaxChatLife} {
				s, err := Mint(k, v, life, at())
				if err != nil {
					t.Fatal(err)
				}
				in = append(in, made{s.Reveal(), k.Secret().Reveal(), at().Unix(), NewDraft(k, v, life, at())})
			}
		}
	}
	type read struct {
		Header, Payload any
		Error           string
	}
	var out []map[string]read
	peer(t, "verify.mjs", in, &out)
	if len(out) != len(in) || len(in) == 0 {
		t.Fatalf("%d of %d were verified", len(out), len(in))
	}
	for i, libraries := range out {
		for _, name := range []string{"jose", "jsonwebtoken"} {
			got := libraries[name]
			var header, payload any
			if json.Unmarshal([]byte(in[i].draft.Header), &header) != nil || json.Unmarshal([]byte(in[i].draft.Payload), &payload) != nil {
				t.Fatalf("the draft is no JSON: %+v", in[i].draft)
			}
			if got.Error != "" || marshal(t, got.Header) != marshal(t, header) || marshal(t, got.Payload) != marshal(t, payload) {
				t.Errorf("%s reads %+v of the draft %s %s", name, got, in[i].draft.Header, in[i].draft.Payload)
			}
		}
	}
}
