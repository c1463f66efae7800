package deluge_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskward/core/deluge"
)

func TestScopesOfAConnectionAreThoseOfTheRequestsThatNameIt(t *testing.T) {
	const src = `info 1;
a = invokeurl
[
	url :"https://desk.zoho.jp/api/v1/tickets/" + id
	type :GET
	connection:"deskoperation"
];
link = "deskoperation";
b = invokeurl [ url: "https://desk.zoho.jp/api/v1/contacts" type: POST parameters: m connection: link ];
c = invokeurl [ url: "https://desk.zoho.jp/api/v1/agents" type: GET connection: "other" ];
d = invokeurl [ url: somewhere type: GET connection: "deskoperation" ];
`
	var scopes []string
	for _, n := range deluge.Needs("x.dg", src, "deskoperation") {
		scopes = append(scopes, n.Scope)
	}
	if d := cmp.Diff([]string{"Desk.tickets.READ", "Desk.contacts.CREATE", ""}, scopes); d != "" {
		t.Error(d)
	}
	if n := deluge.Needs("x.dg", src, "other"); len(n) != 2 || n[0].Line != 10 {
		t.Error(n)
	}
	if n := deluge.Needs("x.dg", src, ""); len(n) != 5 {
		t.Error(n)
	}
}
