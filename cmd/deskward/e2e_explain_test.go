//go:build unix

package main

import (
	"testing"

	"deskward/core/sandbox"
)

// TestTheErrorInSightIsExplainedByOneKey: what a vendor refused is explained
// from the connection that it befell and from the log, with the vendor's
// words filled in, and esc leads back.
func TestTheErrorInSightIsExplainedByOneKey(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.makeStore(t)
	sb, endpoints := startSandbox(t)
	s.vars = append(s.vars, "DESKWARD_ENDPOINTS="+endpoints)
	f := sb.Fixtures().Salesforce
	s.must(t, "connect", "salesforce", "--name", "Robot", "--grant", "client-credentials", "--set", "my_domain="+f.MyDomain,
		"--client-id", f.ClientID, "--client-secret-file", s.file(t, f.ClientSecret))
	sb.EndSalesforceSessions()
	sb.SetSalesforceApp(func(a *sandbox.SalesforceApp) { a.NoRunAs = true })

	g := onGlass(t, 80, 24, s.deskward(t), f.ClientSecret)
	g.see("Robot")
	g.press("c")
	g.see("! explain")
	g.press("!")
	g.see("Explain an error", "Salesforce says so", "no client credentials user enabled")
	g.press(esc)
	g.see("Robot")
	g.press(enter)
	g.see("! explain")
	g.press("!")
	g.see("no client credentials user enabled")
	g.press("6")
	g.see("checked Robot: salesforce.invalid_grant", "! explain")
	g.press(enter)
	g.see("› event 6", "! explain")
	g.press("!")
	g.see("Explain an error", "Salesforce")
}
