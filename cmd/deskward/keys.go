package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
)

func (a *app) keysCommand() *cobra.Command {
	return a.group("keys", "keys",
		a.keysAddCommand(), a.keysListCommand(), a.keysShowCommand(), a.keysMintCommand(), a.keysInspectCommand(),
		a.keysRenameCommand(), a.keysReplaceCommand(), a.keysDeployCommand(), a.keysUndeployCommand(),
		a.keysHideCommand(), a.keysRetireCommand(), a.keysRemoveCommand(), a.keysVendorCommand(),
		a.keysSnippetCommand(), a.keysShareCommand(), a.keysWalkCommand(),
	)
}

func (a *app) keysListCommand() *cobra.Command {
	c := a.command("keys.list", &cobra.Command{Use: "list", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.keysList(c.Context()) }
	return a.jsonFlag(c)
}

// keyJSON is a signing key in a list or shown whole. Its field names are a
// contract.
type keyJSON struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Kind        core.KeyKind      `json:"kind"`
	Account     string            `json:"account"`
	Brand       string            `json:"brand,omitempty"`
	KID         string            `json:"kid,omitempty"`
	Alg         string            `json:"alg"`
	Prefix      string            `json:"prefix,omitempty"` // the first six characters, as the vendor lists them
	State       string            `json:"state"`            // in-use, unused, weak, retired
	Weak        bool              `json:"weak"`
	Hidden      bool              `json:"hidden"`
	Deployed    int               `json:"deployed"`
	LastUsed    time.Time         `json:"last_used,omitzero"`
	AddedAt     time.Time         `json:"added_at,omitzero"`
	RetiredAt   time.Time         `json:"retired_at,omitzero"`
	MadeAt      time.Time         `json:"made_at,omitzero"`
	AddedBy     string            `json:"added_by,omitempty"`
	HiddenAt    time.Time         `json:"hidden_at,omitzero"`
	KeyListAt   time.Time         `json:"key_list_at,omitzero"`
	Deployments []core.Deployment `json:"deployments,omitempty"`
	Secret      string            `json:"secret,omitempty"` // only when asked for by name
}

func keyAsJSON(s core.KeySummary) keyJSON {
	return keyJSON{
		ID: s.ID, Name: s.Name, Kind: s.Kind, Account: s.Account, Brand: s.Brand, KID: s.KID, Alg: s.Alg, Prefix: s.Prefix,
		State: s.State(), Weak: s.Weak, Hidden: s.Hidden, Deployed: s.Deployed, LastUsed: s.LastUsed, AddedAt: s.AddedAt, RetiredAt: s.RetiredAt,
	}
}

func (a *app) keysList(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.keys.List(ctx)
	if err != nil {
		return err
	}
	if a.opt.json {
		out := make([]keyJSON, len(all))
		for i, k := range all {
			out[i] = keyAsJSON(k)
		}
		return a.json(out)
	}
	if len(all) == 0 {
		a.line("cmd.keys.none")
		return nil
	}
	rows := make([][]string, len(all))
	for i, k := range all {
		rows[i] = []string{k.Name, a.say.T("key.kind." + string(k.Kind)), place(k.Account, k.Brand), k.KID, begins(k.Prefix), a.keyState(k)}
	}
	a.table([]string{"name", "kind", "account", "kid", "begins", "state"}, rows)
	return nil
}

// begins is how a secret is listed by its first characters.
func begins(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + "…"
}

// keyState is a key's state in words, its mark before it.
func (a *app) keyState(k core.KeySummary) string {
	mark := map[string]string{core.KeyInUse: "ok", core.KeyUnused: "…", core.KeyWeak: "!", core.KeyRetired: "x"}[k.State()]
	words := []string{a.say.T("key.state." + k.State())}
	if k.Hidden {
		words = append(words, a.say.T("key.state.hidden"))
	}
	if !k.LastUsed.IsZero() {
		words = append(words, a.say.T("key.state.used", localeParams("ago", a.until(k.LastUsed))))
	}
	return mark + "  " + strings.Join(words, ", ")
}

func (a *app) keysShowCommand() *cobra.Command {
	var secret bool
	c := a.command("keys.show", &cobra.Command{Use: "show NAME", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.keysShow(c.Context(), given[0], secret) }
	c.Flags().BoolVar(&secret, "secret", false, a.flagText("key-secret"))
	return a.jsonFlag(c)
}

func (a *app) keysShow(ctx context.Context, name string, withSecret bool) error {
	return a.onKey(ctx, name, func(s *session, k core.SigningKey) error {
		var secret core.Secret
		if withSecret {
			var err error
			if secret, err = s.keys.Reveal(ctx, k.ID, core.VerbExported, nil); err != nil {
				return err
			}
		}
		if a.opt.json {
			out := keyAsJSON(k.Summary())
			out.MadeAt, out.AddedBy, out.HiddenAt, out.KeyListAt = k.MadeAt, k.AddedBy, k.HiddenAt, k.KeyListAt
			out.Deployments, out.Secret = k.Deployments, secret.Reveal()
			return a.json(out)
		}
		a.pairs([]pair{
			{"name", k.Name},
			{"id", k.ID},
			{"kind", a.say.T("key.kind." + string(k.Kind))},
			{"account", k.Account},
			{"brand", k.Brand},
			{"kid", k.KID},
			{"alg", k.Alg},
			{"begins", begins(k.Summary().Prefix)},
			{"state", a.keyState(k.Summary())},
			{"made", stamp(k.MadeAt)},
			{"stored", strings.TrimSpace(stamp(k.AddedAt) + " " + k.AddedBy)},
			{"key-list", stamp(k.KeyListAt)},
			{"hidden", stamp(k.HiddenAt)},
			{"retired", stamp(k.RetiredAt)},
			{"secret", secret.Reveal()},
		})
		for _, d := range k.Deployments {
			a.pairs([]pair{{"deployed", d.Where + "  " + stamp(d.At) + " " + d.By}})
		}
		if k.Weak {
			a.line("cmd.keys.weak")
		}
		return nil
	})
}

// onKey opens the store and works on the key of that name.
func (a *app) onKey(ctx context.Context, name string, do func(*session, core.SigningKey) error) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	k, err := s.keys.ByName(ctx, name)
	if err != nil {
		return err
	}
	return do(s, k)
}
