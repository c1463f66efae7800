package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/mailproof"
)

// mailFlags are what `mail prove` takes.
type mailFlags struct{ user, smtp, imap, sendTo string }

func (a *app) mailCommand() *cobra.Command {
	var f mailFlags
	c := a.command("mail.prove", &cobra.Command{Use: "prove NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.mailProve(c.Context(), given[0], f) }
	c.Flags().StringVar(&f.user, "user", "", a.flagText("mail-user"))
	c.Flags().StringVar(&f.smtp, "smtp", "", a.flagText("mail-smtp"))
	c.Flags().StringVar(&f.imap, "imap", "", a.flagText("mail-imap"))
	c.Flags().StringVar(&f.sendTo, "send-to", "", a.flagText("mail-send-to"))
	return a.group("mail", "mail", a.jsonFlag(c))
}

// mailProve signs in at each of the connection's mail servers. One that
// refuses does not keep the other from being asked; the worst outcome is the
// command's.
func (a *app) mailProve(ctx context.Context, name string, f mailFlags) error {
	servers, err := mailServers(f)
	if err != nil {
		return err
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	proofs, err := mailproof.Requests(ctx, s.services(), name, f.user, servers...)
	if err != nil {
		return err
	}
	prover := mailproof.ProverOf(s.services())
	reports := []mailproof.Report{}
	var worst error
	for _, r := range proofs {
		if r.Server.Protocol == mailproof.SMTP {
			r.SendTo = f.sendTo
		}
		if !a.opt.json {
			a.plainLine(r.Server.String() + "  " + core.CleanLine(r.User))
			if r.Server.Corrected != 0 {
				a.plainLine("!   " + a.say.T("cmd.mail.corrected", localeParams("port", strconv.Itoa(r.Server.Corrected))))
			}
			r.OnStep = a.mailStep
		}
		report, err := prover.Prove(ctx, r)
		reports = append(reports, report)
		if err == nil {
			continue
		}
		if !a.opt.json {
			a.report(err)
		}
		if worst == nil || core.ClassOf(err) > core.ClassOf(worst) {
			worst = said{err}
		}
	}
	if a.opt.json {
		if err := a.json(reports); err != nil {
			return err
		}
	}
	return worst
}

// mailServers are those that were named.
func mailServers(f mailFlags) ([]mailproof.Server, error) {
	var out []mailproof.Server
	for _, given := range []struct {
		raw  string
		want mailproof.Protocol
	}{{f.smtp, mailproof.SMTP}, {f.imap, mailproof.IMAP}} {
		if given.raw == "" {
			continue
		}
		s, err := mailproof.Parse(given.raw)
		if err != nil {
			return nil, err
		}
		if s.Protocol != given.want {
			return nil, &core.Error{Tried: "read-mail-server", Code: "mail.bad-server", Class: core.Usage}
		}
		out = append(out, s)
	}
	if f.sendTo != "" && f.smtp == "" && f.imap != "" {
		return nil, &core.Error{Tried: "prove-mail", On: out[0].String(), Code: "mail.bad-recipient", Class: core.Usage}
	}
	return out, nil
}

// mailStep writes a step as it comes.
func (a *app) mailStep(s mailproof.Step) {
	values := locale.Params{}
	for k, v := range s.Values {
		values[k] = core.CleanLine(cmp.Or(v, "–"))
	}
	mark := "ok  "
	if s.Name == mailproof.StepRetry || s.Name == mailproof.StepChallenge {
		mark = "!   "
	}
	fmt.Fprintln(a.io.Out, mark+core.CleanLine(a.say.T("mailproof.step."+s.Name, values)))
}

// caFile reads the certificates of --ca; nil: none were given.
func (a *app) caFile() ([]byte, error) {
	name := a.or(a.opt.ca, "DESKWARD_CA")
	if name == "" {
		return nil, nil
	}
	pem, err := readFile(name)
	if err != nil {
		return nil, inputError("read-ca", name, err)
	}
	return pem, nil
}
