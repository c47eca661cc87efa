// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscription

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// The forms of FHIR.
const (
	MediaXML  = "application/fhir+xml"
	MediaJSON = "application/fhir+json"
)

const (
	namespace          = "http://hl7.org/fhir"
	extensionBirthDate = "http://fhir.nl/StructureDefinition/Patient.birthDate"
	extensionGateway   = "http://fhir.nl/StructureDefinition/GatewaySystem"
	extensionSource    = "http://fhir.nl/StructureDefinition/SourceSystem"
	urnOID             = "urn:oid:"
)

// Encode writes a request that is valid, in FHIR XML or FHIR JSON.
func Encode(media string, r Request) []byte {
	if media == MediaJSON {
		return encodeJSON(r)
	}
	return encodeXML(r)
}

// criteria say about whom the subscription is: the patient's number stands here alone.
func (r Request) criteria() string {
	return "Consent?_query=otv&patientid=" + r.Patient.Expose() +
		"&providerid=" + string(r.DataHolder.URA) + "&providertype=" + string(r.DataHolder.FacilityType)
}

// names reports whether the patient's number stands in a text.
func (r Request) names(text string) bool {
	return !r.Patient.IsZero() && strings.Contains(text, r.Patient.Expose())
}

// extension is one, with a value of one of these types.
type extension struct {
	URL  string `json:"url"`
	Date string `json:"valueDate,omitempty"`
	OID  string `json:"valueOid,omitempty"`
}

func (r Request) extensions() (all []extension) {
	if r.BirthDate != "" {
		all = append(all, extension{URL: extensionBirthDate, Date: r.BirthDate})
	}
	for _, system := range [][2]string{{extensionGateway, r.GatewaySystem}, {extensionSource, r.SourceSystem}} {
		if system[1] != "" {
			all = append(all, extension{URL: system[0], OID: urnOID + system[1]})
		}
	}
	return all
}

type channel struct {
	Type     string `json:"type"`
	Endpoint string `json:"endpoint"`
	Payload  string `json:"payload"`
}

func encodeJSON(r Request) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		ResourceType string      `json:"resourceType"`
		Extension    []extension `json:"extension,omitempty"`
		Status       string      `json:"status"`
		Reason       string      `json:"reason"`
		Criteria     string      `json:"criteria"`
		Channel      channel     `json:"channel"`
	}{"Subscription", r.extensions(), "requested", "OTV", r.criteria(), channel{"rest-hook", r.NotifyURL, r.Payload}})
	if err != nil {
		panic(err) // texts alone cannot fail
	}
	return bytes.TrimSpace(b.Bytes())
}

func encodeXML(r Request) []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Subscription xmlns="` + namespace + `">`)
	value := func(name, text string) {
		b = append(b, "<"+name+` value="`...)
		b = append(strictxml.AppendEscaped(b, text), `"/>`...)
	}
	for _, each := range r.extensions() {
		b = append(b, `<extension url="`+each.URL+`">`...)
		if each.Date != "" {
			value("valueDate", each.Date)
		} else {
			value("valueOid", each.OID)
		}
		b = append(b, "</extension>"...)
	}
	value("status", "requested")
	value("reason", "OTV")
	value("criteria", r.criteria())
	b = append(b, "<channel>"...)
	value("type", "rest-hook")
	value("endpoint", r.NotifyURL)
	value("payload", r.Payload)
	return append(b, "</channel></Subscription>"...)
}
