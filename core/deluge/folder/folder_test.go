package folder_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	udiff "github.com/aymanbagabas/go-udiff"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
)

const function = `r = invokeurl [ url: "https://desk.zoho.com/api/v1/tickets" type: GET headers: {"Authorization":"Zoho-authtoken canary-token","orgId":"1"} ];` + "\r\n"

func scan(t *testing.T, root string) []folder.File {
	t.Helper()
	files, err := folder.Scan(t.Context(), root, deluge.Options{Connection: "deskoperation"})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestFunctionsAreFoundByTheirEndingAndLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	for _, name := range []string{"a.dg", "b.DELUGE", "sub/c.txt", "sub/odd\nname.dg", "日本語.ds", "readme.md", "d.go", ".git/e.dg", "node_modules/f.dg", "a.dg.bak"} {
		text := function
		if name == "readme.md" {
			text = "Prose isn't code: Zoho-authtoken.\n```javascript\n" + function + "```\n"
		}
		put(t, filepath.Join(dir, name), text, 0o644)
	}
	put(t, filepath.Join(outside, "x.dg"), function, 0o644)
	for from, to := range map[string]string{"link.dg": filepath.Join(outside, "x.dg"), "linked": outside, "dead.dg": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip(err)
		}
	}
	var names []string
	for _, f := range scan(t, dir) {
		names = append(names, f.Name)
		if len(f.Result.Edits) == 0 {
			t.Errorf("%q is not rewritten: %+v", f.Name, f.Result.Findings)
		}
	}
	want := []string{"a.dg", "b.DELUGE", "readme.md", "sub/c.txt", "sub/odd\nname.dg", "日本語.ds"}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}

func TestAFileIsReplacedWithItsPermissionsAndABackupForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a.dg")
	put(t, name, function, 0o640)
	put(t, name+".bak", "an older backup", 0o644)
	f := scan(t, name)[0]
	backup, err := f.Write(f.After())
	if err != nil {
		t.Fatal(err)
	}
	if backup != name+".bak.1" {
		t.Errorf("the backup is %s", backup)
	}
	for path, want := range map[string]struct {
		text string
		mode os.FileMode
	}{name: {f.After(), 0o640}, backup: {function, 0o600}, name + ".bak": {"an older backup", 0o644}} {
		raw, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil {
			t.Fatal(err, statErr)
		}
		if string(raw) != want.text || info.Mode().Perm() != want.mode {
			t.Errorf("%s has mode %v and holds\n%s", path, info.Mode(), raw)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".deskward-*"))
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

func TestAFileNamedByALinkIsWrittenWhereItLies(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	file, link := filepath.Join(elsewhere, "x.dg"), filepath.Join(dir, "link.dg")
	put(t, file, function, 0o640)
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	found := scan(t, link)
	if len(found) != 1 || found[0].Name != "link.dg" {
		t.Fatalf("%+v", found)
	}
	opened, err := folder.Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := found[0].Write(found[0].After()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	raw, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(raw), "canary-token") {
		t.Errorf("the file still has the token: %s %v", raw, err)
	}
	if _, err := os.Stat(file + ".bak"); err != nil {
		t.Error(err)
	}
	if _, err := opened.Write("x"); core.CodeOf(err) != "function.changed" {
		t.Error(err)
	}
}

func TestWhatChangedOrMayNotBeWrittenIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	changed, locked := filepath.Join(dir, "changed.dg"), filepath.Join(dir, "locked.dg")
	put(t, changed, function, 0o644)
	put(t, locked, function, 0o444)
	files := scan(t, dir)
	put(t, changed, "info 1;", 0o644)
	for i, code := range []string{"function.changed", "function.read-only"} {
		if _, err := files[i].Write(files[i].After()); core.CodeOf(err) != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.bak")); len(left) > 0 {
		t.Errorf("backups of nothing: %v", left)
	}
}

func TestAFileThatCanNotBeReadIsNamedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.dg"), strings.Repeat(" ", folder.MaxFile+1), 0o644)
	put(t, filepath.Join(dir, "b.dg"), function, 0o644)
	put(t, filepath.Join(dir, "c.txt"), "\x83\x5c Zoho-authtoken", 0o644) // Shift_JIS
	files := scan(t, dir)
	if len(files) != 3 || core.CodeOf(files[0].Err) != "function.too-large" || len(files[1].Result.Edits) == 0 {
		t.Fatalf("%+v", files)
	}
	if x := files[2].Result.Findings[0]; x.Outcome != deluge.Unsafe || x.Reason != "encoding" {
		t.Errorf("%+v", x)
	}
}

func TestTheDiffHidesTheTokenAndCanBeAppliedWhenItDoesNot(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a.dg")
	put(t, name, function, 0o644)
	f := scan(t, name)[0]
	if d := f.Diff(f.After(), true); strings.Contains(d, "canary") || !strings.Contains(d, "deskoperation") {
		t.Error(d)
	}
	got, err := udiff.ApplyUnified(f.Diff(f.After(), false), f.Source)
	if err != nil || got != f.After() {
		t.Errorf("%v\n%q\nwant\n%q", err, got, f.After())
	}
}
