// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Action is what was done.
type Action string

// The actions.
const (
	Consult        Action = "consult"          // Mitz was asked
	TokenIssued    Action = "token-issued"     // a token for a guarded scope is issued
	TokenRefused   Action = "token-refused"    // a token for a guarded scope was refused
	TokenNotStored Action = "token-not-stored" // corrects a TokenIssued: there is no such token
)

// Outcome is how it ended (FHIR R4, AuditEvent.outcome).
type Outcome string

// The outcomes.
const (
	Success        Outcome = "0" // consent
	MinorFailure   Outcome = "4" // no consent, or a request that is wrong
	SeriousFailure Outcome = "8" // it could not be established
)

// Entry is one thing that happened.
type Entry struct {
	Time       time.Time
	Action     Action
	Outcome    Outcome
	Code       string   // a stable code of how it ended, such as "permit" or "denied"
	RequestIDs []string // uuids under which Mitz knows the queries; none when it was not asked
	Scope      string   // the guarded scope asked for
	Subject    string   // the data holder's Nuts subject
	Presenters []string // the DIDs that signed the request's presentations; none when that is not known
	// Question is what was asked, or would have been; nil when the request was too wrong to
	// make one.
	Question *consent.Question
}

// The parts of a FHIR R4 AuditEvent (HL7 FHIR R4, section 6.4) that are used.
type (
	auditEvent struct {
		ResourceType   string      `json:"resourceType"`
		Type           coding      `json:"type"`
		Subtype        []coding    `json:"subtype"`
		Action         string      `json:"action"`
		Recorded       string      `json:"recorded"`
		Outcome        Outcome     `json:"outcome"`
		OutcomeDesc    string      `json:"outcomeDesc"`
		PurposeOfEvent []concept   `json:"purposeOfEvent,omitempty"`
		Agent          []agent     `json:"agent"`
		Source         eventSource `json:"source"`
		Entity         []entity    `json:"entity,omitempty"`
	}
	coding struct {
		System string `json:"system,omitempty"`
		Code   string `json:"code"`
	}
	concept struct {
		Coding []coding `json:"coding"`
	}
	identifier struct {
		System string `json:"system,omitempty"`
		Value  string `json:"value"`
	}
	reference struct {
		Identifier identifier `json:"identifier"`
	}
	agent struct {
		Type      *concept  `json:"type,omitempty"`
		Role      []concept `json:"role,omitempty"`
		Who       reference `json:"who"`
		Requestor bool      `json:"requestor"`
	}
	eventSource struct {
		Observer reference `json:"observer"`
	}
	entity struct {
		What reference `json:"what"`
		Type coding    `json:"type"`
		Role *coding   `json:"role,omitempty"`
	}
)

// The systems of codes and identifiers.
const (
	systemDICOM      = "http://dicom.nema.org/resources/ontology/DCM"
	systemLifecycle  = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
	systemReason     = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemProvenance = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
	systemEntity     = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemObjectRole = "http://terminology.hl7.org/CodeSystem/object-role"
	systemBSN        = "http://fhir.nl/fhir/NamingSystem/bsn"
	systemURA        = "http://fhir.nl/fhir/NamingSystem/ura"
	systemRole       = "urn:oid:2.16.840.1.113883.2.4.15.111"
	systemFacility   = "urn:oid:2.16.840.1.113883.2.4.15.1060"
	systemCategory   = "urn:oid:2.16.840.1.113883.2.4.3.111.5.10.1"
	systemURI        = "urn:ietf:rfc:3986"
	systemSubject    = "https://nuts.nl/subject"
	systemScope      = "https://nuts.nl/scope"
	systemAction     = "https://github.com/nuts-mitz/nuts-mitz/action"
)

// event makes the AuditEvent of an entry.
func (e Entry) event() auditEvent {
	event := auditEvent{
		ResourceType: "AuditEvent",
		Type:         coding{systemLifecycle, "disclose"},
		Subtype:      []coding{{systemAction, string(e.Action)}},
		Action:       "E",
		Recorded:     e.Time.UTC().Format(time.RFC3339Nano),
		Outcome:      e.Outcome,
		OutcomeDesc:  e.Code,
		Source:       eventSource{reference{identifier{systemSubject, e.Subject}}},
		Agent:        []agent{{Who: reference{identifier{systemSubject, e.Subject}}}},
	}
	if e.Action == Consult {
		event.Type = coding{systemDICOM, "110112"} // Query
	}
	for _, id := range e.RequestIDs {
		event.Entity = append(event.Entity, entity{What: reference{identifier{systemURI, "urn:uuid:" + id}}, Type: coding{systemEntity, "4"}})
	}
	if e.Scope != "" {
		event.Entity = append(event.Entity, entity{What: reference{identifier{systemScope, e.Scope}}, Type: coding{systemEntity, "2"}})
	}
	event.addPresenters(e)
	if e.Question != nil {
		event.addQuestion(*e.Question)
	}
	return event
}

// addPresenters adds which systems sent the request. One is its initiator as long as
// nobody is known for whom it acts; FHIR wants no more than one.
func (e *auditEvent) addPresenters(entry Entry) {
	initiator := len(entry.Presenters) == 1 && entry.Question == nil
	for _, presenter := range entry.Presenters {
		e.Agent = append(e.Agent, agent{
			Type: &concept{Coding: []coding{{systemDICOM, "110153"}}}, // Source Role ID: what sent the request
			Who:  reference{identifier{systemURI, presenter}}, Requestor: initiator,
		})
	}
}

// addQuestion adds who asked whom, about whom, what and why.
func (e *auditEvent) addQuestion(q consent.Question) {
	e.PurposeOfEvent = []concept{{Coding: []coding{{systemReason, string(q.Purpose)}}}}
	e.Source = eventSource{reference{identifier{systemURA, string(q.DataHolder.URA)}}}
	e.Agent = append(e.Agent, agent{
		Type: participant("author"),
		Role: []concept{{Coding: []coding{{systemRole, string(q.Requester.Responsible.Role)}}}},
		Who:  professional(q.Requester.Responsible.ID), Requestor: q.Requester.Mandated == nil,
	})
	if q.Requester.Mandated != nil {
		e.Agent = append(e.Agent, agent{Type: participant("enterer"), Who: professional(*q.Requester.Mandated), Requestor: true})
	}
	e.Agent = append(e.Agent, agent{
		Type: participant("custodian"),
		Role: []concept{{Coding: []coding{{systemFacility, string(q.Requester.FacilityType)}}}},
		Who:  reference{identifier{systemURA, string(q.Requester.URA)}},
	})
	e.Entity = append(e.Entity, entity{
		What: reference{identifier{systemBSN, q.Patient.Expose()}},
		Type: coding{systemEntity, "1"}, Role: &coding{systemObjectRole, "1"},
	})
	for _, category := range q.Categories {
		e.Entity = append(e.Entity, entity{What: reference{identifier{systemCategory, string(category)}}, Type: coding{systemEntity, "2"}})
	}
}

func participant(code string) *concept {
	return &concept{Coding: []coding{{systemProvenance, code}}}
}

func professional(id consent.ProfessionalID) reference {
	return reference{identifier{"urn:oid:" + id.Root, id.Extension}}
}
