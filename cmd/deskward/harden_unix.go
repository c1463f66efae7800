//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// harden keeps memory out of core dumps, and new files private.
func harden() {
	unix.Umask(0o077)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}
