package signinwalk

import (
	"strconv"

	"charm.land/lipgloss/v2"

	"deskward/core/locale"
	"deskward/core/signinwalk"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// storyShare is the part of the width, in percent, that the story takes beside
// the world.
const storyShare = 58

// Draw shows the story and beside it, or above it, what there is now. Where
// there is room for neither, the last thing that happened comes first.
func (v *view) Draw(e screen.Env) screen.Frame {
	switch {
	case v.form != nil:
		return v.drawForm(e)
	case v.stories != nil:
		return widget.Frame(v.drawStories(e))
	}
	lines := []string{v.head(e), ""}
	if e.Height < 14 {
		lines = lines[:1]
	}
	height := e.Height - len(lines)
	switch {
	case e.Wide():
		left := e.Width * storyShare / 100
		story, world := v.scroll(e, v.story(e, left-2, 0), left-2, height), v.drawWorld(e, e.Width-left-3)
		return widget.Frame(append(lines, widget.Columns(e, story, left, world, height)...))
	case e.Height < 14:
		body := append(v.story(e, e.Width, max(len(v.steps)-1, 0)), "")
		v.pager.Follow = false // the newest is at the top here
		return widget.Frame(append(lines, v.scroll(e, append(body, v.drawWorld(e, e.Width)...), e.Width, height)...))
	}
	world := v.drawWorld(e, e.Width)
	world = widget.Head(world, height/2, e.Width, e.Theme.Glyphs.Cut)
	lines = append(append(lines, world...), "")
	return widget.Frame(append(lines, v.scroll(e, v.story(e, e.Width, 0), e.Width, height-len(world)-1)...))
}

// head is by which rules and on which device.
func (v *view) head(e screen.Env) string {
	words := e.T("walk.head", locale.Params{"rules": e.T("walk.rules." + string(v.rules)), "device": v.world().Device})
	return e.Theme.Title.Render(widget.Cut(words, e.Width, e.Theme.Glyphs.Cut))
}

// scroll is the part of lines in sight, its end when something has just
// happened.
func (v *view) scroll(e screen.Env, lines []string, width, height int) []string {
	from, to := v.pager.Window(len(lines), height, len(lines)-1)
	out := append([]string(nil), lines[from:to]...)
	if to < len(lines) && to-from > 2 {
		more := e.T("walk.more", locale.Params{"n": len(lines) - to + 1})
		out[len(out)-1] = e.Theme.Muted.Render(widget.Cut(more, width, e.Theme.Glyphs.Cut))
	}
	return out
}

// story tells the steps, from one on.
func (v *view) story(e screen.Env, width, from int) []string {
	if len(v.events) == 0 {
		return widget.Wrap(e.T("walk.empty"), widget.Readable(width))
	}
	var lines []string
	for i, s := range v.steps[min(from, len(v.steps)):] {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, widget.Marked(e.Theme.Accent.Render(strconv.Itoa(from+i+1)+"."), s.Event.In(e.Text), width)...)
		for _, x := range s.Says {
			lines = append(lines, widget.Indent(widget.Marked(mark(e, x.Certainty), x.In(e.Text), width-2), "  ")...)
		}
	}
	if v.err != nil {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		at := v.events[len(v.steps)]
		lines = append(lines, widget.Wrap(e.T("walk.cannot", locale.Params{"event": at.In(e.Text)}), width)...)
		lines = append(lines, widget.Problem(e, v.err, width)...)
	}
	return lines
}

// mark stands before a sentence: how far it can be relied on.
func mark(e screen.Env, c signinwalk.Certainty) string {
	signs := map[signinwalk.Certainty]struct {
		style lipgloss.Style
		sign  string
	}{
		signinwalk.Documented:   {e.Theme.Good, e.Theme.Glyphs.Bullet},
		signinwalk.Older:        {e.Theme.Warn, e.Theme.Glyphs.Warn},
		signinwalk.Undocumented: {e.Theme.Warn, "?"},
		signinwalk.Given:        {e.Theme.Muted, e.Theme.Glyphs.Bullet},
	}
	s := signs[c]
	return s.style.Render(s.sign)
}

// drawWorld lists users with their tickets, and devices. A star is before what
// is otherwise by the rules compared.
func (v *view) drawWorld(e screen.Env, width int) []string {
	lines := []string{e.Theme.Title.Render(e.T("walk.world"))}
	w := v.world()
	var differs map[string]bool
	if v.other != nil {
		differs = signinwalk.Differs(w, *v.other)
	}
	for _, f := range w.Facts() {
		star := " "
		if differs[f.Subject] {
			star = e.Theme.Warn.Render("*")
		}
		if f.Under {
			star += "  " + e.Theme.Muted.Render(e.Theme.Glyphs.Bullet)
		}
		for _, l := range widget.Marked(star, f.In(e.Text), width) {
			if f.Unsure {
				l = e.Theme.Warn.Render(l)
			}
			lines = append(lines, l)
		}
	}
	if len(differs) > 0 {
		rules := locale.Params{"rules": e.T("walk.rules." + string(v.against()))}
		for _, l := range widget.Wrap(e.T("walk.differs", rules), width) {
			lines = append(lines, e.Theme.Muted.Render(l))
		}
	}
	return lines
}

func (v *view) drawForm(e screen.Env) screen.Frame {
	head := "walk.ask.ticket"
	if v.asks == signinwalk.SignsIn {
		head = "walk.ask.sign-in"
	}
	lines := []string{e.Theme.Title.Render(e.T(head)), ""}
	form, cursor := v.form.Draw(e, e.Width, e.Height-len(lines))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}

func (v *view) drawStories(e screen.Env) []string {
	lines := []string{e.Theme.Title.Render(e.T("walk.stories.head")), ""}
	all := signinwalk.Stories()
	from, to := v.stories.Window(len(all), max(1, e.Height-len(lines)))
	for i := from; i < to; i++ {
		sign := "  "
		if i == v.stories.Selected {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		lines = append(lines, sign+widget.Cut(e.T("walk.story."+all[i].Name), e.Width-2, e.Theme.Glyphs.Cut))
	}
	return lines
}
