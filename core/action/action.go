// Package action makes an operation of core callable by name: from a guide's
// step, a command or a script. Its input and output are Go structs, whose
// fields a guide is checked against before it runs.
package action

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"deskward/core"
)

// Risk says what may happen to the world when an action runs.
type Risk int

// The risks, mildest first.
const (
	Reads    Risk = iota // changes nothing; may be repeated at will
	Changes              // changes something that can be changed back; may be repeated
	Once                 // works once or cannot be undone; never repeated blindly
	Destroys             // takes something away for good
)

// Effect is what is known about a call that was begun and whose end nobody saw.
type Effect int

// The effects.
const (
	CannotTell   Effect = iota
	DidHappen           // it took effect, but its answer is lost
	DidNotHappen        // it can safely be tried again
)

// Field is one named value an action takes or gives.
type Field struct {
	Name     string
	Secret   bool // of type core.Secret
	Time     bool // of type time.Time
	Optional bool
}

// Values are an action's inputs or outputs by name; secrets apart.
type Values struct {
	Plain  map[string]string
	Secret core.Secrets
}

// Action is one named operation.
type Action struct {
	Name string // "zoho.authtooauth": platform, dot, operation
	Risk Risk
	In   []Field
	Out  []Field

	// Run does it. An *core.Error of class Unknown means that it may have
	// happened.
	Run func(context.Context, Values) (Values, error)

	// Ask, where not nil, asks the vendor what became of a Run with these
	// inputs whose end nobody saw. It changes nothing.
	Ask func(context.Context, Values) (Effect, error)

	// Recall, where not nil, gives the output of a Run that took effect once
	// more, from what that Run saved before it ended. It changes nothing.
	Recall func(context.Context, Values) (Values, error)
}

// New makes an action of a Go function. I and O are structs whose fields
// carry a tag `name:"client_id"`, or `name:"org_id,optional"`; their types
// are string, core.Secret, []string (one text, separated by blanks or
// commas), bool, int or time.Time (RFC 3339). It panics on any other type:
// that is a mistake in the program, and every action is built in tests.
func New[I, O any](name string, risk Risk, run func(context.Context, I) (O, error)) Action {
	return Action{
		Name: name, Risk: risk, In: fieldsOf[I](), Out: fieldsOf[O](),
		Run: func(ctx context.Context, v Values) (Values, error) {
			var in I
			if err := v.fill(name, &in); err != nil {
				return Values{}, err
			}
			out, err := run(ctx, in)
			if err != nil {
				return Values{}, err
			}
			return valuesOf(out), nil
		},
	}
}

// Asking returns a with Ask set to a typed function.
func Asking[I any](a Action, ask func(context.Context, I) (Effect, error)) Action {
	a.Ask = func(ctx context.Context, v Values) (Effect, error) {
		var in I
		if err := v.fill(a.Name, &in); err != nil {
			return CannotTell, err
		}
		return ask(ctx, in)
	}
	return a
}

// Recalling returns a with Recall set to a typed function.
func Recalling[I, O any](a Action, recall func(context.Context, I) (O, error)) Action {
	a.Recall = New(a.Name, Reads, recall).Run
	return a
}

func tagOf(f reflect.StructField) (name string, optional bool) {
	name, opt, _ := strings.Cut(f.Tag.Get("name"), ",")
	return name, opt == "optional"
}

var (
	secretType = reflect.TypeFor[core.Secret]()
	timeType   = reflect.TypeFor[time.Time]()
	listType   = reflect.TypeFor[[]string]()
)

func fieldsOf[T any]() []Field {
	t := reflect.TypeFor[T]()
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, optional := tagOf(f)
		switch {
		case name == "":
			panic(fmt.Sprintf("action: %s.%s has no name tag", t, f.Name))
		case f.Type == secretType, f.Type == timeType, f.Type == listType,
			f.Type.Kind() == reflect.String, f.Type.Kind() == reflect.Bool, f.Type.Kind() == reflect.Int:
		default:
			panic(fmt.Sprintf("action: %s.%s has type %s", t, f.Name, f.Type))
		}
		out = append(out, Field{Name: name, Secret: f.Type == secretType, Time: f.Type == timeType, Optional: optional})
	}
	return out
}

func (v Values) fill(action string, into any) error {
	rv := reflect.ValueOf(into).Elem()
	for i := range rv.NumField() {
		name, optional := tagOf(rv.Type().Field(i))
		f := rv.Field(i)
		bad := func(err error) error {
			return &core.Error{Tried: "run-action", On: action, Code: "action.bad-input", Class: core.Usage, Params: map[string]string{"input": name}, Err: err}
		}
		if f.Type() == secretType {
			s := v.Secret[name]
			if s.Empty() && !optional {
				return bad(nil)
			}
			f.Set(reflect.ValueOf(s))
			continue
		}
		text := strings.TrimSpace(v.Plain[name])
		if text == "" {
			if !optional {
				return bad(nil)
			}
			continue
		}
		switch {
		case f.Type() == timeType:
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return bad(err)
			}
			f.Set(reflect.ValueOf(t))
		case f.Type() == listType:
			f.Set(reflect.ValueOf(SplitList(text)))
		case f.Kind() == reflect.String:
			f.SetString(text)
		case f.Kind() == reflect.Bool:
			b, err := strconv.ParseBool(text)
			if err != nil {
				return bad(err)
			}
			f.SetBool(b)
		case f.Kind() == reflect.Int:
			n, err := strconv.Atoi(text)
			if err != nil {
				return bad(err)
			}
			f.SetInt(int64(n))
		}
	}
	return nil
}

func valuesOf(out any) Values {
	v := Values{Plain: map[string]string{}, Secret: core.Secrets{}}
	rv := reflect.ValueOf(out)
	for i := range rv.NumField() {
		name, _ := tagOf(rv.Type().Field(i))
		switch x := rv.Field(i).Interface().(type) {
		case core.Secret:
			if !x.Empty() {
				v.Secret[name] = x
			}
		case time.Time:
			if !x.IsZero() {
				v.Plain[name] = x.UTC().Format(time.RFC3339)
			}
		case []string:
			v.Plain[name] = strings.Join(x, " ")
		default:
			v.Plain[name] = fmt.Sprint(x)
		}
	}
	return v
}

// SplitList splits a list as people type it, at blanks, commas and line
// breaks, without empty parts.
func SplitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}
