package snippet_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/snippet"
)

// widget is a page with Zendesk's globals, as far as its documentation says
// what is done with them: it calls what the code gave it, and tells what it
// got.
const widget = `
const fs = require("fs"), vm = require("vm");
const said = { calls: [], tokens: [], errors: [] };
const window = {};
let loginUser;
const zChat = {
  init: (o) => { said.calls.push("init " + o.account_key); zChat.jwt = o.authentication.jwt_fn; },
  on: (event, fn) => { said.calls.push("on " + event); },
  endChat: (o, done) => done(),
  logoutForAll: () => said.calls.push("logoutForAll"),
};
function zE(...all) {
  said.calls.push(all.slice(0, 2).filter((a) => typeof a === "string").join(" "));
  if (all[1] === "loginUser") loginUser = { jwt: all[2], done: all[3] };
}
const page = vm.createContext({
  window, zE, zChat, fetch, AbortSignal,
  console: { error: (...all) => said.errors.push(all.map(String).join(" ")) },
});
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), page);
const ask = (fn) => new Promise((resolve) => {
  // A token comes through the callback; where none is to be had, the code
  // says so on the console.
  const before = said.errors.length;
  fn((token) => { said.tokens.push(token); resolve(); });
  const watch = setInterval(() => { if (said.errors.length > before) { clearInterval(watch); resolve(); } }, 5);
  setTimeout(() => clearInterval(watch), 4000).unref();
});
(async () => {
  vm.runInContext("typeof zendeskSignIn === 'function' && zendeskSignIn()", page);
  const jwt = loginUser ? loginUser.jwt : zChat.jwt || window.zESettings.webWidget.authenticate.chat.jwtFn;
  await ask(jwt);
  await ask(jwt);
  await ask(jwt);
  if (loginUser) {
    loginUser.done(null);
    loginUser.done({ type: "LoginFailedError", reason: "why", message: "no" });
  }
  vm.runInContext("zendeskSignOut()", page);
  console.log(JSON.stringify(said));
})();
`

// TestThePagesAskForAFreshTokenEachTime runs the code of the three widgets
// against a token endpoint: each call of the widget fetches anew, with the
// cookie's credentials, and a refusal is written down and never handed on.
func TestThePagesAskForAFreshTokenEachTime(t *testing.T) {
	t.Parallel()
	node := lookPath(t, "node", "nodejs")
	for kind, tc := range map[snippet.Kind]struct {
		key   core.KeyKind
		calls string
	}{
		snippet.WebMessenger: {core.KeyMessaging, "messenger loginUser, messenger logoutUser"},
		snippet.WebClassic:   {core.KeyChat, "webWidget updateSettings, webWidget chat:reauthenticate, webWidget logout"},
		snippet.ChatSDK:      {core.KeyChat, "on error, init YOUR_ACCOUNT_KEY, logoutForAll, init YOUR_ACCOUNT_KEY"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			asked := 0
			answers := []string{`200 {"token": "first"}`, `200 {"token": "second"}`, `401 {"code": "00-01", "description": "Token is invalid"}`}
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasPrefix(answers[asked], "401") {
					w.WriteHeader(http.StatusUnauthorized)
				}
				_, _ = w.Write([]byte(answers[asked][4:]))
				asked++
			}))
			defer endpoint.Close()
			text, err := snippet.Render(os.DirFS(assets), kind, snippet.Values{
				Key: keyOf(tc.key).Summary(), Endpoint: endpoint.URL + "/generate/token", Say: printer(t, locale.Japanese),
			})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, `credentials: "include"`) {
				t.Error("the cookie does not go along")
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "page.js"), text)
			write(t, filepath.Join(dir, "widget.cjs"), widget)
			out(t, exec.Command(node, "--check", filepath.Join(dir, "page.js")))
			var said struct{ Calls, Tokens, Errors []string }
			if err := json.Unmarshal([]byte(out(t, exec.Command(node, filepath.Join(dir, "widget.cjs"), filepath.Join(dir, "page.js")))), &said); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(said.Calls, ", "); got != tc.calls {
				t.Errorf("calls %s, want %s", got, tc.calls)
			}
			if got := strings.Join(said.Tokens, " "); got != "first second" {
				t.Errorf("the widget got %q", got)
			}
			if len(said.Errors) == 0 || !strings.Contains(said.Errors[0], "401 00-01 Token is invalid") {
				t.Errorf("on the console: %q", said.Errors)
			}
			if kind == snippet.WebMessenger && (len(said.Errors) != 2 || !strings.Contains(said.Errors[1], "LoginFailedError why no")) {
				t.Errorf("on the console: %q", said.Errors)
			}
		})
	}
}
