package endpoint

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/transport"
	service "deskward/core/visitortoken/endpoint"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The form's fields.
const (
	fieldLogin   = "login"
	fieldSign    = "sign"
	fieldListen  = "listen"
	fieldOrigins = "origins"
	fieldCookie  = "cookie"
)

// verifiers and signers are the kept keys of each side that the vendor still
// has.
func (v *view) verifiers() []widget.Option {
	return v.options(func(k core.KeyKind) bool { return k == core.KeyXsolla })
}

func (v *view) signers() []widget.Option {
	return v.options(func(k core.KeyKind) bool { return k == core.KeyChat || k == core.KeyMessaging })
}

func (v *view) options(fits func(core.KeyKind) bool) []widget.Option {
	var out []widget.Option
	for _, k := range v.keys {
		if fits(k.Kind) && k.RetiredAt.IsZero() {
			label := widget.Text(core.CleanLine(k.Name))
			if k.Kind == core.KeyMessaging || k.Kind == core.KeyChat {
				label = widget.Key("endpoint.signer."+string(k.Kind), locale.Params{"name": core.CleanLine(k.Name)})
			}
			out = append(out, widget.Option{Value: k.Name, Label: label})
		}
	}
	return out
}

// lacks is the locale key of what is missing to serve at all; "": nothing.
func (v *view) lacks() string {
	login, sign := len(v.verifiers()) > 0, len(v.signers()) > 0
	switch {
	case !login && !sign:
		return "endpoint.lacks.both"
	case !login:
		return "endpoint.lacks.login"
	case !sign:
		return "endpoint.lacks.sign"
	}
	return ""
}

// ask makes the form, or fits it to the keys there are now.
func (v *view) ask() {
	if v.srv != nil || v.lacks() != "" {
		v.form = nil
		return
	}
	o := v.d.Host.Options()
	fields := []widget.Field{
		{Name: fieldLogin, Label: widget.Key("endpoint.login"), Hint: widget.Key("endpoint.login.hint"), Options: v.verifiers(), Value: o.LoginKey},
		{Name: fieldSign, Label: widget.Key("endpoint.sign"), Hint: widget.Key("endpoint.sign.hint"), Options: v.signers(), Value: o.ChatKey},
		{
			Name: fieldOrigins, Label: widget.Key("endpoint.origins"), Hint: widget.Key("endpoint.origins.hint"), Value: strings.Join(o.Origins, " "),
			Optional: true, Lines: true, Empty: widget.Key("endpoint.origins.none"),
		},
		{
			Name: fieldListen, Label: widget.Key("endpoint.listen"), Hint: widget.Key("endpoint.listen.hint"),
			Value: cmp.Or(o.Listen, service.DefaultListen), Check: checkListen,
		},
		{Name: fieldCookie, Label: widget.Key("endpoint.cookie"), Hint: widget.Key("endpoint.cookie.hint"), Value: cmp.Or(o.Cookie, service.DefaultCookie)},
	}
	if v.form == nil {
		v.form = widget.NewForm(fields...)
		return
	}
	v.form.SetFields(fields...)
}

// checkListen wants an address of this machine alone: the console is no place
// for a service that others reach.
func checkListen(typed string) widget.Words {
	host, port, err := net.SplitHostPort(listenAddress(typed))
	switch {
	case err != nil || port == "":
		return widget.Key("endpoint.wrong.listen")
	case !transport.IsLoopback(host):
		return widget.Key("endpoint.wrong.beyond")
	}
	return nil
}

// listenAddress takes a port alone for one of this machine.
func listenAddress(typed string) string {
	if typed != "" && strings.Trim(typed, "0123456789") == "" {
		return net.JoinHostPort("127.0.0.1", typed)
	}
	return typed
}

func (v *view) answers() service.Options {
	return service.Options{
		LoginKey: v.form.Value(fieldLogin), ChatKey: v.form.Value(fieldSign), Listen: listenAddress(v.form.Value(fieldListen)),
		Origins: strings.Fields(v.form.Value(fieldOrigins)), Cookie: v.form.Value(fieldCookie),
	}
}

func (v *view) formKey(msg tea.KeyPressMsg) screen.Step {
	switch {
	case msg.String() == "esc":
		return screen.Step{Back: true}
	case v.form == nil || v.starting:
		if msg.String() == "r" {
			return v.list()
		}
		return screen.Step{}
	}
	if _, submit := v.form.Update(msg); submit {
		return v.start()
	}
	return screen.Step{}
}

// start starts it. Leaving the screen does not break that off: it runs then.
func (v *view) start() screen.Step {
	v.starting, v.err = true, nil
	o := v.answers()
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		srv, err := v.d.Host.Start(context.WithoutCancel(ctx), o)
		return started{srv, err}
	})}
}

// refused shows a refusal at the field it is about. The service's own words
// name the flags of the command.
func (v *view) refused(err error) {
	at := map[string]string{
		"serve.busy": fieldListen, "serve.listen": fieldListen, "serve.origin": fieldOrigins, "serve.cookie": fieldCookie,
	}
	code := core.CodeOf(err)
	field, ok := at[code]
	if !ok || v.form == nil {
		v.err = err
		return
	}
	on := ""
	if known, ok := errors.AsType[*core.Error](err); ok {
		on = known.On
	}
	v.form.FocusOn(field, widget.Key("endpoint.wrong."+strings.TrimPrefix(code, "serve."), locale.Params{"on": on}))
}

func (v *view) formKeys() []screen.Key {
	if v.form == nil {
		return []screen.Key{screen.NewKey("r", "endpoint.key.read", "r")}
	}
	keys := []screen.Key{
		screen.NewKey("enter", "endpoint.key.next", "enter").If(!v.starting, "endpoint.off.starting"),
		screen.NewKey("ctrl+s", "endpoint.key.start", "ctrl+s").If(!v.starting, "endpoint.off.starting"),
	}
	if v.Capturing() { // else the shell shows its own
		keys = append(keys, screen.NewKey("esc", "key.back", "esc"))
	}
	return keys
}
