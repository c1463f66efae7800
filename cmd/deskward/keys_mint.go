package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/visitortoken"
)

type mintOptions struct {
	visitor   visitortoken.Visitor
	life      time.Duration
	loginFile string
	loginKey  string
	draft     bool
}

func (a *app) keysMintCommand() *cobra.Command {
	var o mintOptions
	c := a.command("keys.mint", &cobra.Command{Use: "mint NAME --external-id ID", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.keysMint(c.Context(), given[0], o) }
	f := c.Flags()
	f.StringVar(&o.visitor.ExternalID, "external-id", "", a.flagText("external-id"))
	f.StringVar(&o.visitor.Name, "user-name", "", a.flagText("user-name"))
	f.StringVar(&o.visitor.Email, "email", "", a.flagText("email"))
	f.BoolVar(&o.visitor.EmailVerified, "email-verified", false, a.flagText("email-verified"))
	f.DurationVar(&o.life, "ttl", 0, a.flagText("ttl"))
	f.StringVar(&o.loginFile, "login-token-file", "", a.flagText("login-token-file"))
	f.StringVar(&o.loginKey, "login-key", "", a.flagText("login-key"))
	f.BoolVar(&o.draft, "dry-run", false, a.flagText("mint-dry-run"))
	return a.jsonFlag(c)
}

// keysMint prints a signed token alone on a line of standard output. What the
// vendor does not document is said beside it, on standard error.
func (a *app) keysMint(ctx context.Context, name string, o mintOptions) error {
	return a.onKey(ctx, name, func(s *session, k core.SigningKey) error {
		if o.loginFile != "" || o.loginKey != "" {
			var err error
			if o.visitor, err = a.loginVisitor(ctx, s, o); err != nil {
				return err
			}
		}
		d := visitortoken.NewDraft(k, o.visitor, o.life, s.clock.Now())
		if o.draft {
			a.plainLine(d.Header)
			a.plainLine(d.Payload)
			a.sayFindings(d.Findings, false)
			return d.Refusal()
		}
		token, err := d.Sign(k.Secret())
		if err != nil {
			return err
		}
		ev := core.Event{Verb: core.VerbMinted, Subject: k.Subject(), Detail: map[string]string{"visitor": core.CleanLine(o.visitor.ExternalID)}}
		if err := s.events.Record(ctx, ev); err != nil {
			return core.Unrecorded("mint", k.Name, err)
		}
		if err := s.keys.Used(ctx, k.ID); err != nil {
			return err
		}
		a.noteUnsure(d.Findings)
		if a.opt.json {
			return a.json(struct {
				Token     string    `json:"token"`
				ExpiresAt time.Time `json:"expires_at"`
			}{token.Reveal(), d.ExpiresAt})
		}
		_, err = fmt.Fprintln(a.io.Out, token.Reveal())
		return err
	})
}

// loginVisitor is who a token of Xsolla Login, verified with its key, says
// that the visitor is.
func (a *app) loginVisitor(ctx context.Context, s *session, o mintOptions) (visitortoken.Visitor, error) {
	if o.loginFile == "" || o.loginKey == "" {
		return visitortoken.Visitor{}, usageError("login-both", "--login-token-file, --login-key", nil, nil)
	}
	key, err := s.keys.ByName(ctx, o.loginKey)
	if err != nil {
		return visitortoken.Visitor{}, err
	}
	token, err := a.secretFile(ctx, o.loginFile)
	if err != nil {
		return visitortoken.Visitor{}, err
	}
	login, err := visitortoken.VerifyLogin(key, token, s.clock.Now())
	if err != nil {
		return visitortoken.Visitor{}, err
	}
	return login.ChatVisitor()
}
