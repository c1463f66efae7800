package consent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"deskward/core"
)

// The names of the secrets in which a grant of before is kept until the first
// check of a new one has said whose it is.
const (
	previousAccess  = "previous." + core.SecretAccessToken
	previousRefresh = "previous." + core.SecretRefreshToken
	previousFields  = "previous.fields" // previousGrant as JSON
)

// previousGrant is what a connection says of a grant besides its tokens.
type previousGrant struct {
	Region        string            `json:"region,omitempty"`
	Settings      map[string]string `json:"settings,omitempty"`
	TokenType     string            `json:"token_type,omitempty"`
	AccessExpires time.Time         `json:"access_expires,omitzero"`
	EndsAt        time.Time         `json:"ends_at,omitzero"`
	GrantedAt     time.Time         `json:"granted_at,omitzero"`
	Granted       []string          `json:"granted,omitempty"`
	Refreshes     []time.Time       `json:"refreshes,omitempty"`
	RefreshBegun  time.Time         `json:"refresh_begun,omitzero"`
	Check         core.Check        `json:"check,omitzero"`
}

// keepPrevious keeps the grant that a new one replaces, where the new one may
// turn out to be the wrong account's. One that is kept already stays: what
// replaced it was never checked.
func keepPrevious(c *core.Connection) error {
	has := func(name string) bool { return !c.Secrets[name].Empty() }
	if c.Expect == "" || has(previousFields) || !has(core.SecretAccessToken) && !has(core.SecretRefreshToken) {
		return nil
	}
	raw, err := json.Marshal(previousGrant{
		c.Region, c.Settings, c.TokenType, c.AccessExpires, c.EndsAt, c.GrantedAt, c.Granted, c.Refreshes, c.RefreshBegun, c.Check,
	})
	if err != nil {
		return fmt.Errorf("keep grant: %w", err)
	}
	c.Secrets = c.Secrets.With(previousAccess, c.Secrets[core.SecretAccessToken]).
		With(previousRefresh, c.Secrets[core.SecretRefreshToken]).With(previousFields, core.NewSecret(string(raw)))
	return nil
}

// dropPrevious forgets the kept grant.
func dropPrevious(c *core.Connection) {
	for _, name := range []string{previousAccess, previousRefresh, previousFields} {
		c.Secrets = c.Secrets.With(name, core.Secret{})
	}
}

// restorePrevious puts the kept grant back in the place of the new one.
func restorePrevious(c *core.Connection) error {
	var p previousGrant
	if err := json.Unmarshal([]byte(c.Secrets[previousFields].Reveal()), &p); err != nil {
		return fmt.Errorf("restore grant: %w", err)
	}
	c.Secrets = c.Secrets.With(core.SecretAccessToken, c.Secrets[previousAccess]).With(core.SecretRefreshToken, c.Secrets[previousRefresh])
	c.Region, c.TokenType, c.AccessExpires, c.EndsAt = p.Region, p.TokenType, p.AccessExpires, p.EndsAt
	c.GrantedAt, c.Granted, c.Refreshes, c.RefreshBegun, c.Check = p.GrantedAt, p.Granted, p.Refreshes, p.RefreshBegun, p.Check
	if p.Settings != nil { // what a token answer taught belongs to its grant
		c.Settings = p.Settings
	}
	dropPrevious(c)
	return nil
}

// wrongAccount is the code by which a check says that the credential is
// another account's than was expected: platform.Service.Check.
const wrongAccount = "connection.wrong-account"

// settlePrevious ends the doubt about a new grant after its first check. One
// of the wrong account gives way to the one of before, and is told as an error
// with code consent.wrong-account-kept; else the one of before is dropped,
// also when the check could not be made.
func (s *Service) settlePrevious(ctx context.Context, res Result) (Result, error) {
	checked := res.Connection
	if checked.Secrets[previousFields].Empty() {
		return res, nil
	}
	wrong := res.CheckErr == nil && checked.Check.Code == wrongAccount
	err := s.save(ctx, func(w core.Writer) error {
		c, err := core.GetConnection(w, checked.ID)
		if err != nil {
			return err
		}
		if !c.GrantedAt.Equal(checked.GrantedAt) || c.Secrets[previousFields].Empty() {
			return nil // another consent came meanwhile, and settles it
		}
		if wrong {
			err = restorePrevious(&c)
		} else {
			dropPrevious(&c)
		}
		if err != nil {
			return err
		}
		if res.Connection, err = core.PutConnection(w, c); err != nil || !wrong {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbConsentRefused, Code: wrongAccount, Subject: c.Subject()})
	})
	if err == nil && wrong {
		err = &core.Error{Tried: "consent", On: checked.Name, Code: "consent.wrong-account-kept", Class: core.Refused, Params: checked.Check.Params}
	}
	return res, err
}
