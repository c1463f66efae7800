package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform/all"
	"deskward/core/tokenbatch"
)

// migrateFlags are those of zoho migrate and zoho migrate resume.
type migrateFlags struct {
	variant, rate                    string
	clientID, secretFile             string
	region, org, owner               string
	scopes, maps                     []string
	concurrency                      int
	dry, confirmed, yes              bool
	overLimit, unchecked, again, csv bool
}

func (a *app) zohoMigrateCommand() *cobra.Command {
	var f migrateFlags
	c := a.command("zoho.migrate", &cobra.Command{Use: "migrate CSV --variant self|external", Args: args(1, 1)})
	c.ValidArgsFunction = nil // a file
	c.RunE = func(c *cobra.Command, given []string) error { return a.zohoMigrate(c.Context(), given[0], f) }
	fl := c.Flags()
	fl.StringVar(&f.variant, "variant", "", a.flagText("migrate-variant"))
	fl.BoolVar(&f.dry, "dry-run", false, a.flagText("migrate-dry-run"))
	fl.StringArrayVar(&f.maps, "map", nil, a.flagText("migrate-map"))
	fl.StringVar(&f.clientID, "client-id", "", a.flagText("migrate-client-id"))
	fl.StringVar(&f.secretFile, "client-secret-file", "", a.flagText("migrate-client-secret-file"))
	fl.StringVar(&f.region, "region", "", a.flagText("migrate-region"))
	fl.StringVar(&f.org, "org-id", "", a.flagText("migrate-org-id"))
	fl.StringVar(&f.owner, "owner", "", a.flagText("migrate-owner"))
	fl.StringArrayVar(&f.scopes, "scope", nil, a.flagText("migrate-scope"))
	fl.StringVar(&f.rate, "rate", "", a.flagText("migrate-rate"))
	fl.BoolVar(&f.confirmed, "confirmed", false, a.flagText("migrate-confirmed"))
	a.runFlags(c, &f)
	c.AddCommand(
		a.migrateResumeCommand(), a.migrateStatusCommand(), a.migrateAskCommand(), a.migrateSettleCommand(), a.migrateProveCommand(),
		a.migrateSheetCommand(), a.migrateConfirmCommand(), a.migrateRemoveCommand(),
	)
	return c
}

// runFlags are those of every command that exchanges tokens.
func (a *app) runFlags(c *cobra.Command, f *migrateFlags) {
	fl := c.Flags()
	fl.IntVar(&f.concurrency, "concurrency", tokenbatch.Concurrency, a.flagText("migrate-concurrency"))
	fl.BoolVar(&f.overLimit, "over-limit", false, a.flagText("migrate-over-limit"))
	fl.BoolVar(&f.unchecked, "unchecked", false, a.flagText("migrate-unchecked"))
	fl.BoolVar(&f.yes, "yes", false, a.flagText("migrate-yes"))
	fl.BoolVar(&f.csv, "csv", false, a.flagText("migrate-csv"))
	a.jsonFlag(c)
}

func (f migrateFlags) options() tokenbatch.RunOptions {
	return tokenbatch.RunOptions{Concurrency: f.concurrency, Again: f.again, OverLimit: f.overLimit, Unasked: f.unchecked}
}

// check refuses flags that can't be meant.
func (f migrateFlags) check(a *app) error {
	const most = 64
	switch {
	case f.csv && a.opt.json:
		return usageError("csv-or-json", "--csv", nil, nil)
	case f.concurrency < 1 || f.concurrency > most:
		return usageError("flag-value", "--concurrency", map[string]string{"type": fmt.Sprintf("1–%d", most), "command": "deskward zoho migrate"}, nil)
	}
	return nil
}

// tokenBatches is the service over this session's store.
func (s *session) tokenBatches() *tokenbatch.Service {
	return &tokenbatch.Service{Store: s.store, Events: s.events, Clock: s.clock, Vendor: all.TokenBatch(s.services())}
}

