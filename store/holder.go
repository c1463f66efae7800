package store

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"deskward/core"
)

// holder is the process that holds the lock on a store.
type holder struct {
	pid     int
	command string
	user    string
	tty     string // "" when it has none
}

func (h holder) params() map[string]string {
	tty := h.tty
	if tty == "" {
		tty = "-"
	}
	return map[string]string{
		"pid": strconv.Itoa(h.pid), "command": core.CleanLine(h.command), "user": core.CleanLine(h.user), "tty": tty,
	}
}

// lockHolder looks up who holds the flock on path in Linux's /proc. It
// returns false where there is no such list, or when the lock is free again.
func lockHolder(path string) (holder, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return holder{}, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return holder{}, false
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return holder{}, false
	}
	pid, ok := findLock(locks, uint64(st.Dev), st.Ino)
	if !ok {
		return holder{}, false
	}
	return describe(pid), true
}

// findLock finds the holder's process id in the text of /proc/locks, whose
// lines read "1: FLOCK  ADVISORY  WRITE 1234 08:02:131 0 EOF" (device in hex,
// inode in decimal); those of waiting processes have an arrow after the number.
func findLock(locks []byte, dev, inode uint64) (pid int, ok bool) {
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), inode)
	lines := bufio.NewScanner(bytes.NewReader(locks))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 6 || f[1] != "FLOCK" || f[5] != want {
			continue
		}
		if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 { // 0: a process of another namespace
			return pid, true
		}
	}
	return 0, false
}

func describe(pid int) holder {
	h := holder{pid: pid, command: "?", user: "?"}
	dir := fmt.Sprintf("/proc/%d", pid)
	if info, err := os.Stat(dir); err == nil {
		if uid, known := ownerOf(info); known {
			h.user = userName(uid)
		}
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return h
	}
	h.command, h.tty = parseStat(string(stat))
	return h
}

// parseStat reads command and terminal from the text of /proc/PID/stat, see
// proc_pid_stat(5). The command stands in brackets and may itself hold some.
func parseStat(stat string) (command, tty string) {
	open, shut := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || shut < open {
		return "?", ""
	}
	command = stat[open+1 : shut]
	f := strings.Fields(stat[shut+1:]) // state, ppid, pgrp, session, tty_nr, …
	if len(f) < 5 {
		return command, ""
	}
	nr, err := strconv.ParseInt(f[4], 10, 32)
	if err != nil {
		return command, ""
	}
	dev := uint64(uint32(nr))
	switch major, minor := unix.Major(dev), unix.Minor(dev); {
	case major >= 136 && major <= 143: // Unix98 pseudo-terminals, 256 to a number
		tty = fmt.Sprintf("pts/%d", (major-136)<<8|minor)
	case major == 4 && minor < 64:
		tty = fmt.Sprintf("tty%d", minor)
	}
	return command, tty
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
