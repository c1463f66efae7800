package salesforce

import (
	"context"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// emailToCase is the actions that set Email-to-Case up with an admin and prove
// it. None writes into the org.
type emailToCase struct{ s platform.Services }

func (m *emailToCase) actions() []action.Action {
	return []action.Action{
		action.New("salesforce.org", action.Changes, m.org),
		action.New("salesforce.switches_on", action.Reads, m.stages(StageSwitches)),
		action.New("salesforce.routing_address", action.Reads, m.stages(StageSwitches, StageAddress)),
		action.New("salesforce.address_verified", action.Reads, m.stages(StageSwitches, StageAddress, StageVerified)),
		action.New("salesforce.address_ready", action.Reads, m.stages(StageSwitches, StageAddress, StageVerified, StageReady)),
		action.New("salesforce.replies_ready", action.Reads, m.stages(StageSwitches, StageReplies)),
		action.New("salesforce.new_nonce", action.Reads, m.newNonce),
		action.New("salesforce.case_arrived", action.Reads, m.caseArrived),
	}
}

// client returns the client of a stored connection to an org.
func (m *emailToCase) client(ctx context.Context, name string) (*client, error) {
	c, err := m.s.Connections.ByName(ctx, name)
	if err != nil {
		return nil, err
	}
	if c.Platform != ID {
		return nil, &core.Error{Tried: "find-connection", On: c.Name, Code: "salesforce.not-salesforce", Class: core.Usage}
	}
	return m.dial(c), nil
}

func (m *emailToCase) dial(c core.Connection) *client {
	env := platform.Env{
		HTTP: m.s.HTTP, Endpoints: m.s.Endpoints, Clock: m.s.Clock,
		Token: func(ctx context.Context) (core.Secret, error) { return m.s.Tokens.Access(ctx, c.ID) },
	}
	if r, ok := m.s.Tokens.(platform.Refresher); ok {
		env.Renew = func(ctx context.Context) (core.Secret, error) {
			c, err := r.Refresh(ctx, c.ID)
			return c.Secrets[core.SecretAccessToken], err
		}
	}
	return newClient(c, env)
}

// org finds the connection that a run works with, or makes one by client
// credentials from what was typed, and proves it. Run again it takes up the one
// it made.
func (m *emailToCase) org(ctx context.Context, in OrgIn) (OrgOut, error) {
	c, err := m.s.Connections.ByName(ctx, in.Connection)
	switch {
	case err == nil && c.Platform != ID:
		return OrgOut{}, &core.Error{Tried: "find-connection", On: c.Name, Code: "salesforce.not-salesforce", Class: core.Usage}
	case core.CodeOf(err) == "connection.not-found" && in.ClientID != "":
		if c, err = m.add(ctx, in); err != nil {
			return OrgOut{}, err
		}
	case err != nil:
		return OrgOut{}, err
	}
	if c.Grant.Unattended() && c.Settings[settingInstance] == "" {
		// The first token tells where the API is.
		if _, err := m.s.Tokens.Access(ctx, c.ID); err != nil {
			return OrgOut{}, err
		}
	}
	if c, err = m.s.Checks(ctx, c.ID); err != nil {
		return OrgOut{}, err
	}
	if err := c.Refusal(); err != nil {
		return OrgOut{}, err
	}
	base, _ := trusted(c.Settings[settingInstance], m.s.Endpoints)
	limits, err := m.dial(c).limits(ctx)
	return OrgOut{
		Connection: c.ID, Name: c.Name, Username: c.Check.Note, Instance: base,
		EmailToCase: base + setupEmailToCase, EmailServices: base + setupEmailService, OrgWide: base + setupWideAddress,
		Remaining: limits.Remaining, CheckedAt: m.s.Clock.Now(),
	}, err
}

func (m *emailToCase) add(ctx context.Context, in OrgIn) (core.Connection, error) {
	c, err := Platform().NewConnection(platform.Answers{
		Name: in.Connection, Grant: core.GrantClientCredentials,
		Plain:  map[string]string{"region": in.Region, settingDomain: in.Domain, "client_id": in.ClientID},
		Secret: core.Secrets{core.SecretClientSecret: core.TidySecret(in.ClientSecret)},
	})
	if err != nil {
		return c, err
	}
	return m.s.Connections.Add(ctx, c)
}

// stages returns the check that everything up to some stages is right.
func (m *emailToCase) stages(stages ...Stage) func(context.Context, MailboxIn) (MailboxOut, error) {
	return func(ctx context.Context, in MailboxIn) (MailboxOut, error) {
		mailbox, err := address(in.Mailbox)
		if err != nil {
			return MailboxOut{}, err
		}
		c, err := m.client(ctx, in.Connection)
		if err != nil {
			return MailboxOut{}, err
		}
		r, err := c.emailToCase(ctx, mailbox, strings.TrimSpace(in.Sender))
		if err != nil {
			return MailboxOut{}, err
		}
		if f, stops := r.stopping(stages...); stops {
			return MailboxOut{}, f.stop(c.conn.Name)
		}
		return MailboxOut{
			Mailbox: mailbox, Type: r.Address.Type, ServicesAddress: r.Address.Services, Routes: len(r.Settings.Addresses),
			ExternalService: r.Settings.ExternalServer, Warnings: warnings(r), CheckedAt: m.s.Clock.Now(),
		}, nil
	}
}

// warnings are the codes of what was found and stops nothing, by which the
// texts are known everywhere.
func warnings(r Report) []string {
	var out []string
	for _, code := range r.Warnings() {
		out = append(out, string(ID)+"."+code)
	}
	return out
}

func address(v string) (string, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(v))
	if err != nil {
		return "", &core.Error{Tried: "read-input", Code: "salesforce.bad-address", Class: core.Usage}
	}
	return a.Address, nil
}

