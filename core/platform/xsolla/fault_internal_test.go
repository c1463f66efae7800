package xsolla

import (
	"strings"
	"testing"

	"deskward/core"
)

func TestCodesOfXsollaAreReadAndNothingElse(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":{"code":"003-061","description":"Object not found."}}`: "003-061",
		`{"error":{"code":" 010-011 ","details":{}}}`:                    "010-011",
		`{"error":{"code":"TokenExpired"}}`:                              "TokenExpired",
		`{"error":{"code":"eyJhbGciOiJIUzI1NiJ9.e30.sig"}}`:              "",
		`{"error":{"code":"a secret with blanks"}}`:                      "",
		`{"error":{"code":61}}`:                                          "",
		`{"error":"invalid_grant"}`:                                      "",
		`{"error":{"code":"003-061"}} {}`:                                "",
		`<html>003-061</html>`:                                           "",
		``:                                                               "",
	} {
		if got := vendorError([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func FuzzVendorError(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"003-061","description":"Object not found."}}`), 400)
	f.Add([]byte(`{"error":{"code":"\u0033"}}`), 429)
	f.Add([]byte(`[[[[`), 500)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		code := vendorError(body)
		if code != "" && !codeShape().MatchString(code) {
			t.Errorf("code %q", code)
		}
		if key := adviceKey(status, code); !strings.HasPrefix(key, "xsolla.") || key == "xsolla." {
			t.Errorf("advice key %q", key)
		}
	})
}

func FuzzVisitorOf(f *testing.F) {
	f.Add([]byte(`{"id":"82cd5e0c","email":"a@b.example","is_last_email_confirmed":true,"ban":{"reason":"x"},"name":"A\u001b[31m"}`))
	f.Add([]byte(`{"id":null,"ban":[]}`))
	f.Add([]byte(`{"id":"1","email":5}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, ok := visitorOf(raw)
		if ok != (v.ID != "") {
			t.Errorf("%t: %+v", ok, v)
		}
		if v.Name != core.CleanLine(v.Name) || v.Email() != core.CleanLine(v.Email()) {
			t.Errorf("not safe to draw: %+v", v)
		}
	})
}
