package main

import (
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/tui"
	"deskward/tui/explain"
	"deskward/tui/screen"
)

// actions are what the palette offers everywhere.
func (d *desk) actions() []tui.Action {
	return []tui.Action{{Label: "palette.explain", Open: d.explainError}}
}

// explainError opens the screen that says what a pasted error means.
func (d *desk) explainError() screen.Screen {
	return explain.New(explain.Deps{Explain: d.explainText})
}

func (d *desk) explainText(text string, lang locale.Lang) (advice.Answer, error) {
	return d.explained(lang, func(c *advice.Catalogue, p *locale.Printer) advice.Answer { return c.ExplainPasted(text, p) })
}

// about opens the same screen on an error that another screen shows.
func (d *desk) about(met error) screen.Screen {
	words := advice.Words(met)
	return explain.New(explain.Deps{Text: words, Explain: func(text string, lang locale.Lang) (advice.Answer, error) {
		if text != words {
			return d.explainText(text, lang)
		}
		return d.explained(lang, func(c *advice.Catalogue, p *locale.Printer) advice.Answer { return c.ExplainError(met, p) })
	}})
}

// explained asks the catalogue, with the texts of a language.
func (d *desk) explained(lang locale.Lang, ask func(*advice.Catalogue, *locale.Printer) advice.Answer) (advice.Answer, error) {
	catalogue, err := d.app.advice()
	if err != nil {
		return advice.Answer{}, err
	}
	p, err := d.app.texts[lang]()
	if err != nil {
		return advice.Answer{}, err
	}
	return ask(catalogue, p), nil
}
