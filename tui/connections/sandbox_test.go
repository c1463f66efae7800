package connections_test

import (
	"testing"

	"deskward/core"
	"deskward/core/platform/all"
	"deskward/core/sandbox"
	"deskward/tui/connections"
)

func TestZohoConnectionIsMadeInTheSandboxFromFormToProof(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	r.service.Platforms, r.service.Endpoints = all.Platforms(), sb.Endpoints()
	r.deps.Platforms, r.deps.Sandbox = all.Platforms(), &connections.Sandbox{Agree: sb.GrantInTerminal}
	zoho := sb.Fixtures().Zoho
	r.start(80, 40)
	r.See("No connections yet", "This is the sandbox")
	r.press("a", "tab", "tab", "right", "tab") // the second data centre is Europe
	r.Type(zoho.WebClientID)
	r.press("tab")
	r.Type(zoho.WebClientSecret)
	r.press("tab")
	r.Type("not digits")
	r.press("tab")
	r.See("x That is not an organization ID")
	r.press("shift+tab")
	for range "not digits" {
		r.press("backspace")
	}
	r.Type(zoho.OrgID)
	r.press("ctrl+s")
	r.See("g agree here")
	r.press("g")
	r.See("has access to Zoho Desk", "The first check worked", zoho.OrgName)
	r.press("enter")
	r.See("Works, and renews itself")
	r.read("Zoho Desk EU")
	r.press("p")
	r.See("proved")
	c := r.byName("Zoho Desk EU")
	if c.Region != "eu" || c.Grant != core.GrantCode || !c.Check.OK {
		t.Errorf("stored %+v", c)
	}
	r.press("x")
	r.See("leave the tokens valid")
	r.press("right", "tab")
	r.Type("Zoho Desk EU")
	r.press("enter")
	r.See("No connections yet")
}
