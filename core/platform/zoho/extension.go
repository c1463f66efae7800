package zoho

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/deluge/folder"
	"deskward/core/manifest"
)

// ManifestIn is the input of zoho.look_at_manifest and zoho.place_connection.
type ManifestIn struct {
	File           string `name:"file"`            // plugin-manifest.json, by its whole path
	ConnectionJSON string `name:"connection_json"` // as the connection's page offers it
}

// ManifestLookOut is the output of zoho.look_at_manifest.
type ManifestLookOut struct {
	ConnectionJSON string   `name:"connection_json"` // as it was read
	Link           string   `name:"link"`            // the connection's link name
	Extension      string   `name:"extension"`       // what its folder is called
	Changes        int      `name:"changes"`         // of Rules; 0: it is there already
	Rules          []string `name:"rules"`           // what would be done: codes of manifest.Rule
	Before         int      `name:"before"`          // rules of the vendor's validator that are broken now
	After          int      `name:"after"`           // and with the connection in its place
	Problems       []string `name:"problems"`        // of those after: codes of manifest.Problem
}

// PlaceOut is the output of zoho.place_connection.
type PlaceOut struct {
	Written string `name:"written"` // "yes" or "no": it was there already
	Backup  string `name:"backup"`
}

// ManifestValidIn is the input of zoho.manifest_valid.
type ManifestValidIn struct {
	File string `name:"file"`
	Link string `name:"link"`
}

// ManifestValidOut is the output of zoho.manifest_valid.
type ManifestValidOut struct {
	CheckedAt time.Time `name:"checked_at"`
}

// opened reads the manifest and puts the connection into its text.
func (in ManifestIn) opened() (folder.File, manifest.Placed, error) {
	file, err := manifestFile(in.File)
	if err != nil {
		return file, manifest.Placed{}, err
	}
	p, err := manifest.Place(file.Source, in.ConnectionJSON)
	return file, p, err
}

func manifestFile(path string) (folder.File, error) {
	if path = strings.TrimSpace(path); !filepath.IsAbs(path) {
		return folder.File{}, &core.Error{Tried: "read-functions", On: core.CleanLine(path), Code: "zoho.folder-relative", Class: core.Usage}
	}
	return folder.Open(path)
}

// lookAtManifest says how a connection would be put into a manifest, and writes
// nothing.
func lookAtManifest(_ context.Context, in ManifestIn) (ManifestLookOut, error) {
	file, p, err := in.opened()
	if known, ok := errors.AsType[*core.Error](err); ok && known.Tried == "place-connection" {
		known.Tried = "look-at-manifest"
	}
	if err != nil {
		return ManifestLookOut{}, err
	}
	out := ManifestLookOut{ConnectionJSON: in.ConnectionJSON, Link: core.CleanLine(p.Link), Extension: core.CleanLine(filepath.Base(filepath.Dir(file.Path))), Before: len(p.Before), After: len(p.After), Problems: problemsOf(p.After)}
	if p.Text != file.Source {
		out.Changes = len(p.Rules)
	}
	for _, r := range p.Rules {
		out.Rules = append(out.Rules, r.Code)
	}
	return out, nil
}

func problemsOf(all []manifest.Problem) []string {
	var out []string
	for _, p := range all {
		if p.Value == "" {
			out = append(out, p.Code)
		} else {
			out = append(out, fmt.Sprintf("%s(%s)", p.Code, core.CleanLine(p.Value)))
		}
	}
	return out
}

// placeConnection writes the manifest, with a backup beside it. Doing it again
// changes nothing.
func placeConnection(_ context.Context, in ManifestIn) (PlaceOut, error) {
	file, p, err := in.opened()
	if err != nil {
		return PlaceOut{}, err
	}
	if p.Text == file.Source {
		return PlaceOut{Written: "no"}, nil
	}
	backup, err := file.Write(p.Text)
	if err != nil {
		return PlaceOut{}, err
	}
	return PlaceOut{Written: "yes", Backup: core.CleanLine(filepath.Base(backup))}, nil
}

// manifestValid proves that the manifest keeps the rules of the vendor's
// validator, as far as they are about connections and the keys that must be
// there (zoho-extension-toolkit 1.0.24, DESK.PluginManifestRule).
func (m *migration) manifestValid(_ context.Context, in ManifestValidIn) (ManifestValidOut, error) {
	out := ManifestValidOut{CheckedAt: m.s.Clock.Now().UTC()}
	file, err := manifestFile(in.File)
	if err != nil {
		return out, err
	}
	if found := problemsOf(manifest.Check(file.Source)); len(found) > 0 {
		return out, &core.Error{
			Tried: "check-manifest", On: core.CleanLine(in.File), Code: "zoho.manifest-invalid", Class: core.Failed,
			Params: map[string]string{"problems": strings.Join(found, ", ")},
		}
	}
	if !strings.Contains(file.Source, `"`+in.Link+`"`) {
		return out, &core.Error{Tried: "check-manifest", On: core.CleanLine(in.File), Code: "zoho.manifest-without", Class: core.Failed, Params: map[string]string{"link": core.CleanLine(in.Link)}}
	}
	return out, nil
}
