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
	return explain.New(explain.Deps{Explain: func(text string, lang locale.Lang) (advice.Answer, error) {
		catalogue, err := d.app.advice()
		if err != nil {
			return advice.Answer{}, err
		}
		return catalogue.ExplainText(text, lang), nil
	}})
}
