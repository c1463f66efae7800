package endpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/cors"

	"deskward/core/visitortoken"
)

// seedProgram answers as the sample program of Xsolla's page does, which this
// package is to do right: github.com/xsolla/login-zendesk-jwt-generation, as
// described there and at developers.xsolla.com (Zendesk Chat integration). Its
// JWT library was dgrijalva/jwt-go, which asked iat, too, where it was there.
// It is written here from that description, its mistakes included.
func seedProgram(loginSecret, zendeskSecret string) http.Handler {
	type failure struct {
		Code        string `json:"code"`
		Description string `json:"description"`
	}
	send := func(w http.ResponseWriter, status int, body any) {
		w.WriteHeader(status)
		w.Header().Set("Content-type", "application/json") // too late
		_ = json.NewEncoder(w).Encode(body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		sent, err := r.Cookie("token")
		if err != nil {
			send(w, http.StatusUnauthorized, failure{"00-00", "Token not passed"})
			return
		}
		token, err := jwt.Parse(sent.Value, func(token *jwt.Token) (any, error) {
			if _, ok := token.Method.(*jwt.SigningMethodHMAC); !ok {
				return nil, errors.New("unexpected signing method")
			}
			return []byte(loginSecret), nil
		}, jwt.WithIssuedAt())
		if err != nil || !token.Valid {
			send(w, http.StatusUnauthorized, failure{"00-01", "Token is invalid"})
			return
		}
		given := token.Claims.(jwt.MapClaims)
		sub, _ := given["sub"].(string)
		if sub == "" {
			send(w, http.StatusUnprocessableEntity, failure{"00-02", `"sub" claim is missed`})
			return
		}
		email, _ := given["email"].(string)
		if email == "" {
			send(w, http.StatusUnprocessableEntity, failure{"00-03", `"email" claim is missed`})
			return
		}
		made := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"name": email, "email": email, "external_id": sub, "iat": time.Now().UTC().Unix(),
		})
		signed, _ := made.SignedString([]byte(zendeskSecret)) // its error is not looked at
		send(w, http.StatusOK, struct {
			Token string `json:"token"`
		}{signed})
	})
	return cors.New(cors.Options{
		AllowedOrigins:   []string{page},
		AllowedMethods:   []string{"HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"},
		AllowedHeaders:   []string{"*"},
		AllowCredentials: true,
	}).Handler(mux)
}

func startSeed(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(seedProgram(loginSecret, chatSecret))
	t.Cleanup(srv.Close)
	return srv.URL + "/generate/token"
}

