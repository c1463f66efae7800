package guide

import (
	"fmt"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/locale"
)

// Report writes what was done and proven as Markdown for a change ticket. It
// holds no secret. The words are the locale texts guide.report.…, run.state.…
// and step.state.….
func (r Run) Report(p *locale.Printer) string {
	var b strings.Builder
	title := r.guide.Title.In(p.Lang())
	if r.Name != "" {
		title += ": " + r.Name
	}
	fmt.Fprintf(&b, "# %s\n\n", markdown(title))
	line := func(key, value string) { fmt.Fprintf(&b, "- %s: %s\n", p.T("guide.report."+key), markdown(value)) }
	line("guide", r.GuideID)
	line("begun", stamp(r.Begun)+", "+r.By.String())
	if !r.Ended.IsZero() {
		line("ended", stamp(r.Ended))
	}
	line("result", p.T("run.state."+string(r.State)))
	if r.Sandbox {
		fmt.Fprintf(&b, "\n**%s**\n", p.T("guide.report.sandbox"))
	}
	steps := r.View(p.Lang())
	fmt.Fprintf(&b, "\n## %s\n\n| # | %s | %s | %s | %s |\n|---|---|---|---|---|\n", p.T("guide.report.steps"),
		p.T("guide.report.step"), p.T("guide.report.result"), p.T("guide.report.time"), p.T("guide.report.by"))
	for _, s := range steps {
		at := ""
		if !s.At.IsZero() {
			at = stamp(s.At)
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", s.Number, markdown(s.Title), p.T("step.state."+string(s.State)), at, markdown(s.By))
	}
	fmt.Fprintf(&b, "\n## %s\n", p.T("guide.report.evidence"))
	for _, s := range steps {
		evidence(&b, s, p)
	}
	fmt.Fprintf(&b, "\n%s\n", p.T("guide.report.no-secrets"))
	return b.String()
}

// evidence writes what is known of one step, if there is anything.
func evidence(b *strings.Builder, s StepView, p *locale.Printer) {
	if s.Shown == "" && len(s.Calls) == 0 && len(s.Failed) == 0 && len(s.Answers) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %d. %s\n\n", s.Number, markdown(s.Title))
	if s.Shown != "" {
		fmt.Fprintf(b, "%s\n", markdown(s.Shown))
		if len(s.Calls) > 0 || len(s.Failed) > 0 || s.Word != "" {
			b.WriteByte('\n')
		}
	}
	for _, a := range s.Answers {
		fmt.Fprintf(b, "- %s: %s\n", markdown(a.Name), markdown(a.Value))
	}
	if s.Word != "" {
		fmt.Fprintf(b, "- %s\n", p.T("guide.report.word."+s.Word, locale.Params{"by": s.By}))
	}
	calls(b, s.Calls)
	for _, f := range s.Failed {
		fmt.Fprintf(b, "- %s: `%s`, %s, %s\n", p.T("guide.report.failed"), code(f.Code), stamp(f.At), markdown(f.By.String()))
		calls(b, f.Calls)
	}
}

func calls(b *strings.Builder, list []core.Call) {
	for _, c := range list {
		status := "–"
		if c.Status != 0 {
			status = fmt.Sprint(c.Status)
		}
		fmt.Fprintf(b, "- `%s %s` %s, %s\n", code(c.Method), code(c.URL), status, stamp(c.At))
	}
}

// stamp writes a time as evidence: UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// markdown makes a text safe within a line or a table cell of Markdown.
func markdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "[", `\[`, "`", "\\`", "#", `\#`).Replace(core.CleanLine(s))
}

// code makes a text safe between backticks.
func code(s string) string { return strings.ReplaceAll(core.CleanLine(s), "`", "'") }
