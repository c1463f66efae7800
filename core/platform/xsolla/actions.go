package xsolla

import (
	"context"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// chat is the actions that lead from a sign-in at Xsolla Login to a visitor
// whom Zendesk Chat knows.
type chat struct{ s platform.Services }

func (m *chat) actions() []action.Action {
	return []action.Action{
		action.New("xsolla.add_login_key", action.Changes, m.addLoginKey),
		action.New("xsolla.fetch_keys", action.Changes, m.fetchKeys),
		action.New("xsolla.add_chat_key", action.Changes, m.addChatKey),
		action.New("xsolla.password_sign_in", action.Changes, m.passwordSignIn),
		action.New("xsolla.social_link", action.Reads, m.socialLink),
		action.New("xsolla.take_answer", action.Changes, m.takeAnswer),
		action.New("xsolla.validate_token", action.Reads, m.validateToken),
		action.New("xsolla.verify_token", action.Reads, m.verifyToken),
		action.New("xsolla.chat_token", action.Changes, m.chatToken),
		action.New("xsolla.prove_chat_token", action.Reads, m.proveChatToken),
	}
}

func (m *chat) login(on string) *Login { return NewLogin(m.s.HTTP, m.s.Endpoints, on) }

// kept returns a kept key of a kind, by id or name.
func (m *chat) kept(ctx context.Context, name string, kind core.KeyKind) (core.SigningKey, error) {
	k, err := m.s.Keys.ByName(ctx, name)
	if err == nil && k.Kind != kind {
		err = &core.Error{Tried: "find-key", On: k.Name, Code: "xsolla.other-key", Class: core.Usage, Params: map[string]string{"kind": string(kind)}}
	}
	return k, err
}

// addLoginKey keeps what verifies the tokens of a project: its secret, or its
// public keys, which are read now. Run again it changes nothing, or reads the
// public keys afresh.
func (m *chat) addLoginKey(ctx context.Context, in AddLoginKeyIn) (AddLoginKeyOut, error) {
	project, err := core.KeyXsolla.CheckAccount(in.ProjectID)
	if err != nil {
		return AddLoginKeyOut{}, err
	}
	n := core.NewKey{Typed: true, SigningKey: core.SigningKey{Name: in.Name, Kind: core.KeyXsolla, Account: project, Alg: in.Alg}}
	out := AddLoginKeyOut{ProjectID: project, Alg: in.Alg}
	switch in.Alg {
	case core.AlgHS256:
		n.Secrets = core.Secrets{core.SecretSigning: core.TidySecret(in.Secret)}
	case core.AlgRS256:
		list, keys, err := m.login(in.Name).Keys(ctx, project)
		if err != nil {
			return out, err
		}
		n.KeyList, n.KeyListAt = list, m.s.Clock.Now()
		for _, k := range keys {
			out.KIDs = append(out.KIDs, k.KID)
		}
	default:
		return out, &core.Error{Tried: "add-key", On: in.Name, Code: "xsolla.bad-alg", Class: core.Usage}
	}
	k, err := m.keep(ctx, n)
	out.Key, out.Name = k.ID, k.Name
	return out, err
}

// addChatKey keeps the one secret of an account's Chat.
func (m *chat) addChatKey(ctx context.Context, in AddChatKeyIn) (AddChatKeyOut, error) {
	account, err := core.KeyChat.CheckAccount(in.Account)
	if err != nil {
		return AddChatKeyOut{}, err
	}
	k, err := m.keep(ctx, core.NewKey{Typed: true, SigningKey: core.SigningKey{
		Name: in.Name, Kind: core.KeyChat, Account: account, Secrets: core.Secrets{core.SecretSigning: core.TidySecret(in.Secret)},
	}})
	return AddChatKeyOut{Key: k.ID, Name: k.Name, Account: account}, err
}

// keep adds a key, unless the account's key is kept already: then that one
// stays. It never replaces a secret: what was typed may be the wrong one of
// five that look alike, and programs sign with the one that is kept.
func (m *chat) keep(ctx context.Context, n core.NewKey) (core.SigningKey, error) {
	list, err := m.s.Keys.List(ctx)
	if err != nil {
		return core.SigningKey{}, err
	}
	i := slices.IndexFunc(list, func(k core.KeySummary) bool {
		return k.Kind == n.Kind && k.Account == n.Account && k.RetiredAt.IsZero()
	})
	if i < 0 {
		return m.s.Keys.Add(ctx, n)
	}
	k, err := m.s.Keys.Get(ctx, list[i].ID)
	switch {
	case err != nil:
		return k, err
	case n.Kind == core.KeyXsolla && k.Alg != n.Alg, !k.Secret().Equal(n.Secret()):
		return k, &core.Error{Tried: "add-key", On: k.Name, Code: "xsolla.key-differs", Class: core.Usage, Params: map[string]string{"alg": k.Alg}}
	case k.Alg == core.AlgRS256:
		return m.putKeyList(ctx, k.ID, n.KeyList)
	}
	return k, nil
}

func (m *chat) putKeyList(ctx context.Context, id, list string) (core.SigningKey, error) {
	now := m.s.Clock.Now()
	ev := core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": "key-list"}}
	return m.s.Keys.Change(ctx, id, ev, func(k *core.SigningKey) error {
		k.KeyList, k.KeyListAt = list, now
		return nil
	})
}

// fetchKeys reads a project's public keys afresh: after Xsolla changed them, a
// token names a key that the kept list does not have.
func (m *chat) fetchKeys(ctx context.Context, in KeyIn) (FetchKeysOut, error) {
	k, err := m.kept(ctx, in.Key, core.KeyXsolla)
	if err != nil {
		return FetchKeysOut{}, err
	}
	if k.Alg != core.AlgRS256 {
		return FetchKeysOut{}, &core.Error{Tried: "fetch-keys", On: k.Name, Code: "xsolla.not-rs256", Class: core.Usage}
	}
	list, keys, err := m.login(k.Name).Keys(ctx, k.Account)
	if err != nil {
		return FetchKeysOut{}, err
	}
	if k, err = m.putKeyList(ctx, k.ID, list); err != nil {
		return FetchKeysOut{}, err
	}
	out := FetchKeysOut{Key: k.ID, FetchedAt: k.KeyListAt}
	for _, key := range keys {
		out.KIDs = append(out.KIDs, key.KID)
	}
	return out, nil
}

// signIn is where the sign-in of an action takes place.
func signIn(k core.SigningKey, v Variant, callback, clientID string, secret core.Secret) (SignIn, error) {
	s := SignIn{
		Variant: v, ProjectID: k.Account, Callback: strings.TrimSpace(callback),
		ClientID: strings.TrimSpace(clientID), ClientSecret: core.TidySecret(secret),
	}
	switch v {
	case VariantJWT:
	case VariantOAuth, VariantDirect:
		if s.ClientID == "" || s.Callback == "" {
			return s, &core.Error{Tried: "sign-in", On: k.Name, Code: "xsolla.no-client", Class: core.Usage}
		}
		return s, checkClientID(s.ClientID)
	default:
		return s, &core.Error{Tried: "sign-in", On: k.Name, Code: "xsolla.bad-variant", Class: core.Usage}
	}
	return s, nil
}

func (m *chat) passwordSignIn(ctx context.Context, in PasswordIn) (TokenOut, error) {
	k, err := m.kept(ctx, in.Key, core.KeyXsolla)
	if err != nil {
		return TokenOut{}, err
	}
	s, err := signIn(k, in.Variant, in.Callback, in.ClientID, in.ClientSecret)
	if err != nil {
		return TokenOut{}, err
	}
	if in.Username == "" || in.Password.Empty() {
		return TokenOut{}, &core.Error{Tried: "sign-in", On: k.Name, Code: "xsolla.no-password", Class: core.Usage}
	}
	l := m.login(k.Name)
	if s.Variant == VariantDirect {
		t, err := l.PasswordTokens(ctx, s, in.Username, in.Password)
		return m.signedIn(t.Access), err
	}
	if s.Variant == VariantOAuth {
		s.State = NewState()
	}
	c, err := l.Password(ctx, s, in.Username, in.Password)
	if err != nil {
		return TokenOut{}, err
	}
	return m.redeem(ctx, l, s, c)
}

// redeem takes the token out of a callback, or trades its code for one.
func (m *chat) redeem(ctx context.Context, l *Login, s SignIn, c Callback) (TokenOut, error) {
	switch {
	case s.Variant == VariantJWT && !c.Token.Empty():
		return m.signedIn(c.Token), nil
	case s.Variant != VariantJWT && !c.Code.Empty():
		t, err := l.Exchange(ctx, s, c.Code)
		return m.signedIn(t.Access), err
	}
	return TokenOut{}, l.fail("read-callback", "xsolla.callback-variant")
}

func (m *chat) signedIn(token core.Secret) TokenOut {
	return TokenOut{Token: token, SignedInAt: m.s.Clock.Now()}
}

// socialLink asks for the address of the social network's page. Of the OAuth
// 2.0 variants there is one here: a link always leads to a code.
func (m *chat) socialLink(ctx context.Context, in SocialIn) (SocialOut, error) {
	k, err := m.kept(ctx, in.Key, core.KeyXsolla)
	if err != nil {
		return SocialOut{}, err
	}
	provider := strings.ToLower(strings.TrimSpace(in.Provider))
	if err := checkProvider(provider); err != nil {
		return SocialOut{}, err
	}
	s, err := signIn(k, in.Variant, in.Callback, in.ClientID, core.Secret{})
	if err != nil {
		return SocialOut{}, err
	}
	if s.Variant != VariantJWT {
		s.Variant, s.State = VariantOAuth, NewState()
	}
	link, err := m.login(k.Name).SocialLink(ctx, s, provider)
	return SocialOut{Link: link, State: s.State, Until: m.s.Clock.Now().Add(LinkLife)}, err
}

func (m *chat) takeAnswer(ctx context.Context, in AnswerIn) (TokenOut, error) {
	k, err := m.kept(ctx, in.Key, core.KeyXsolla)
	if err != nil {
		return TokenOut{}, err
	}
	s, err := signIn(k, in.Variant, in.Callback, in.ClientID, in.ClientSecret)
	if err != nil {
		return TokenOut{}, err
	}
	if s.State = in.State; s.Variant != VariantJWT && s.State == "" {
		return TokenOut{}, &core.Error{Tried: "read-callback", On: k.Name, Code: "xsolla.callback-state", Class: core.Usage}
	}
	c, err := ReadCallback(in.Answer, s.State)
	if err != nil {
		return TokenOut{}, err
	}
	return m.redeem(ctx, m.login(k.Name), s, c)
}

func (m *chat) validateToken(ctx context.Context, in ValidateIn) (ValidateOut, error) {
	k, err := m.kept(ctx, in.Key, core.KeyXsolla)
	if err != nil {
		return ValidateOut{}, err
	}
	return ValidateOut{CheckedAt: m.s.Clock.Now()}, m.login(k.Name).Validate(ctx, in.Token)
}
