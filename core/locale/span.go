package locale

import (
	"strings"

	"deskward/core"
)

// spanShape is a length of time in the symbols of its units, as core writes it
// where no language is known: "4 min 59 s".
var spanShape = core.Pattern(`^[0-9]+ (d|h|min|s)( [0-9]+ (d|h|min|s))*$`)

// Span puts a length of time that is written with the symbols of its units
// ("4 min 59 s") into the language spoken. Any other text stays as it is.
func (p *Printer) Span(text string) string {
	if !spanShape().MatchString(text) {
		return text
	}
	words := map[string]string{"d": "time.days", "h": "time.hours", "min": "time.minutes", "s": "time.seconds"}
	fields := strings.Fields(text)
	var out []string
	for i := 0; i+1 < len(fields); i += 2 {
		out = append(out, p.T(words[fields[i+1]], Params{"n": fields[i]}))
	}
	return strings.Join(out, " ")
}

// SpanOr is Span for the value of a text's placeholder, where the placeholder
// is one of a length of time: others may hold what a person has written.
func (p *Printer) SpanOr(name, value string) string {
	switch name {
	case "in", "by", "life", "limit":
		return p.Span(value)
	}
	return value
}
