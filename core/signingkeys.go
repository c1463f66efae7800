package core

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NewKey is a signing key to be kept, and how it came here.
type NewKey struct {
	SigningKey
	// Prefix is what the Admin Center lists as the secret's first six
	// characters, to be compared with the secret; "": not compared.
	Prefix string
	// Typed says that a person entered the secret at a prompt or a form, where
	// a guessable one is refused; one from a file is kept and flagged.
	Typed bool
}

// SigningKeys keeps the signing keys of all accounts. Names are unique
// without regard to case.
type SigningKeys struct {
	Store  Store
	Events *EventLog
}

// List returns all summaries: by account, then kind, then name.
func (s *SigningKeys) List(ctx context.Context) ([]KeySummary, error) {
	var out []KeySummary
	err := s.Store.View(ctx, func(r Reader) (err error) {
		out, err = keySummaries(r)
		return err
	})
	slices.SortFunc(out, func(a, b KeySummary) int {
		return cmp.Or(
			strings.Compare(a.Account, b.Account),
			slices.Index(KeyKinds(), a.Kind)-slices.Index(KeyKinds(), b.Kind),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
		)
	})
	return out, err
}

func keySummaries(r Reader) ([]KeySummary, error) {
	var out []KeySummary
	for rec, err := range r.Heads(KindSigningKey, ListOptions{}) {
		if err != nil {
			return nil, err
		}
		sum, err := keySummaryOf(rec)
		if err != nil {
			return nil, err
		}
		out = append(out, sum)
	}
	return out, nil
}

