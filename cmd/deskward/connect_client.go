package main

import (
	"encoding/json"

	"deskward/core"
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
	raw, err := readFile(name)
	if err != nil {
		return client{}, inputError("read-client", name, err)
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
