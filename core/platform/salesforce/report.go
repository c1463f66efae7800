package salesforce

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/platform"
)

// Stage is a step on the way from a mailbox to a case.
type Stage string

// The stages, in the order in which they are set up.
const (
	StageSwitches Stage = "switches" // Email-to-Case itself
	StageAddress  Stage = "address"  // a routing address for the mailbox
	StageVerified Stage = "verified" // whose ownership was confirmed
	StageReady    Stage = "ready"    // and whose services address takes mail
	StageReplies  Stage = "replies"  // and from which answers go out
)

// The findings. Those of a stage that is not passed stop there; the rest are
// warnings.
const (
	findOff            = "e2c-off"
	findOnDemandOff    = "on-demand-off"
	findNoAddress      = "no-routing-address"
	findNotVerified    = "not-verified"
	findNoService      = "no-service-address"
	findInactive       = "service-address-inactive"
	findFunctionOff    = "service-inactive"
	findSenderBarred   = "sender-barred"
	findExternalOff    = "external-service-off"
	findSendersLimited = "senders-limited"
	findDKIM           = "dkim-required"
	findSenderChecked  = "sender-authentication"
	findDiscards       = "discards-silently"
	findNoWideAddress  = "no-org-wide-address"
	findWideUnverified = "org-wide-address-unverified"
	findUnreadable     = "unreadable"
)

// Findings are all there are.
func Findings() []string {
	return []string{
		findOff, findOnDemandOff, findNoAddress, findNotVerified, findNoService, findInactive, findFunctionOff, findSenderBarred, findExternalOff,
		findSendersLimited, findDKIM, findSenderChecked, findDiscards, findNoWideAddress, findWideUnverified, findUnreadable,
	}
}

// Finding is one thing that is wrong, or may surprise.
type Finding struct {
	Code   string
	Stage  Stage
	Stops  bool // mail does not become a case, or answers do not go out by the mailbox
	Params map[string]string
}

// Report is what was read about one mailbox.
type Report struct {
	Settings Settings
	Address  RoutingAddress // the mailbox's; zero: there is none
	Findings []Finding
}

// stopping returns the first finding that stops a stage.
func (r Report) stopping(stages ...Stage) (Finding, bool) {
	for _, s := range stages {
		for _, f := range r.Findings {
			if f.Stage == s && f.Stops {
				return f, true
			}
		}
	}
	return Finding{}, false
}

// Warnings are the codes of what may surprise.
func (r Report) Warnings() []string {
	var out []string
	for _, f := range r.Findings {
		if !f.Stops {
			out = append(out, f.Code)
		}
	}
	return out
}

func (r *Report) add(s Stage, code string, stops bool, params ...string) {
	f := Finding{Code: code, Stage: s, Stops: stops, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		f.Params[params[i]] = params[i+1]
	}
	r.Findings = append(r.Findings, f)
}

// The records that are read. Their object and field names are those of
// Salesforce's enterprise API.
type (
	serviceAddress struct {
		ID       string `json:"Id"`
		Local    string `json:"LocalPart"`
		Domain   string `json:"EmailDomainName"`
		Active   bool   `json:"IsActive"`
		Senders  string `json:"AuthorizedSenders"`
		DKIM     string `json:"DkimRequiredDomains"`
		Function string `json:"FunctionId"`
	}
	serviceFunction struct {
		ID     string `json:"Id"`
		Name   string `json:"FunctionName"`
		Active bool   `json:"IsActive"`
		Checks bool   `json:"IsAuthenticationRequired"`
		Over   string `json:"OverLimitAction"`
		Failed string `json:"AuthorizationFailureAction"`
	}
	wideAddress struct {
		Address  string `json:"Address"`
		Verified bool   `json:"IsVerified"`
	}
	routingRecord struct {
		Address string `json:"Address"`
		Service string `json:"EmailServicesAddressId"`
	}
)

