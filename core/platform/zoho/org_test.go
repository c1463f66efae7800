package zoho

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// deskOf starts a Desk whose token may work in orgs, and returns a client of a
// connection that names none of them. calls are the requests, each with the
// orgId it came with.
func deskOf(t *testing.T, orgs string) (d *Desk, calls *[]string) {
	t.Helper()
	calls = new([]string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, apiPath)
		*calls = append(*calls, strings.TrimSpace(path+" "+r.Header.Get("orgId")))
		w.Header().Set("Content-Type", "application/json")
		switch {
		case path != "/organizations":
			fmt.Fprint(w, `{"data":[]}`)
		case orgs == "":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errorCode":"SCOPE_MISMATCH","message":"scope"}`)
		default:
			fmt.Fprint(w, `{"data":[`+orgs+`]}`)
		}
	}))
	t.Cleanup(srv.Close)
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := core.Connection{Name: "Acme", Platform: ID, Region: "eu", Grant: core.GrantCode, Scopes: []string{"Desk.tickets.READ", "Desk.contacts.READ"}}
	return dial(c, platform.Env{
		HTTP:      client,
		Endpoints: transport.Endpoints{ID: {endpointDesk: srv.URL, endpointAccounts: srv.URL}},
		Token:     func(context.Context) (core.Secret, error) { return core.NewSecret("canary-access-token"), nil },
	}), calls
}

func TestTheOnlyOrganizationIsUsedWhereTheConnectionNamesNone(t *testing.T) {
	t.Parallel()
	d, calls := deskOf(t, `{"id":"60001","companyName":"Acme"}`)
	probes, err := d.ProbeScopes(t.Context())
	if err != nil || len(probes) != 2 || !probes[0].Allowed || !probes[1].Allowed {
		t.Fatalf("probes: %+v, %v", probes, err)
	}
	want := "/organizations, /tickets 60001, /contacts 60001" // asked once
	if got := strings.Join(*calls, ", "); got != want {
		t.Errorf("calls: %s, want %s", got, want)
	}
}

func TestSeveralOrganizationsAreNamedToChooseFrom(t *testing.T) {
	t.Parallel()
	d, calls := deskOf(t, `{"id":"60001","companyName":"Acme"},{"id":60002,"companyName":"Outlet"}`)
	_, err := d.ProbeScopes(t.Context())
	e, ok := err.(*core.Error)
	if !ok || e.Code != "zoho.choose-org" || e.Params["organizations"] != "60001 Acme, 60002 Outlet" || len(*calls) != 1 {
		t.Errorf("probe: %+v after %v", err, *calls)
	}
	check, err := d.Check(t.Context())
	if err != nil || !check.OK || check.Note != "60001 Acme, 60002 Outlet" {
		t.Errorf("check: %+v, %v", check, err)
	}
}

func TestATokenThatMayNotListOrganizationsStillMakesItsCalls(t *testing.T) {
	t.Parallel()
	d, calls := deskOf(t, "")
	probes, err := d.ProbeScopes(t.Context())
	if err != nil || len(probes) != 2 || !probes[1].Allowed {
		t.Errorf("probes: %+v, %v after %v", probes, err, *calls)
	}
}
