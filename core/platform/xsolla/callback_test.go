package xsolla_test

import (
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/platform/xsolla"
)

const someJWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

func TestCallbackGivesTokenOrCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ address, state, token, code, fails string }{
		"token":              {"https://shop.example/cb?token=" + someJWT, "", someJWT, "", ""},
		"token in fragment":  {"https://shop.example/cb#token=" + someJWT, "", someJWT, "", ""},
		"broken by the tty":  {" \"https://shop.example/cb?token=eyJhbGciOiJIUzI1NiJ9.\n  eyJzdWIiOiIxIn0.c2lnbmF0dXJl\"\r\n", "", someJWT, "", ""},
		"bare token":         {someJWT + "\n", "", someJWT, "", ""},
		"query alone":        {"?token=" + someJWT, "", someJWT, "", ""},
		"code":               {"http://127.0.0.1:48105/callback/xsolla?code=abc&state=state-of-mine", "state-of-mine", "", "abc", ""},
		"other parameters":   {"https://shop.example/cb?lang=ja&token=" + someJWT + "&x=1", "", someJWT, "", ""},
		"another's state":    {"http://127.0.0.1/cb?code=abc&state=other", "state-of-mine", "", "", "xsolla.callback-state"},
		"no state":           {"http://127.0.0.1/cb?code=abc", "state-of-mine", "", "", "xsolla.callback-state"},
		"bare, but a code":   {someJWT, "state-of-mine", "", "", "xsolla.callback-state"},
		"refused":            {"https://shop.example/cb?error=access_denied", "", "", "", "xsolla.callback-refused"},
		"refused, other way": {"https://shop.example/cb?error_code=1", "", "", "", "xsolla.callback-refused"},
		"second factor":      {"https://shop.example/cb?challenge_id=abc", "", "", "", "xsolla.second-factor"},
		"both":               {"https://shop.example/cb?token=" + someJWT + "&code=abc", "", "", "", "xsolla.callback-empty"},
		"twice":              {"https://shop.example/cb?token=a&token=b", "", "", "", "xsolla.callback-empty"},
		"twice, in fragment": {"https://shop.example/cb?token=a#token=b", "", "", "", "xsolla.callback-empty"},
		"nothing":            {"", "", "", "", "xsolla.callback-empty"},
		"a line too much":    {"https://shop.example/cb?token=a%0Acurl", "", "", "", "xsolla.callback-empty"},
		"an escape in code":  {"http://127.0.0.1/cb?code=a%1b%5d52&state=state-of-mine", "state-of-mine", "", "", "xsolla.callback-empty"},
		"bad escape":         {"https://shop.example/cb?token=%zz", "", "", "", "xsolla.callback-empty"},
	} {
		got, err := xsolla.ReadCallback(core.NewSecret(c.address), c.state)
		if core.CodeOf(err) != c.fails || got.Token.Reveal() != c.token || got.Code.Reveal() != c.code {
			t.Errorf("%s: token %q, code %q, %v", name, got.Token.Reveal(), got.Code.Reveal(), err)
		}
	}
}

func FuzzReadCallback(f *testing.F) {
	for _, seed := range []string{"https://shop.example/cb?token=" + someJWT, "?code=a&state=s", "#token=a?code=b", "%", "a.b.c", "?challenge_id=1;2"} {
		f.Add(seed, "")
		f.Add(seed, "s")
	}
	f.Fuzz(func(t *testing.T, address, state string) {
		c, err := xsolla.ReadCallback(core.NewSecret(address), state)
		if err == nil && c.Token.Empty() == c.Code.Empty() {
			t.Errorf("neither or both of token and code")
		}
		if text := c.Token.Reveal() + c.Code.Reveal(); err == nil && !core.IsToken(text) {
			t.Errorf("%q is no token", text)
		}
		if err != nil && (core.CodeOf(err) == "" || len(address) > 20 && strings.Contains(err.Error(), address)) {
			t.Errorf("the error is %v", err)
		}
	})
}
