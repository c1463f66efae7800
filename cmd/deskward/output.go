package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
)

// writeColumns writes rows with their columns lined up by display width: a
// Chinese or Japanese character takes two cells. The last column is ragged.
func writeColumns(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-ansi.StringWidth(cell)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// table writes rows below the words of the given keys (cmd.column.<key>).
// Nothing is written for no rows: the caller says that there are none.
func (a *app) table(columns []string, rows [][]string) {
	head := make([]string, len(columns))
	for i, key := range columns {
		head[i] = a.say.T("cmd.column." + key)
	}
	all := append([][]string{head}, rows...)
	for _, row := range all {
		for i := range row {
			row[i] = core.CleanLine(row[i])
		}
	}
	writeColumns(a.io.Out, all)
}

// pair is one line of a shown thing: the key of its label
// (cmd.label.<key>) and its value. A pair without a value is left out.
type pair struct{ key, value string }

func (a *app) pairs(all []pair) {
	var rows [][]string
	for _, p := range all {
		if p.value != "" {
			rows = append(rows, []string{a.say.T("cmd.label." + p.key), core.CleanLine(p.value)})
		}
	}
	writeColumns(a.io.Out, rows)
}

// line writes one sentence on standard output.
func (a *app) line(key string, params ...locale.Params) {
	fmt.Fprintln(a.io.Out, a.say.T(key, params...))
}

// note writes one sentence on standard error, which leaves standard output to
// what a script reads.
func (a *app) note(key string, params ...locale.Params) {
	fmt.Fprintln(a.io.Err, a.say.T(key, params...))
}

// json writes v as indented JSON. Secrets in it are dots by their type, and
// what would act on a terminal is escaped.
func (a *app) json(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.io.Out.Write(core.CleanJSON(b.Bytes()))
	return err
}

// localeParams makes the values of a sentence of name, value, name, value, ….
func localeParams(nameValue ...string) locale.Params {
	p := locale.Params{}
	for i := 0; i+1 < len(nameValue); i += 2 {
		p[nameValue[i]] = nameValue[i+1]
	}
	return p
}

// stamp writes a moment in UTC to the second, as evidence does.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// until says how far away t is ("in 47 min", "2 h ago"), in the language in use.
func (a *app) until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	key := "cmd.time.in"
	if t.Before(a.clock.Now()) {
		key = "cmd.time.ago"
	}
	return a.say.T(key, localeParams("span", a.span(t)))
}

// span says how far away t is, before or after: "47 min".
func (a *app) span(t time.Time) string {
	d := t.Sub(a.clock.Now()).Abs()
	n, unit := int(d/time.Second), "seconds"
	switch {
	case d >= 48*time.Hour:
		n, unit = int(d/(24*time.Hour)), "days"
	case d >= 2*time.Hour:
		n, unit = int(d/time.Hour), "hours"
	case d >= 2*time.Minute:
		n, unit = int(d/time.Minute), "minutes"
	}
	return a.say.N("cmd.time."+unit, n)
}
