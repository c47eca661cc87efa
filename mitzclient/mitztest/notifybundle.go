// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/json"
	"encoding/xml"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Systems of a notification, as the one public example has them.
const (
	profileNotify  = "http://vzvz.nl/fhir/StructureDefinition/Consent-Mitz-Notify|3.8.0"
	extensionKind  = "http://fhir.nl/StructureDefinition/OTV-ProviderCategory"
	codingKind     = "http://fhir.nl/otv/CodeSystem/raadplegende-zorgaanbiedercategorie"
	codingCategory = "http://fhir.nl/otv/CodeSystem/gegevenscategorie"
	codingScope    = "http://terminology.hl7.org/CodeSystem/consentscope"
	codingRole     = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	codingPurpose  = "http://hl7.org/fhir/v3/ActReason"
	codingFacility = "http://nictiz.nl/fhir/NamingSystem/organization-type"
	namingBSN      = "http://fhir.nl/fhir/NamingSystem/bsn"
	namingURA      = "http://fhir.nl/fhir/NamingSystem/ura"
	codesVersion   = "3960100"
	namespaceXHTML = "http://www.w3.org/1999/xhtml"
	// momentLayout has up to seven digits of a second.
	momentLayout = "2006-01-02T15:04:05.9999999Z"
)

// categoryNames are the data categories that have a known name.
var categoryNames = map[consent.Category]fhirValue{"GGC002": "Behandelgegevens", "GGC012": "Uitslagen", "GGC013": "Medicatiegegevens"}

// fhirValue is a primitive: in XML an element with the attribute value, in JSON a string.
type fhirValue string

// MarshalXML writes the attribute.
func (v fhirValue) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "value"}, Value: string(v)})
	return e.EncodeElement(struct{}{}, start)
}

// narrative are words for people: in XML an element of XHTML, in JSON the same in a string.
type narrative string

// MarshalXML writes the element.
func (n narrative) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(struct {
		Space string `xml:"xmlns,attr"`
		Words string `xml:",chardata"`
	}{namespaceXHTML, string(n)}, start)
}

// MarshalJSON writes the string.
func (n narrative) MarshalJSON() ([]byte, error) {
	return json.Marshal(`<div xmlns="` + namespaceXHTML + `">` + escape(string(n)) + `</div>`)
}

// The parts of a notification, which both forms are written from: the fields in the order
// that FHIR's XML demands.
type (
	bundle struct {
		XMLName      xml.Name  `xml:"http://hl7.org/fhir Bundle" json:"-"`
		ResourceType string    `xml:"-" json:"resourceType"`
		ID           fhirValue `xml:"id" json:"id"`
		Type         fhirValue `xml:"type" json:"type"`
		Entries      []entry   `xml:"entry" json:"entry"`
	}
	entry struct {
		FullURL  fhirValue   `xml:"fullUrl" json:"fullUrl"`
		Resource resource    `xml:"resource" json:"resource"`
		Request  requestPart `xml:"request" json:"request"`
	}
	requestPart struct {
		Method fhirValue `xml:"method" json:"method"`
		URL    fhirValue `xml:"url" json:"url"`
	}
	resource struct {
		Consent      *consentPart      `xml:"Consent"`
		Patient      *patientPart      `xml:"Patient"`
		Organization *organizationPart `xml:"Organization"`
	}
	consentPart struct {
		ResourceType string          `xml:"-" json:"resourceType"`
		ID           fhirValue       `xml:"id" json:"id"`
		Meta         metaPart        `xml:"meta" json:"meta"`
		Text         textPart        `xml:"text" json:"text"`
		Extensions   []extensionPart `xml:"extension" json:"extension"`
		Status       fhirValue       `xml:"status" json:"status"`
		Scope        concept         `xml:"scope" json:"scope"`
		Categories   []concept       `xml:"category" json:"category"`
		Patient      referencePart   `xml:"patient" json:"patient"`
		DateTime     fhirValue       `xml:"dateTime" json:"dateTime"`
		Provision    provisionPart   `xml:"provision" json:"provision"`
	}
	metaPart struct {
		Profiles []fhirValue `xml:"profile" json:"profile"`
	}
	textPart struct {
		Status fhirValue `xml:"status" json:"status"`
		Div    narrative `xml:"div" json:"div"`
	}
	extensionPart struct {
		URL     string  `xml:"url,attr" json:"url"`
		Concept concept `xml:"valueCodeableConcept" json:"valueCodeableConcept"`
	}
	concept struct {
		Codings []coding `xml:"coding" json:"coding"`
	}
	coding struct {
		System  fhirValue `xml:"system" json:"system"`
		Version fhirValue `xml:"version,omitempty" json:"version,omitempty"`
		Code    fhirValue `xml:"code" json:"code"`
		Display fhirValue `xml:"display,omitempty" json:"display,omitempty"`
	}
	referencePart struct {
		Reference fhirValue `xml:"reference" json:"reference"`
	}
	provisionPart struct {
		Type     fhirValue   `xml:"type,omitempty" json:"type,omitempty"`
		Actors   []actorPart `xml:"actor" json:"actor"`
		Purposes []coding    `xml:"purpose" json:"purpose"`
	}
	actorPart struct {
		Role      concept       `xml:"role" json:"role"`
		Reference referencePart `xml:"reference" json:"reference"`
	}
	identifier struct {
		System fhirValue `xml:"system" json:"system"`
		Value  fhirValue `xml:"value" json:"value"`
	}
	patientPart struct {
		ResourceType string       `xml:"-" json:"resourceType"`
		ID           fhirValue    `xml:"id" json:"id"`
		Identifiers  []identifier `xml:"identifier" json:"identifier"`
	}
	organizationPart struct {
		ResourceType string       `xml:"-" json:"resourceType"`
		ID           fhirValue    `xml:"id" json:"id"`
		Identifiers  []identifier `xml:"identifier" json:"identifier"`
		Types        []concept    `xml:"type" json:"type"`
	}
)

// MarshalJSON writes the resource alone.
func (r resource) MarshalJSON() ([]byte, error) {
	switch {
	case r.Consent != nil:
		return json.Marshal(r.Consent)
	case r.Patient != nil:
		return json.Marshal(r.Patient)
	default:
		return json.Marshal(r.Organization)
	}
}
