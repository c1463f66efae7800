package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
	"deskward/core/visitortoken"
)

// keys is the actions around the keys that sign messaging visitors' tokens.
type keys struct {
	s    platform.Services
	wait func(context.Context, time.Duration) error
}

func (m *keys) actions() []action.Action {
	return append([]action.Action{
		action.New("zendesk.admin_center", action.Reads, m.adminCenter),
		action.New("zendesk.add_key", action.Changes, m.addKey),
		action.New("zendesk.note_deployed", action.Changes, m.noteDeployed),
		action.New("zendesk.mint_test", action.Changes, m.mintTest),
		action.New("zendesk.inspect_token", action.Reads, m.inspectToken),
		action.New("zendesk.check_email", action.Reads, m.checkEmail),
		action.New("zendesk.prove_sign_in", action.Reads, m.proveSignIn),
		action.New("zendesk.old_key", action.Changes, m.oldKey),
		action.New("zendesk.longest_life", action.Reads, m.longestLife),
		action.New("zendesk.prove_new_key", action.Reads, m.proveNewKey),
		action.New("zendesk.retire_key", action.Changes, m.retireKey),
	}, (&moves{m.s}).actions()...)
}

// messaging returns a kept messaging key.
func (m *keys) messaging(ctx context.Context, name string) (core.SigningKey, error) {
	k, err := m.s.Keys.ByName(ctx, name)
	if err == nil && k.Kind != core.KeyMessaging {
		err = &core.Error{Tried: "find-key", On: k.Name, Code: "zendesk.not-messaging", Class: core.Usage}
	}
	return k, err
}

// adminCenter is where an ordinary account's keys are made and deleted: by a
// person, for there is no public API. It has no address where the account's
// subdomain is not known.
func (m *keys) adminCenter(ctx context.Context, in AdminIn) (AdminOut, error) {
	account, err := core.KeyMessaging.CheckAccount(in.Account)
	if err != nil {
		return AdminOut{}, err
	}
	builtin := ""
	if account != "" {
		builtin = "https://" + account + ".zendesk.com/admin/"
	}
	kept, err := m.count(ctx, account)
	return AdminOut{Account: account, URL: m.s.Endpoints.Resolve(ID, endpointAdmin, "", builtin), Kept: kept}, err
}

// addKey keeps a messaging key. One of the same key id and secret that is kept
// already stays as it is, so that the step can be taken again.
func (m *keys) addKey(ctx context.Context, in AddKeyIn) (AddKeyOut, error) {
	n := core.NewKey{
		Typed: true, Prefix: in.Begins,
		SigningKey: core.SigningKey{
			Name: in.Name, Kind: core.KeyMessaging, Account: in.Account, Brand: in.Brand, KID: in.KID,
			Secrets: core.Secrets{core.SecretSigning: in.Secret}, MadeAt: m.s.Clock.Now(),
		},
	}
	k, err := m.s.Keys.Add(ctx, n)
	if core.CodeOf(err) == "key.duplicate" || core.CodeOf(err) == "key.name-taken" {
		kid, kidErr := core.CheckKID(in.KID)
		if same, findErr := m.messaging(ctx, kid); kidErr == nil && findErr == nil && same.Secret().Equal(core.TidySecret(in.Secret)) {
			k, err = same, nil
		}
	}
	if err != nil {
		return AddKeyOut{}, err
	}
	kept, err := m.count(ctx, k.Account)
	return AddKeyOut{Key: k.ID, Name: k.Name, KID: k.KID, Begins: k.Summary().Prefix, Kept: kept}, err
}

// count is how many messaging keys of an account are kept and not retired.
func (m *keys) count(ctx context.Context, account string) (int, error) {
	all, err := m.s.Keys.List(ctx)
	n := 0
	for _, k := range all {
		if k.Kind == core.KeyMessaging && k.Account == account && k.RetiredAt.IsZero() {
			n++
		}
	}
	return n, err
}

// noteDeployed notes places with a key. One that is not kept, a rotation's old
// one, has nothing to note them with: they are only counted.
func (m *keys) noteDeployed(ctx context.Context, in DeployIn) (DeployOut, error) {
	typed := placesIn(in.Where)
	if in.Key == "" && len(typed) > 0 {
		return DeployOut{Where: strings.Join(typed, ", "), Count: len(typed)}, nil
	}
	k, err := m.messaging(ctx, in.Key)
	if err != nil {
		return DeployOut{}, err
	}
	if len(typed) == 0 {
		typed = []string{""} // which is refused as it should be
	}
	for _, where := range typed {
		if k, err = m.s.Keys.Deploy(ctx, k.ID, where); err != nil {
			return DeployOut{}, err
		}
	}
	return DeployOut{Where: places(k), Count: len(k.Deployments)}, nil
}

