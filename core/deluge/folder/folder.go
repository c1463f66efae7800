// Package folder rewrites the functions in a folder: it finds the files,
// keeps what their rewrite would be, and writes those that are wanted, each
// with a backup and in one step.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"

	"deskward/core"
	"deskward/core/deluge"
)

// MaxFile is the largest file that is read, in bytes. Exports of whole
// applications have some hundred kilobytes.
const MaxFile = 16 << 20

// File is one file with functions.
type File struct {
	Path   string // as it is opened
	Name   string // below the folder, with slashes
	Source string // as it was read
	Result deluge.Result
	Uses   []deluge.Use // of connections
	Err    error        // why it could not be read; then there is nothing else
	mode   fs.FileMode
}

// After is what the file would hold.
func (f File) After() string { return f.Result.Apply(f.Source) }

// Again returns the file rewritten with other options.
func (f File) Again(o deluge.Options) File {
	f.Result = deluge.RewriteFile(f.Name, f.Source, o)
	return f
}

// Scan reads the files below a folder, or one file, in order of name. Files
// with neither an auth token nor a connection are left out. Symbolic links
// are not followed below the folder: what they lead to may lie outside of it.
// Hidden folders and node_modules are passed over.
func Scan(ctx context.Context, root string, o deluge.Options) ([]File, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, failed("read-functions", root, err)
	}
	name := filepath.Base(root)
	root = resolved(root)
	if !info.IsDir() {
		return only(read(new(deluge.Rewriter), root, name, o)), nil
	}
	var out []File
	var w deluge.Rewriter
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			out = append(out, File{Path: path, Name: filepath.ToSlash(name), Err: failed("read-functions", name, err)})
			return nil
		case d.IsDir():
			if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || !slices.Contains(deluge.Extensions(), strings.ToLower(filepath.Ext(path))):
			return nil
		}
		out = append(out, only(read(&w, path, filepath.ToSlash(name), o))...)
		return nil
	})
	if err != nil {
		return nil, failed("read-functions", root, err)
	}
	return out, nil
}

// resolved is where a path leads that a person named: what is written takes the
// place of the file itself, not that of a link to it.
func resolved(path string) string {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		return to
	}
	return path
}

// only drops a file of which there is nothing to say.
func only(f File) []File {
	if f.Err == nil && len(f.Result.Findings) == 0 && len(f.Uses) == 0 {
		return nil
	}
	return []File{f}
}

func read(w *deluge.Rewriter, path, name string, o deluge.Options) File {
	f := File{Path: path, Name: name}
	src, mode, err := load(path)
	if err != nil {
		f.Err = failed("read-functions", name, err)
		return f
	}
	f.Source, f.mode = src, mode
	f.Result = w.RewriteFile(name, src, o)
	f.Uses = w.Connections(name, src)
	return f
}

var errTooLarge = errors.New("larger than 16 MiB")

func load(path string) (string, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err == nil && len(raw) > MaxFile {
		err = errTooLarge
	}
	return string(raw), info.Mode().Perm(), err
}

// Diff is the unified diff of a file, "" when nothing changes. With hide the
// auth tokens in it are dots: it can be shown, but not applied.
func (f File) Diff(after string, hide bool) string {
	if after == f.Source {
		return ""
	}
	name := core.CleanLine(f.Name)
	before := f.Source
	if hide {
		before, after = f.Result.Hide(before), f.Result.Hide(after)
	}
	return udiff.Unified("a/"+name, "b/"+name, before, after)
}

// Write puts text in the place of a file, and what it held before beside it.
// It returns the backup's name. The file is replaced in one step and keeps
// its permissions; the backup holds the old token and can be read by its
// owner only. A file that changed since it was read is left alone
// (code function.changed), as is one that may not be written
// (function.read-only).
func (f File) Write(text string) (backup string, err error) {
	now, mode, err := load(f.Path)
	switch {
	case err != nil:
		return "", failed("write-function", f.Name, err)
	case now != f.Source:
		return "", &core.Error{Tried: "write-function", On: core.CleanLine(f.Name), Code: "function.changed", Class: core.Conflict}
	case mode&0o200 == 0:
		return "", &core.Error{Tried: "write-function", On: core.CleanLine(f.Name), Code: "function.read-only"}
	}
	if backup, err = keep(f.Path, now); err != nil {
		return "", failed("write-function", f.Name, err)
	}
	if err := replace(f.Path, text, mode); err != nil {
		_ = os.Remove(backup) // nothing was written, so nothing is kept
		return "", failed("write-function", f.Name, err)
	}
	return backup, nil
}

// keep writes a backup under the first name that is free.
func keep(path, text string) (string, error) {
	for n := 0; ; n++ {
		name := path + ".bak"
		if n > 0 {
			name = fmt.Sprintf("%s.bak.%d", path, n)
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if err := fill(file, text); err != nil {
			_ = os.Remove(name)
			return "", err
		}
		return name, nil
	}
}

func replace(path, text string, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".deskward-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // after the rename there is none
	if err := file.Chmod(mode); err != nil {
		file.Close()
		return err
	}
	if err := fill(file, text); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// fill writes, flushes to the disk and closes.
func fill(file *os.File, text string) error {
	_, err := file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func failed(tried, on string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := &core.Error{Tried: tried, On: core.CleanLine(on), Code: "file.unreadable", Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Code, e.Class = "file.missing", core.Usage
	case errors.Is(err, errTooLarge):
		e.Code = "function.too-large"
	case tried == "write-function":
		e.Code = "file.unwritable"
	}
	return e
}

// Open reads one text file, whatever it holds, for Diff and Write.
func Open(path string) (File, error) {
	src, mode, err := load(path)
	if err != nil {
		return File{}, failed("read-functions", path, err)
	}
	return File{Path: resolved(path), Name: filepath.ToSlash(path), Source: src, mode: mode}, nil
}
