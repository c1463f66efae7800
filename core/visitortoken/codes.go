package visitortoken

// advises reports whether an unsure finding is advice, or of the paste alone:
// it does not decide whether the vendor takes the token.
func advises(code string) bool {
	switch code {
	case "messaging.exp.far", "messaging.exp.milliseconds", "messaging.exp.none",
		"messaging.email_verified.not-true", "messaging.email_verified.alone",
		"messaging.external_id.email", "messaging.external_id.phone", "chat.external_id.email", "chat.external_id.phone",
		"login.no-email":
		return true
	}
	return false
}
