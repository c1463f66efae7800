package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// allowLongLines makes a terminal hand over more than the 4095 bytes that
// its line mode keeps of a line: pasted addresses are longer. Until restore
// is called there is no line editing by the kernel, so what is typed stands as
// it is; interrupting works. Anything but a terminal is left alone.
func allowLongLines(in io.Reader) (restore func()) {
	f, ok := in.(*os.File)
	if !ok {
		return func() {}
	}
	fd := int(f.Fd())
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	long := *was
	long.Lflag &^= unix.ICANON
	long.Cc[unix.VMIN], long.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &long); err != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, was) }
}
