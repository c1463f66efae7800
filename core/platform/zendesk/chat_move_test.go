package zendesk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
)

// answering answers each path as the table says, everything else 404.
func answering(t *testing.T, bodies map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case body == "401":
			w.WriteHeader(http.StatusUnauthorized)
			body = `{"error":"Unauthorized"}`
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			body = `{"error":"Not Found"}`
		}
		io.WriteString(w, body) //nolint:errcheck // the client will notice
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// at runs an action where one of Zendesk's hosts is somewhere else.
func (b *bench) at(endpoint, url, name string, plain map[string]string) (action.Values, error) {
	b.t.Helper()
	e := b.sb.Endpoints()
	e["zendesk"][endpoint] = url
	for _, a := range zendesk.Platform().Actions(platform.Services{Connections: b.conns, Clock: b.sb.Clock(), HTTP: b.http, Endpoints: e}) {
		if a.Name == name {
			return a.Run(b.t.Context(), action.Values{Plain: plain})
		}
	}
	b.t.Fatalf("no action %s", name)
	return action.Values{}, nil
}

func TestTheTwoHostsOfChatMustBeOneAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskZopimAnswers)
	in := map[string]string{"connection": b.chat(b.fix.ChatToken).Name}
	if out, err := b.run("zendesk.probe_chat_hosts", in, nil); err != nil || out.Plain["shared"] != "2" || out.Plain["old_status"] != "200" {
		t.Fatalf("one account: %v, %v", out.Plain, err)
	}
	const path = "/api/v2/agents"
	// The same person, an agent of two accounts.
	twin := answering(t, map[string]string{path: `[{"id":9001,"email":"` + b.fix.AdminEmail + `"}]`})
	_, err := b.at("zopim", twin, "zendesk.probe_chat_hosts", in)
	wantCode(t, err, "zendesk.chat-other-account", core.Refused)
	for name, body := range map[string]string{"it refuses": "401", "it has no agents": "[]", "it is no API": "<!doctype html><p>hello"} {
		if out, err := b.at("zopim", answering(t, map[string]string{path: body}), "zendesk.probe_chat_hosts", in); err != nil || out.Plain["shared"] != "0" || out.Plain["agents"] != "2" {
			t.Errorf("%s: %v, %v", name, out.Plain, err)
		}
	}
	if out, err := b.at("zopim", "http://127.0.0.1:1", "zendesk.probe_chat_hosts", in); err != nil || out.Plain["old_status"] != "" {
		t.Errorf("nobody is there: %v, %v", out.Plain, err)
	}
}

func TestASubdomainWithoutChatOrWithAnotherTokenIsToldApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := map[string]string{"connection": b.chat(b.fix.ChatToken).Name}
	_, err := b.at("chat", answering(t, nil), "zendesk.probe_chat_hosts", in)
	wantCode(t, err, "zendesk.chat-nowhere", core.Refused)
	refusing := answering(t, map[string]string{"/api/v2/chat/agents": "401"})
	_, err = b.at("chat", refusing, "zendesk.probe_chat_hosts", in)
	wantCode(t, err, "zendesk.chat-unauthorized", core.Refused)
	b.set(sandbox.ZendeskZopimAnswers)
	_, err = b.at("chat", refusing, "zendesk.probe_chat_hosts", in)
	wantCode(t, err, "zendesk.chat-new-refuses", core.Refused)
	b.set(sandbox.ZendeskChatZopimOnly)
	_, err = b.run("zendesk.probe_chat_hosts", in, nil)
	wantCode(t, err, "zendesk.chat-only-zopim", core.Refused)
}

func TestAVisitorIsComparedByWhatItsFieldsMean(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskZopimAnswers)
	lin := b.fix.Cast.Linked
	in := map[string]string{"connection": b.chat(b.fix.ChatToken).Name, "visitor": lin.ChatID}
	here := `"name":"Lin Linked","email":"lin@acme.example","phone":"","external_id":"` + lin.ExternalID + `","banned":`
	made := map[string]string{"/api/v2/chat/visitors/" + lin.ChatID: `{"id":"` + lin.ChatID + `",` + here + `false,"created":"2020-04-15T11:42:34Z"}`}
	for name, c := range map[string]struct{ old, alike, code, fields string }{
		"in the older forms": {`{"id":"9855790-xjj3u5xPWhW101",` + here + `false,"created":1586950954}`, "7", "", ""},
		"banned at one":      {`{"id":"` + lin.ChatID + `",` + here + `true,"created":1586950954}`, "", "zendesk.chat-visitor-differs", "banned"},
		"another person":     {`{"id":"` + lin.ChatID + `","name":"Una","created":1586950954}`, "", "zendesk.chat-visitor-differs", "name, email, external_id"},
		"refused there":      {"401", "0", "", ""},
	} {
		old := answering(t, map[string]string{"/api/v2/visitors/" + lin.ChatID: c.old})
		e := b.sb.Endpoints()
		e["zendesk"]["chat"], e["zendesk"]["zopim"] = answering(t, made), old
		var out action.Values
		var err error
		for _, a := range zendesk.Platform().Actions(platform.Services{Connections: b.conns, Clock: b.sb.Clock(), HTTP: b.http, Endpoints: e}) {
			if a.Name == "zendesk.compare_chat_visitor" {
				out, err = a.Run(t.Context(), action.Values{Plain: in})
			}
		}
		if core.CodeOf(err) != c.code || out.Plain["alike"] != c.alike {
			t.Errorf("%s: %v, %v", name, out.Plain, err)
		}
		if fault, ok := err.(*core.Error); ok && fault.Params["fields"] != c.fields { //nolint:errorlint // the outermost one is meant
			t.Errorf("%s: fields %q", name, fault.Params["fields"])
		}
	}
}

func TestAVisitorMissingAtOneHostIsNotOneWhomNobodyKnows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskZopimAnswers)
	in := map[string]string{"connection": b.chat(b.fix.ChatToken).Name, "visitor": "9855790-xjj3u5xPWhW101"}
	if out, err := b.run("zendesk.compare_chat_visitor", in, nil); err != nil || out.Plain["visitor"] != b.fix.Cast.Linked.ChatID || out.Plain["alike"] != "7" {
		t.Errorf("by the dashboard's form: %v, %v", out.Plain, err)
	}
	_, err := b.at("chat", answering(t, nil), "zendesk.compare_chat_visitor", in)
	wantCode(t, err, "zendesk.chat-visitor-missing", core.Refused)
	in["visitor"] = "1.nobody"
	_, err = b.run("zendesk.compare_chat_visitor", in, nil)
	wantCode(t, err, "zendesk.chat-visitor-unknown", core.Refused)
}
