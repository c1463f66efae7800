package endpoint_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core/visitortoken/endpoint"
)

// bareHandler does the arithmetic that has to be done, and nothing else: it
// verifies one HMAC, reads the claims and signs another token. It asks nothing
// about who asks, for whom the token was, or when.
func bareHandler() http.Handler {
	enc := base64.RawURLEncoding
	mac := func(secret, text string) []byte {
		h := hmac.New(sha256.New, []byte(secret))
		_, _ = h.Write([]byte(text))
		return h.Sum(nil)
	}
	head := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("token")
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		dot := strings.LastIndexByte(c.Value, '.')
		given, err := enc.DecodeString(c.Value[dot+1:])
		if err != nil || !hmac.Equal(given, mac(loginSecret, c.Value[:dot])) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var in struct {
			Sub   string
			Email string
			Exp   int64
		}
		payload, err := enc.DecodeString(c.Value[strings.IndexByte(c.Value, '.')+1 : dot])
		if err != nil || json.Unmarshal(payload, &in) != nil || in.Exp < time.Now().Unix() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		now := time.Now().Unix()
		made, err := json.Marshal(map[string]any{"name": in.Email, "email": in.Email, "external_id": in.Sub, "iat": now, "exp": now + 300})
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		text := head + "." + enc.EncodeToString(made)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(struct {
			Token string `json:"token"`
		}{text + "." + enc.EncodeToString(mac(chatSecret, text))})
	})
}

// BenchmarkTokenEndpoint asks this endpoint, a bare handler and the sample
// program for a token each, in turn, over connections that stay open. The
// ratios are of speed: 1 is as fast, more is faster.
func BenchmarkTokenEndpoint(b *testing.B) {
	k := newBench(b)
	srv := k.start(b, func(o *endpoint.Options) { o.PerSecond = 1e9 })
	// The same server around it: its time limits are no part of the handler.
	bare := httptest.NewUnstartedServer(bareHandler())
	bare.Config.ReadHeaderTimeout, bare.Config.ReadTimeout, bare.Config.WriteTimeout, bare.Config.IdleTimeout = 5*time.Second, 10*time.Second, 10*time.Second, time.Minute
	bare.Start()
	defer bare.Close()
	token := login(b, k.clock.Now())
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	once := func(url string) time.Duration {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Origin", page)
		r.Header.Set("Cookie", "token="+token)
		began := time.Now()
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		took := time.Since(began)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status, err)
		}
		return took
	}
	urls := [3]string{srv.URL(), bare.URL + endpoint.Path, startSeed(b)}
	var took [3][]time.Duration
	for _, url := range urls { // connections and caches
		for range 200 {
			once(url)
		}
	}
	b.ResetTimer()
	for i := range b.N {
		for j := range urls {
			at := (i + j) % len(urls) // none is always first
			took[at] = append(took[at], once(urls[at]))
		}
	}
	b.StopTimer()
	each := func(i int) float64 { // the median: what else runs on the machine is no part of it
		slices.Sort(took[i])
		return float64(took[i][len(took[i])/2].Nanoseconds())
	}
	b.ReportMetric(each(0), "ns/token")
	b.ReportMetric(each(1)/each(0), "×bare")
	b.ReportMetric(each(2)/each(0), "×sample")
}

// BenchmarkHandlers is the same without the network, where the difference
// shows.
func BenchmarkHandlers(b *testing.B) {
	k := newBench(b)
	srv := k.start(b, func(o *endpoint.Options) { o.PerSecond = 1e9 })
	token := login(b, k.clock.Now())
	for name, h := range map[string]http.Handler{"deskward": srv.Handler(), "bare": bareHandler(), "sample": seedProgram(loginSecret, chatSecret)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				r := httptest.NewRequest(http.MethodGet, srv.URL(), nil)
				r.Header.Set("Origin", page)
				r.Header.Set("Cookie", "token="+token)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
