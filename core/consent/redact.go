package consent

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"deskward/core"
)

// sentSecrets returns the secrets of a request of ours, in every form in which
// a server might repeat them in its error: in the body, in the Authorization
// header, and encoded as they were sent.
func sentSecrets(req *http.Request) []string {
	var out []string
	add := func(secret string) {
		if secret != "" {
			out = append(out, secret, url.QueryEscape(secret))
		}
	}
	form := formOf(req)
	for _, name := range []string{"client_secret", "code", "code_verifier", "refresh_token", "device_code", "token", "assertion"} {
		add(form.Get(name))
	}
	if scheme, credential, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		add(credential)
		if plain, err := base64.StdEncoding.DecodeString(credential); err == nil && strings.EqualFold(scheme, "Basic") {
			_, secret, _ := strings.Cut(string(plain), ":")
			add(secret)
			if secret, err = url.QueryUnescape(secret); err == nil {
				add(secret)
			}
		}
	}
	return out
}

// formOf reads a request's form without using up its body.
func formOf(req *http.Request) url.Values {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil
	}
	return form
}

// redact replaces our own secrets in a text of the vendor's.
func redact(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, core.NewSecret(s).String())
	}
	return text
}
