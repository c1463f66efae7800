package consent

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// PortHolder names the process that listens on a TCP port of this machine,
// where the system tells: ok is false for other users' processes and on
// systems without /proc.
func PortHolder(port int) (pid int, command string, ok bool) { return portHolder("/proc", port) }

// portHolder finds the process that listens on a TCP port by what Linux says
// under proc: the socket's inode from net/tcp and net/tcp6, then the process
// that has it open. Other users' processes cannot be read, other systems have
// no such files: then ok is false.
func portHolder(proc string, port int) (pid int, command string, ok bool) {
	inodes := map[string]bool{}
	for _, name := range []string{"net/tcp", "net/tcp6"} {
		addListeners(filepath.Join(proc, name), port, inodes)
	}
	if len(inodes) == 0 {
		return 0, "", false
	}
	fds, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return 0, "", false
	}
	for _, fd := range fds {
		link, err := os.Readlink(fd)
		if err != nil || !inodes[link] {
			continue
		}
		dir := filepath.Dir(filepath.Dir(fd))
		if pid, err = strconv.Atoi(filepath.Base(dir)); err != nil {
			continue
		}
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		return pid, strings.TrimSpace(string(name)), true
	}
	return 0, "", false
}

// addListeners adds to inodes, as "socket:[N]", the sockets of one table that
// listen on port. proc(5): the second field is address:port in hexadecimal,
// the fourth the state (0A is LISTEN), the tenth the inode.
func addListeners(table string, port int, inodes map[string]bool) {
	f, err := os.Open(table)
	if err != nil {
		return
	}
	defer f.Close()
	want := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && strings.HasSuffix(fields[1], want) && fields[3] == "0A" {
			inodes["socket:["+fields[9]+"]"] = true
		}
	}
}
