package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"deskward/core"
	"deskward/core/platform"
)

// client is what a vendor's download of a client holds.
type client struct {
	ID     string
	Secret core.Secret
}

// readClientJSON reads the file that a vendor's console offers for a client:
// Google's client_secret.json, with the client below "installed" or "web", or
// a flat one such as Zoho's self_client.json.
func readClientJSON(name string) (client, error) {
	raw, err := readVendorFile(name)
	if err != nil {
		return client{}, err
	}
	type fields struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	var file struct {
		fields
		Installed fields `json:"installed"`
		Web       fields `json:"web"`
	}
	if err := json.Unmarshal(raw, &file); err == nil {
		for _, f := range []fields{file.fields, file.Installed, file.Web} {
			if f.ID != "" {
				return client{f.ID, core.NewSecret(f.Secret)}, nil
			}
		}
	}
	// The decoder's own error may quote the file, and so the secret.
	return client{}, &core.Error{Tried: "read-client", On: name, Code: "client-json.malformed", Class: core.Usage}
}

// fileAskOf names the ask that takes a vendor's file whole.
func fileAskOf(p platform.Platform, g core.Grant) (string, bool) {
	for _, ask := range p.AsksFor(g, nil) {
		if ask.File {
			return ask.Name, true
		}
	}
	return "", false
}

// sayLint tells everything that is wrong with a new connection before
// anything is sent, and fails with the worst of what cannot work.
func (a *app) sayLint(name string, list []platform.Finding) error {
	var worst error
	for _, f := range list {
		sign := map[platform.Level]string{platform.Stops: "x  ", platform.Warns: "!  "}[f.Level]
		if sign == "" {
			sign = "-  "
		}
		told, _ := errors.AsType[*core.Error](f.Err(name))
		plain := *told
		plain.Tried = "" // only what stops it keeps it from being added
		lines := a.explanationLines(a.explanation(&plain))
		for i, line := range lines {
			if i == 0 {
				line = sign + strings.TrimPrefix(line, "deskward: ")
			} else {
				line = "   " + strings.TrimLeft(line, " ")
			}
			fmt.Fprintln(a.io.Err, line)
		}
		if f.Level == platform.Stops && worst == nil {
			worst = said{told}
		}
	}
	return worst
}

// readVendorFile reads a file whose path was typed in the console; "~/" is the
// home folder, as a shell would have it.
func readVendorFile(name string) ([]byte, error) {
	path := name
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, inputError("read-client", name, err)
		}
		path = filepath.Join(home, rest)
	}
	raw, err := readFile(path)
	if err != nil {
		return nil, inputError("read-client", name, err)
	}
	if len(bytes.TrimSpace(raw)) == 0 { // else it would count as one that was not given
		return nil, &core.Error{Tried: "read-client", On: name, Code: "client-json.empty", Class: core.Usage}
	}
	return raw, nil
}

// defaultGrant chooses the grant that was not named: the one that the client's
// file is for, which is said, or the platform's first.
func (a *app) defaultGrant(p platform.Platform, answers *platform.Answers, o connectOptions) error {
	if answers.Grant != "" || len(p.Grants) == 0 {
		return nil
	}
	answers.Grant = p.Grants[0]
	if p.GrantOf == nil || o.clientJSON == "" {
		return nil
	}
	raw, err := readFile(o.clientJSON)
	if err != nil {
		return inputError("read-client", o.clientJSON, err)
	}
	if g := p.GrantOf(raw); g != "" && g != answers.Grant {
		answers.Grant = g
		a.note("cmd.connect.grant-of-file", localeParams("file", core.CleanLine(o.clientJSON), "grant", a.say.T("grant."+string(g)), "flag", string(g)))
	}
	return nil
}
