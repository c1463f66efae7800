package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"deskward/core"
)

func TestSystemErrorsGetTheirCodes(t *testing.T) {
	t.Parallel()
	for errno, code := range map[unix.Errno]string{
		unix.ENOSPC: "store.disk-full", unix.EDQUOT: "store.disk-full", unix.EROFS: "store.read-only", unix.EACCES: "store.no-access",
		unix.EPERM: "store.no-access", unix.ENOENT: "store.missing", unix.EEXIST: "store.exists", unix.ELOOP: "store.symlink",
		unix.EIO: "store.failed",
	} {
		cause := boltError(fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "x", Err: errno}))
		err := fail("store-write", "x", cause)
		wantCode(t, err, code)
		if !errors.Is(err, errno) {
			t.Errorf("%v lost its cause", err)
		}
	}
}

func TestFailKeepsWhatIsSaidAlready(t *testing.T) {
	t.Parallel()
	held := &core.Error{Tried: "lease", Code: "lease.held"}
	wrapped := fmt.Errorf("connection a: %w", core.ErrNotFound)
	for _, err := range []error{held, wrapped, context.Canceled, nil} {
		if got := fail("store-write", "x", err); got != err { //nolint:errorlint // the very same is meant
			t.Errorf("%v became %v", err, got)
		}
	}
	err := fail("store-write", "x", core.ErrLocked)
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Tried != "store-write" || e.On != "x" || !errors.Is(err, core.ErrLocked) || core.ErrLocked.Tried != "" {
		t.Errorf("got %v", err)
	}
}

func TestCallbacksErrorsComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	own := &core.Error{Code: "exists", Class: core.Usage}
	if err := f.View(t.Context(), func(core.Reader) error { return own }); err != error(own) {
		t.Errorf("view: %v", err)
	}
	if err := f.Update(t.Context(), func(core.Writer) error { return own }); err != error(own) {
		t.Errorf("update: %v", err)
	}
}