// placesIn splits what was typed at commas and line breaks: names of places
// have blanks in them.
func placesIn(typed string) []string {
	var out []string
	for _, where := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune("\r\n,、，", r) }) {
		if where = strings.TrimSpace(core.CleanLine(where)); where != "" && !slices.Contains(out, where) {
			out = append(out, where)
		}
	}
	return out
}

func places(k core.SigningKey) string {
	var out []string
	for _, d := range k.Deployments {
		out = append(out, d.Where)
	}
	return strings.Join(out, ", ")
}

func (m *keys) mintTest(ctx context.Context, in MintIn) (MintOut, error) {
	k, err := m.messaging(ctx, in.Key)
	if err != nil {
		return MintOut{}, err
	}
	v := visitortoken.Visitor{ExternalID: in.ExternalID, Name: in.Name, Email: in.Email, EmailVerified: in.Verified && in.Email != ""}
	d := visitortoken.NewDraft(k, v, 0, m.s.Clock.Now())
	token, err := d.Sign(k.Secret())
	if err != nil {
		return MintOut{}, err
	}
	ev := core.Event{Verb: core.VerbMinted, Subject: k.Subject(), Detail: map[string]string{"visitor": core.CleanLine(in.ExternalID)}}
	if err := m.s.Events.Record(ctx, ev); err != nil {
		return MintOut{}, err
	}
	return MintOut{Token: token, ExternalID: in.ExternalID, ExpiresAt: d.ExpiresAt}, m.s.Keys.Used(ctx, k.ID)
}

// inspectToken fails with the first reason for which Zendesk would refuse the
// token.
func (m *keys) inspectToken(ctx context.Context, in InspectIn) (InspectOut, error) {
	k, err := m.messaging(ctx, in.Key)
	if err != nil {
		return InspectOut{}, err
	}
	r, err := m.inspect(ctx, in.Token.Reveal(), k)
	if err != nil {
		return InspectOut{}, err
	}
	out := InspectOut{KeyName: r.KeyName, ExpiresAt: r.ExpiresAt, CheckedAt: m.s.Clock.Now()}
	for _, f := range r.Findings {
		switch f.Outcome {
		case visitortoken.Passed:
			out.Passed++
		case visitortoken.Unsure:
			out.Unsure++
			out.Doubts = append(out.Doubts, f.Code)
		}
	}
	var payload struct {
		ExternalID string `json:"external_id"`
	}
	if err := json.Unmarshal([]byte(r.Payload), &payload); err == nil {
		out.ExternalID = core.CleanLine(payload.ExternalID)
	}
	return out, nil
}

// inspect judges a token that is meant to be signed with k. One that breaks no
// rule and that k signed passes, although Zendesk may not document everything
// about it: the evidence counts that. The code of a refusal is "finding." and
// the first finding's, whose texts say what to do.
func (m *keys) inspect(ctx context.Context, token string, k core.SigningKey) (visitortoken.Report, error) {
	all, err := m.s.Keys.All(ctx)
	if err != nil {
		return visitortoken.Report{}, err
	}
	r := visitortoken.Inspect(token, visitortoken.Options{Keys: all, Only: k.ID, Now: m.s.Clock.Now()})
	if r.Verdict != visitortoken.Refuse && r.KeyID == k.ID {
		return r, nil
	}
	e := &core.Error{Tried: "inspect-token", On: k.Name, Code: "zendesk.token-refused", Class: core.Refused, Params: map[string]string{}}
	if len(r.Findings) > 0 { // those that failed come first
		e.Code = "finding." + r.Findings[0].Code
		maps.Copy(e.Params, r.Findings[0].Params)
	}
	return r, e
}

