package consent

import (
	"net"
	"strconv"
	"strings"
)

// Redirects returns the redirect URIs to register with the vendor, the one
// that is tried first at the front. Vendors compare them whole (RFC 6749
// §3.1.2.3), so these are the very texts of the authorization requests.
func (c Config) Redirects() []string {
	ports := c.Ports
	if len(ports) == 0 {
		ports = []int{DefaultPort}
	}
	out := make([]string, len(ports))
	for i, port := range ports {
		out[i] = c.redirect(port)
	}
	return out
}

func (c Config) redirect(port int) string {
	host := strings.Trim(c.RedirectHost, "[]")
	if host == "" {
		host = "127.0.0.1"
	}
	path := c.RedirectPath
	if path == "" {
		path = "/callback/" + string(c.Platform)
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + path
}
