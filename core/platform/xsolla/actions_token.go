package xsolla

import (
	"context"

	"deskward/core"
	"deskward/core/visitortoken"
)

// verified verifies a user's token with a kept key, offline.
func (m *chat) verified(ctx context.Context, key string, token core.Secret) (visitortoken.Login, error) {
	k, err := m.kept(ctx, key, core.KeyXsolla)
	if err != nil {
		return visitortoken.Login{}, err
	}
	return visitortoken.VerifyLogin(k, token, m.s.Clock.Now())
}

func (m *chat) verifyToken(ctx context.Context, in ValidateIn) (VerifyOut, error) {
	l, err := m.verified(ctx, in.Key, in.Token)
	if err != nil {
		return VerifyOut{}, err
	}
	return VerifyOut{UserID: l.Subject, Email: l.Email, Username: l.Username, Provider: l.Provider, ExpiresAt: l.ExpiresAt}, nil
}

// chatToken makes of a user's token the visitor's token for Zendesk Chat, as
// the token endpoint does for each visitor.
func (m *chat) chatToken(ctx context.Context, in ChatTokenIn) (ChatTokenOut, error) {
	l, err := m.verified(ctx, in.LoginKey, in.Token)
	if err != nil {
		return ChatTokenOut{}, err
	}
	k, err := m.kept(ctx, in.ChatKey, core.KeyChat)
	if err != nil {
		return ChatTokenOut{}, err
	}
	v, err := l.ChatVisitor()
	if err != nil {
		return ChatTokenOut{}, err
	}
	d := visitortoken.NewDraft(k, v, visitortoken.DefaultChatLife, m.s.Clock.Now())
	token, err := d.Sign(k.Secret())
	if err != nil {
		return ChatTokenOut{}, err
	}
	ev := core.Event{Verb: core.VerbMinted, Subject: k.Subject(), Detail: map[string]string{"visitor": core.CleanLine(v.ExternalID)}}
	if err := m.s.Events.Record(ctx, ev); err != nil {
		return ChatTokenOut{}, err
	}
	return ChatTokenOut{ChatToken: token, ExternalID: v.ExternalID, Email: v.Email, ExpiresAt: d.ExpiresAt}, m.s.Keys.Used(ctx, k.ID)
}

// proveChatToken judges a Chat token by every rule of Zendesk's that is
// documented. It asks nobody: Zendesk has no documented call that tells.
func (m *chat) proveChatToken(ctx context.Context, in ProveChatIn) (ProveChatOut, error) {
	k, err := m.kept(ctx, in.ChatKey, core.KeyChat)
	if err != nil {
		return ProveChatOut{}, err
	}
	now := m.s.Clock.Now()
	r := visitortoken.Inspect(in.ChatToken.Reveal(), visitortoken.Options{
		Keys: []core.SigningKey{k}, Only: k.ID, As: visitortoken.KindChat, Now: now,
	})
	out := ProveChatOut{CheckedAt: now}
	for _, f := range r.Findings {
		switch f.Outcome {
		case visitortoken.Passed:
			out.Passed++
		case visitortoken.Unsure:
			out.Unsure++
		}
	}
	if r.Verdict == visitortoken.Accept || r.Verdict == visitortoken.CantSay && r.KeyID == k.ID {
		return out, nil
	}
	e := &core.Error{Tried: "prove-chat-token", On: k.Name, Code: "xsolla.chat-token-refused", Class: core.Refused, Params: map[string]string{"finding": "–"}}
	if len(r.Findings) > 0 { // those that failed come first
		e.Params["finding"] = r.Findings[0].Code
	}
	return out, e
}