// How often the Conversations API is asked whether somebody has signed in, and
// how long apart: the widget's sign-in takes a moment to be seen.
const (
	signInAsks  = 4
	signInApart = 3 * time.Second
	// longestWait is how long a vendor that wants to be left alone is waited for.
	longestWait = 20 * time.Second
)

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// proveSignIn asks the Conversations API whether the visitor is authenticated.
// Without a connection to it there is only the admin's word, and the evidence
// says so.
func (m *keys) proveSignIn(ctx context.Context, in SignInIn) (SignInOut, error) {
	c, ok, err := m.conversations(ctx, in.Connection, in.Account, in.AppID, in.KeyID, in.KeySecret)
	switch {
	case err != nil:
		return SignInOut{}, err
	case !ok && in.Seen != "yes":
		return SignInOut{}, &core.Error{Tried: "prove-sign-in", On: in.ExternalID, Code: "zendesk.not-seen", Class: core.Refused}
	case !ok:
		return SignInOut{By: "admin", CheckedAt: m.s.Clock.Now()}, nil
	}
	api := NewConversations(m.s.HTTP, m.s.Endpoints, c)
	for ask := 1; ; ask++ {
		v, found, err := api.User(ctx, in.ExternalID, api.brand)
		apart := signInApart
		if d, limited := core.RetryAfter(err); limited && ask < signInAsks && d <= longestWait {
			err, apart = nil, max(d, apart)
		}
		if err != nil {
			return SignInOut{}, err
		}
		if found && v.Authenticated != nil && *v.Authenticated {
			return SignInOut{By: "api", UserID: v.ID, SupportID: v.SupportID, CheckedAt: m.s.Clock.Now()}, nil
		}
		if ask == signInAsks {
			code := "zendesk.not-signed-in"
			if !found {
				code = "zendesk.never-seen"
			}
			return SignInOut{}, &core.Error{Tried: "prove-sign-in", On: in.ExternalID, Code: code, Class: core.Refused}
		}
		if err := m.wait(ctx, apart); err != nil {
			return SignInOut{}, err
		}
	}
}

// conversations is by what the Conversations API is asked: a stored
// connection, or a key that was typed and is kept nowhere. ok is false where
// nothing is given for that.
func (m *keys) conversations(ctx context.Context, stored, account, app, key string, secret core.Secret) (c core.Connection, ok bool, err error) {
	if stored != "" {
		c, err = m.s.Connections.ByName(ctx, stored)
		if err == nil && c.Platform != ID {
			err = &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-zendesk", Class: core.Usage}
		}
		if err == nil && c.Grant != core.GrantAppKey {
			err = &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-conversations", Class: core.Usage}
		}
		return c, true, err
	}
	secret = core.TidySecret(secret)
	switch given := app != "" || key != "" || !secret.Empty(); {
	case !given:
		return c, false, nil
	case app == "" || key == "" || secret.Empty():
		return c, true, inputError("zendesk.api-key-incomplete")
	}
	for _, err := range []error{checkApp(app), checkKey(key)} {
		if err != nil {
			return c, true, err
		}
	}
	return core.Connection{
		Name: account, Platform: ID, Grant: core.GrantAppKey, Region: regionZendesk, Account: account,
		Settings: map[string]string{settingApp: app, settingKey: key}, Secrets: core.Secrets{core.SecretAPIToken: secret},
	}, true, nil
}

// checkEmail predicts a refusal that shows no message: Zendesk does not take a
// token whose e-mail address another external id has (support article
// 4411666638746).
func (m *keys) checkEmail(ctx context.Context, in EmailIn) (EmailOut, error) {
	c, ok, err := m.conversations(ctx, in.Connection, in.Account, in.AppID, in.KeyID, in.KeySecret)
	if err != nil || !ok || in.Email == "" {
		return EmailOut{}, err
	}
	users, err := NewConversations(m.s.HTTP, m.s.Endpoints, c).UsersByEmail(ctx, in.Email)
	if err != nil {
		return EmailOut{}, err
	}
	out := EmailOut{AskedAt: m.s.Clock.Now()}
	for _, u := range users {
		if u.ExternalID == "" {
			continue // signing in gives the address, and the user, to whoever signs in
		}
		if out.Owner = u.ExternalID; out.Owner != in.ExternalID {
			return EmailOut{}, &core.Error{
				Tried: "check-email", On: c.Name, Code: "zendesk.email-taken", Class: core.Refused,
				Params: map[string]string{"owner": out.Owner, "external_id": core.CleanLine(in.ExternalID)},
			}
		}
	}
	return out, nil
}

// oldKey is the key that a rotation replaces. One that is not kept yet is kept
// now if its secret is given. Whoever has lost the secret, and rotates the key
// for that, knows it by its id: each token names that.
func (m *keys) oldKey(ctx context.Context, in OldKeyIn) (OldKeyOut, error) {
	k, err := m.messaging(ctx, in.Key)
	if core.CodeOf(err) == "key.not-found" && in.KID != "" && !in.Secret.Empty() {
		var added AddKeyOut
		if added, err = m.addKey(ctx, AddKeyIn{Name: in.Key, Account: in.Account, KID: in.KID, Secret: in.Secret}); err == nil {
			k, err = m.s.Keys.Get(ctx, added.Key)
		}
	}
	if core.CodeOf(err) == "key.not-found" && in.KID != "" && in.Secret.Empty() {
		k, err = known(in)
	}
	if err != nil {
		return OldKeyOut{}, err
	}
	if !k.RetiredAt.IsZero() {
		return OldKeyOut{}, &core.Error{Tried: "rotation-plan", On: k.Name, Code: "zendesk.retired", Class: core.Usage}
	}
	n, err := m.count(ctx, k.Account)
	if err == nil && n >= core.MaxMessagingKeys {
		err = &core.Error{Tried: "rotation-plan", On: k.Name, Code: "zendesk.no-room", Class: core.Usage, Params: map[string]string{"limit": strconv.Itoa(core.MaxMessagingKeys)}}
	}
	return OldKeyOut{Key: k.ID, Name: k.Name, Account: k.Account, KID: k.KID, Kept: n}, err
}