// All returns every key with its secret, for what must try them all.
func (s *SigningKeys) All(ctx context.Context) ([]SigningKey, error) {
	var out []SigningKey
	err := s.Store.View(ctx, func(r Reader) error {
		list, err := keySummaries(r)
		if err != nil {
			return err
		}
		out = make([]SigningKey, len(list))
		for i, k := range list {
			if out[i], err = getKey(r, k.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Get returns the key with its secret, or ErrNotFound.
func (s *SigningKeys) Get(ctx context.Context, id string) (SigningKey, error) {
	var k SigningKey
	err := s.Store.View(ctx, func(r Reader) (err error) {
		k, err = getKey(r, id)
		return err
	})
	return k, err
}

// ByName returns the key of that name, key id or record id, in this order of
// preference, with its secret; or ErrNotFound naming it.
func (s *SigningKeys) ByName(ctx context.Context, name string) (SigningKey, error) {
	var k SigningKey
	err := s.Store.View(ctx, func(r Reader) error {
		list, err := keySummaries(r)
		if err != nil {
			return err
		}
		for _, same := range []func(KeySummary) bool{
			func(k KeySummary) bool { return strings.EqualFold(k.Name, name) },
			func(k KeySummary) bool { return k.KID == name && name != "" },
			func(k KeySummary) bool { return k.ID == name },
		} {
			if i := slices.IndexFunc(list, same); i >= 0 {
				k, err = getKey(r, list[i].ID)
				return err
			}
		}
		return ErrNotFound
	})
	if err != nil && CodeOf(err) == ErrNotFound.Code {
		err = keyError("find-key", name, "key.not-found", nil, err)
	}
	return k, err
}

func getKey(r Reader, id string) (SigningKey, error) {
	rec, err := r.Get(KindSigningKey, id)
	if err != nil {
		return SigningKey{}, err
	}
	var k SigningKey
	secrets, err := DecodeBody(rec.Body, &k)
	if err != nil {
		return SigningKey{}, err
	}
	k.Rev, k.Secrets = rec.Rev, secrets
	return k, nil
}

func putKey(w Writer, k SigningKey) (SigningKey, error) {
	b, err := EncodeBody(k, k.Secrets)
	if err != nil {
		return k, err
	}
	rev, err := w.Put(Record{Kind: KindSigningKey, ID: k.ID, Rev: k.Rev, Head: k.Summary().head(), Body: b})
	if err != nil {
		return k, err
	}
	k.Rev = rev
	return k, nil
}

// Add stores a new key under a fresh id and records the event. What is wrong
// with it is said by a code: key.name-empty, key.name-taken, key.account,
// key.kid, key.secret-missing, key.secret-shape, key.secret-guessable,
// key.prefix, key.duplicate, key.limit (the account has MaxMessagingKeys, and
// the param "unused" names those nobody used) and key.chat-exists.
func (s *SigningKeys) Add(ctx context.Context, n NewKey) (SigningKey, error) {
	k, err := n.checked()
	if err != nil {
		return k, err
	}
	k.ID, k.Rev = NewID(), 0
	k.AddedAt, k.AddedBy = s.Events.Clock.Now(), s.Events.Actor.String()
	err = s.Store.Update(ctx, func(w Writer) error {
		list, err := keySummaries(w)
		if err != nil {
			return err
		}
		if err := keyFits(list, k); err != nil {
			return err
		}
		if err := notKept(w, list, k.Secret(), ""); err != nil {
			return err
		}
		k.Rev = 0
		if k, err = putKey(w, k); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbAdded, Subject: k.Subject()})
	})
	return k, err
}

// keyFits checks a new key against those there are.
func keyFits(list []KeySummary, k SigningKey) error {
	if err := keyNameFree(list, k.Name, ""); err != nil {
		return err
	}
	same := slices.DeleteFunc(slices.Clone(list), func(o KeySummary) bool {
		return o.Kind != k.Kind || o.Account != k.Account || !o.RetiredAt.IsZero()
	})
	if i := slices.IndexFunc(same, func(o KeySummary) bool { return k.KID != "" && o.KID == k.KID }); i >= 0 {
		return keyError("add-key", k.Name, "key.duplicate", map[string]string{"key": same[i].Name}, ErrExists)
	}
	switch {
	case k.Kind == KeyMessaging && len(same) >= MaxMessagingKeys:
		return keyError("add-key", k.Name, "key.limit", map[string]string{
			"limit": strconv.Itoa(MaxMessagingKeys), "unused": unusedKeys(same),
		}, nil)
	case k.Kind == KeyChat && len(same) > 0:
		return keyError("add-key", k.Name, "key.chat-exists", map[string]string{"key": same[0].Name}, ErrExists)
	case k.Kind == KeyXsolla && len(same) > 0:
		return keyError("add-key", k.Name, "key.project-exists", map[string]string{"key": same[0].Name}, ErrExists)
	}
	return nil
}

// unusedKeys names the keys that are in use nowhere as far as deskward knows;
// where there is none, the one whose last use is longest ago.
func unusedKeys(list []KeySummary) string {
	var names []string
	for _, k := range list {
		if k.Deployed == 0 && k.LastUsed.IsZero() {
			names = append(names, k.Name)
		}
	}
	if names == nil {
		oldest := slices.MinFunc(list, func(a, b KeySummary) int { return a.LastUsed.Compare(b.LastUsed) })
		names = []string{oldest.Name}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// notKept refuses a secret that is kept already: two records of one secret are
// a mistake of pasting, and the wrong one would be renewed.
func notKept(r Reader, list []KeySummary, secret Secret, self string) error {
	if secret.Empty() {
		return nil
	}
	for _, other := range list {
		if other.ID == self || other.Prefix != SecretPrefix(secret) {
			continue
		}
		k, err := getKey(r, other.ID)
		if err != nil {
			return err
		}
		if k.Secret().Equal(secret) {
			return keyError("add-key", "", "key.same-secret", map[string]string{"key": other.Name}, ErrExists)
		}
	}
	return nil
}

func keyNameFree(list []KeySummary, name, self string) error {
	if name == "" {
		return keyError("name-key", "", "key.name-empty", nil, nil)
	}
	if slices.ContainsFunc(list, func(o KeySummary) bool { return o.ID != self && strings.EqualFold(o.Name, name) }) {
		return keyError("name-key", name, "key.name-taken", nil, ErrExists)
	}
	return nil
}

// Change reads the key afresh, lets fn change it, writes it and records ev
// (whose Subject is filled in) in one transaction: it cannot conflict. The id,
// name and revision are kept as they are.
func (s *SigningKeys) Change(ctx context.Context, id string, ev Event, fn func(*SigningKey) error) (SigningKey, error) {
	var k SigningKey
	err := s.Store.Update(ctx, func(w Writer) error {
		var err error
		if k, err = getKey(w, id); err != nil {
			return err
		}
		name, rev := k.Name, k.Rev
		if err := fn(&k); err != nil {
			return err
		}
		k.ID, k.Name, k.Rev = id, name, rev
		if k, err = putKey(w, k); err != nil {
			return err
		}
		ev.Subject = k.Subject()
		return s.Events.Append(w, ev)
	})
	return k, err
}

// Rename gives the key, read at revision rev, a new name. ErrConflict when
// somebody changed it since.
func (s *SigningKeys) Rename(ctx context.Context, id string, rev uint64, name string) (SigningKey, error) {
	var k SigningKey
	name = strings.TrimSpace(CleanLine(name))
	err := s.Store.Update(ctx, func(w Writer) error {
		list, err := keySummaries(w)
		if err != nil {
			return err
		}
		if err := keyNameFree(list, name, id); err != nil {
			return err
		}
		if k, err = getKey(w, id); err != nil {
			return err
		}
		old := k.Name
		k.Name, k.Rev = name, rev
		if k, err = putKey(w, k); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbRenamed, Subject: k.Subject(), Detail: map[string]string{"from": old}})
	})
	return k, err
}

// ReplaceSecret puts a new secret in place of the key's: the Chat secret was
// regenerated, an Xsolla project's was reset. The former one is gone for good.
// It fails as Add does, and with key.hidden-kind for a messaging key, whose new
// secret always has a new key id.
func (s *SigningKeys) ReplaceSecret(ctx context.Context, id string, n NewKey) (SigningKey, error) {
	var k SigningKey
	err := s.Store.Update(ctx, func(w Writer) error {
		var err error
		if k, err = getKey(w, id); err != nil {
			return err
		}
		if k.Kind == KeyMessaging {
			return keyError("replace-secret", k.Name, "key.new-kid", nil, nil)
		}
		secret := n.Secrets[SecretSigning]
		n := NewKey{SigningKey: k.Clone(), Prefix: n.Prefix, Typed: n.Typed}
		n.Secrets, n.Alg = Secrets{SecretSigning: secret}, AlgHS256
		if n.SigningKey, err = n.checked(); err != nil {
			return err
		}
		list, err := keySummaries(w)
		if err != nil {
			return err
		}
		if err := notKept(w, list, secret, ""); err != nil {
			return err
		}
		if k, err = putKey(w, n.SigningKey); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbChanged, Subject: k.Subject(), Detail: map[string]string{"what": "secret"}})
	})
	if err != nil {
		return k, err
	}
	return k, s.erase(ctx)
}

// Hide hides the key's secret for ever: from then on it signs, and is never
// shown, copied or shared. There is no way back.
func (s *SigningKeys) Hide(ctx context.Context, id string) (SigningKey, error) {
	return s.Change(ctx, id, Event{Verb: VerbChanged, Detail: map[string]string{"what": "hidden"}}, func(k *SigningKey) error {
		if k.HiddenAt.IsZero() {
			k.HiddenAt = s.Events.Clock.Now()
		}
		return nil
	})
}

// Reveal returns the key's secret after recording that it leaves, as v says:
// VerbRevealed, VerbCopied, VerbExported or VerbShared. It fails with code
// key.hidden for one that is hidden for ever.
func (s *SigningKeys) Reveal(ctx context.Context, id string, v Verb, detail map[string]string) (Secret, error) {
	var secret Secret
	err := s.Store.Update(ctx, func(w Writer) error {
		k, err := getKey(w, id)
		if err != nil {
			return err
		}
		if k.Hidden() {
			return keyError("reveal", k.Name, "key.hidden", nil, nil)
		}
		if secret = k.Secret(); secret.Empty() {
			return keyError("reveal", k.Name, "key.no-secret", nil, nil)
		}
		d := map[string]string{"secret": SecretSigning}
		maps.Copy(d, detail)
		return s.Events.Append(w, Event{Verb: v, Subject: k.Subject(), Detail: d})
	})
	if err != nil {
		return Secret{}, err
	}
	return secret, nil
}

// usedEvery is how exactly the last use of a key is known: a token endpoint
// signs many a second.
const usedEvery = time.Minute

// Used notes that the key signed a token just now. It is no event, and it
// writes once a minute at most.
func (s *SigningKeys) Used(ctx context.Context, id string) error {
	now := s.Events.Clock.Now()
	return s.Store.Update(ctx, func(w Writer) error {
		k, err := getKey(w, id)
		if err != nil || now.Sub(k.LastUsed) < usedEvery {
			return err
		}
		k.LastUsed = now
		_, err = putKey(w, k)
		return err
	})
}

// Deploy notes that the key was put into service at a place, in the admin's
// words.
func (s *SigningKeys) Deploy(ctx context.Context, id, where string) (SigningKey, error) {
	where = strings.TrimSpace(CleanLine(where))
	if where == "" {
		return SigningKey{}, keyError("deploy-key", "", "key.where-empty", nil, nil)
	}
	return s.Change(ctx, id, Event{Verb: VerbChanged, Detail: map[string]string{"deployed": where}}, func(k *SigningKey) error {
		d := Deployment{Where: where, At: s.Events.Clock.Now(), By: s.Events.Actor.String()}
		k.Deployments = append(slices.DeleteFunc(k.Deployments, func(o Deployment) bool { return o.Where == where }), d)
		return nil
	})
}

// Undeploy notes that the key is no longer used at a place.
func (s *SigningKeys) Undeploy(ctx context.Context, id, where string) (SigningKey, error) {
	return s.Change(ctx, id, Event{Verb: VerbChanged, Detail: map[string]string{"undeployed": where}}, func(k *SigningKey) error {
		k.Deployments = slices.DeleteFunc(k.Deployments, func(o Deployment) bool { return o.Where == where })
		return nil
	})
}

// Retire notes that the vendor no longer has the key. It stays in the list, to
// explain tokens that still come, and no longer counts.
func (s *SigningKeys) Retire(ctx context.Context, id string) (SigningKey, error) {
	return s.Change(ctx, id, Event{Verb: VerbChanged, Detail: map[string]string{"what": "retired"}}, func(k *SigningKey) error {
		if k.RetiredAt.IsZero() {
			k.RetiredAt = s.Events.Clock.Now()
		}
		return nil
	})
}

// Remove deletes the key read at revision rev, and then erases what was
// deleted where the store can. It changes nothing at the vendor.
func (s *SigningKeys) Remove(ctx context.Context, id string, rev uint64) error {
	err := s.Store.Update(ctx, func(w Writer) error {
		k, err := getKey(w, id)
		if err != nil {
			return err
		}
		if err := w.Delete(KindSigningKey, id, rev); err != nil {
			return err
		}
		if err := deleteDeadlines(w, id); err != nil {
			return err
		}
		return s.Events.Append(w, Event{Verb: VerbRemoved, Subject: k.Subject()})
	})
	if err != nil {
		return err
	}
	return s.erase(ctx)
}

func (s *SigningKeys) erase(ctx context.Context) error {
	if e, ok := s.Store.(Eraser); ok {
		return e.Compact(ctx)
	}
	return nil
}

func keyError(tried, on, code string, params map[string]string, err error) error {
	return &Error{Tried: tried, On: on, Code: code, Class: Usage, Params: params, Err: err}
}
