package widget

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
)

// Option is one answer of a choice.
type Option struct {
	Value string
	Label Words
	Muted bool // offered, but not recommended: its label says why
}

// Field is one question of a form.
type Field struct {
	Name     string
	Label    Words
	Hint     Words // shown below while the field has the focus; nil: none
	Secret   bool
	Optional bool
	Options  []Option // a choice; nil: text
	Many     bool     // several of Options
	Value    string   // to begin with; of Many: values separated by blanks
	Lines    bool     // several lines may be pasted: a line break parts values, and becomes a blank
	Empty    Words    // shown where nothing is typed, while another field is asked; nil: that it is optional
	// Check says what is wrong with a value that is not empty; nil: nothing.
	Check func(value string) Words
}

type fieldState struct {
	Field
	input  Input
	choice int
	on     map[string]bool
	list   List
	wrong  Words
}

// Form asks several questions. tab, shift+tab, up and down move between them,
// enter goes on and, behind the last, submits; left and right choose; space
// switches.
type Form struct {
	fields []*fieldState
	focus  int
}

// NewForm makes a form with the focus on its first field.
func NewForm(fields ...Field) *Form {
	f := &Form{}
	f.SetFields(fields...)
	return f
}

// SetFields replaces the questions; answers to those of the same name stay.
func (f *Form) SetFields(fields ...Field) {
	old := map[string]*fieldState{}
	for _, s := range f.fields {
		old[s.Name] = s
	}
	f.fields = nil
	for _, fd := range fields {
		s := &fieldState{Field: fd, input: NewInput(fd.Secret), on: map[string]bool{}}
		s.input.lines = fd.Lines
		value := fd.Value
		if o := old[fd.Name]; o != nil && o.Secret == fd.Secret && o.Many == fd.Many {
			value, s.list = o.value(), o.list
		}
		s.set(value)
		f.fields = append(f.fields, s)
	}
	f.focus = max(0, min(f.focus, len(f.fields)-1))
	f.refocus()
}

func (s *fieldState) set(value string) {
	switch {
	case s.Many:
		for _, v := range strings.Fields(value) {
			s.on[v] = true
		}
	case s.Options != nil:
		s.choice = max(0, slices.IndexFunc(s.Options, func(o Option) bool { return o.Value == value }))
	default:
		s.input.SetValue(value)
	}
}

func (s *fieldState) value() string {
	switch {
	case s.Many:
		var on []string
		for _, o := range s.Options {
			if s.on[o.Value] {
				on = append(on, o.Value)
			}
		}
		return strings.Join(on, " ")
	case s.Options != nil:
		if s.choice < len(s.Options) {
			return s.Options[s.choice].Value
		}
		return ""
	}
	return strings.TrimSpace(s.input.Value())
}

func (f *Form) refocus() {
	for i, s := range f.fields {
		if i == f.focus {
			s.input.Focus()
		} else {
			s.input.Blur()
		}
	}
}

// Value returns the answer to a question; of a secret one, use Secret.
func (f *Form) Value(name string) string {
	for _, s := range f.fields {
		if s.Name == name {
			return s.value()
		}
	}
	return ""
}

// Secret returns the answer to a secret question.
func (f *Form) Secret(name string) core.Secret { return core.NewSecret(f.Value(name)) }

// Set replaces the answer to a question, as if the form had begun with it.
func (f *Form) Set(name, value string) {
	for _, s := range f.fields {
		if s.Name == name {
			clear(s.on)
			s.Value, s.wrong = value, nil
			s.set(value)
		}
	}
}

// Focused returns the name of the question that has the focus.
func (f *Form) Focused() string {
	if len(f.fields) == 0 {
		return ""
	}
	return f.fields[f.focus].Name
}

// FocusOn moves the focus to a question and shows what is wrong with it.
func (f *Form) FocusOn(name string, wrong Words) {
	for i, s := range f.fields {
		if s.Name == name {
			f.focus, s.wrong = i, wrong
			f.refocus()
		}
	}
}

// Typing reports whether letters go into a text now.
func (f *Form) Typing() bool {
	return len(f.fields) > 0 && f.fields[f.focus].Options == nil
}

// Touched reports whether anything was typed or chosen.
func (f *Form) Touched() bool {
	for _, s := range f.fields {
		if s.Options == nil && s.value() != s.Value {
			return true
		}
	}
	return false
}

// Update takes a key or a paste. changed: an answer to a choice changed, so
// the caller may want other questions. submit: all answers are good and enter
// was pressed behind the last.
func (f *Form) Update(msg tea.Msg) (changed, submit bool) {
	if len(f.fields) == 0 {
		return false, false
	}
	s := f.fields[f.focus]
	k, isKey := msg.(tea.KeyPressMsg)
	if !isKey {
		if s.Options == nil {
			s.input.Update(msg)
			s.wrong = nil
		}
		return false, false
	}
	switch k.String() {
	case "tab", "shift+tab":
		if s.value() != "" {
			f.check(s) // said on the spot; what is still empty is not held against anybody yet
		}
		if k.String() == "tab" {
			f.move(1)
		} else {
			f.move(-1)
		}
		return false, false
	case "ctrl+s":
		return false, f.valid()
	case "enter":
		if !f.check(s) {
			return false, false
		}
		if f.focus < len(f.fields)-1 {
			f.move(1)
			return false, false
		}
		return false, f.valid()
	}
	switch by := s.leaves(k.String()); {
	case by != 0:
		f.move(by)
	case s.Options != nil:
		return s.choose(k), false
	default:
		s.input.Update(msg)
		s.wrong = nil
	}
	return false, false
}

// leaves returns by how much a key moves the focus, 0: not at all. Up and down
// mean the same on every question, so walking over a choice never changes it;
// within a checklist they leave at its ends only.
func (s *fieldState) leaves(key string) int {
	switch {
	case key == "up" && (!s.Many || s.list.Selected <= 0):
		return -1
	case key == "down" && (!s.Many || s.list.Selected >= len(s.Options)-1):
		return 1
	}
	return 0
}

func (f *Form) move(by int) {
	f.focus = (f.focus + by + len(f.fields)) % len(f.fields)
	f.refocus()
}

func (s *fieldState) choose(k tea.KeyPressMsg) (changed bool) {
	if s.Many {
		if k.String() == "space" || k.String() == "x" {
			v := s.Options[s.list.Selected].Value
			s.on[v] = !s.on[v]
			return true
		}
		s.list.Update(k, len(s.Options))
		return false
	}
	was := s.choice
	switch k.String() {
	case "right", "l", "space", "j":
		s.choice = (s.choice + 1) % len(s.Options)
	case "left", "h", "k":
		s.choice = (s.choice + len(s.Options) - 1) % len(s.Options)
	}
	return s.choice != was
}

func (f *Form) check(s *fieldState) bool {
	s.wrong = nil
	switch v := s.value(); {
	case v == "" && !s.Optional && (s.Options == nil || s.Many): // of a choice "" may be an answer
		s.wrong = Key("form.empty")
	case v != "" && s.Check != nil:
		s.wrong = s.Check(v)
	}
	return s.wrong == nil
}

func (f *Form) valid() bool {
	for i, s := range f.fields {
		if !f.check(s) {
			f.focus = i
			f.refocus()
			return false
		}
	}
	return true
}
