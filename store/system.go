package store

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"deskward/core"
)

// busyAfter is how long a lock is waited for.
const busyAfter = 3 * time.Second

// lookAt checks, without following a link, that path is a store file that
// nobody else can read or write, in a folder where nobody else can replace
// it.
func lookAt(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	switch owner, known := ownerOf(info); {
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &core.Error{Code: "store.symlink", Class: core.Locked}
	case !info.Mode().IsRegular():
		return nil, &core.Error{Code: "store.foreign", Class: core.Locked, Err: errForeign}
	case known && owner != os.Geteuid():
		return nil, &core.Error{Code: "store.owner", Class: core.Locked, Params: map[string]string{"owner": userName(owner)}}
	case info.Mode().Perm()&0o077 != 0:
		return nil, &core.Error{Code: "store.mode", Class: core.Locked}
	}
	return info, checkFolder(filepath.Dir(path))
}

// checkFolder refuses a folder in which another user could put a file in the
// store's place.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, known := ownerOf(info)
	foreign := known && owner != 0 && owner != os.Geteuid()
	open := info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
	if foreign || open {
		return &core.Error{Code: "store.folder", Class: core.Locked, Params: map[string]string{"folder": dir}}
	}
	return nil
}

func ownerOf(info fs.FileInfo) (uid int, known bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// openLocked opens the store's file and takes its lock, shared or exclusive,
// waiting until ctx ends or busyAfter has passed. What it returns is the file
// that is at path while the lock is held: if the one opened was replaced in
// the meantime, as by a rewrite, it starts over.
func openLocked(ctx context.Context, path string, exclusive bool) (*os.File, error) {
	deadline := time.Now().Add(busyAfter)
	flag := os.O_RDONLY
	if exclusive {
		flag = os.O_RDWR
	}
	for {
		before, err := lookAt(path)
		if err != nil {
			return nil, err
		}
		file, err := os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		if err := waitLock(ctx, file, exclusive, deadline); err != nil {
			file.Close() //nolint:errcheck // nothing was written
			return nil, err
		}
		opened, err := file.Stat()
		if err != nil {
			file.Close() //nolint:errcheck // nothing was written
			return nil, err
		}
		if now, err := os.Lstat(path); err == nil && os.SameFile(opened, now) && os.SameFile(opened, before) {
			return file, nil
		}
		file.Close() //nolint:errcheck // nothing was written
		if time.Now().After(deadline) {
			return nil, busy(path)
		}
	}
}

// waitLock takes the lock on an open file. It asks again and again, at random
// intervals so that two who wait do not keep in step: a blocking flock could
// not be given up when ctx ends.
func waitLock(ctx context.Context, file *os.File, exclusive bool, deadline time.Time) error {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	pause := 200 * time.Microsecond
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			return err
		case time.Now().After(deadline):
			return busy(file.Name())
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, 10*time.Millisecond)
	}
}

// unlock gives the lock back although the file may stay open.
func unlock(file *os.File) {
	if raw, err := file.SyscallConn(); err == nil { // fails when it is closed
		raw.Control(func(fd uintptr) { unix.Flock(int(fd), unix.LOCK_UN) }) //nolint:errcheck // there is no more to try
	}
}

// busy says who holds the lock, as far as the system tells.
func busy(path string) error {
	e := &core.Error{Code: "store.busy", Class: core.Locked}
	if h, ok := lockHolder(path); ok {
		e.Params = h.params()
	}
	return e
}

// syncDir makes a rename in dir last through a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// placeFile puts the finished file temp at path and makes that last. Unless
// replace is set, a file that is at path already stays, and the error is
// fs.ErrExist.
func placeFile(temp, path string, replace bool) error {
	if !replace {
		err := os.Link(temp, path)
		switch {
		case err == nil:
			if err := os.Remove(temp); err != nil {
				return err
			}
			return syncDir(filepath.Dir(path))
		case errors.Is(err, fs.ErrExist):
			return err
		}
		// A file system without hard links: look, then rename.
		if _, err := os.Lstat(path); err == nil {
			return &fs.PathError{Op: "rename", Path: path, Err: fs.ErrExist}
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func isErrno(err error) bool {
	_, ok := errors.AsType[syscall.Errno](err)
	return ok
}

// fail gives err what was tried and on which file, and a code when it has
// none. The ends of contexts, and errors that say it all, pass as they are.
func fail(tried, path string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := err.(*core.Error); ok { // the outermost only: causes keep their own
		if e.Tried != "" {
			return err
		}
		full := *e
		full.Tried, full.On = tried, path
		return &full
	}
	e := &core.Error{Tried: tried, On: path, Code: "store.failed", Err: err}
	switch {
	case core.CodeOf(err) != "":
		return err
	case errors.Is(err, fs.ErrNotExist):
		e.Code, e.Class = "store.missing", core.Locked
	case errors.Is(err, fs.ErrExist):
		e.Code, e.Class = "store.exists", core.Usage
	case errors.Is(err, unix.ELOOP):
		e.Code, e.Class = "store.symlink", core.Locked
	case errors.Is(err, unix.EROFS):
		e.Code = "store.read-only"
	case errors.Is(err, fs.ErrPermission):
		e.Code = "store.no-access"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		e.Code = "store.disk-full"
	}
	return e
}
