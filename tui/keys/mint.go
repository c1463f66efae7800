package keys

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// mint signs a visitor token. With a key of Zendesk it asks who the visitor
// is; with one of Xsolla Login it takes a token of Login, and who that says
// the visitor is gets a token of the Zendesk key that is chosen. The token is
// seen as it will be signed, with what Zendesk would say to it, while it is
// being filled in.
type mint struct {
	f      *family
	scope  *screen.Scope
	sum    core.KeySummary
	form   *widget.Form
	pager  widget.Pager // of what is seen beside or below the form
	signer []core.KeySummary
	listed bool // signer is known

	login    login
	draft    visitortoken.Draft
	begun    bool // something was typed: what is missing is said
	working  bool
	err      error
	token    core.Secret // signed, and shown
	signedBy string      // name of the key that signed it
	signedAt time.Time
}

// login is what came of the pasted token of Xsolla Login.
type login struct {
	pasted core.Secret
	known  bool
	user   visitortoken.Login
	err    error
}

type (
	signersListed struct {
		keys []core.KeySummary
		err  error
	}
	loginVerified login
	minted        struct {
		token core.Secret
		draft visitortoken.Draft
		by    string
		at    time.Time
		err   error
	}
)

// mintScreen opens the form, with what was typed before if it was left.
func (f *family) mintScreen(s core.KeySummary) *mint {
	if m := f.mints[s.ID]; m != nil {
		m.sum = s
		m.again()
		return m
	}
	m := &mint{f: f, sum: s, listed: s.Kind != core.KeyXsolla, form: widget.NewForm()}
	m.ask()
	return m
}

// Title names the screen.
func (m *mint) Title(e screen.Env) string { return e.T("keys.mint.title") }

// Init reads, for a key of Xsolla Login, which keys can sign.
func (m *mint) Init(s *screen.Scope) screen.Step {
	m.scope, m.working = s, false
	m.redraft()
	if m.sum.Kind != core.KeyXsolla {
		return screen.Step{}
	}
	return screen.Step{Cmd: s.Run(func(ctx context.Context) tea.Msg {
		all, err := m.f.Keys.List(ctx)
		return signersListed{all, err}
	})}
}

// Capturing keeps letters for the form.
func (m *mint) Capturing() bool { return m.token.Empty() }

// Leave keeps what was typed, and never the token.
func (m *mint) Leave() screen.Step {
	m.token = core.Secret{}
	m.f.mints[m.sum.ID] = m
	return screen.Step{}
}

// again goes back to the form.
func (m *mint) again() {
	m.token, m.err, m.pager = core.Secret{}, nil, widget.Pager{}
	m.redraft()
}

// Update handles keys and outcomes.
func (m *mint) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case signersListed:
		if m.err = msg.err; msg.err == nil {
			m.listed, m.signer = true, signers(msg.keys)
			m.ask()
			m.redraft()
		}
	case loginVerified:
		if m.login.pasted.Equal(msg.pasted) {
			m.login = login(msg)
			m.redraft()
		}
	case minted:
		m.working = false
		if m.err = msg.err; msg.err == nil {
			m.token, m.draft, m.signedBy, m.signedAt, m.pager = msg.token, msg.draft, msg.by, msg.at, widget.Pager{}
			return screen.Step{Changed: true}
		}
	case tea.PasteMsg:
		if m.token.Empty() && !m.working {
			m.form.Update(msg)
			return m.typed()
		}
	case tea.KeyPressMsg:
		return m.key(msg)
	}
	return screen.Step{}
}

func (m *mint) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	if !m.token.Empty() {
		switch k {
		case "y":
			return screen.Step{Copy: screen.Copy{Text: m.token.Reveal(), What: "keys.mint.token"}}
		case "v":
			return screen.Step{Plain: m.token.Reveal()}
		case "n", "enter":
			m.again()
		default:
			m.pager.Key(k)
		}
		return screen.Step{}
	}
	switch {
	case k == "esc":
		return screen.Step{Back: true}
	case k == "pgup" || k == "pgdown":
		m.pager.Key(k)
		return screen.Step{}
	case k == "ctrl+g" && m.fills():
		for name, v := range m.f.Visitor {
			m.form.Set(name, v)
		}
		m.begun = true
		return m.typed()
	case m.working:
		return screen.Step{}
	}
	_, submit := m.form.Update(msg)
	step := m.typed()
	if submit {
		return step.Then(m.sign())
	}
	return step
}

// fills reports whether the sandbox has values for the form.
func (m *mint) fills() bool { return m.f.Visitor != nil && m.sum.Kind != core.KeyXsolla }

