package action_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
)

type bakeIn struct {
	Slice  string      `name:"slice"`
	Key    core.Secret `name:"key"`
	Scopes []string    `name:"scopes,optional"`
	Brown  bool        `name:"brown,optional"`
	Times  int         `name:"times,optional"`
	At     time.Time   `name:"at,optional"`
}

type bakeOut struct {
	Done  time.Time   `name:"done"`
	Token core.Secret `name:"token"`
	Parts []string    `name:"parts"`
}

func bake(seen *bakeIn) action.Action {
	return action.New("toast.bake", action.Once, func(_ context.Context, in bakeIn) (bakeOut, error) {
		*seen = in
		return bakeOut{Done: in.At, Token: core.NewSecret("canary-token"), Parts: in.Scopes}, nil
	})
}

func TestInputsReachTheFunctionTypedAndOutputsComeBackByName(t *testing.T) {
	t.Parallel()
	var seen bakeIn
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	out, err := bake(&seen).Run(t.Context(), action.Values{
		Plain:  map[string]string{"slice": " rye ", "scopes": "a, b\nc", "brown": "true", "times": "3", "at": at.Format(time.RFC3339)},
		Secret: core.Secrets{"key": core.NewSecret("canary-key")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Slice != "rye" || seen.Key.Reveal() != "canary-key" || strings.Join(seen.Scopes, "|") != "a|b|c" || !seen.Brown || seen.Times != 3 || !seen.At.Equal(at) {
		t.Errorf("the function got %+v", seen)
	}
	if out.Plain["parts"] != "a b c" || out.Plain["done"] != at.Format(time.RFC3339) || out.Secret["token"].Reveal() != "canary-token" {
		t.Errorf("the outputs are %+v", out.Plain)
	}
	if _, plain := out.Plain["token"]; plain {
		t.Error("a secret is among the plain outputs")
	}
}

func TestWhatIsMissingOrMalformedIsNamed(t *testing.T) {
	t.Parallel()
	whole := func() action.Values {
		return action.Values{Plain: map[string]string{"slice": "rye"}, Secret: core.Secrets{"key": core.NewSecret("canary-key")}}
	}
	for input, spoil := range map[string]func(*action.Values){
		"slice": func(v *action.Values) { v.Plain["slice"] = " " },
		"key":   func(v *action.Values) { v.Secret = nil },
		"brown": func(v *action.Values) { v.Plain["brown"] = "perhaps" },
		"times": func(v *action.Values) { v.Plain["times"] = "often" },
		"at":    func(v *action.Values) { v.Plain["at"] = "soon" },
	} {
		var seen bakeIn
		v := whole()
		spoil(&v)
		_, err := bake(&seen).Run(t.Context(), v)
		e, ok := errors.AsType[*core.Error](err)
		if !ok || e.Code != "action.bad-input" || e.Params["input"] != input {
			t.Errorf("%s: %v", input, err)
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error holds a secret: %v", input, err)
		}
	}
}

func TestFieldsSayWhatIsSecretAndWhatIsOptional(t *testing.T) {
	t.Parallel()
	var seen bakeIn
	a := bake(&seen)
	got := map[string]action.Field{}
	for _, f := range append(a.In, a.Out...) {
		got[f.Name] = f
	}
	if !got["key"].Secret || got["slice"].Secret || !got["scopes"].Optional || got["slice"].Optional || !got["token"].Secret {
		t.Errorf("fields are %+v", got)
	}
}

func TestAnActionOfAnUnknownTypeIsRefusedWhenItIsMade(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("made an action with a field of type map")
		}
	}()
	action.New("x.y", action.Reads, func(context.Context, struct {
		M map[string]string `name:"m"`
	},
	) (struct{}, error) {
		return struct{}{}, nil
	})
}
