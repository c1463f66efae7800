package peertest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hidden     = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	abortLink  = regexp.MustCompile(`href="([^"]+/abort)"`)
)

// visitor is the person with a browser.
type visitor struct {
	t        *testing.T
	browser  *http.Client
	refuses  bool   // at the first page, instead of agreeing
	userCode string // what the person types where a device code is asked for
}

// browse opens an address, signs in, agrees (or refuses) and returns where the
// browser is sent at last, without going there; "" when it ends on a page.
func (v visitor) browse(address string) string {
	v.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.t.Fatal(err)
	}
	v.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := v.browser.Get(address)
	for range 20 {
		if err != nil {
			v.t.Fatal(err)
		}
		body, readErr := io.ReadAll(resp.Body)
		resp.Body.Close()
		if readErr != nil {
			v.t.Fatal(readErr)
		}
		to := resp.Header.Get("Location")
		form := formAction.FindSubmatch(body)
		switch {
		case to != "":
			u := v.resolve(resp, to)
			if strings.HasPrefix(u.Path, "/callback/") {
				return u.String()
			}
			resp, err = v.browser.Get(u.String())
		case form == nil && resp.StatusCode == http.StatusOK:
			return ""
		case form == nil:
			v.t.Fatalf("no form, status %d: %s", resp.StatusCode, body)
		case v.refuses:
			link := abortLink.FindSubmatch(body)
			if link == nil {
				v.t.Fatalf("no way to refuse: %s", body)
			}
			resp, err = v.browser.Get(v.resolve(resp, string(link[1])).String())
		default:
			resp, err = v.browser.PostForm(v.resolve(resp, string(form[1])).String(), v.fill(body))
		}
	}
	v.t.Fatal("the browser goes round in circles")
	return ""
}

func (v visitor) resolve(resp *http.Response, to string) *url.URL {
	v.t.Helper()
	u, err := resp.Request.URL.Parse(html.UnescapeString(to))
	if err != nil {
		v.t.Fatal(err)
	}
	return u
}

// fill fills in whatever the page asks for.
func (v visitor) fill(page []byte) url.Values {
	form := url.Values{"login": {"mina"}, "password": {"any"}, "user_code": {v.userCode}}
	for _, field := range hidden.FindAllSubmatch(page, -1) {
		form.Set(string(field[1]), html.UnescapeString(string(field[2])))
	}
	return form
}

func browse(t *testing.T, address string, refuses bool) string {
	t.Helper()
	return visitor{t: t, refuses: refuses}.browse(address)
}
