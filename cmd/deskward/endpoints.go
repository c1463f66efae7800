package main

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/transport"
)

// readEndpoints reads the file of --endpoints: YAML, platform: {name: URL}.
// No file, no endpoints.
func (a *app) readEndpoints() (transport.Endpoints, error) {
	name := a.or(a.opt.endpoints, "DESKWARD_ENDPOINTS")
	if name == "" {
		return nil, nil
	}
	raw, err := readFile(name)
	if err != nil {
		return nil, inputError("read-endpoints", name, err)
	}
	var e transport.Endpoints
	if err := yaml.Unmarshal(raw, &e); err != nil {
		return nil, &core.Error{Tried: "read-endpoints", On: name, Code: "endpoints.malformed", Class: core.Usage, Err: yamlReason(err)}
	}
	return e, e.Validate()
}

// yamlReason keeps the library's line numbers and drops its quoting of values.
func yamlReason(err error) error {
	if t, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errors.New(core.CleanLine(t.Errors[0]))
	}
	return errors.New(core.CleanLine(err.Error()))
}
