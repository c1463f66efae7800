package endpoint

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rs/cors"

	"deskward/core"
)

// parseOrigins returns the origins as browsers write them (RFC 6454 §6.2): a
// scheme and a host, in small letters, without the scheme's own port. They
// fail with code serve.origin.
func parseOrigins(given []string) ([]string, error) {
	var out []string
	for _, text := range given {
		origin, ok := parseOrigin(text)
		if !ok {
			return nil, serveError("serve.origin", text, nil)
		}
		if !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	return out, nil
}

func parseOrigin(text string) (string, bool) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return "", false
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#") {
		return "", false
	}
	host := strings.ToLower(u.Host)
	// "*" is a pattern to others; a browser writes names of other scripts as
	// xn--…, so one that is not ASCII would never be met.
	if strings.ContainsFunc(host, func(r rune) bool {
		return r > 0x7e || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", r)
	}) {
		return "", false
	}
	if name, port, err := net.SplitHostPort(host); err == nil {
		if port == "" || port == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
			host = strings.TrimSuffix(host, ":"+port)
		}
		if name == "" {
			return "", false
		}
	}
	return u.Scheme + "://" + host, true
}

// newCORS writes the headers by which a browser lets a page of another origin
// read the answer. With a function the library has no default: an empty list
// of its own would allow everybody.
func newCORS(origins []string) *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginFunc:     func(origin string) bool { return slices.Contains(origins, origin) },
		AllowedMethods:      []string{http.MethodGet, http.MethodPost},
		AllowedHeaders:      []string{"Authorization", "Content-Type"},
		AllowCredentials:    true,
		AllowPrivateNetwork: true, // a public page may ask an endpoint on loopback, if it is configured
		MaxAge:              600,
	})
}

// foreign reports whether a request is known to come from a page that may not
// ask; see the package's comment.
func (h *handler) foreign(r *http.Request) bool {
	if all := r.Header["Origin"]; len(all) > 0 {
		return len(all) > 1 || all[0] == "" || !slices.Contains(h.origins, all[0]) && all[0] != h.ownOrigin(r)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return true
}

// ownOrigin is the origin of the try page; "" where there is none. The Host
// header has been checked before.
func (h *handler) ownOrigin(r *http.Request) string {
	if h.try == nil {
		return ""
	}
	if h.secure {
		return "https://" + strings.ToLower(r.Host)
	}
	return "http://" + strings.ToLower(r.Host)
}

// originOf is a request's origin as the log shows it.
func originOf(r *http.Request) string {
	const longest = 100
	origin := core.CleanLine(r.Header.Get("Origin"))
	if len(origin) <= longest {
		return origin
	}
	return string([]rune(origin)[:min(longest, utf8.RuneCountInString(origin))]) + "…"
}
