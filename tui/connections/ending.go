package connections

import (
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// ending is what came of a consent, by whichever way.
type ending struct {
	over bool
	res  consent.Result
	err  error
}

// trouble is why it did not work, or why what it brought does not.
func (n ending) trouble() error {
	switch {
	case !n.over:
		return nil
	case n.err != nil:
		return n.err
	case n.res.CheckErr != nil:
		return n.res.CheckErr
	}
	return n.res.Connection.Refusal()
}

// lines says first whether it worked, then what speaks against it, then what
// to do next.
func (n ending) lines(e screen.Env, f *family, who subject) []string {
	w := widget.Readable(e.Width)
	if n.err != nil {
		out := widget.Problem(e, n.err, w)
		return append(append(out, ""), widget.Marked(e.Theme.Key.Render("n"), e.T("connections.ended.again"), w)...)
	}
	c := n.res.Connection
	params := locale.Params{"name": c.Name, "platform": f.platformName(who.platform)}
	good, bad := e.Theme.Good.Render(e.Theme.Glyphs.OK), e.Theme.Warn.Render(e.Theme.Glyphs.Warn)
	out := widget.Marked(good, e.T("connections.ended.granted", params), w)
	if n.res.Elsewhere {
		out = append(out, widget.Indent(widget.Wrap(e.T("connections.ended.elsewhere"), w-3), "   ")...)
	}
	switch {
	case n.res.CheckErr != nil:
		out = append(out, widget.Marked(bad, e.T("connections.ended.unchecked"), w)...)
		out = append(out, widget.Indent(widget.Problem(e, n.res.CheckErr, w-3), "   ")...)
	case c.Check.At.IsZero():
		out = append(out, widget.Marked(e.Theme.Muted.Render(e.Theme.Glyphs.Wait), e.T("connections.ended.no-check"), w)...)
	case !c.Check.OK:
		out = append(out, "")
		out = append(out, widget.Problem(e, c.Refusal(), w)...)
	default:
		out = append(out, widget.Marked(good, e.T("connections.ended.checked"), w)...)
		if e.Height < 14 {
			break // what speaks against it must be in sight
		}
		if c.Check.Note != "" {
			out = append(out, "   "+widget.Cut(c.Check.Note, w-3, e.Theme.Glyphs.Cut))
		}
		for _, call := range c.Check.Calls {
			out = append(out, "   "+e.Theme.Muted.Render(widget.Cut(callLine(call), w-3, e.Theme.Glyphs.Cut)))
		}
	}
	if len(n.res.Missing) > 0 {
		out = append(out, "")
		out = append(out, widget.Marked(bad, e.T("connections.ended.missing", locale.Params{"n": len(n.res.Missing)}), w)...)
		for _, s := range scopeParts(e, who, n.res.Missing) {
			out = append(out, "   "+widget.CutStyled(s, w-3, e.Theme.Glyphs.Cut))
		}
		out = append(out, widget.Indent(widget.Wrap(e.T("connections.ended.missing-next"), w-3), "   ")...)
	}
	return append(append(out, ""), widget.Marked(e.Theme.Key.Render(e.Theme.Glyphs.Enter), e.T("connections.ended.next"), w)...)
}

// onward shows the connection: the screen below, when it is the connection's
// own.
func (n ending) onward(f *family, who subject) screen.Step {
	if who.inside {
		return screen.Step{Back: true}
	}
	return screen.Step{Replace: newDetail(f, n.res.Connection.Summary())}
}

// keys of a result.
func (n ending) keys() []screen.Key {
	if n.err != nil {
		return []screen.Key{screen.NewKey("n", "connections.key.again", "n")}
	}
	return []screen.Key{
		screen.NewKey("enter", "connections.key.open", "enter"),
		screen.NewKey("n", "connections.key.again", "n").Hide(),
	}
}