// TestAnswersAreThoseOfTheSampleProgramWhereItIsRight sends both the same
// requests: status, code, words and claims must be the same, but for exp.
func TestAnswersAreThoseOfTheSampleProgramWhereItIsRight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv, seed := b.start(t, nil), startSeed(t)
	now := b.clock.Now()
	good := login(t, now)
	rs := rsaKey(t)
	for name, tc := range map[string]struct {
		changes []request
		code    string // "": a token
	}{
		"a good token":               {changes: []request{cookie(good)}},
		"as POST":                    {changes: []request{cookie(good), method("POST")}},
		"from the page":              {changes: []request{cookie(good), header("Origin", page)}},
		"two cookies, the first one": {changes: []request{cookie(good), cookie("other")}},
		"other cookies around":       {changes: []request{header("Cookie", "a=1; token="+good+"; tokens=x")}},
		"a user of a social network": {changes: []request{cookie(login(t, now, "type", "social", "provider", "google", "name", "Käthe"))}},
		"no cookie":                  {code: "00-00"},
		"another cookie":             {changes: []request{header("Cookie", "session=1")}, code: "00-00"},
		"a cookie of another case":   {changes: []request{header("Cookie", "Token="+good)}, code: "00-00"},
		"an empty cookie":            {changes: []request{cookie("")}, code: "00-01"},
		"no token at all":            {changes: []request{cookie("hello")}, code: "00-01"},
		"two parts":                  {changes: []request{cookie("e30.e30")}, code: "00-01"},
		"four parts":                 {changes: []request{cookie(good + ".e30")}, code: "00-01"},
		"a bit more":                 {changes: []request{cookie(good + "A")}, code: "00-01"},
		"another secret":             {changes: []request{cookie(sign(t, jwt.SigningMethodHS256, []byte(chatSecret), claims(now)))}, code: "00-01"},
		"no secret":                  {changes: []request{cookie(sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(now)))}, code: "00-01"},
		"a public key":               {changes: []request{cookie(sign(t, jwt.SigningMethodRS256, rs, claims(now)))}, code: "00-01"},
		"expired":                    {changes: []request{cookie(login(t, now, "exp", now.Add(-time.Hour).Unix()))}, code: "00-01"},
		"expired, and without sub":   {changes: []request{cookie(login(t, now, "exp", now.Add(-time.Hour).Unix(), "sub", nil))}, code: "00-01"},
		"not valid yet":              {changes: []request{cookie(login(t, now, "nbf", now.Add(time.Hour).Unix()))}, code: "00-01"},
		"issued in an hour":          {changes: []request{cookie(login(t, now, "iat", now.Add(time.Hour).Unix()))}, code: "00-01"},
		"exp is a text":              {changes: []request{cookie(login(t, now, "exp", fmt.Sprint(now.Add(time.Hour).Unix())))}, code: "00-01"},
		"no sub":                     {changes: []request{cookie(login(t, now, "sub", nil))}, code: "00-02"},
		"an empty sub":               {changes: []request{cookie(login(t, now, "sub", ""))}, code: "00-02"},
		"sub is a number":            {changes: []request{cookie(login(t, now, "sub", 4711))}, code: "00-02"},
		"neither sub nor email":      {changes: []request{cookie(login(t, now, "sub", nil, "email", nil))}, code: "00-02"},
		"no email":                   {changes: []request{cookie(login(t, now, "email", nil))}, code: "00-03"},
		"an empty email":             {changes: []request{cookie(login(t, now, "email", ""))}, code: "00-03"},
		"email is a number":          {changes: []request{cookie(login(t, now, "email", 1))}, code: "00-03"},
		"email is null":              {changes: []request{cookie(login(t, now, "email", json.RawMessage("null")))}, code: "00-03"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := get(t, srv, tc.changes...), ask(t, http.DefaultClient, seed, tc.changes...)
			if ours.status != theirs.status || ours.Code != theirs.Code || ours.Says != theirs.Says || ours.Code != tc.code || (ours.Token == "") != (theirs.Token == "") {
				t.Fatalf("ours   %s\ntheirs %s\nwant   %q", ours, theirs, tc.code)
			}
			for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
				if ours.header.Get(name) != theirs.header.Get(name) {
					t.Errorf("%s: ours %q, theirs %q", name, ours.header.Get(name), theirs.header.Get(name))
				}
			}
			if tc.code != "" {
				return
			}
			mine, _ := tokenClaims(t, ours.Token, chatSecret)
			yours, _ := tokenClaims(t, theirs.Token, chatSecret)
			delete(mine, "exp")
			for _, c := range []jwt.MapClaims{mine, yours} { // made a moment apart
				if iat := int64(c["iat"].(float64)); iat < now.Unix()-60 || iat > now.Unix()+600 {
					t.Errorf("iat %d, now %d", iat, now.Unix())
				}
				delete(c, "iat")
			}
			if !same(mine, yours) {
				t.Errorf("ours %v, theirs %v", mine, yours)
			}
		})
	}
}

func TestContentTypeArrivesWhereTheSampleProgramLosesIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv, seed := b.start(t, nil), startSeed(t)
	for _, changes := range [][]request{{cookie(login(t, b.clock.Now()))}, nil} {
		ours, theirs := get(t, srv, changes...), ask(t, http.DefaultClient, seed, changes...)
		if got := ours.header.Get("Content-Type"); got != "application/json" {
			t.Errorf("ours is %q", got)
		}
		if got := theirs.header.Get("Content-Type"); got == "application/json" {
			t.Errorf("theirs arrived: the reference is no longer faithful")
		}
		if got := ours.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("a token may be cached: %q", got)
		}
	}
}

func TestTokensExpireWhereThoseOfTheSampleProgramDoNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv, seed := b.start(t, nil), startSeed(t)
	now := b.clock.Now()
	ours, theirs := get(t, srv, cookie(login(t, now))), ask(t, http.DefaultClient, seed, cookie(login(t, now)))
	mine, _ := tokenClaims(t, ours.Token, chatSecret)
	yours, _ := tokenClaims(t, theirs.Token, chatSecret)
	if yours["exp"] != nil || mine["exp"] != float64(now.Add(visitortoken.DefaultChatLife).Unix()) {
		t.Errorf("ours %v, theirs %v", mine["exp"], yours["exp"])
	}
	report := visitortoken.Inspect(ours.Token, visitortoken.Options{Keys: nil, As: visitortoken.KindChat, Now: now})
	for _, f := range report.Findings {
		if f.Outcome == visitortoken.Failed {
			t.Errorf("the vendor would refuse it: %+v", f)
		}
	}
}

