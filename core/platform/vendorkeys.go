package platform

import (
	"context"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

// manager is the client of c that manages signing keys.
func (s *Service) manager(c core.Connection) (KeyManager, error) {
	client, err := s.Dial(c)
	if err != nil {
		return nil, err
	}
	m, ok := client.(KeyManager)
	if !ok {
		return nil, missing("manage-keys", c)
	}
	return m, nil
}

// VendorKeys lists the signing keys that the vendor has, without secrets.
func (s *Service) VendorKeys(ctx context.Context, c core.Connection) ([]VendorKey, error) {
	m, err := s.manager(c)
	if err != nil {
		return nil, err
	}
	return m.VendorKeys(ctx)
}

// MakeKey makes a signing key at the vendor and keeps it under the name, which
// is free. That it is about to be made is written down before; its secret is
// kept before anybody sees it. When no answer came, the error is of class
// Unknown: the vendor's list tells, and KeepKey takes the key from there.
func (s *Service) MakeKey(ctx context.Context, c core.Connection, name string) (core.SigningKey, error) {
	m, err := s.manager(c)
	if err != nil {
		return core.SigningKey{}, err
	}
	name = strings.TrimSpace(core.CleanLine(name))
	// Whatever would keep the key from being kept is found out before it is
	// made.
	list, err := s.Keys.List(ctx)
	if err != nil {
		return core.SigningKey{}, err
	}
	if name == "" || slices.ContainsFunc(list, func(k core.KeySummary) bool { return strings.EqualFold(k.Name, name) }) {
		return core.SigningKey{}, &core.Error{Tried: "make-key", On: c.Name, Code: "key.name-taken", Class: core.Usage}
	}
	ev := core.Event{Verb: core.VerbChanged, Subject: c.Subject(), Detail: map[string]string{"making_key": name}}
	if err := s.Keys.Events.Record(ctx, ev); err != nil {
		return core.SigningKey{}, err
	}
	ctx = context.WithoutCancel(ctx) // from here on the answer is wanted
	callCtx, cancel := context.WithTimeout(ctx, core.CallTime)
	defer cancel()
	made, err := m.MakeVendorKey(callCtx, name)
	if err != nil {
		if core.ClassOf(err) == core.Refused || core.ClassOf(err) == core.Usage || transport.NotSent(err) {
			return core.SigningKey{}, err
		}
		return core.SigningKey{}, &core.Error{Tried: "make-key", On: c.Name, Code: "platform.key-unknown", Class: core.Unknown, Err: err}
	}
	return s.keepKey(ctx, c, made, name)
}

// KeepKey keeps a key that the vendor has already.
func (s *Service) KeepKey(ctx context.Context, c core.Connection, id, name string) (core.SigningKey, error) {
	m, err := s.manager(c)
	if err != nil {
		return core.SigningKey{}, err
	}
	k, err := m.VendorKey(ctx, id)
	if err != nil {
		return core.SigningKey{}, err
	}
	return s.keepKey(ctx, c, k, name)
}

// keepKey saves what the vendor gave, although the store may be busy just now.
func (s *Service) keepKey(ctx context.Context, c core.Connection, k VendorKey, name string) (core.SigningKey, error) {
	n := core.NewKey{SigningKey: core.SigningKey{
		Name: name, Kind: core.KeyMessaging, Account: c.Account, KID: k.ID, MadeAt: s.Clock.Now(),
		Secrets: core.Secrets{core.SecretSigning: k.Secret},
	}}
	until := time.Now().Add(core.SaveTime)
	for {
		kept, err := s.Keys.Add(ctx, n)
		if core.ClassOf(err) != core.Locked || time.Now().After(until) {
			return kept, err
		}
	}
}

// DeleteKey deletes a key at the vendor and, where it is kept, marks it as
// deleted. It cannot be undone.
func (s *Service) DeleteKey(ctx context.Context, c core.Connection, id string) error {
	m, err := s.manager(c)
	if err != nil {
		return err
	}
	if err := m.DeleteVendorKey(ctx, id); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	k, err := s.Keys.ByName(ctx, id)
	if core.CodeOf(err) == "key.not-found" {
		return s.Keys.Events.Record(ctx, core.Event{Verb: core.VerbChanged, Subject: c.Subject(), Detail: map[string]string{"deleted_key": id}})
	}
	if err == nil {
		_, err = s.Keys.Retire(ctx, k.ID)
	}
	return err
}
