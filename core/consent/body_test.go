package consent_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
)

// inJSON has the vendor take token requests as JSON alone, and keeps them.
func inJSON(b *bench) func() []map[string]any {
	var mu sync.Mutex
	var got []map[string]any
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, r *http.Request) bool {
			var in map[string]any
			if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&in) != nil {
				http.Error(w, "{}", http.StatusBadRequest)
				return true
			}
			mu.Lock()
			got = append(got, in)
			mu.Unlock()
			r.PostForm = url.Values{}
			for name, v := range in {
				if text, ok := v.(string); ok {
					r.PostForm.Set(name, text)
				}
			}
			return false
		}
	})
	return func() []map[string]any {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

func TestATokenRequestGoesAsJSONWhereTheVendorWantsIt(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.JSONBody, b.cfg.AskLife = true, time.Hour
	got := inJSON(b)
	a := b.begin(b.connection())
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Refresh(context.Background(), res.Connection.ID); err != nil {
		t.Fatal(err)
	}
	all := got()
	if len(all) != 2 || all[0]["grant_type"] != "authorization_code" || all[1]["grant_type"] != "refresh_token" || all[0]["code_verifier"] == "" {
		t.Fatalf("%v", all)
	}
	for _, in := range all {
		if in["expires_in"] != 3600.0 || in["client_id"] != "client-1" || in["client_secret"] != "canary-client-secret" {
			t.Errorf("%v", in)
		}
	}
}

func TestSecretsOfAJSONRequestAreNotRepeated(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.JSONBody = true
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, r *http.Request) bool {
			var in map[string]string
			_ = json.NewDecoder(r.Body).Decode(&in)
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": "no " + in["client_secret"] + " " + in["code"]})
			return true
		}
	})
	a := b.begin(b.connection())
	_, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	want(t, err, "oauth.invalid_grant", core.Refused)
	if e, _ := errors.AsType[*core.Error](err); strings.Contains(e.Params["description"], "canary") {
		t.Errorf("%v", e.Params)
	}
}

func TestALifeIsAskedForInAFormToo(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.AskLife = 10 * time.Minute
	b.granted()
	if form := b.vendor.forms[0]; form.Get("expires_in") != "600" || form.Get("code") == "" {
		t.Errorf("%v", form)
	}
}
