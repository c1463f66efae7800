package consent_test

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/oauth2"

	"deskward/core"
)

func remembersHost(tok *oauth2.Token) map[string]string {
	host, _ := tok.Extra("instance").(string)
	return map[string]string{"instance": host}
}

func TestWhatATokenAnswerTeachesIsSavedWithItsTokens(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.Remember = remembersHost
	b.vendor.extra = map[string]any{"instance": "one"}
	c := b.granted()
	if c.Settings["instance"] != "one" {
		t.Errorf("settings %v", c.Settings)
	}
	b.vendor.set(func(v *vendor) { v.extra = map[string]any{"instance": "two"} })
	c, err := b.Refresh(context.Background(), c.ID)
	if err != nil || c.Settings["instance"] != "two" {
		t.Errorf("after a refresh: %v, %v", c.Settings, err)
	}
	b.vendor.set(func(v *vendor) { v.extra = nil })
	if c, err = b.Refresh(context.Background(), c.ID); err != nil || len(c.Settings) != 0 {
		t.Errorf("what is no longer said stays: %v, %v", c.Settings, err)
	}
}

func TestTheInstanceOfAWrongAccountGivesWayWithItsTokens(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.Remember = remembersHost
	b.vendor.extra = map[string]any{"instance": "right"}
	c := b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantCode, Expect: "mina@example.com"})
	consent := func() error {
		a := b.begin(c)
		_, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
		return err
	}
	if err := consent(); err != nil {
		t.Fatal(err)
	}
	b.Check = func(ctx context.Context, id string) (core.Connection, error) {
		return b.Connections.Change(ctx, id, core.Event{Verb: core.VerbChecked}, func(c *core.Connection) error {
			c.Check = core.Check{At: b.clock.Now(), Code: "connection.wrong-account"}
			return nil
		})
	}
	b.vendor.set(func(v *vendor) { v.extra = map[string]any{"instance": "wrong"} })
	if err := consent(); !errors.Is(err, &core.Error{Code: "consent.wrong-account-kept"}) {
		t.Fatal(err)
	}
	if got := b.get(c.ID).Settings["instance"]; got != "right" {
		t.Errorf("the tokens of before go with the instance %q", got)
	}
}
