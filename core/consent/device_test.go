package consent_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

// deviceBench is a bench whose server has the device grant; answers are given
// to the polls in turn, nil being a token.
func deviceBench(t *testing.T, answers ...map[string]any) (*bench, core.Connection) {
	t.Helper()
	b := start(t)
	b.cfg.Device = &consent.Device{CodeURL: b.vendor.URL + "/device", Interval: time.Millisecond}
	polls := 0
	b.vendor.set(func(v *vendor) {
		v.ask = func(url.Values) (map[string]any, int) {
			polls++
			if polls > len(answers) || answers[polls-1] == nil {
				return nil, 0
			}
			return answers[polls-1], http.StatusBadRequest
		}
		v.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/device" {
				return false
			}
			json.NewEncoder(w).Encode(map[string]any{ //nolint:errcheck // a test server.
				"device_code": "canary-device-code", "user_code": "WDJB-\x1bMJHT", "verification_url": "https://vendor.example/device", "expires_in": 600,
			})
			return true
		}
	})
	return b, b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantDevice})
}

func oauthError(code string) map[string]any { return map[string]any{"error": code} }

func TestDeviceConsentPollsUntilThePersonAgreed(t *testing.T) {
	t.Parallel()
	b, c := deviceBench(t, oauthError("authorization_pending"), oauthError("authorization_pending"), nil)
	d, err := b.DeviceBegin(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d.UserCode != "WDJB-␛MJHT" || d.URL != "https://vendor.example/device" || d.Interval != time.Millisecond {
		t.Errorf("code %+v", d)
	}
	var polls []consent.DevicePoll
	res, err := b.DeviceWait(context.Background(), d, func(p consent.DevicePoll) { polls = append(polls, p) })
	if err != nil || res.Connection.Secrets[core.SecretAccessToken].Empty() {
		t.Fatalf("result %+v, %v", res, err)
	}
	if len(polls) != 3 || polls[2].Polls != 2 {
		t.Errorf("progress %+v", polls)
	}
	form := b.vendor.forms[1]
	if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code" || form.Get("device_code") != "canary-device-code" || form.Has("code") {
		t.Errorf("form %v", form)
	}
}

func TestSlowDownAddsFiveSeconds(t *testing.T) {
	t.Parallel()
	b, c := deviceBench(t, oauthError("slow_down"))
	d, err := b.DeviceBegin(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = b.DeviceWait(ctx, d, func(p consent.DevicePoll) {
		if p.Polls == 1 {
			if wait := p.Next.Sub(b.clock.Now()); wait < 4*time.Second {
				t.Errorf("next poll in %v", wait)
			}
			cancel()
		}
	})
	want(t, err, "consent.stopped", core.Failed)
}

func TestDeviceConsentSpeaksTheVendorsNames(t *testing.T) {
	t.Parallel()
	b, c := deviceBench(t, map[string]any{"error": "other_dc", "user_location": "eu"}, oauthError("still_waiting"), nil)
	b.cfg.Device.GrantType, b.cfg.Device.CodeName = "device_token", "code"
	b.cfg.Device.CodeParams = url.Values{"grant_type": {"device_request"}}
	b.cfg.Device.CodeWithoutSecret, b.cfg.Device.Lifetime = true, 5*time.Minute
	b.cfg.Device.Pending = map[string]string{"still_waiting": "authorization_pending"}
	b.cfg.Device.Elsewhere = func(answer map[string]any) (string, string, bool) {
		region, ok := answer["user_location"].(string)
		return b.vendor.URL + "/" + region + "/token", region, ok
	}
	d, err := b.DeviceBegin(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if left := d.Expires.Sub(b.clock.Now()); left > 5*time.Minute {
		t.Errorf("lives %v", left)
	}
	if form := b.vendor.forms[0]; form.Get("grant_type") != "device_request" || form.Has("client_secret") {
		t.Errorf("form %v", form)
	}
	res, err := b.DeviceWait(context.Background(), d, nil)
	if err != nil || res.Connection.Region != "eu" {
		t.Fatalf("result %+v, %v", res, err)
	}
	if form := b.vendor.forms[3]; form.Get("grant_type") != "device_token" || form.Get("code") != "canary-device-code" {
		t.Errorf("form %v", form)
	}
}

func TestDeviceConsentEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer string
		code   string
		class  core.Class
	}{
		"expired":   {"expired_token", "consent.device-expired", core.Failed},
		"denied":    {"access_denied", "consent.device-denied", core.Refused},
		"otherwise": {"invalid_client", "oauth.invalid_client", core.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, c := deviceBench(t, oauthError(tc.answer))
			d, err := b.DeviceBegin(context.Background(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.DeviceWait(context.Background(), d, nil)
			want(t, err, tc.code, tc.class)
		})
	}
}

func TestDeviceCodeIsNotPolledBeyondItsEnd(t *testing.T) {
	t.Parallel()
	b, c := deviceBench(t)
	d, err := b.DeviceBegin(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.forward(time.Hour)
	_, err = b.DeviceWait(context.Background(), d, nil)
	want(t, err, "consent.device-expired", core.Failed)
}

func TestDeviceBeginTellsARefusal(t *testing.T) {
	t.Parallel()
	b, c := deviceBench(t)
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Write([]byte(`{"error":"invalid_client"}`)) //nolint:errcheck // a test server.
			return true
		}
	})
	_, err := b.DeviceBegin(context.Background(), c.ID)
	want(t, err, "oauth.invalid_client", core.Refused)
	b.cfg.Device = nil
	_, err = b.DeviceBegin(context.Background(), c.ID)
	want(t, err, "consent.no-device-grant", core.Usage)
}
