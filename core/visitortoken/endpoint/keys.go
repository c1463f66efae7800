package endpoint

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"deskward/core"
	"deskward/core/visitortoken"
)

const (
	// refreshFirst and refreshMost are how often a token may make the endpoint
	// ask Xsolla for its keys: anybody can send a token that names an unknown
	// one. The time doubles while asking brings nothing new.
	refreshFirst = time.Minute
	refreshMost  = time.Hour

	// refreshTime is how long that may take. Zendesk's widget has been seen to
	// wait four seconds for its token.
	refreshTime = 3 * time.Second
)

// pair is what an endpoint verifies and signs with.
type pair struct{ login, sign core.SigningKey }

// keys holds the two keys, so that no request reads the store.
type keys struct {
	service *Service
	loginID string
	signID  string
	now     atomic.Pointer[pair] // nil: one of them is gone

	reading  sync.Mutex // held while the key list is read anew
	readNext time.Time  // not before, by the service's clock
	readWait time.Duration
}

// newKeys reads the two keys by their names.
func newKeys(ctx context.Context, s *Service, o Options) (*keys, error) {
	login, err := s.Keys.ByName(ctx, o.LoginKey)
	if err != nil {
		return nil, err
	}
	sign, err := s.Keys.ByName(ctx, o.ChatKey)
	if err != nil {
		return nil, err
	}
	switch {
	case login.Kind != core.KeyXsolla:
		return nil, serveError("serve.login-key", login.Name, nil)
	case sign.Kind != core.KeyChat && sign.Kind != core.KeyMessaging:
		return nil, serveError("serve.chat-key", sign.Name, nil)
	case !login.RetiredAt.IsZero():
		return nil, serveError("serve.retired", login.Name, nil)
	case !sign.RetiredAt.IsZero():
		return nil, serveError("serve.retired", sign.Name, nil)
	case o.Life < 0 || sign.Kind == core.KeyChat && o.Life > visitortoken.MaxChatLife:
		return nil, serveError("serve.life", o.Life.String(), nil)
	}
	k := &keys{service: s, loginID: login.ID, signID: sign.ID}
	k.now.Store(&pair{login, sign})
	return k, nil
}

// follow reads the keys again: a secret may have been replaced, a key retired
// or removed. What can't be read for another reason (the store is locked, or
// held) stays as it was.
func (k *keys) follow(ctx context.Context) {
	login, err1 := k.service.Keys.Get(ctx, k.loginID)
	sign, err2 := k.service.Keys.Get(ctx, k.signID)
	switch {
	case gone(login, err1) || gone(sign, err2):
		k.now.Store(nil)
	case err1 == nil && err2 == nil:
		k.now.Store(&pair{login, sign})
	}
}

func gone(k core.SigningKey, err error) bool {
	return core.CodeOf(err) == core.ErrNotFound.Code || err == nil && !k.RetiredAt.IsZero()
}

// afresh returns the keys after the project's key list was read again, or ok
// false where that was not so long ago, or has not helped. Requests that need
// it at the same time wait for one reading.
func (k *keys) afresh(ctx context.Context, had *pair) (_ *pair, ok bool) {
	k.reading.Lock()
	defer k.reading.Unlock()
	if p := k.now.Load(); p == nil || p.login.KeyList != had.login.KeyList {
		return p, p != nil // another request has read it meanwhile
	}
	at := k.service.Keys.Events.Clock.Now()
	if at.Before(k.readNext) {
		return nil, false
	}
	k.readWait = min(max(2*k.readWait, refreshFirst), refreshMost)
	k.readNext = at.Add(k.readWait)
	// Whoever asked may be gone: then the next minute's requests still profit.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
	defer cancel()
	login, err := k.service.Keys.Get(ctx, k.loginID)
	if err == nil && login.KeyList == had.login.KeyList && k.service.KeyList != nil {
		login, err = k.service.KeyList(ctx, login)
	}
	if err != nil || login.KeyList == had.login.KeyList {
		return nil, false
	}
	k.readWait, k.readNext = 0, at.Add(refreshFirst)
	p := &pair{login, had.sign}
	k.now.Store(p)
	return p, true
}

// verify verifies a Login token, if need be with the project's newest keys.
func (k *keys) verify(ctx context.Context, p *pair, token core.Secret, at time.Time) (visitortoken.Login, error) {
	login, err := visitortoken.VerifyLogin(p.login, token, at)
	if core.CodeOf(err) != "login.kid" {
		return login, err
	}
	if p, ok := k.afresh(ctx, p); ok {
		return visitortoken.VerifyLogin(p.login, token, at)
	}
	return login, err
}
