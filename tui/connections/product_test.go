package connections_test

import (
	"testing"

	"deskward/core/platform"
)

// ofProducts gives the platform two products, one of which asks for an address.
func (r *rig) ofProducts() *rig {
	p := &r.service.Platforms[0]
	p.Asks = append([]platform.Ask{
		{Name: "product", Default: "support", Options: []string{"support", "chat"}},
		{Name: "email", When: map[string]string{"product": "support"}},
	}, p.Asks...)
	r.deps.Platforms = r.service.Platforms
	return r
}

func TestTheFormAsksWhatTheChosenProductNeeds(t *testing.T) {
	t.Parallel()
	r := newRig(t).ofProducts().start(80, 40)
	r.See("No connections yet")
	r.press("a")
	r.See("product", "email")
	r.press("tab", "tab", "right")
	r.Gone("email")
	r.press("left")
	r.See("email")
}
