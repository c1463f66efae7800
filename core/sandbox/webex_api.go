package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"deskward/core/transport"
)

// webexTokenLife is how long a personal access token is taken: "short", its
// page says.
const webexTokenLife = 12 * time.Hour

// startAPI opens the Email asset API, as far as it is described
// (developer.webex.com, webex-connect-access-the-api): host, path, headers,
// and status 401. The shapes of the bodies are not, so what it answers beyond
// that has the fields of no asset.
func (x *webex) startAPI() error {
	l, base, err := x.sb.open()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/connectapi/v2/digital/app", x.digitalApp)
	x.begun = x.sb.clock.Now()
	x.sb.mount(l, "webex.assets", mux)
	x.sb.point("webex", "assets", base+"/connectapi")
	return nil
}

func (x *webex) digitalApp(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, transport.MaxBody)
	fail := func(status int, message string) {
		writeJSON(w, status, map[string]string{"message": message, "trackingid": r.Header.Get("trackingid")})
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	known := token == x.fix.Token || token == x.fix.WeakToken
	var body map[string]any
	switch {
	case !bearer || !known || x.sb.clock.Now().Sub(x.begun) > webexTokenLife:
		fail(http.StatusUnauthorized, "The request requires a valid access token set in the Authorization request header.")
	case r.Header.Get("x-organization-id") != x.fix.Organization, token == x.fix.WeakToken:
		fail(http.StatusForbidden, "Access denied")
	case r.URL.Query().Get("channel") != "email":
		fail(http.StatusBadRequest, "channel")
	case r.Method == http.MethodGet && !x.sb.is(WebexNoRead):
		writeJSON(w, http.StatusOK, map[string]any{})
	case r.Method != http.MethodPost:
		fail(http.StatusMethodNotAllowed, "Method Not Allowed")
	case json.NewDecoder(r.Body).Decode(&body) != nil:
		fail(http.StatusBadRequest, "body")
	default: // what a body must have is not described, so none is taken
		fail(http.StatusBadRequest, "body")
	}
}
