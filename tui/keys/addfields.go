package keys

import (
	"strings"
	"time"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The fields of the form, beside fieldName and fieldSecret. In the sandbox
// they are filled in by these names.
const (
	fieldKind    = "kind"
	fieldAccount = "account"
	fieldProject = "project" // of Xsolla Login
	fieldKID     = "kid"
	fieldPrefix  = "begins"
	fieldBrand   = "brand"
	fieldMade    = "made"
	fieldAlg     = "alg"
	fieldList    = "list" // an RS256 project's public keys
)

// fieldOf is the field that an error of core.SigningKeys is about; "": none.
func fieldOf(code string) string {
	switch code {
	case "key.name-empty", "key.name-taken":
		return fieldName
	case "key.kind", "key.limit":
		return fieldKind
	case "key.account", "key.chat-exists":
		return fieldAccount
	case "key.project", "key.project-exists":
		return fieldProject
	case "key.kid", "key.duplicate":
		return fieldKID
	case "key.secret-missing", "key.secret-shape", "key.secret-is-kid", "key.secret-guessable", "key.same-secret":
		return fieldSecret
	case "key.prefix":
		return fieldPrefix
	case "key.list-missing", "login.key-list":
		return fieldList
	}
	return ""
}

// ask puts the questions for a kind and, of Xsolla Login, an algorithm.
func (a *add) ask(k core.KeyKind, alg string) {
	var kinds []widget.Option
	for _, o := range core.KeyKinds() {
		kinds = append(kinds, widget.Option{Value: string(o), Label: widget.Key("key.kind." + string(o))})
	}
	fields := []widget.Field{
		{Name: fieldKind, Label: widget.Key("keys.ask.kind"), Options: kinds, Value: string(k), Hint: widget.Key("keys.ask.kind." + string(k))},
	}
	switch k {
	case core.KeyMessaging:
		fields = append(fields, a.account(k),
			widget.Field{Name: fieldKID, Label: widget.Key("keys.ask.kid"), Hint: widget.Key("keys.ask.kid.hint"), Check: problem(func(v string) error {
				_, err := core.CheckKID(v)
				return err
			})},
			secretField("keys.ask.secret.messaging"),
			widget.Field{Name: fieldPrefix, Label: widget.Key("keys.ask.begins"), Hint: widget.Key("keys.ask.begins.hint"), Optional: true},
		)
	case core.KeyChat:
		fields = append(fields, a.account(k), secretField("keys.ask.secret.chat"))
	case core.KeyXsolla:
		fields = append(fields, a.account(k), widget.Field{
			Name: fieldAlg, Label: widget.Key("keys.ask.alg"), Hint: widget.Key("keys.ask.alg.hint"), Value: alg,
			Options: []widget.Option{{Value: core.AlgHS256, Label: widget.Key("keys.ask.alg.hs256")}, {Value: core.AlgRS256, Label: widget.Key("keys.ask.alg.rs256")}},
		})
		if alg == core.AlgRS256 {
			fields = append(fields, a.keyList())
		} else {
			fields = append(fields, secretField("keys.ask.secret.xsolla"))
		}
	}
	if k != core.KeyXsolla {
		fields = append(fields, widget.Field{Name: fieldBrand, Label: widget.Key("keys.ask.brand"), Hint: widget.Key("keys.ask.brand.hint"), Optional: true})
	}
	a.form.SetFields(append(fields,
		widget.Field{Name: fieldMade, Label: widget.Key("keys.ask.made"), Hint: widget.Key("keys.ask.made.hint"), Optional: true, Check: dateCheck},
		widget.Field{
			Name: fieldName, Label: widget.Key("keys.ask.name"), Hint: widget.Key("keys.ask.name.hint"),
			Check: func(v string) widget.Words {
				if a.f.taken[strings.ToLower(v)] {
					return widget.Key("error.key.name-taken")
				}
				return nil
			},
		})...)
	a.propose()
}

// account asks for the subdomain, or for the project of Xsolla Login. An RS256
// project's keys are not its own, so that there the project must be named;
// core.SigningKeys says so.
func (a *add) account(k core.KeyKind) widget.Field {
	f := widget.Field{Name: fieldAccount, Label: widget.Key("keys.ask.account"), Hint: widget.Key("keys.ask.account.hint"), Optional: true}
	if k == core.KeyXsolla {
		f.Name, f.Label, f.Hint = fieldProject, widget.Key("keys.ask.project"), widget.Key("keys.ask.project.hint")
	}
	f.Check = problem(func(v string) error {
		_, err := k.CheckAccount(v)
		return err
	})
	return f
}

func secretField(hint string) widget.Field {
	return widget.Field{Name: fieldSecret, Label: widget.Key("keys.ask.secret"), Hint: widget.Key(hint), Secret: true}
}

// keyList takes pasted JSON; where it can be fetched, nothing need be pasted.
func (a *add) keyList() widget.Field {
	f := widget.Field{Name: fieldList, Label: widget.Key("keys.ask.list"), Hint: widget.Key("keys.ask.list.hint"), Lines: true, Check: problem(func(v string) error {
		_, err := visitortoken.ParseKeyList([]byte(v))
		return err
	})}
	if a.f.FetchKeyList != nil {
		f.Optional, f.Empty, f.Hint = true, widget.Key("keys.ask.list.fetched"), widget.Key("keys.ask.list.fetch")
	}
	return f
}

func dateCheck(v string) widget.Words {
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		return widget.Key("keys.ask.made.wrong")
	}
	return nil
}

// problem puts a check of core into words.
func problem(check func(string) error) func(string) widget.Words {
	return func(v string) widget.Words {
		if err := check(v); err != nil {
			return widget.Reason(err)
		}
		return nil
	}
}

// muted draws lines so that they stand back.
func muted(e screen.Env, lines []string) []string {
	for i, l := range lines {
		if l != "" {
			lines[i] = e.Theme.Muted.Render(l)
		}
	}
	return lines
}