const (
	soqlRouting   = "SELECT Id, Address, PersonalName, EmailServicesAddressId FROM EmailRoutingAddress"
	soqlService   = "SELECT Id, LocalPart, EmailDomainName, IsActive, AuthorizedSenders, DkimRequiredDomains, RunAsUserId, FunctionId FROM EmailServicesAddress"
	soqlFunctions = "SELECT Id, FunctionName, IsActive, IsAuthenticationRequired, OverLimitAction, AuthorizationFailureAction FROM EmailServicesFunction"
	soqlWide      = "SELECT Id, Address, IsVerified, Purpose FROM OrgWideEmailAddress"
)

// emailToCase reads everything about one mailbox. sender, where given, is from
// where a test mail will come. Where a record may not be read, its part is a
// warning and not a verdict.
func (c *client) emailToCase(ctx context.Context, mailbox, sender string) (Report, error) {
	s, err := c.settings(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{Settings: s}
	if !s.Enabled {
		r.add(StageSwitches, findOff, true)
		return r, nil // what belongs to it cannot be queried then
	}
	if !s.OnDemand {
		r.add(StageSwitches, findOnDemandOff, true)
	}
	if !s.ExternalServer {
		r.add(StageReplies, findExternalOff, true)
	}
	if err := r.judgeWide(ctx, c, mailbox); err != nil {
		return r, err
	}
	for _, a := range s.Addresses {
		if strings.EqualFold(a.Address, mailbox) {
			r.Address = a
		}
	}
	if r.Address.Address == "" {
		r.add(StageAddress, findNoAddress, true, "address", mailbox, "count", strconv.Itoa(len(s.Addresses)))
		return r, nil
	}
	if !r.Address.Verified {
		r.add(StageVerified, findNotVerified, true, "address", mailbox)
	}
	return r, r.judgeService(ctx, c, sender)
}

// ReadSetup reads and judges Email-to-Case of one mailbox.
func (c *client) ReadSetup(ctx context.Context, of string) (platform.Setup, error) {
	mailbox, err := address(of)
	if err != nil {
		return platform.Setup{}, err
	}
	r, err := c.emailToCase(ctx, mailbox, "")
	if err != nil {
		return platform.Setup{}, err
	}
	yes := func(v bool) string { return strconv.FormatBool(v) }
	out := platform.Setup{Facts: []platform.SetupFact{
		{Name: "email-to-case", Value: yes(r.Settings.Enabled)},
		{Name: "on-demand", Value: yes(r.Settings.OnDemand)},
		{Name: "external-service", Value: yes(r.Settings.ExternalServer)},
		{Name: "routing-addresses", Value: strconv.Itoa(len(r.Settings.Addresses))},
		{Name: "unauthorized-sender", Value: r.Settings.Unauthorized},
		{Name: "over-limit", Value: r.Settings.OverLimit},
	}}
	if a := r.Address; a.Address != "" {
		out.Facts = append(out.Facts, []platform.SetupFact{
			{Name: "routing-address", Value: a.Address},
			{Name: "type", Value: a.Type},
			{Name: "verified", Value: yes(a.Verified)},
			{Name: "services-address", Value: a.Services},
		}...)
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, platform.SetupFinding{Code: "salesforce." + f.Code, Stops: f.Stops, Params: f.Params})
	}
	return out, nil
}