// TestWhatTheSampleProgramAcceptsAndMustNot names each place where the answers
// differ on purpose.
func TestWhatTheSampleProgramAcceptsAndMustNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv, seed := b.start(t, nil), startSeed(t)
	now := b.clock.Now()
	good := login(t, now)
	twice := sign(t, jwt.SigningMethodHS256, []byte(loginSecret), rawClaims(`{"sub":"someone else","iss":"https://login.xsolla.com","sub":"`+user+`","email":"`+address+
		`","xsolla_login_project_id":"`+project+`","exp":`+fmt.Sprint(now.Add(time.Hour).Unix())+`}`))
	for name, tc := range map[string]struct {
		changes []request
		status  int
		code    string
		why     string
	}{
		"another HMAC than is configured":      {[]request{cookie(sign(t, jwt.SigningMethodHS384, []byte(loginSecret), claims(now)))}, 401, "00-01", "login.algorithm"},
		"a token of another issuer":            {[]request{cookie(login(t, now, "iss", "https://evil.example"))}, 401, "00-01", "login.issuer"},
		"a token without an issuer":            {[]request{cookie(login(t, now, "iss", nil))}, 401, "00-01", "login.issuer"},
		"a token of another project":           {[]request{cookie(login(t, now, "xsolla_login_project_id", "40db2ea4-5d42-11e6-a3ff-005056a0e04b"))}, 401, "00-01", "login.project"},
		"a token without a project":            {[]request{cookie(login(t, now, "xsolla_login_project_id", nil))}, 401, "00-01", "login.project"},
		"a token that never expires":           {[]request{cookie(login(t, now, "exp", nil))}, 401, "00-01", "login.no-exp"},
		"a claim that is there twice":          {[]request{cookie(twice)}, 401, "00-01", "login.malformed"},
		"a sub with a control character":       {[]request{cookie(login(t, now, "sub", "a\x1b[2Jb"))}, 422, "00-02", "login.no-sub"},
		"an address that Chat does not take":   {[]request{cookie(login(t, now, "email", "käthe@example.com"))}, 422, "00-03", ""},
		"a page of another origin":             {[]request{cookie(good), header("Origin", "https://evil.example")}, 403, "01-00", "serve.foreign"},
		"a page without an origin":             {[]request{cookie(good), header("Origin", "null")}, 403, "01-00", "serve.foreign"},
		"an image on a page elsewhere":         {[]request{cookie(good), header("Sec-Fetch-Site", "cross-site")}, 403, "01-00", "serve.foreign"},
		"a script on another host of the site": {[]request{cookie(good), header("Sec-Fetch-Site", "same-site")}, 403, "01-00", "serve.foreign"},
		"PUT":                                  {[]request{cookie(good), method("PUT")}, 405, "01-03", "serve.method"},
		"DELETE":                               {[]request{cookie(good), method("DELETE")}, 405, "01-03", "serve.method"},
		"another name of this host":            {[]request{cookie(good), func(r *http.Request) { r.Host = "evil.example" }}, 421, "01-05", "serve.host"},
		"any path":                             {[]request{cookie(good), func(r *http.Request) { r.URL.Path = "/" }}, 404, "01-02", "serve.path"},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := ask(t, http.DefaultClient, seed, tc.changes...)
			if theirs.status != http.StatusOK {
				t.Errorf("theirs is %s: no difference", theirs)
			}
			ours := get(t, srv, tc.changes...)
			if ours.status != tc.status || ours.Code != tc.code || ours.Token != "" {
				t.Errorf("ours is %s, want %d %s", ours, tc.status, tc.code)
			}
			all := logged(srv)
			if last := all[len(all)-1]; last.Status != tc.status || last.Code != tc.code || tc.why != "" && last.Why != tc.why {
				t.Errorf("the log says %+v, want %s", last, tc.why)
			}
		})
	}
}

// rawClaims are claims as their text stands.
type rawClaims string

func (c rawClaims) MarshalJSON() ([]byte, error)               { return []byte(c), nil }
func (rawClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (rawClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (rawClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (rawClaims) GetIssuer() (string, error)                   { return "", nil }
func (rawClaims) GetSubject() (string, error)                  { return "", nil }
func (rawClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// TestWhatTheSampleProgramRefusesAndNeedNot: the other way round.
func TestWhatTheSampleProgramRefusesAndNeedNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv, seed := b.start(t, nil), startSeed(t)
	now := b.clock.Now()
	good := login(t, now)
	for name, changes := range map[string][]request{
		"a bearer token":                       {bearer(good)},
		"a bearer token in small letters":      {header("Authorization", "bearer "+good)},
		"a bearer token beside an old cookie":  {bearer(good), cookie(login(t, now, "exp", now.Add(-time.Hour).Unix()))},
		"a clock that is ten seconds behind":   {cookie(login(t, now, "iat", now.Add(10*time.Second).Unix(), "nbf", now.Add(10*time.Second).Unix()))},
		"a token that expired ten seconds ago": {cookie(login(t, now, "exp", now.Add(-10*time.Second).Unix()))},
	} {
		if theirs := ask(t, http.DefaultClient, seed, changes...); theirs.status != http.StatusUnauthorized {
			t.Errorf("%s: theirs is %s: no difference", name, theirs)
		}
		if ours := get(t, srv, changes...); ours.status != http.StatusOK || ours.Token == "" {
			t.Errorf("%s: ours is %s", name, ours)
		}
	}
	// Not a bearer token: then it is the cookie that counts.
	if ours := get(t, srv, header("Authorization", "Basic eDp5"), cookie(good)); ours.status != http.StatusOK {
		t.Errorf("beside basic credentials: %s", ours)
	}
	if ours := get(t, srv, bearer("wrong"), cookie(good)); ours.Code != "00-01" {
		t.Errorf("a wrong bearer token beside a good cookie: %s", ours)
	}
}
