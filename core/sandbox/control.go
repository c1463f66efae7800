package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"deskward/core"
)

// startControl opens the control interface, for `deskward sandbox` and tests:
//
//	GET    /sandbox/state                            time, faults, switches, fixtures, endpoints
//	GET    /sandbox/calls                            the last calls
//	POST   /sandbox/clock    {"advance": "25h"}      moves the clock
//	POST   /sandbox/faults   a Fault                 switches it on;  DELETE: all off
//	POST   /sandbox/switches {"name": …, "on": true}
//	POST   /sandbox/salesforce/mail {"from": …, "to": …, "subject": …}, to the services address
//	POST   /sandbox/salesforce/setup {"verified": false, "external": false, "active": false}, what is left out stays
//	POST   /sandbox/zoho/self-client-code {"scopes": […], "minutes": 3, "portal": ""}
//	POST   /sandbox/zoho/authtokens {"count": 200, "clients": 10}, as JSON and as a CSV in it
//	GET    /sandbox/zoho/exchanges                   how many auth tokens were sent, exchanged, sent again
//	GET    /sandbox/google/client-file?client_id=…   what the Cloud console offers to download
//	GET    /sandbox/google/key-file                  the service account's
//	POST   /sandbox/google/redirects {"client_id": "…", "redirects": […]}, a web client's
//	POST   /sandbox/google/forward {"mailbox": "…", "to": "…"}, copies of its mail; to "": no longer
//	POST   /sandbox/google/delegate {"client_id": "…", "scopes": […]}
//
// Bodies are JSON and must say so: a page in the person's browser cannot send
// that to another origin without being allowed to.
func (sb *Sandbox) startControl() error {
	l, base, err := sb.open()
	if err != nil {
		return err
	}
	sb.control = base
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, sb.state()) })
	mux.HandleFunc("GET /sandbox/calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, sb.Calls()) })
	mux.HandleFunc("POST /sandbox/clock", control(func(in struct{ Advance string }) (any, error) {
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			return nil, err
		}
		return map[string]time.Time{"now": sb.clock.Advance(d)}, nil
	}))
	mux.HandleFunc("POST /sandbox/faults", control(func(f Fault) (any, error) {
		sb.SetFault(f)
		return sb.state(), nil
	}))
	mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		sb.ClearFaults()
		writeJSON(w, http.StatusOK, sb.state())
	})
	mux.HandleFunc("POST /sandbox/switches", control(func(in struct {
		Name Switch
		On   bool
	},
	) (any, error) {
		err := sb.Set(in.Name, in.On)
		return sb.state(), err
	}))
	mux.HandleFunc("POST /sandbox/salesforce/mail", control(func(in struct{ From, To, Subject string }) (any, error) {
		err := sb.SalesforceMail(in.From, in.To, in.Subject)
		return struct{}{}, err
	}))
	mux.HandleFunc("POST /sandbox/salesforce/setup", control(func(in struct{ Verified, External, Active *bool }) (any, error) {
		sb.SetSalesforce(func(s *SalesforceSetup) {
			if in.External != nil {
				s.ExternalServer = *in.External
			}
			for i := range s.Routes {
				if in.Verified != nil {
					s.Routes[i].Verified = *in.Verified
				}
				if in.Active != nil {
					s.Routes[i].Inactive = !*in.Active
				}
			}
		})
		return struct{}{}, nil
	}))
	sb.controlZoho(mux)
	sb.controlGoogle(mux)
	sb.mount(l, "", mux)
	return nil
}

type controlState struct {
	Now       time.Time                             `json:"now"`
	Faults    []Fault                               `json:"faults"`
	Switches  map[Switch]bool                       `json:"switches"`
	Fixtures  Fixtures                              `json:"fixtures"`
	Endpoints map[core.PlatformID]map[string]string `json:"endpoints"`
}

func (sb *Sandbox) state() controlState {
	s := controlState{Now: sb.clock.Now(), Switches: map[Switch]bool{}, Fixtures: sb.Fixtures(), Endpoints: sb.Endpoints()}
	for _, name := range Switches() {
		s.Switches[name] = sb.is(name)
	}
	sb.faults.mu.Lock()
	defer sb.faults.mu.Unlock()
	s.Faults = append([]Fault{}, sb.faults.list...)
	return s
}

// control is a call with a JSON body.
func control[I any](do func(I) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in I
		if r.Header.Get("Content-Type") != "application/json" {
			writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send application/json"})
			return
		}
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "not the JSON expected here"})
			return
		}
		out, err := do(in)
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}
