package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
)

func (a *app) connectionsCommand() *cobra.Command {
	return a.group("connections", "connections",
		a.connectionsListCommand(), a.connectionsShowCommand(), a.connectionsCheckCommand(), a.connectionsTokenCommand(),
		a.connectionsEditCommand(), a.connectionsRenameCommand(), a.connectionsRemoveCommand(),
		a.connectionsRefreshCommand(), a.connectionsProbeCommand(), a.connectionsSetupCommand(), a.connectionsRevokeCommand(),
	)
}

func (a *app) connectionsListCommand() *cobra.Command {
	c := a.command("connections.list", &cobra.Command{Use: "list", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.connectionsList(c.Context()) }
	return a.jsonFlag(c)
}

// summaryJSON is a connection in a list. Its field names are a contract.
type summaryJSON struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Platform      core.PlatformID `json:"platform"`
	Grant         core.Grant      `json:"grant"`
	Region        string          `json:"region"`
	Account       string          `json:"account"`
	Health        string          `json:"health"` // unknown, good, waiting, warn, bad
	State         string          `json:"state"`  // why, a stable code
	StateAt       time.Time       `json:"state_at,omitzero"`
	AccessExpires time.Time       `json:"access_expires,omitzero"`
	EndsAt        time.Time       `json:"ends_at,omitzero"`
	SecretEndsAt  time.Time       `json:"client_secret_ends_at,omitzero"`
	CheckedAt     time.Time       `json:"checked_at,omitzero"`
	CheckOK       bool            `json:"check_ok"`
	CheckCode     string          `json:"check_code,omitempty"`
	GrantedAt     time.Time       `json:"granted_at,omitzero"`
}

func summaryAsJSON(s core.Summary, now time.Time) summaryJSON {
	state := s.State(now)
	return summaryJSON{
		ID: s.ID, Name: s.Name, Platform: s.Platform, Grant: s.Grant, Region: s.Region, Account: s.Account,
		Health: healthWord(state.Health), State: state.Code, StateAt: state.At,
		AccessExpires: s.AccessExpires, EndsAt: s.EndsAt, SecretEndsAt: s.SecretEndsAt, CheckedAt: s.CheckedAt, CheckOK: s.CheckOK, CheckCode: s.CheckCode,
		GrantedAt: s.GrantedAt,
	}
}

func healthWord(h core.Health) string {
	switch h {
	case core.HealthGood:
		return "good"
	case core.HealthWaiting:
		return "waiting"
	case core.HealthWarn:
		return "warn"
	case core.HealthBad:
		return "bad"
	}
	return "unknown"
}

// healthMark is the mark of a health, the same on every screen.
func healthMark(h core.Health) string {
	switch h {
	case core.HealthGood:
		return "ok"
	case core.HealthWarn:
		return "!"
	case core.HealthBad:
		return "x"
	}
	return "…"
}

func (a *app) connectionsList(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.connections.List(ctx)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	if a.opt.json {
		out := make([]summaryJSON, len(all))
		for i, c := range all {
			out[i] = summaryAsJSON(c, now)
		}
		return a.json(out)
	}
	if len(all) == 0 {
		a.line("cmd.connections.none")
		return nil
	}
	rows := make([][]string, len(all))
	for i, c := range all {
		rows[i] = []string{c.Name, a.platformName(c.Platform), place(c.Account, c.Region), a.state(c, now)}
	}
	a.table([]string{"name", "platform", "account", "state"}, rows)
	return nil
}

// state is a connection's state in one sentence with its mark.
func (a *app) state(c core.Summary, now time.Time) string {
	s := c.State(now)
	p := localeParams("at", stamp(s.At), "span", "", "ago", "", "code", c.CheckCode)
	if !s.At.IsZero() {
		p["span"], p["ago"] = a.span(s.At), a.until(s.At)
	}
	return healthMark(s.Health) + "  " + a.say.T("state."+s.Code, p)
}

func (a *app) platformName(id core.PlatformID) string {
	if key := "platform.name." + string(id); a.say.Has(key) {
		return a.say.T(key)
	}
	return string(id)
}

func place(account, region string) string {
	return strings.Join(slices.DeleteFunc([]string{account, region}, func(s string) bool { return s == "" }), " · ")
}