// known is a key of which there is no more than its id.
func known(in OldKeyIn) (core.SigningKey, error) {
	kid, err := core.CheckKID(in.KID)
	if err != nil {
		return core.SigningKey{}, err
	}
	account, err := core.KeyMessaging.CheckAccount(in.Account)
	return core.SigningKey{Name: in.Key, Kind: core.KeyMessaging, Account: account, KID: kid}, err
}

// longestLife is when the last token that the old key can have signed has run
// out, counted from now.
func (m *keys) longestLife(_ context.Context, in WaitIn) (WaitOut, error) {
	d, err := time.ParseDuration(in.Life)
	if err != nil || d <= 0 {
		return WaitOut{}, &core.Error{Tried: "rotation-plan", Code: "zendesk.bad-life", Class: core.Usage, Err: err}
	}
	return WaitOut{Until: m.s.Clock.Now().Add(d)}, nil
}

// proveNewKey wants a token of every place, each signed with the new key.
func (m *keys) proveNewKey(ctx context.Context, in NobodyIn) (NobodyOut, error) {
	k, err := m.messaging(ctx, in.NewKey)
	if err != nil {
		return NobodyOut{}, err
	}
	old := core.SigningKey{Name: in.OldKID, KID: in.OldKID}
	if in.OldKey != "" {
		if old, err = m.messaging(ctx, in.OldKey); err != nil {
			return NobodyOut{}, err
		}
	}
	tokens := slices.DeleteFunc(strings.Fields(in.Tokens.Reveal()), func(s string) bool { return strings.Count(s, ".") < 2 })
	for i, token := range tokens {
		r, err := m.inspect(ctx, token, k)
		if kid := kidOf(r); old.ID != "" && r.KeyID == old.ID || kid != "" && kid == old.KID {
			return NobodyOut{}, &core.Error{Tried: "prove-new-key", On: old.Name, Code: "zendesk.old-key-used", Class: core.Refused, Params: map[string]string{"number": strconv.Itoa(i + 1)}}
		}
		if e, ok := errors.AsType[*core.Error](err); ok && e.Class == core.Refused {
			e.Tried, e.Params["number"] = "inspect-tokens", strconv.Itoa(i+1)
		}
		if err != nil {
			return NobodyOut{}, err
		}
	}
	// One token can come from one place only.
	if want := max(len(old.Deployments), in.Places, 1); len(tokens) < want {
		return NobodyOut{}, &core.Error{Tried: "prove-new-key", On: k.Name, Code: "zendesk.places-missing", Class: core.Usage, Params: map[string]string{"tokens": strconv.Itoa(len(tokens)), "places": strconv.Itoa(want)}}
	}
	return NobodyOut{Tokens: len(tokens), CheckedAt: m.s.Clock.Now()}, nil
}

// kidOf reads the key id that a token names.
func kidOf(r visitortoken.Report) string {
	var header struct {
		KID string `json:"kid"`
	}
	if json.Unmarshal([]byte(r.Header), &header) != nil {
		return ""
	}
	return header.KID
}

// retireKey notes that Zendesk no longer has a key. The id of the one that was
// deleted is asked for: in a list of keys the next line is quickly hit.
func (m *keys) retireKey(ctx context.Context, in KeyIn) (RetireOut, error) {
	k := core.SigningKey{Name: in.KID, KID: in.KID, RetiredAt: m.s.Clock.Now()}
	var err error
	if in.Key != "" {
		if k, err = m.messaging(ctx, in.Key); err != nil {
			return RetireOut{}, err
		}
	}
	if deleted := strings.Join(strings.Fields(in.Deleted), ""); deleted != "" && deleted != k.KID {
		return RetireOut{}, &core.Error{
			Tried: "retire-key", On: k.Name, Code: "zendesk.other-key-deleted", Class: core.Usage,
			Params: map[string]string{"kid": k.KID, "deleted": core.CleanLine(deleted)},
		}
	}
	if in.Key != "" {
		k, err = m.s.Keys.Retire(ctx, k.ID)
	}
	return RetireOut{Name: k.Name, RetiredAt: k.RetiredAt}, err
}
