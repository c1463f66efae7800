package main

import (
	"context"

	"deskward/core/lookup"
)

// sources are the stored connections whose client can find people, by name.
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
	return out, nil
}
