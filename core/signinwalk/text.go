package signinwalk

import "deskward/core/locale"

// In tells the event in words.
func (e Event) In(p *locale.Printer) string {
	return p.T("walk.event."+e.Code(), locale.Params{"id": e.ID, "email": e.Email, "number": e.Number})
}

// In tells the fact in words.
func (f Fact) In(p *locale.Printer) string { return p.T("walk.world."+f.Code, params(f.Params)) }

// In tells the sentence in words, with where it is from.
func (s Sentence) In(p *locale.Printer) string {
	text := p.T("walk.say."+s.Code, params(s.Params))
	if s.Certainty == Given {
		return text
	}
	var source string
	if s.Certainty == Documented {
		source = p.T("walk.source." + string(s.Source))
	} else {
		source = p.T("walk.certainty." + string(s.Certainty))
	}
	return p.T("walk.say.sourced", locale.Params{"text": text, "source": source})
}

func params(in map[string]string) locale.Params {
	out := locale.Params{}
	for k, v := range in {
		out[k] = v
	}
	return out
}
