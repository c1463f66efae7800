package connections

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// readFiles puts a file's content in the place of its path, where a path was
// typed: a file of a vendor's console is a JSON object, and begins like one.
func (f *family) readFiles(p platform.Platform, a platform.Answers) (platform.Answers, error) {
	for _, ask := range p.AsksFor(a.Grant, a.Plain) {
		typed := strings.TrimSpace(a.Secret[ask.Name].Reveal())
		if !ask.File || typed == "" || strings.HasPrefix(typed, "{") || strings.HasPrefix(typed, "\ufeff") || f.ReadFile == nil {
			continue
		}
		content, err := f.ReadFile(typed)
		if err != nil {
			return a, err
		}
		a.Secret = maps.Clone(a.Secret)
		a.Secret[ask.Name] = core.NewSecret(string(content))
	}
	return a, nil
}

func stops(list []platform.Finding) bool {
	return slices.ContainsFunc(list, func(f platform.Finding) bool { return f.Level == platform.Stops })
}

func warns(list []platform.Finding) bool {
	return slices.ContainsFunc(list, func(f platform.Finding) bool { return f.Level >= platform.Warns })
}

// fingerprint tells whether answers are still the same, without keeping them.
func fingerprint(a platform.Answers) string {
	h := sha256.New()
	add := func(texts ...string) {
		for _, t := range texts {
			h.Write([]byte(t + "\x00"))
		}
	}
	add(a.Name, string(a.Grant), a.Expect)
	for _, name := range slices.Sorted(maps.Keys(a.Plain)) {
		add(name, a.Plain[name])
	}
	for _, name := range slices.Sorted(maps.Keys(a.Secret)) {
		add(name, a.Secret[name].Reveal())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// findingsKey scrolls the findings, accepts them, or goes back to the form.
func (a *add) findingsKey(key string) screen.Step {
	switch key {
	case "esc":
		a.findings, a.seen = nil, ""
	case "ctrl+s":
		if !stops(a.findings) {
			return a.save()
		}
	default:
		a.pager.Key(key)
	}
	return screen.Step{}
}

// drawFindings shows what is wrong in the place of the form.
func (a *add) drawFindings(e screen.Env, w int) screen.Frame {
	key := "connections.lint.warns"
	if stops(a.findings) {
		key = "connections.lint.stops"
	}
	head := widget.Wrap(e.T(key, locale.Params{"n": len(a.findings)}), w)
	for i := range head {
		head[i] = e.Theme.Title.Render(head[i])
	}
	var lines []string
	for _, f := range a.findings {
		lines = append(append(lines, ""), findingLines(e, f, w)...)
	}
	room := max(e.Height-len(head), 3)
	from, to := a.pager.Window(len(lines), room, -1)
	out := append(head, lines[from:to]...)
	if to < len(lines) && len(out) > 2 {
		out[len(out)-1] = e.Theme.Muted.Render(e.T("connections.more-below", locale.Params{"n": len(lines) - to + 1}))
	}
	return screen.Frame{Text: strings.Join(out, "\n")}
}

// findingLines is one finding: what it is, what it means, what to do, its code.
func findingLines(e screen.Env, f platform.Finding, w int) []string {
	sign, style := findingMark(e, f.Level)
	params := locale.Params{}
	for k, v := range f.Params {
		params[k] = core.CleanLine(v)
	}
	key := "finding." + f.Code
	out := widget.Marked(style.Render(sign), e.T(key, params), w)
	for _, l := range widget.Wrap(e.T(key+".means", params), w-2) {
		out = append(out, "  "+e.Theme.Muted.Render(l))
	}
	out = append(out, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), e.T(key+".fix", params), w-2), "  ")...)
	return append(out, "  "+e.Theme.Muted.Render(widget.Cut(f.Code, w-2, e.Theme.Glyphs.Cut)))
}

func findingMark(e screen.Env, l platform.Level) (string, lipgloss.Style) {
	switch l {
	case platform.Stops:
		return e.Theme.Glyphs.Bad, e.Theme.Bad
	case platform.Warns:
		return e.Theme.Glyphs.Warn, e.Theme.Warn
	case platform.Good:
		return e.Theme.Glyphs.OK, e.Theme.Good
	}
	return e.Theme.Glyphs.Wait, e.Theme.Muted
}
