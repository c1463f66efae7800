package manifest_test

import (
	"slices"
	"testing"

	"deskward/core/manifest"
)

func TestLinesThatSendAnAuthTokenOfZohoAreFoundAndThoseOfOthersAreNot(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]int{
		"":           nil,
		"var a = 1;": nil,
		"fetch(u, {\n headers: {Authorization: 'Zoho-authtoken ' + t}})":               {2},
		"a\r\nfetch(base + '/tickets?authtoken=' + t)\r\nb":                            {2},
		"fetch(base + '?orgId=1&AUTHTOKEN=' + t)\nconst h = `Zoho-Authtoken ${t}`":     {1, 2},
		"new Twilio({authToken: t})\nconst twilio_authtoken = t; // authtoken":         nil,
		"ZOHODESK.request({url: u, connectionLinkName: 'zohodesk'})":                   nil,
		"fetch(u, {headers: {Authorization: 'Zoho-oauthtoken ' + t}})":                 nil,
		"fetch('https://example.com/?my_authtoken=1&xauthtoken=2' + '/noauthtoken=3')": nil,
	} {
		if got := manifest.TokenLines(src); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", src, got, want)
		}
	}
}

func TestQuestionsForAnAuthTokenOfZohoAreFoundInTheManifest(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		`{"config":[{"name":"authtoken"},{"name":"Twilio_Authtoken"},{"name":"Zoho_AuthToken"}]}`: {"authtoken", "Zoho_AuthToken"},
		`{"config":[]}`:      nil,
		`{}`:                 nil,
		`{"config":{"a":1}}`: nil,
		`no JSON`:            nil,
	} {
		if got := manifest.TokenQuestions(src); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", src, got, want)
		}
	}
}
