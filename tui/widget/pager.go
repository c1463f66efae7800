package widget

// Pager is which lines of a long text are in sight. Like List it keeps what
// the last Draw had room for.
type Pager struct {
	Follow          bool // bring a certain line into sight at the next Draw
	top, most, page int
}

// Key scrolls; other keys do nothing.
func (p *Pager) Key(k string) {
	switch k {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "ctrl+b":
		p.top -= p.page
	case "pgdown", "ctrl+f":
		p.top += p.page
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = p.most
	}
	p.top = max(0, min(p.top, p.most))
	p.Follow = false
}

// Window returns the first and the last+1 line to draw of n. line is the one
// to be in sight when Follow is set; -1: none.
func (p *Pager) Window(n, height, line int) (from, to int) {
	p.most, p.page = max(0, n-height), max(1, height-1)
	p.top = max(0, min(p.top, p.most))
	if p.Follow && line >= 0 {
		if line < p.top {
			p.top = line
		}
		if line >= p.top+height-1 {
			p.top = min(p.most, line-height+2)
		}
	}
	return p.top, min(n, p.top+height)
}
