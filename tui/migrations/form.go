package migrations

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// draftKey is what a step's half-filled form is kept under.
func (s *step) draftKey(stepID string) string { return s.id + "/" + stepID }

// drafted returns the form of an ask step, with what was typed before.
func (s *step) drafted(p guide.Prompt) *widget.Form {
	key := s.draftKey(p.Step.ID)
	form := s.drafts[key]
	if form == nil {
		form = widget.NewForm(s.fields(p)...)
		s.drafts[key] = form
	}
	return form
}

func (s *step) fields(p guide.Prompt) []widget.Field {
	out := make([]widget.Field, len(p.Fields))
	for i, f := range p.Fields {
		out[i] = widget.Field{
			Name: f.Name, Secret: f.Secret, Optional: f.Optional || f.Kept, Value: f.Value, Lines: f.Multiline,
			Label: s.fieldWords(i, func(f guide.FieldPrompt, _ screen.Env) string { return f.Label }),
			Hint:  s.fieldWords(i, hint),
			Check: checking(f.Field),
		}
		for _, o := range f.Options {
			out[i].Options = append(out[i].Options, widget.Option{
				Value: o.Value, Label: func(e screen.Env) string { return o.Label.In(e.Text.Lang()) },
			})
		}
		if f.Kept {
			out[i].Empty = widget.Key("migrations.kept.short")
		}
		if f.Hint == "" && !f.Kept {
			out[i].Hint = nil
		}
	}
	return out
}

// fieldWords puts a part of the i-th field into the language it is drawn in.
func (s *step) fieldWords(i int, part func(guide.FieldPrompt, screen.Env) string) widget.Words {
	return func(e screen.Env) string {
		if p, ok := s.prompt(e.Text.Lang()); ok && i < len(p.Fields) {
			return part(p.Fields[i], e)
		}
		return ""
	}
}

func hint(f guide.FieldPrompt, e screen.Env) string {
	if !f.Kept {
		return f.Hint
	}
	if f.Hint == "" {
		return e.T("migrations.kept")
	}
	return widget.Sentences(e.T("migrations.kept"), f.Hint)
}

// checking says of a value what the guide has against it.
func checking(f guide.Field) func(string) widget.Words {
	return func(value string) widget.Words {
		if err := f.Check(value); err != nil {
			return wrong(err, f.Label)
		}
		return nil
	}
}

// wrong says what is wrong with an answer, below its field.
func wrong(err error, label locale.Text) widget.Words {
	return func(e screen.Env) string {
		key := "error." + core.CodeOf(err)
		if !e.Text.Has(key) {
			return e.Explain(err).Headline
		}
		params := locale.Params{"on": ""}
		if ce, ok := errors.AsType[*core.Error](err); ok {
			for k, v := range ce.Params {
				params[k] = v
			}
		}
		params["field"] = label.In(e.Text.Lang())
		return e.T(key, params)
	}
}

// wrongAnswer puts an error about one field below it, and reports whether the
// error was one.
func (s *step) wrongAnswer(err error) bool {
	ce, ok := errors.AsType[*core.Error](err)
	if !ok || s.form == nil || ce.Params["field"] == "" {
		return false
	}
	p, _ := s.prompt(locale.English)
	for _, f := range p.Fields {
		if f.Name == ce.Params["field"] {
			s.form.FocusOn(f.Name, wrong(err, f.Field.Label))
			s.typing = true
			return true
		}
	}
	return false
}

// examples are what the sandbox has for a guide's fields.
type examples struct {
	answers guide.Answers
	err     error
}

func (s *step) readExamples() screen.Step {
	if s.d.Examples == nil {
		return screen.Step{}
	}
	run := s.run
	s.filling = []tea.KeyPressMsg{}
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		answers, err := s.d.Examples(ctx, run)
		return examples{answers, err}
	})}
}

// fillIn puts the sandbox's values into the current form.
func (s *step) fillIn(msg examples) screen.Step {
	p, ok := s.prompt(locale.English)
	ahead := s.filling
	s.filling = nil
	if msg.err != nil || !ok || s.form == nil {
		return screen.Fail(msg.err)
	}
	for _, f := range p.Fields {
		if v, known := msg.answers[p.Step.ID+"."+f.Name]; known {
			s.form.Set(f.Name, v)
		}
	}
	var step screen.Step
	for _, k := range ahead {
		if s.form == nil { // the form was sent
			break
		}
		step = step.Then(s.formKey(p, k))
	}
	return step
}

// answers are what was typed, by field.
func (s *step) answers(p guide.Prompt) map[string]string {
	out := map[string]string{}
	for _, f := range p.Fields {
		out[f.Name] = s.form.Value(f.Name)
	}
	return out
}