// newNonce makes the mark by which a test mail is found again.
func (m *emailToCase) newNonce(_ context.Context, in NonceIn) (NonceOut, error) {
	nonce := "deskward-" + strings.ToLower(core.NewID())
	if len(nonce) > longestNonce {
		nonce = nonce[:longestNonce]
	}
	return NonceOut{Nonce: nonce, Subject: nonce + " " + strings.TrimSpace(in.Words), At: m.s.Clock.Now()}, nil
}

const longestNonce = 40

// How long a case is waited for, and how far apart the looks are. Each look is
// one or two of the org's API calls of the day.
const (
	usualWait   = 90 * time.Second
	longestWait = 15 * time.Minute
	lookApart   = 5 * time.Second
	patience    = 30 * time.Second // with a vendor that wants to be left alone
)

var nonceShape = core.Pattern(`^[A-Za-z0-9-]{12,64}$`)

type incoming struct {
	ID       string `json:"Id"`
	Case     string `json:"ParentId"`
	From     string `json:"FromAddress"`
	To       string `json:"ToAddress"`
	Subject  string `json:"Subject"`
	Message  string `json:"MessageIdentifier"`
	Received string `json:"CreatedDate"`
}

type caseRecord struct {
	ID      string `json:"Id"`
	Number  string `json:"CaseNumber"`
	Origin  string `json:"Origin"`
	Subject string `json:"Subject"`
}

// caseArrived looks for the case that a mail with the nonce in its subject
// became, until it is there or the time is over.
func (m *emailToCase) caseArrived(ctx context.Context, in CaseIn) (CaseOut, error) {
	if !nonceShape().MatchString(in.Nonce) {
		return CaseOut{}, &core.Error{Tried: "read-input", Code: "salesforce.bad-nonce", Class: core.Usage}
	}
	c, err := m.client(ctx, in.Connection)
	if err != nil {
		return CaseOut{}, err
	}
	within := usualWait
	if in.Seconds > 0 {
		within = min(time.Duration(in.Seconds)*time.Second, longestWait)
	}
	began := m.s.Clock.Now()
	for waited := time.Duration(0); ; {
		out, found, err := c.findCase(ctx, in.Nonce)
		apart := lookApart
		if d, limited := core.RetryAfter(err); limited && core.ClassOf(err) == core.Failed && d > 0 && d <= patience {
			err, apart = nil, max(d, apart)
		}
		if err != nil {
			return CaseOut{}, err
		}
		if found {
			out.Seconds, out.CheckedAt = int(m.s.Clock.Now().Sub(began).Seconds()), m.s.Clock.Now()
			return out, nil
		}
		if waited += apart; waited > within {
			return CaseOut{}, &core.Error{
				Tried: "find-case", On: c.conn.Name, Code: codeNoCase, Class: core.Refused,
				Params: map[string]string{"nonce": in.Nonce, "seconds_waited": strconv.Itoa(int(within.Seconds()))},
			}
		}
		if err := core.Sleep(ctx, m.s.Clock, apart); err != nil {
			return CaseOut{}, &core.Error{Tried: "find-case", On: c.conn.Name, Code: "net.cancelled", Err: err}
		}
	}
}

// codeNoCase: no case came of the mail within the time.
const codeNoCase = "salesforce.no-case"

func (c *client) findCase(ctx context.Context, nonce string) (CaseOut, bool, error) {
	mails, err := query[incoming](ctx, c, "find-case",
		"SELECT Id, ParentId, Incoming, FromAddress, ToAddress, Subject, MessageIdentifier, CreatedDate FROM EmailMessage"+
			" WHERE Incoming = true AND CreatedDate = LAST_N_DAYS:3 AND Subject LIKE "+quote("%"+nonce+"%"))
	if err != nil {
		return CaseOut{}, false, err
	}
	for _, e := range mails {
		if !strings.Contains(e.Subject, nonce) || e.Case == "" {
			continue
		}
		cases, err := query[caseRecord](ctx, c, "find-case", "SELECT Id, CaseNumber, Origin, SuppliedEmail, Subject FROM Case WHERE Id = "+quote(e.Case))
		if err != nil {
			return CaseOut{}, false, err
		}
		for _, k := range cases {
			if k.ID != e.Case || k.Number == "" {
				continue
			}
			return CaseOut{
				CaseNumber: k.Number, CaseID: k.ID, URL: c.base + "/" + url.PathEscape(k.ID), Origin: k.Origin,
				From: e.From, To: e.To, Message: e.Message,
			}, true, nil
		}
	}
	return CaseOut{}, false, nil
}