func (a *app) connectionsShowCommand() *cobra.Command {
	var secrets []string
	c := a.command("connections.show", &cobra.Command{Use: "show NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.connectionsShow(c.Context(), given[0], secrets)
	}
	c.Flags().StringArrayVar(&secrets, "secret", nil, a.flagText("secret"))
	return a.jsonFlag(c)
}

// connectionJSON is a connection shown whole. Secrets are there only when
// asked for by name.
type connectionJSON struct {
	core.Connection
	Health  string            `json:"health"`
	State   string            `json:"state"`
	Has     []string          `json:"has"` // names of the secrets that are stored
	Secrets map[string]string `json:"secrets,omitempty"`
	Sheet   *platform.Sheet   `json:"sheet,omitempty"`
}

func (a *app) connectionsShow(ctx context.Context, name string, secrets []string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	c, err := s.connections.ByName(ctx, name)
	if err != nil {
		return err
	}
	revealed := map[string]string{}
	for _, which := range secrets {
		secret := c.Secrets[which]
		if secret.Empty() {
			return &core.Error{Tried: "show", On: c.Name, Code: "secret.missing", Class: core.Usage, Params: map[string]string{
				"secret": core.CleanLine(which), "has": strings.Join(slices.Sorted(maps.Keys(c.Secrets)), ", "),
			}}
		}
		if err := s.recordExport(ctx, c, which); err != nil {
			return err
		}
		revealed[which] = secret.Reveal()
	}
	if a.opt.json {
		state := c.Summary().State(s.clock.Now())
		out := connectionJSON{Connection: c, Health: healthWord(state.Health), State: state.Code, Has: notNil(slices.Sorted(maps.Keys(c.Secrets))), Secrets: revealed}
		if sheet := s.platforms.Sheet(c); len(sheet.Facts) > 0 {
			out.Sheet = &sheet
		}
		return a.json(out)
	}
	a.showConnection(s, c)
	for _, which := range secrets {
		a.pairs([]pair{{"secret." + which, revealed[which]}})
	}
	return nil
}

func (a *app) showConnection(s *session, c core.Connection) {
	names := slices.Sorted(maps.Keys(c.Secrets))
	a.pairs([]pair{
		{"name", c.Name},
		{"id", c.ID},
		{"platform", a.platformName(c.Platform)},
		{"state", a.state(c.Summary(), s.clock.Now())},
		{"grant", a.say.T("grant." + string(c.Grant))},
		{"region", c.Region},
		{"account", c.Account},
		{"expect", c.Expect},
		{"issuer", c.Issuer},
		{"client-id", c.ClientID},
		{"scopes", strings.Join(c.Scopes, " ")},
		{"granted", strings.Join(c.Granted, " ")},
		{"access-expires", stamp(c.AccessExpires)},
		{"granted-at", stamp(c.GrantedAt)},
		{"ends-at", stamp(c.EndsAt)},
		{"client-secret-ends", stamp(c.SecretEndsAt)},
		{"checked", stamp(c.Check.At)},
		{"note", c.Check.Note},
		{"stored", strings.TrimSpace(stamp(c.CreatedAt) + " " + c.CreatedBy)},
		{"secrets", strings.Join(names, " ")},
	})
	for _, call := range c.Check.Calls {
		a.callLine(call)
	}
	a.saySheet(s, c)
	if err := c.Refusal(); err != nil {
		for _, line := range a.explain(err) {
			a.plainLine(line)
		}
	}
}

// saySheet writes what a connection holds for people to read elsewhere, and its
// health.
func (a *app) saySheet(s *session, c core.Connection) {
	sheet := s.platforms.Sheet(c)
	if len(sheet.Facts) == 0 {
		return
	}
	var rows [][]string
	for _, f := range sheet.Facts {
		rows = append(rows, []string{a.say.T("setup." + string(c.Platform) + "." + f.Name), core.CleanLine(f.Value)})
		if secret := c.Secrets[sheet.Secret]; f.Name == sheet.SecretAfter && !secret.Empty() {
			rows = append(rows, []string{a.say.T("setup." + string(c.Platform) + "." + sheet.Secret), secret.String()})
		}
	}
	fmt.Fprintln(a.io.Out)
	writeColumns(a.io.Out, rows)
	fmt.Fprintln(a.io.Out)
	a.sayHealth(s, c)
}

// sayHealth writes what is known of what a connection depends on.
func (a *app) sayHealth(s *session, c core.Connection) {
	signs := map[platform.Level]string{platform.Good: "ok  ", platform.Notes: "-   ", platform.Warns: "!   ", platform.Stops: "x   "}
	for _, f := range s.platforms.Sheet(c).Findings {
		params := locale.Params{}
		for k, v := range f.Params {
			params[k] = core.CleanLine(v)
		}
		key := "finding." + f.Code
		a.plainLine(signs[f.Level] + a.say.T(key, params))
		if f.Level >= platform.Warns {
			a.plainLine("    " + a.say.T(key+".fix", params))
		}
	}
}

// recordExport writes down that a secret left the store, before it is shown.
func (s *session) recordExport(ctx context.Context, c core.Connection, secret string) error {
	err := s.events.Record(ctx, core.Event{Verb: core.VerbExported, Subject: c.Subject(), Detail: map[string]string{"secret": secret}})
	if err != nil {
		return core.Unrecorded("show", c.Name, err)
	}
	return nil
}
