package zoho

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/deluge/folder"
	"deskward/core/manifest"
)

// ExtensionCodeIn is the input of zoho.extension_code.
type ExtensionCodeIn struct {
	File string `name:"file"` // the manifest, in whose folder the code is
	Link string `name:"link"` // of the connection that takes the auth token's place
}

// ExtensionCodeOut is the output of zoho.extension_code.
type ExtensionCodeOut struct {
	Files     int       `name:"files"` // that were read
	Uses      int       `name:"uses"`  // of them name the connection
	CheckedAt time.Time `name:"checked_at"`
}

// extensionCode proves that nothing in the folder of an extension sends an auth
// token of Zoho or asks for one, as far as texts tell: a token that is put
// together from pieces is not seen.
func (m *migration) extensionCode(ctx context.Context, in ExtensionCodeIn) (ExtensionCodeOut, error) {
	out := ExtensionCodeOut{CheckedAt: m.s.Clock.Now().UTC()}
	file, err := manifestFile(in.File)
	if err != nil {
		return out, err
	}
	var places []string
	for _, name := range manifest.TokenQuestions(file.Source) {
		places = append(places, fmt.Sprintf("%s (config: %s)", filepath.Base(file.Path), core.CleanLine(name)))
	}
	root := filepath.Dir(strings.TrimSpace(in.File))
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return &core.Error{Tried: "read-functions", On: core.CleanLine(path), Code: "file.unreadable", Err: err}
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains(manifest.CodeExtensions(), strings.ToLower(filepath.Ext(path))):
			return nil
		}
		code, err := folder.Open(path)
		if err != nil {
			return err
		}
		out.Files++
		if strings.Contains(code.Source, in.Link) {
			out.Uses++
		}
		name, _ := filepath.Rel(root, path) // both are whole paths
		for _, line := range manifest.TokenLines(code.Source) {
			places = append(places, fmt.Sprintf("%s:%d", core.CleanLine(filepath.ToSlash(name)), line))
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	return out, tokensLeft(in.File, places)
}

// tokensLeft is the error that names where auth tokens are left; nil where
// none are.
func tokensLeft(file string, places []string) error {
	if len(places) == 0 {
		return nil
	}
	named := places[:min(len(places), maxWhere)]
	return &core.Error{
		Tried: "check-extension", On: core.CleanLine(file), Code: "zoho.extension-token", Class: core.Failed,
		Params: map[string]string{"count": fmt.Sprint(len(places)), "places": strings.Join(named, ", ")},
	}
}
