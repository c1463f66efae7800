package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/lookup"
)

// sources are the stored connections whose client can find people, in the
// order in which a person meets the platforms, then by name.
// One that cannot be dialled (its platform is unknown to this version) finds
// nobody, and its own screen says why.
func (s *session) sources(ctx context.Context) ([]lookup.Source, error) {
	all, err := s.connections.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []lookup.Source
	for _, sum := range all {
		c, err := s.connections.Get(ctx, sum.ID)
		if err != nil {
			return nil, err
		}
		client, err := s.platforms.Dial(c)
		if err != nil {
			continue
		}
		if f, ok := client.(lookup.Finder); ok {
			out = append(out, lookup.Source{ID: c.ID, Name: c.Name, Kind: lookup.Finds(f), Finder: f})
		}
	}
	order := core.VisitorKinds()
	slices.SortStableFunc(out, func(a, b lookup.Source) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}
