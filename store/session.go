package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// session is the store's file, opened and locked for one transaction.
type session struct {
	file *os.File
	db   *bbolt.DB
	tx   *bbolt.Tx
	head header
	// broken: bbolt panicked, so nothing of it is to be called any more.
	broken bool
}

// pageState identifies a state of the file whose pages were checked.
type pageState struct {
	file os.FileInfo
	meta meta
}

func (s pageState) is(file os.FileInfo, m meta) bool {
	return s.file != nil && s.meta == m && os.SameFile(s.file, file)
}

// damaged is the error of a file that is not as deskward left it.
func damaged(err error) error {
	return &core.Error{Code: "store.damaged", Class: core.Locked, Err: err}
}

// guard runs fn, which calls bbolt, and turns a panic into an error of code
// store.damaged. bbolt panics, and reading its mapped file faults, when the
// file is damaged in a way that checkPages could not see or is cut off under
// our eyes. No code of a caller runs within fn: its panics are not ours.
func guard(fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = damaged(fmt.Errorf("bbolt: %v", r))
		}
	}()
	return fn()
}

// guard is guard, remembering that bbolt can no longer be used.
func (s *session) guard(fn func() error) error {
	finished := false
	err := guard(func() error {
		err := fn()
		finished = true
		return err
	})
	s.broken = s.broken || !finished
	return err
}

// begin opens and locks the file, checks its pages (all of them once for each
// state of the file, or only those of the header), and begins a transaction.
func (f *File) begin(ctx context.Context, write, headerOnly bool) (*session, error) {
	file, err := openLocked(ctx, f.path, write)
	if err != nil {
		return nil, err
	}
	s := &session{file: file}
	if err := f.check(file, headerOnly); err != nil {
		file.Close() //nolint:errcheck // nothing was written
		return nil, err
	}
	err = s.guard(func() error {
		o := bboltOptions(file)
		o.ReadOnly = !write
		db, err := bbolt.Open(f.path, 0o600, o)
		if err != nil {
			return err
		}
		s.db = db
		s.tx, err = db.Begin(write)
		return err
	})
	if err == nil {
		err = s.guard(func() error { return f.readHeader(s) })
	}
	if err != nil {
		s.end()
		return nil, boltError(err)
	}
	return s, nil
}

// bboltOptions makes bbolt use a file that is open, and locked, already: its
// own flock on the same open file then succeeds at once.
func bboltOptions(file *os.File) *bbolt.Options {
	return &bbolt.Options{
		OpenFile:     func(string, int, os.FileMode) (*os.File, error) { return file, nil },
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		Timeout:      busyAfter, // never waited for
	}
}

// check is checkPages, skipped for a state of the file that passed already.
func (f *File) check(file *os.File, headerOnly bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(file, info.Size())
	if err != nil {
		return boltError(err)
	}
	f.mu.Lock()
	known := f.checked.is(info, m)
	f.mu.Unlock()
	if known {
		return nil
	}
	if headerOnly {
		if err := checkPages(file, info.Size(), m, bucketHeader); err != nil {
			return damaged(err)
		}
		return nil
	}
	if err := checkPages(file, info.Size(), m, ""); err != nil {
		return damaged(err)
	}
	f.mu.Lock()
	f.checked = pageState{info, m}
	f.mu.Unlock()
	return nil
}

// readHeader reads the header, parsing it only when it has changed.
func (f *File) readHeader(s *session) error {
	b := s.tx.Bucket([]byte(bucketHeader))
	if b == nil {
		return errForeign
	}
	raw := string(b.Get([]byte(keyHeader)))
	f.mu.Lock()
	defer f.mu.Unlock()
	if raw != f.rawHead {
		h, err := parseHeader([]byte(raw))
		if err != nil {
			return err
		}
		f.rawHead, f.head = raw, h
	}
	s.head = f.head
	return nil
}

// boltError gives what bbolt and the parsers return its code.
func boltError(err error) error {
	switch {
	case core.CodeOf(err) != "":
		return err
	case errors.Is(err, errForeign), errors.Is(err, errNotBolt):
		return &core.Error{Code: "store.foreign", Class: core.Locked, Err: err}
	case isSystem(err):
		return err
	}
	return damaged(err)
}

// isSystem reports whether err came from the system: a disk that is full,
// not a file that is damaged.
func isSystem(err error) bool {
	_, isPath := errors.AsType[*os.PathError](err)
	_, isCall := errors.AsType[*os.SyscallError](err)
	return isPath || isCall || isErrno(err)
}

// commit ends a writing session. The state it leaves needs no check.
func (f *File) commit(s *session) error {
	err := s.guard(s.tx.Commit)
	if err != nil {
		return boltError(err)
	}
	s.tx = nil
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(s.file, info.Size())
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.checked = pageState{info, m}
	f.mu.Unlock()
	return nil
}

// end rolls back what was not committed, closes the file and so gives the
// lock back.
func (s *session) end() {
	if !s.broken && s.tx != nil {
		s.guard(s.tx.Rollback) //nolint:errcheck // sets broken, which is all that matters
	}
	if !s.broken && s.db != nil {
		s.guard(s.db.Close) //nolint:errcheck // likewise; what was to be kept is committed and synced
	}
	if s.broken {
		// bbolt's own locks may be held for ever, so its mapping stays, and
		// with that the open file and its lock: closing is not enough.
		unlock(s.file)
	}
	s.file.Close() //nolint:errcheck // closed already, by bbolt, or nothing was written
}
