// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package registration

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// Media is the form of the messages.
const Media = "application/fhir+json"

// The systems and codes of the profile for notifications, which has the same resources. The
// naming systems of patients and organisations are in package systems.
const (
	extensionProviderCategory = "http://fhir.nl/StructureDefinition/OTV-ProviderCategory"
	systemDataCategory        = "http://fhir.nl/otv/CodeSystem/gegevenscategorie"
	systemScope               = "http://terminology.hl7.org/CodeSystem/consentscope"
	systemParticipation       = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemPurpose             = "http://hl7.org/fhir/v3/ActReason"
	systemURI                 = "urn:ietf:rfc:3986" // of identifiers that are URIs themselves
)

type coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

type concept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

func coded(system, code string) concept { return concept{Coding: []coding{{system, code}}} }

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type reference struct {
	Reference  string      `json:"reference,omitempty"`
	Identifier *identifier `json:"identifier,omitempty"`
}

// extension is one of the types of organisation that may see the data. A notification names
// kinds of care provider here; a registration names types, since a kind is more than the patient
// said.
type extension struct {
	URL   string  `json:"url"`
	Value concept `json:"valueCodeableConcept"`
}

type consentResource struct {
	ResourceType string       `json:"resourceType"`
	Extension    []extension  `json:"extension"`
	Identifier   []identifier `json:"identifier"`
	Status       string       `json:"status"`
	Scope        concept      `json:"scope"`
	Category     []concept    `json:"category"`
	Patient      reference    `json:"patient"`
	DateTime     string       `json:"dateTime"`
	PolicyRule   concept      `json:"policyRule"` // the version of the Mitz agreements
	Provision    provision    `json:"provision"`
}

type provision struct {
	Type    string   `json:"type"`
	Actor   []actor  `json:"actor"`
	Purpose []coding `json:"purpose"`
}

type actor struct {
	Role      concept   `json:"role"`
	Reference reference `json:"reference"`
}

type patientResource struct {
	ResourceType string       `json:"resourceType"`
	Identifier   []identifier `json:"identifier"`
}

type organizationResource struct {
	ResourceType string       `json:"resourceType"`
	Identifier   []identifier `json:"identifier"`
	Type         []concept    `json:"type,omitempty"`
}

// provenanceResource says who recorded the consent, for whom, and how the patient was identified.
type provenanceResource struct {
	ResourceType string      `json:"resourceType"`
	Target       []reference `json:"target"`
	Recorded     string      `json:"recorded"`
	Activity     concept     `json:"activity"` // the method by which the patient was identified
	Agent        []agent     `json:"agent"`
}

type agent struct {
	Role       []concept `json:"role"`
	Who        reference `json:"who"`
	OnBehalfOf reference `json:"onBehalfOf"`
}

type entry struct {
	FullURL  string  `json:"fullUrl"`
	Resource any     `json:"resource"`
	Request  request `json:"request"`
}

type request struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	IfNoneExist string `json:"ifNoneExist,omitempty"`
}

type bundle struct {
	ResourceType string     `json:"resourceType"`
	Identifier   identifier `json:"identifier"`
	Type         string     `json:"type"`
	Entry        []entry    `json:"entry"`
}

// Encode writes a request that is valid: a Consent for each data category, the Patient, the two
// Organizations, and a Provenance (FHIR R4 sections 2.36, 3.1.0.11 and 6.3). The same request is
// the same bytes: what was registered before is recognised by the identifier of the Bundle, and
// each Consent is created only where none has its identifier (section 3.1.0.8.1).
func Encode(r Request) []byte {
	patient, holder, requester := r.url("patient"), r.url("data holder"), r.url("requester")
	made := bundle{ResourceType: "Bundle", Identifier: identifier{systemURI, uuid(r.ID)}, Type: "transaction"}
	add := func(fullURL, kind string, resource any, ifNoneExist string) {
		made.Entry = append(made.Entry, entry{fullURL, resource, request{"POST", kind, ifNoneExist}})
	}
	var consents []reference
	for _, category := range r.Categories {
		url := r.url("consent " + string(category))
		consents = append(consents, reference{Reference: url})
		add(url, "Consent", r.consent(url, category, patient, holder), "identifier="+systemURI+"|"+url)
	}
	add(patient, "Patient", patientResource{"Patient", []identifier{{systems.BSN, r.Patient.Expose()}}}, "")
	add(holder, "Organization", organizationResource{
		"Organization", []identifier{{systems.URA, string(r.DataHolder.URA)}},
		[]concept{coded(systems.OrganizationType, string(r.DataHolder.FacilityType))},
	}, "")
	add(requester, "Organization", organizationResource{ResourceType: "Organization", Identifier: []identifier{{systems.URA, string(r.Requester)}}}, "")
	add(r.url("provenance"), "Provenance", provenanceResource{
		ResourceType: "Provenance", Target: consents, Recorded: r.at(), Activity: concept{Text: r.Identification},
		Agent: []agent{{
			Role:       []concept{coded(systems.Role, string(r.Professional.Role))},
			Who:        reference{Identifier: &identifier{"urn:oid:" + r.Professional.ID.Root, r.Professional.ID.Extension}},
			OnBehalfOf: reference{Reference: requester},
		}},
	}, "")
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(made); err != nil {
		panic(err) // texts alone cannot fail
	}
	return bytes.TrimSpace(b.Bytes())
}

func (r Request) consent(url string, category consent.Category, patient, holder string) consentResource {
	var types []extension
	for _, each := range r.RequesterTypes {
		types = append(types, extension{extensionProviderCategory, coded(systems.OrganizationType, string(each))})
	}
	return consentResource{
		ResourceType: "Consent", Extension: types, Identifier: []identifier{{systemURI, url}},
		Status: "active", Scope: coded(systemScope, "patient-privacy"), Category: []concept{coded(systemDataCategory, string(category))},
		Patient: reference{Reference: patient}, DateTime: r.at(), PolicyRule: concept{Text: r.Agreement},
		Provision: provision{
			Type:    "permit",
			Actor:   []actor{{coded(systemParticipation, "CST"), reference{Reference: holder}}},
			Purpose: []coding{{systemPurpose, string(consent.PurposeTreatment)}},
		},
	}
}

func (r Request) at() string { return r.RecordedAt.UTC().Format(time.RFC3339) }

func uuid(id string) string { return "urn:uuid:" + id }

// url returns the URL of one resource of the Bundle, the same each time (RFC 9562 section 5.8).
func (r Request) url(of string) string {
	b := sha256.Sum256([]byte(r.ID + "\x00" + of))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return uuid(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// Entries is how many resources a request is made of.
func (r Request) Entries() int { return len(r.Categories) + 4 }
