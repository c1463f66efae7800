package mailproof_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
)

// longCanary is as long as real tokens are, which servers cut when they quote.
const longCanary = "canary.a0AfB_byC-0123456789abcdefghijklmnopqrstuvwxyz~ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func TestAServerThatQuotesTheCommandDoesNotMakeTheTokenShow(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	cfg := ca.leaf(t, "127.0.0.1", time.Now().Add(time.Hour))
	message := base64.StdEncoding.EncodeToString([]byte("user=support@example.test\x01auth=Bearer " + longCanary + "\x01\x01"))
	echoed, _ := json.Marshal(map[string]string{"status": "400", "schemes": "Bearer " + longCanary, "scope": message})
	for name, c := range map[string]struct {
		reply, challenge string
		imap             bool
		keeps            string
	}{
		"the whole command":     {reply: "500 5.3.3 Unrecognized command 'AUTH XOAUTH2 " + message + "'", keeps: "500 5.3.3 Unrecognized command 'AUTH XOAUTH2 "},
		"the beginning of it":   {reply: "500 5.5.6 line too long: AUTH XOAUTH2 " + message[:60] + "...", keeps: "line too long: AUTH XOAUTH2 "},
		"its end":               {reply: "500 ..." + message[70:], keeps: "500 "},
		"in capitals":           {reply: "500 UNKNOWN: " + strings.ToUpper("AUTH XOAUTH2 "+message), keeps: "500 UNKNOWN: AUTH XOAUTH2 "},
		"glued to a word":       {reply: "500 arg=" + message + "; bye", keeps: "; bye"},
		"the token itself":      {reply: "535 5.7.8 bad token " + longCanary, keeps: "535 5.7.8 bad token "},
		"on a line of several":  {reply: "535-5.7.8 refused\r\n535-" + message + "\r\n535 5.7.8 good bye", keeps: "good bye"},
		"in a passing refusal":  {reply: "454 4.7.0 try again, Bearer " + longCanary, keeps: "try again, Bearer "},
		"in the challenge":      {reply: "535 5.7.8 no", challenge: base64.StdEncoding.EncodeToString(echoed), keeps: "535 5.7.8 no"},
		"IMAP":                  {reply: "BAD Unknown command " + message, imap: true, keeps: "BAD Unknown command "},
		"IMAP, in the goodbye":  {reply: "NO no\r\n* BYE " + longCanary, imap: true, keeps: "NO no"},
		"IMAP, in a challenge":  {reply: "NO no", challenge: base64.StdEncoding.EncodeToString(echoed), imap: true, keeps: "NO no"},
		"with a word of others": {reply: "535 5.7.8 see https://support.example.test/mail?p=BadCredentials-0123", keeps: "https://support.example.test/mail?p=BadCredentials-0123"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			protocol, script := mailproof.SMTP, smtpServer(always(c.challenge, c.reply))
			if c.imap {
				protocol, script = imapTest, imapServer("AUTH=XOAUTH2 SASL-IR", c.challenge, c.reply)
			}
			_, port := serve(t, cfg, c.imap, script)
			r := request(protocol, port, !c.imap)
			r.Token = core.NewSecret(longCanary)
			var seen strings.Builder
			r.OnStep = func(s mailproof.Step) { fmt.Fprintln(&seen, s) }
			report, err := prover(ca.pem).Prove(t.Context(), r)
			e, ok := errors.AsType[*core.Error](err)
			if !ok || !strings.Contains(report.Reply, c.keeps) {
				t.Errorf("%v\n%+v", err, report)
			}
			raw, _ := json.Marshal(report)
			all := strings.ToLower(fmt.Sprint(string(raw), err, e, seen.String()))
			for _, sent := range []string{longCanary, message} {
				sent = strings.ToLower(sent)
				for i := range len(sent) - 11 {
					if strings.Contains(all, sent[i:i+12]) {
						t.Fatalf("%q of what was sent shows in\n%s", sent[i:i+12], all)
					}
				}
			}
		})
	}
}