// judgeWide looks whether answers can go out from the mailbox.
func (r *Report) judgeWide(ctx context.Context, c *client, mailbox string) error {
	list, err := query[wideAddress](ctx, c, "read-email-to-case", soqlWide)
	if r.unreadable(StageReplies, "OrgWideEmailAddress", err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, w := range list {
		if strings.EqualFold(w.Address, mailbox) {
			if !w.Verified {
				r.add(StageReplies, findWideUnverified, false, "address", mailbox)
			}
			return nil
		}
	}
	r.add(StageReplies, findNoWideAddress, false, "address", mailbox)
	return nil
}

// judgeService looks whether the address to which mail is forwarded takes it.
func (r *Report) judgeService(ctx context.Context, c *client, sender string) error {
	const tried = "read-email-to-case"
	addresses, err := query[serviceAddress](ctx, c, tried, soqlService)
	if r.unreadable(StageReady, "EmailServicesAddress", err) {
		return nil
	}
	if err != nil {
		return err
	}
	linked := ""
	routes, err := query[routingRecord](ctx, c, tried, soqlRouting)
	if err != nil && !r.unreadable(StageReady, "EmailRoutingAddress", err) {
		return err
	}
	for _, route := range routes {
		if strings.EqualFold(route.Address, r.Address.Address) {
			linked = route.Service
		}
	}
	for _, a := range addresses {
		if linked != "" && a.ID == linked || strings.EqualFold(a.Local+"@"+a.Domain, r.Address.Services) {
			r.judgeAddress(a, sender)
			return r.judgeFunction(ctx, c, a.Function)
		}
	}
	r.add(StageReady, findNoService, true, "address", r.Address.Address)
	return nil
}

func (r *Report) judgeAddress(a serviceAddress, sender string) {
	at := core.CleanLine(a.Local + "@" + a.Domain)
	if !a.Active {
		r.add(StageReady, findInactive, true, "address", at)
	}
	senders := strings.Join([]string{a.Senders, r.Address.Senders}, " ")
	switch limited := strings.TrimSpace(senders) != ""; {
	case limited && sender != "" && !(maySend(a.Senders, sender) && maySend(r.Address.Senders, sender)):
		r.add(StageReady, findSenderBarred, true, "sender", core.CleanLine(sender), "action", r.Settings.Unauthorized)
	case limited:
		r.add(StageReady, findSendersLimited, false, "senders", core.CleanLine(strings.TrimSpace(senders)))
	}
	if strings.TrimSpace(a.DKIM) != "" {
		r.add(StageReady, findDKIM, false, "domains", core.CleanLine(a.DKIM))
	}
	if strings.EqualFold(r.Settings.OverLimit, "Discard") {
		r.add(StageReady, findDiscards, false)
	}
}

// maySend reports whether a list of addresses and domains lets a sender through;
// an empty one lets everybody.
func maySend(list, sender string) bool {
	entries := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	if len(entries) == 0 {
		return true
	}
	_, domain, _ := strings.Cut(sender, "@")
	for _, e := range entries {
		if strings.EqualFold(e, sender) || strings.EqualFold(strings.TrimPrefix(e, "@"), domain) {
			return true
		}
	}
	return false
}

func (r *Report) judgeFunction(ctx context.Context, c *client, id string) error {
	list, err := query[serviceFunction](ctx, c, "read-email-to-case", soqlFunctions)
	if r.unreadable(StageReady, "EmailServicesFunction", err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.ID != id {
			continue
		}
		if !f.Active {
			r.add(StageReady, findFunctionOff, true, "name", core.CleanLine(f.Name))
		}
		if f.Checks {
			r.add(StageReady, findSenderChecked, false, "action", core.CleanLine(f.Failed))
		}
	}
	return nil
}

// unreadable notes a record that the user may not read, or that the org does
// not have; false for any other error, and for none.
func (r *Report) unreadable(s Stage, object string, err error) bool {
	switch core.CodeOf(err) {
	case "salesforce.INVALID_TYPE", "salesforce.INVALID_FIELD", "salesforce.INSUFFICIENT_ACCESS":
		r.add(s, findUnreadable, false, "object", object)
		return true
	}
	return false
}

// stop is the error of a finding.
func (f Finding) stop(on string) error {
	e := &core.Error{Tried: "check-email-to-case", On: on, Code: "salesforce." + f.Code, Class: core.Refused, Params: map[string]string{}}
	maps.Copy(e.Params, f.Params)
	return e
}
