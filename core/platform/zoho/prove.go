package zoho

import (
	"context"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/platform"
)

// prove shows that the new token works: that Desk takes it, that it is for
// the connection's organization, and per granted scope that it may do what it
// is for.
func (m *migration) prove(ctx context.Context, in ProveIn) (ProveOut, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return ProveOut{}, err
	}
	if c.Grant == core.GrantAuthtoken {
		return ProveOut{}, &core.Error{Tried: "check", On: c.Name, Code: "zoho.not-oauth", Class: core.Usage}
	}
	if c, err = m.s.Checks(ctx, c.ID); err != nil {
		return ProveOut{}, err
	}
	if !c.Check.OK {
		return ProveOut{}, c.Refusal()
	}
	desk := dial(c, m.env(c.ID))
	probes, err := desk.ProbeScopes(ctx)
	if err != nil {
		return ProveOut{}, err
	}
	denied := names(probes, func(p platform.ScopeProbe) bool { return !p.Allowed && !p.Unsure })
	if len(denied) > 0 {
		return ProveOut{}, &core.Error{Tried: "probe", On: c.Name, Code: "zoho.SCOPE_MISMATCH", Class: core.Refused, Params: map[string]string{"scope": strings.Join(denied, ", ")}}
	}
	return ProveOut{
		OrgID: c.Account, OrgName: c.Check.Note,
		ScopesProven: names(probes, func(p platform.ScopeProbe) bool { return p.Allowed }),
		ScopesUnsure: names(probes, func(p platform.ScopeProbe) bool { return p.Unsure }),
		CreditsLeft:  desk.CreditsLeft(), CheckedAt: c.Check.At,
	}, nil
}

// putIntoService writes down that systems use the new credential now, and
// that it took the old one's place.
func (m *migration) putIntoService(ctx context.Context, in ServiceIn) (ServiceOut, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return ServiceOut{}, err
	}
	var legacyID string
	if in.Legacy != "" {
		old, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy})
		if err != nil {
			return ServiceOut{}, err
		}
		legacyID = old.ID
	}
	out := ServiceOut{InService: m.s.Clock.Now()}
	err = m.s.Store.Update(ctx, func(w core.Writer) error {
		c, err := core.GetConnection(w, c.ID)
		if err != nil {
			return err
		}
		c.InService = out.InService
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		if out.OldTokenEnds, err = replace(w, legacyID, c); err != nil {
			return err
		}
		return m.s.Events.Append(w, core.Event{Verb: core.VerbChanged, Subject: c.Subject(), Detail: map[string]string{"in_service": out.InService.Format(time.RFC3339)}})
	})
	return out, err
}

// replace links the old credential to c and returns when it ends. It ends by
// itself only when c came of its exchange.
func replace(w core.Writer, legacyID string, c core.Connection) (time.Time, error) {
	if legacyID == "" {
		return time.Time{}, nil
	}
	old, err := core.GetConnection(w, legacyID)
	if err != nil {
		return time.Time{}, err
	}
	if old.ReplacedBy = c.ID; old.EndsAt.IsZero() && c.Grant == core.GrantMigrated {
		old.EndsAt = c.GrantedAt.Add(OldTokenLife)
	}
	if old, err = core.PutConnection(w, old); err != nil {
		return time.Time{}, err
	}
	if old.EndsAt.IsZero() {
		return time.Time{}, nil
	}
	return old.EndsAt, core.PutDeadline(w, oldTokenEnds(old, c))
}

// proveOldTokenDead shows that Desk refuses the old auth token, and closes its
// deadline. While the token still works it fails with zoho.old-token-alive.
func (m *migration) proveOldTokenDead(ctx context.Context, in DeadIn) (DeadOut, error) {
	old, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy})
	if err != nil {
		return DeadOut{}, err
	}
	if old, err = m.s.Checks(ctx, old.ID); err != nil {
		return DeadOut{}, err
	}
	switch {
	case old.Check.OK:
		at := "?"
		if !old.EndsAt.IsZero() {
			at = old.EndsAt.UTC().Format("2006-01-02 15:04 MST")
		}
		return DeadOut{}, &core.Error{Tried: "old-token-dead", On: old.Name, Code: "zoho.old-token-alive", Params: map[string]string{"at": at}}
	case old.Check.Code != "zoho.invalid_authtoken":
		// Desk knows the token and refuses the call for another reason.
		return DeadOut{}, &core.Error{Tried: "old-token-dead", On: old.Name, Code: old.Check.Code, Class: core.Refused, Params: old.Check.Params}
	}
	err = m.s.Store.Update(ctx, func(w core.Writer) error {
		if old.EndsAt.IsZero() {
			return nil
		}
		d := core.Deadline{Subject: old.Subject(), Code: codeOldTokenEnds, At: old.EndsAt, Done: old.Check.At}
		return core.PutDeadline(w, d)
	})
	return DeadOut{CheckedAt: old.Check.At, Answer: old.Check.Code}, err
}
