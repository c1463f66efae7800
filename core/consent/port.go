package consent

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"deskward/core"
)

// TunnelLine is the command that brings the browser's answer from the
// person's own machine to this one (ssh(1), -L), to be run there. user and
// host are as this machine knows itself; what a shell would read as more than
// a word is quoted.
func TunnelLine(port int, user, host string) string {
	target := host
	if user != "" {
		target = user + "@" + host
	}
	return fmt.Sprintf("ssh -L %d:127.0.0.1:%d %s", port, port, shellWord(strings.TrimLeft(target, "-")))
}

func shellWord(s string) string {
	for _, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._-:%", r)
		if !plain {
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
	}
	return s
}

// listenError says why a port could not be had.
func (s *Service) listenError(a Attempt, err error) error {
	e := &core.Error{Tried: "listen", On: a.Name, Code: "consent.port", Params: map[string]string{"port": strconv.Itoa(a.Port)}, Err: err}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return e
	}
	e.Code, e.Class = "consent.port-busy-unknown", core.Conflict
	holder := s.Holder
	if holder == nil {
		holder = PortHolder
	}
	if pid, command, ok := holder(a.Port); ok {
		e.Code = "consent.port-busy"
		e.Params["pid"], e.Params["command"] = strconv.Itoa(pid), core.CleanLine(command)
	}
	return e
}
