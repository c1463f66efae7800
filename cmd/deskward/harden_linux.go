package main

import "golang.org/x/sys/unix"

// harden keeps memory out of core dumps and out of other processes of the
// same user, and new files private. The kernel may refuse (a container's
// seccomp profile); deskward then works without, since none of its promises
// about the store rests on it.
func harden() {
	unix.Umask(0o077)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