// zohoMigrate reads a list of auth tokens and exchanges them, or says what it
// would do.
func (a *app) zohoMigrate(ctx context.Context, name string, f migrateFlags) error {
	if err := f.check(a); err != nil {
		return err
	}
	read, o, err := a.migrateInput(ctx, name, f)
	if err != nil {
		return err
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	batches := s.tokenBatches()
	list, err := batches.Read(read.raw, read.options)
	if err != nil {
		return on(err, name)
	}
	plan, known, err := batches.Plan(ctx, listName(name), read.options.Variant, list, o)
	if err != nil {
		return err
	}
	bad := slices.Concat(list.Bad, known)
	if f.dry {
		return a.showPlan(list, plan, bad, f)
	}
	a.noteBad(bad)
	a.notePlan(plan)
	if len(plan.Lines)+len(plan.Held) == 0 {
		return &core.Error{Tried: "read-tokens", On: name, Code: "tokenbatch.nothing-left", Class: core.Usage}
	}
	return a.beginBatch(ctx, batches, plan, f)
}

// beginBatch writes the plan down, and runs it unless support has to confirm
// it first.
func (a *app) beginBatch(ctx context.Context, batches *tokenbatch.Service, plan tokenbatch.Plan, f migrateFlags) error {
	waits := plan.Variant == tokenbatch.External && !f.confirmed
	if !waits {
		if err := a.confirmExchange(ctx, len(plan.Lines), f); err != nil {
			return err
		}
	}
	b, late, err := batches.Begin(ctx, plan)
	if err != nil {
		return err
	}
	a.noteBad(late)
	a.note("cmd.zoho.migrate.begun", tokenBatchParams(b))
	if waits {
		_, rows, err := batches.Rows(ctx, b.ID)
		if err != nil {
			return err
		}
		a.note("cmd.zoho.migrate.waits", tokenBatchParams(b))
		return a.showSheet(tokenbatch.Sheet(rows), f.csv)
	}
	if plan.Variant == tokenbatch.External {
		if b, err = batches.Confirm(ctx, b.ID, ""); err != nil {
			return err
		}
	}
	return a.runBatch(ctx, batches, b, f)
}

// input is a list as it was read from its file.
type input struct {
	raw     []byte
	options tokenbatch.ReadOptions
}

// migrateInput reads the file and the flags.
func (a *app) migrateInput(ctx context.Context, name string, f migrateFlags) (input, tokenbatch.PlanOptions, error) {
	in, o := input{}, tokenbatch.PlanOptions{OverLimit: f.overLimit}
	v := tokenbatch.Variant(f.variant)
	if !slices.Contains(tokenbatch.Variants(), v) {
		return in, o, usageError("needs-flag", "--variant", map[string]string{"flag": "--variant self|external", "command": "deskward zoho migrate CSV"}, nil)
	}
	var err error
	if f.rate != "" {
		if o.Rate, o.RateOff, err = tokenbatch.ParseRate(f.rate); err != nil {
			return in, o, err
		}
	}
	in.options = tokenbatch.ReadOptions{Variant: v, Map: map[string]tokenbatch.Field{}, Defaults: tokenbatch.Defaults{
		Region: f.region, OrgID: f.org, ClientID: f.clientID, Owner: f.owner, Scopes: f.scopes,
	}}
	for _, m := range f.maps {
		header, field, _ := cutLast(m, "=")
		if header == "" || !slices.Contains(tokenbatch.Fields(), tokenbatch.Field(field)) {
			return in, o, &core.Error{Tried: "command-line", On: core.CleanLine(m), Code: "tokenbatch.bad-map", Class: core.Usage, Params: map[string]string{"known": joined(tokenbatch.Fields())}}
		}
		in.options.Map[header] = tokenbatch.Field(field)
	}
	if f.secretFile != "" {
		secret, err := readFile(f.secretFile)
		if err != nil {
			return in, o, inputError("read-input", f.secretFile, err)
		}
		in.options.Defaults.ClientSecret = core.NewSecret(strings.TrimSpace(string(secret)))
	}
	if in.raw, err = a.listBytes(ctx, name); err != nil {
		return in, o, inputError("read-tokens", name, err)
	}
	return in, o, nil
}

// cutLast parts a text at the last sep: a header may hold one itself.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(sep):]), true
}

func joined[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = string(one)
	}
	return strings.Join(out, ", ")
}

// on names what an error is about, where it does not say.
func on(err error, name string) error {
	if e, ok := err.(*core.Error); ok && e.On == "" {
		e.On = core.CleanLine(name)
	}
	return err
}

func listName(file string) string {
	if file == "-" {
		return "stdin"
	}
	return filepath.Base(file)
}

func tokenBatchParams(b tokenbatch.Batch) locale.Params {
	return locale.Params{
		"batch": b.Short(), "list": core.CleanLine(b.Name), "rows": b.Rows, "done": b.Counts[tokenbatch.Done], "left": b.Open(),
		"dead": b.Dead, "confirmed": stamp(b.Confirmed), "by": core.CleanLine(b.ConfirmedBy),
	}
}

// confirmExchange asks a person at a terminal, since what comes can't be
// undone. A script has said so by its command.
func (a *app) confirmExchange(ctx context.Context, n int, f migrateFlags) error {
	if n == 0 || f.yes || !a.interactive() {
		return nil
	}
	a.note("cmd.zoho.migrate.confirm", locale.Params{"count": n})
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) != fmt.Sprint(n) {
		return &core.Error{Tried: "run-batch", Code: "tokenbatch.not-confirmed", Class: core.Usage}
	}
	return nil
}
