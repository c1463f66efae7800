package salesforce

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"strings"

	"deskward/core"
)

// Settings is the emailToCase block of CaseSettings.
type Settings struct {
	Enabled        bool   `xml:"enableEmailToCase"`
	OnDemand       bool   `xml:"enableOnDemandEmailToCase"`
	ExternalServer bool   `xml:"enableE2CExternalServer"`
	Unauthorized   string `xml:"unauthorizedSenderAction"`
	OverLimit      string `xml:"overEmailLimitAction"`

	Addresses []RoutingAddress `xml:"routingAddresses"`
}

// RoutingAddress is one address whose mail becomes cases.
type RoutingAddress struct {
	Type     string `xml:"addressType"` // EmailToCase, Outlook, GmailOAuth or E2cEasy
	Name     string `xml:"routingName"`
	Address  string `xml:"emailAddress"`
	Services string `xml:"emailServicesAddress"` // to which mail is forwarded
	Verified bool   `xml:"isVerified"`
	Senders  string `xml:"authorizedSenders"`
}

// settings reads CaseSettings by readMetadata of the Metadata API. It needs a
// user who may: Customize Application, or Modify Metadata Through Metadata API
// Functions.
func (c *client) settings(ctx context.Context) (Settings, error) {
	a, err := c.do(ctx, call{
		tried: "read-case-settings", method: http.MethodPost, path: "/services/Soap/m/" + apiVersion,
		contentType: "text/xml; charset=UTF-8", header: http.Header{"Soapaction": {`""`}},
		body: func(token core.Secret) []byte {
			var escaped bytes.Buffer
			xml.EscapeText(&escaped, []byte(token.Reveal())) //nolint:errcheck // it writes to memory
			return []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
				`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:met="http://soap.sforce.com/2006/04/metadata">` +
				`<soapenv:Header><met:SessionHeader><met:sessionId>` + escaped.String() + `</met:sessionId></met:SessionHeader></soapenv:Header>` +
				`<soapenv:Body><met:readMetadata><met:type>CaseSettings</met:type><met:fullNames>Case</met:fullNames></met:readMetadata></soapenv:Body>` +
				`</soapenv:Envelope>`)
		},
	})
	if err != nil {
		return Settings{}, err
	}
	s, ok := readSettings(a.Body)
	if !ok {
		return Settings{}, c.malformed("read-case-settings", a)
	}
	return s, nil
}

// readSettings reads an answer of readMetadata. false: it is none, or has no
// CaseSettings in it.
func readSettings(body []byte) (Settings, bool) {
	var answer struct {
		Records []struct {
			FullName string    `xml:"fullName"`
			Block    *Settings `xml:"emailToCase"`
		} `xml:"Body>readMetadataResponse>result>records"`
	}
	if xml.Unmarshal(body, &answer) != nil || len(answer.Records) == 0 || answer.Records[0].FullName == "" {
		return Settings{}, false
	}
	s := answer.Records[0].Block
	if s == nil {
		return Settings{}, true // Email-to-Case was never switched on
	}
	for _, text := range []*string{&s.Unauthorized, &s.OverLimit} {
		*text = core.CleanLine(*text)
	}
	for i := range s.Addresses {
		r := &s.Addresses[i]
		for _, text := range []*string{&r.Type, &r.Name, &r.Address, &r.Services, &r.Senders} {
			*text = strings.TrimSpace(core.CleanLine(*text))
		}
	}
	return *s, true
}
