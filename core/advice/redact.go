package advice

import (
	"strings"
	"unicode"
)

// dots stand where a secret was, as those of core.Secret do.
const dots = "••••••"

// Redact blanks out what may be a secret in a text that somebody pasted: what
// stands behind the name of a secret, what begins as tokens of the platforms
// begin, and whatever looks like chance. It blanks rather too much: the text
// is shown to be recognised, not to be used.
func Redact(text string) string {
	text = strings.NewReplacer("%3D", "=", "%3d", "=", "%26", "&").Replace(text)
	var b strings.Builder
	name, told := "", false // the run before, and whether a sign told that its value comes
	for i := 0; i < len(text); {
		if c := text[i]; !isTokenByte(c) {
			switch c {
			case '=', ':', '>':
				told = true
			case ' ', '"', '\'', '\\', '\t':
			default:
				name, told = "", false
			}
			b.WriteByte(c)
			i++
			continue
		}
		n := i
		for n < len(text) && isTokenByte(text[n]) {
			n++
		}
		run := text[i:n]
		if isOpaque(run) || isValueOf(name, told, run) {
			run = dots
		}
		b.WriteString(run)
		name, told = secretName(text[i:n]), false
		i = n
	}
	return b.String()
}

// isValueOf reports whether a run is the value of the name before it. Some
// names of secrets are names of harmless things too (code: EAUTH, code: 403):
// what stands behind them is blanked where it is long enough to be one.
func isValueOf(name string, told bool, run string) bool {
	switch name {
	case "":
		return false
	case "bearer", "basic", "xoauth2", "oauthbearer", "zoho-oauthtoken", "zoho-authtoken":
		return len(run) >= 12 || told
	case "code", "state", "token", "refresh", "secret", "sid", "authorization", "plain", "user":
		return told && len(run) >= 12 && secretName(run) == ""
	}
	return told && secretName(run) == ""
}

// isTokenByte reports what tokens are made of. "=" is not among them, since it
// stands between a name and its value more often than at the end of base64.
func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '~' || c == '+' || c == '/' || c == '%'
}

// secretName returns a name behind which a secret stands, in lower case; ""
// for any other word.
func secretName(s string) string {
	s = strings.ToLower(strings.Trim(s, "-./"))
	switch s {
	case "code", "state", "token", "access_token", "refresh_token", "id_token", "client_secret", "clientsecret", "secret", "password", "passwd", "pass",
		"assertion", "client_assertion", "code_verifier", "code_challenge", "device_code", "authtoken", "bearer", "basic", "xoauth2", "oauthbearer", "plain",
		"zoho-oauthtoken", "zoho-authtoken", "accesstoken", "refreshtoken", "authorization", "cookie", "set-cookie", "session_id", "sid", "api_key", "apikey",
		"private_key", "refresh", "app_secret", "jwt":
		return s
	}
	return ""
}

// isOpaque reports what no person wrote.
func isOpaque(s string) bool {
	for _, prefix := range []string{"ya29.", "1//", "4/0", "GOCSPX-", "1000.", "eyJ", "00D", "5Aep", "xox"} {
		if strings.HasPrefix(s, prefix) && len(s) >= len(prefix)+8 {
			return true
		}
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '/' || r == '~' }) {
		if len(part) < 20 {
			continue
		}
		digit, letter, upper, lower := false, false, 0, 0
		for _, r := range part {
			digit = digit || unicode.IsDigit(r)
			letter = letter || unicode.IsLetter(r)
			if unicode.IsUpper(r) {
				upper++
			} else if unicode.IsLower(r) {
				lower++
			}
		}
		// Words of a program's names have capitals too, but few.
		if digit && letter && (len(part) >= 24 || upper > 3) || upper > 6 && lower > 6 && len(part) >= 30 {
			return true
		}
	}
	return false
}
