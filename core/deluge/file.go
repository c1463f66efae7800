package deluge

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Extensions are the endings that files with functions have in the wild; .md
// and .js hold functions among other things.
func Extensions() []string { return []string{".dg", ".deluge", ".ds", ".txt", ".md", ".js"} }

// RewriteFile is Rewrite for what a file holds, by its name: of a Markdown
// file only the fenced blocks, of a JavaScript or text file only one that
// speaks Deluge.
func RewriteFile(name, src string, o Options) Result { return new(Rewriter).RewriteFile(name, src, o) }

// RewriteFile is the function RewriteFile.
func (w *Rewriter) RewriteFile(name, src string, o Options) Result {
	if !worthReading(src) {
		return Result{}
	}
	if !utf8.ValidString(src) || strings.Contains(src, "\x00") {
		if containsFold(src, "authtoken") {
			return Result{Findings: []Finding{{Code: CodeUnread, Outcome: Unsafe, Reason: "encoding", Line: 1, Column: 1}}}
		}
		return Result{}
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".md":
		return w.rewriteFences(src, o)
	case ".js":
		if !speaksDeluge(src) {
			return Result{}
		}
	}
	return w.Rewrite(src, o)
}

func speaksDeluge(src string) bool {
	return containsFold(src, "invokeurl") || containsFold(src, "geturl(") || containsFold(src, "posturl(")
}

func (w *Rewriter) rewriteFences(src string, o Options) Result {
	var out Result
	lines := lineIndex{src: src}
	for _, f := range fences(src) {
		part := src[f.from:f.to]
		if !speaksDeluge(part) && !containsFold(part, "zoho.") {
			continue
		}
		po := o
		po.Decline, po.Also = shift(o.Decline, -f.from), shift(o.Also, -f.from)
		r := w.Rewrite(part, po)
		first, _ := lines.at(f.from)
		for _, x := range r.Findings {
			x.Line, x.Offset = x.Line+first-1, x.Offset+f.from
			if x.With > 0 {
				x.With += first - 1
			}
			out.Findings = append(out.Findings, x)
		}
		for _, x := range r.Edits {
			out.Edits = append(out.Edits, Edit{x.Start + f.from, x.End + f.from, x.Text})
		}
		for _, x := range r.Scopes {
			x.Line += first - 1
			out.Scopes = append(out.Scopes, x)
		}
		out.secrets = append(out.secrets, r.secrets...)
	}
	out.Scopes = Merge(out.Scopes)
	return out
}

func shift(all []int, by int) []int {
	out := slices.Clone(all)
	for i := range out {
		out[i] += by
	}
	return out
}

// fences are the insides of the fenced code blocks of a Markdown text.
func fences(src string) []span {
	var out []span
	open, mark := -1, ""
	for at := 0; at < len(src); {
		end := lineEnd(src, at)
		next := end
		if strings.HasPrefix(src[end:], "\r\n") {
			next++
		}
		next = min(next+1, len(src))
		line := strings.TrimLeft(src[at:end], " \t")
		switch {
		case open < 0 && (strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")):
			open, mark = next, line[:3]
		case open >= 0 && strings.HasPrefix(line, mark):
			out = append(out, span{open, at})
			open = -1
		}
		if next == at {
			break
		}
		at = next
	}
	if open >= 0 {
		out = append(out, span{open, len(src)})
	}
	return out
}
