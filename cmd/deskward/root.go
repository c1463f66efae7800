package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"deskward/core"
	"deskward/core/locale"
)

// newRoot returns the whole tree of commands over one app.
func newRoot(a *app) *cobra.Command {
	root := a.command("root", &cobra.Command{Use: "deskward"})
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	root.SetUsageFunc(func(c *cobra.Command) error { a.usage(c.OutOrStdout(), c); return nil })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.help(c.OutOrStdout(), c) })
	root.SetHelpCommand(&cobra.Command{Use: "no-help-command", Hidden: true})
	root.SetFlagErrorFunc(flagError)
	root.Args = noSubcommand
	root.RunE = func(c *cobra.Command, _ []string) error { return a.console(c.Context()) }

	f := root.PersistentFlags()
	f.StringVar(&a.opt.store, "store", "", a.flagText("store"))
	f.StringVar(&a.opt.endpoints, "endpoints", "", a.flagText("endpoints"))
	f.Var((*language)(&a.opt.lang), "lang", a.flagText("lang"))
	f.StringVar(&a.opt.ca, "ca", "", a.flagText("ca"))
	f.StringVar(&a.opt.identity, "identity", "", a.flagText("identity"))
	f.StringVar(&a.opt.passphraseFile, "passphrase-file", "", a.flagText("passphrase-file"))
	f.BoolVar(&a.opt.plain, "plain", false, a.flagText("plain"))
	f.BoolP("help", "h", false, a.flagText("help"))
	root.Flags().DurationVar(&a.opt.lockAfter, "lock-after", lockAfter, a.flagText("lock-after"))
	root.Flags().BoolVar(&a.opt.sandbox, "sandbox", false, a.flagText("sandbox"))

	root.AddCommand(
		a.initCommand(), a.connectCommand(), a.connectionsCommand(), a.keysCommand(), a.guidesCommand(), a.runsCommand(),
		a.sandboxCommand(), a.rehearseCommand(), a.eventsCommand(), a.deadlinesCommand(), a.doctorCommand(),
		a.visitorCommand(), a.mailCommand(), a.zohoCommand(), a.storeCommand(), a.serveCommand(), a.completionCommand(root),
	)
	return root
}

// language is the value of --lang: one of those there are texts in.
type language string

// Set takes the name of a language.
func (l *language) Set(name string) error {
	if _, ok := locale.Parse(name); !ok {
		return errors.New("no such language")
	}
	*l = language(name)
	return nil
}

// String is the language's name.
func (l *language) String() string { return string(*l) }

// Type says what the flag takes.
func (*language) Type() string { return "en | ja" }

// command gives c its words: cmd.<key>.short and, where there is one,
// cmd.<key>.long.
func (a *app) command(key string, c *cobra.Command) *cobra.Command {
	c.Short = a.say.T("cmd." + key + ".short")
	if long := "cmd." + key + ".long"; a.say.Has(long) {
		c.Long = a.say.T(long)
	}
	c.DisableFlagsInUseLine = true
	c.ValidArgsFunction = cobra.NoFileCompletions
	return c
}

// onlyHolds marks commands that do nothing without a subcommand; doctor and
// deadlines hold others too, and do something by themselves.
const onlyHolds = "only-holds"

// group is a command that only holds others.
func (a *app) group(key, use string, subs ...*cobra.Command) *cobra.Command {
	c := a.command(key, &cobra.Command{Use: use, Args: noSubcommand, Annotations: map[string]string{onlyHolds: ""}})
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(subs...)
	return c
}

func (a *app) flagText(key string) string { return a.say.T("flag." + key) }

// jsonFlag adds --json to a command that lists or shows.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.opt.json, "json", false, a.flagText("json"))
	return c
}

// args wants between low and high arguments (high -1: any number).
func args(low, high int) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if len(given) >= low && (high < 0 || len(given) <= high) {
			return nil
		}
		return usageError("args", c.CommandPath(), map[string]string{"usage": c.UseLine(), "count": fmt.Sprint(len(given))}, nil)
	}
}

func noSubcommand(c *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	near := c.SuggestionsFor(given[0])
	if len(near) == 0 {
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				near = append(near, sub.Name())
			}
		}
	}
	return usageError("unknown-command", core.CleanLine(given[0]), map[string]string{"command": c.CommandPath(), "near": strings.Join(near, ", ")}, nil)
}

func usageError(code, on string, params map[string]string, err error) error {
	return &core.Error{Tried: "command-line", On: on, Code: "usage." + code, Class: core.Usage, Params: params, Err: err}
}

// flagError puts pflag's complaints into deskward's words. The value given
// is not repeated: it might be a secret typed in the wrong place.
func flagError(c *cobra.Command, err error) error {
	params := map[string]string{"command": c.CommandPath()}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return usageError("unknown-flag", flagName(e.GetSpecifiedName()), params, err)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usageError("flag-needs-value", flagName(e.GetSpecifiedName()), params, err)
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		params["type"] = e.GetFlag().Value.Type()
		return usageError("flag-value", flagName(e.GetFlag().Name), params, nil)
	}
	return usageError("flag-syntax", c.CommandPath(), params, nil)
}

func flagName(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + core.CleanLine(name)
}

func (a *app) help(w io.Writer, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(text))
	a.usage(w, c)
}

// usage writes how a command is called, in the language in use.
func (a *app) usage(w io.Writer, c *cobra.Command) {
	title := func(key string) { fmt.Fprintf(w, "%s\n", a.say.T("cmd.usage."+key)) }
	title("usage")
	if _, group := c.Annotations[onlyHolds]; c.Runnable() && !group {
		fmt.Fprintf(w, "  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s %s\n\n", c.CommandPath(), a.say.T("cmd.usage.placeholder"))
		title("commands")
		var rows [][]string
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				rows = append(rows, []string{"  " + sub.Name(), sub.Short})
			}
		}
		writeColumns(w, rows)
	}
	if local := c.LocalNonPersistentFlags(); local.HasAvailableFlags() {
		fmt.Fprintln(w)
		title("flags")
		writeFlags(w, local)
	}
	if global := globalFlags(c); global.HasAvailableFlags() {
		fmt.Fprintln(w)
		title("global-flags")
		writeFlags(w, global)
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n%s\n", a.say.T("cmd.usage.more", localeParams("command", c.CommandPath())))
	}
}

func globalFlags(c *cobra.Command) *pflag.FlagSet { return c.Root().PersistentFlags() }

func writeFlags(w io.Writer, flags *pflag.FlagSet) {
	var rows [][]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, text := pflag.UnquoteUsage(f)
		left := "  --" + f.Name
		if f.Shorthand != "" {
			left = "  -" + f.Shorthand + ", --" + f.Name
		}
		if name != "" {
			left += " " + name
		}
		rows = append(rows, []string{left, text})
	})
	writeColumns(w, rows)
}