// typed follows what was typed: a token of Login is verified, the rest drafted.
func (m *mint) typed() screen.Step {
	m.err = nil
	m.begun = m.begun || m.form.Touched()
	if m.sum.Kind != core.KeyXsolla {
		m.redraft()
		return screen.Step{}
	}
	pasted := core.TidySecret(m.form.Secret(fieldLogin))
	if m.login.pasted.Equal(pasted) {
		m.redraft()
		return screen.Step{}
	}
	m.login = login{pasted: pasted}
	m.redraft()
	if pasted.Empty() {
		return screen.Step{}
	}
	f, id := m.f, m.sum.ID
	return screen.Step{Cmd: m.scope.Run(func(ctx context.Context) tea.Msg {
		out := loginVerified{pasted: pasted, known: true}
		var k core.SigningKey
		if k, out.err = f.Keys.Get(ctx, id); out.err == nil {
			out.user, out.err = visitortoken.VerifyLogin(k, pasted, f.Clock.Now())
		}
		if out.err == nil {
			_, out.err = out.user.ChatVisitor()
		}
		return out
	})}
}

// visitor is who the token will be of; ok is false while that is not known.
func (m *mint) visitor() (v visitortoken.Visitor, ok bool) {
	if m.sum.Kind != core.KeyXsolla {
		return visitortoken.Visitor{
			ExternalID: m.form.Value(fieldExternalID), Name: m.form.Value(fieldUser), Email: m.form.Value(fieldEmail),
			EmailVerified: m.form.Value(fieldVerified) == yes,
		}, true
	}
	if !m.login.known || m.login.err != nil {
		return v, false
	}
	v, err := m.login.user.ChatVisitor()
	return v, err == nil
}

// signing is the key that signs; ok is false when there is none.
func (m *mint) signing() (s core.KeySummary, ok bool) {
	if m.sum.Kind != core.KeyXsolla {
		return m.sum, true
	}
	for _, k := range m.signer {
		if k.ID == m.form.Value(fieldSigner) {
			return k, true
		}
	}
	return s, false
}

// life is how long the token will be good; 0 is the default.
func (m *mint) life() time.Duration {
	d, _ := time.ParseDuration(m.form.Value(fieldLife)) // its check says what is wrong
	return d
}

// redraft follows the form. The draft is made here and not while drawing, so
// that its times stand still until a key is pressed.
func (m *mint) redraft() {
	m.draft = visitortoken.Draft{}
	v, known := m.visitor()
	if s, ok := m.signing(); ok && known {
		m.draft = visitortoken.NewDraft(keyOf(s), v, m.life(), m.f.Clock.Now())
	}
}

// keyOf is the key without its secret.
func keyOf(s core.KeySummary) core.SigningKey {
	return core.SigningKey{ID: s.ID, Name: s.Name, Kind: s.Kind, Account: s.Account, KID: s.KID, Alg: s.Alg, RetiredAt: s.RetiredAt}
}

// sign signs the token as it is seen, with the time of now. It is recorded
// before it is shown.
func (m *mint) sign() screen.Step {
	by, ok := m.signing()
	v, known := m.visitor()
	if !ok || !known {
		m.form.FocusOn(fieldLogin, nil)
		return screen.Step{}
	}
	for _, fd := range m.draft.Findings {
		if fd.Outcome == visitortoken.Failed {
			m.begun = true
			m.form.FocusOn(fieldAt(fd.Where), nil)
			return screen.Step{}
		}
	}
	m.working = true
	f, life := m.f, m.life()
	return screen.Step{Cmd: m.scope.Run(func(ctx context.Context) tea.Msg {
		ctx = context.WithoutCancel(ctx)
		out := minted{by: by.Name, at: f.Clock.Now()}
		k, err := f.Keys.Get(ctx, by.ID)
		if err != nil {
			return minted{err: err}
		}
		out.draft = visitortoken.NewDraft(k, v, life, out.at)
		if out.token, out.err = out.draft.Sign(k.Secret()); out.err != nil {
			return out
		}
		ev := core.Event{Verb: core.VerbMinted, Subject: k.Subject(), Detail: map[string]string{"visitor": core.CleanLine(v.ExternalID)}}
		if err := f.Events.Record(ctx, ev); err != nil {
			return minted{err: core.Unrecorded("mint", k.Name, err)}
		}
		if err := f.Keys.Used(ctx, k.ID); err != nil {
			return minted{err: err}
		}
		return out
	})}
}

// Keys of the form, or of the signed token.
func (m *mint) Keys() []screen.Key {
	if !m.token.Empty() {
		return []screen.Key{
			screen.NewKey("y", "keys.key.copy", "y"),
			screen.NewKey("v", "keys.key.unwrapped", "v"),
			screen.NewKey("n", "keys.key.next-token", "n", "enter"),
		}
	}
	keys := []screen.Key{screen.NewKey("enter", "keys.key.next", "enter")}
	if m.fills() {
		keys = append(keys, screen.NewKey("ctrl+g", "keys.key.fill", "ctrl+g"))
	}
	_, some := m.signing()
	return append(keys,
		screen.NewKey("ctrl+s", "keys.key.sign", "ctrl+s").If(some || !m.listed, "keys.off.no-signer").If(!m.working, "keys.off.busy"),
		screen.NewKey("pgdn", "keys.key.scroll", "pgdown", "pgup"),
		screen.NewKey("esc", "keys.key.leave-form", "esc"),
	)
}
