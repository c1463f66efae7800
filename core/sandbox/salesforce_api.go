package sandbox

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The versions of the APIs that the double has.
const salesforceVersion = "62.0"

// api serves the org's REST and Metadata APIs.
func (s *salesforce) api(mux *http.ServeMux, locked func(http.HandlerFunc) http.HandlerFunc) {
	mux.HandleFunc("GET /services/data", locked(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, []map[string]string{{"label": "Winter '25", "url": "/services/data/v" + salesforceVersion, "version": salesforceVersion}})
	}))
	mux.HandleFunc("GET /services/data/{version}/limits", locked(s.rest(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"DailyApiRequests": map[string]int{"Max": s.limit, "Remaining": s.limit - s.calls}})
	})))
	mux.HandleFunc("GET /services/data/{version}/query", locked(s.rest(s.query)))
	mux.HandleFunc("GET /services/data/{version}/query/{locator}", locked(s.rest(s.query)))
	mux.HandleFunc("POST /services/Soap/m/{version}", locked(s.metadata))
	mux.HandleFunc("/services/data/", locked(s.rest(func(w http.ResponseWriter, _ *http.Request) {
		salesforceError(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	})))
}

// salesforceError errs as the REST API does: by a list.
func salesforceError(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, []map[string]string{{"message": message, "errorCode": code}})
}

// rest wants a session and counts the call.
func (s *salesforce) rest(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch g := s.session(bearerOf(r)); {
		case g == nil:
			w.Header().Set("WWW-Authenticate", "Token")
			salesforceError(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		case s.calls >= s.limit:
			salesforceError(w, http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		case r.PathValue("version") != "" && r.PathValue("version") != "v"+salesforceVersion:
			salesforceError(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		default:
			s.calls++
			h(w, r)
		}
	}
}

// soapFault errs as the SOAP APIs do: with status 500.
func soapFault(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata"><soapenv:Body><soapenv:Fault><faultcode>sf:%s</faultcode><faultstring>%[1]s: %[2]s</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`, code, message)
}

type caseSettingsXML struct {
	XMLName  xml.Name     `xml:"records"`
	Type     string       `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
	FullName string       `xml:"fullName"`
	Block    *emailToCase `xml:"emailToCase"`
}

type emailToCase struct {
	External     bool       `xml:"enableE2CExternalServer"`
	Enabled      bool       `xml:"enableEmailToCase"`
	OnDemand     bool       `xml:"enableOnDemandEmailToCase"`
	OverLimit    string     `xml:"overEmailLimitAction"`
	Routes       []routeXML `xml:"routingAddresses"`
	Unauthorized string     `xml:"unauthorizedSenderAction"`
}

type routeXML struct {
	Type     string `xml:"addressType"`
	Senders  string `xml:"authorizedSenders,omitempty"`
	Origin   string `xml:"caseOrigin"`
	Address  string `xml:"emailAddress"`
	Services string `xml:"emailServicesAddress"`
	Verified bool   `xml:"isVerified"`
	Name     string `xml:"routingName"`
}

// metadata answers readMetadata, the one call of the Metadata API that the
// double has.
func (s *salesforce) metadata(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	var in struct {
		Session string `xml:"Header>SessionHeader>sessionId"`
		Read    *struct {
			Type  string   `xml:"type"`
			Names []string `xml:"fullNames"`
		} `xml:"Body>readMetadata"`
	}
	switch err := xml.Unmarshal(raw, &in); {
	case err != nil:
		soapFault(w, "UNKNOWN_EXCEPTION", "the request is no envelope")
		return
	case s.session(in.Session) == nil:
		soapFault(w, "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
		return
	case s.calls >= s.limit:
		soapFault(w, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		return
	case s.setup.NoMetadata:
		soapFault(w, "INSUFFICIENT_ACCESS", "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions")
		return
	case in.Read == nil || in.Read.Type != "CaseSettings":
		soapFault(w, "INVALID_TYPE", "This type of metadata is not available for this organization")
		return
	}
	s.calls++
	records := caseSettingsXML{Type: "CaseSettings"}
	if len(in.Read.Names) == 1 && in.Read.Names[0] == "Case" {
		records.FullName = "Case"
		records.Block = s.block()
	}
	out, err := xml.Marshal(records)
	if err != nil {
		soapFault(w, "UNKNOWN_EXCEPTION", "it cannot be written")
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata"><soapenv:Body><readMetadataResponse><result>%s</result></readMetadataResponse></soapenv:Body></soapenv:Envelope>`, out)
}

// block is the emailToCase part of CaseSettings.
func (s *salesforce) block() *emailToCase {
	b := &emailToCase{
		External: s.setup.ExternalServer, Enabled: s.setup.Enabled, OnDemand: s.setup.OnDemand,
		OverLimit: "Requeue", Unauthorized: "Discard",
	}
	for _, r := range s.setup.Routes {
		local, _, _ := strings.Cut(r.Address, "@")
		b.Routes = append(b.Routes, routeXML{r.Type, r.Senders, "Email", r.Address, r.Services(), r.Verified, local})
	}
	return b
}
