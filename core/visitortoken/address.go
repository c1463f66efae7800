package visitortoken

import (
	"strconv"
	"strings"
	"unicode"
)

func decimal(n int) string { return strconv.Itoa(n) }

// isAddress reports whether a text has the shape of an e-mail address. It is
// no judgement whether there is such an address.
func isAddress(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.ContainsRune(host, '@') || strings.ContainsFunc(s, notInAddress) {
		return false
	}
	name, top, ok := strings.Cut(host, ".")
	return ok && name != "" && top != "" && !strings.HasSuffix(host, ".") && !strings.Contains(host, "..")
}

func notInAddress(r rune) bool {
	switch r {
	case '"', '(', ')', ',', ':', ';', '<', '>', '[', '\\', ']':
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// isPhone reports whether a text is a telephone number by its signs: plain
// digits are as likely a customer's number.
func isPhone(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case !strings.ContainsRune("+ ()-./", r):
			return false
		}
	}
	return digits >= 7 && strings.HasPrefix(s, "+")
}
