// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"strconv"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// Action is what was done.
type Action string

// The actions.
const (
	Query          Action = "query"            // Mitz is about to be asked
	Consult        Action = "consult"          // how that ended
	TokenIssued    Action = "token-issued"     // a token for a guarded scope is issued
	TokenRefused   Action = "token-refused"    // a token for a guarded scope was refused
	TokenNotStored Action = "token-not-stored" // corrects a TokenIssued: there is no such token
	// DecisionPermitted and DecisionRefused are answers of the decision point: what they are about
	// happens elsewhere.
	DecisionPermitted Action = "decision-permitted"
	DecisionRefused   Action = "decision-refused"
	TokensRevoked     Action = "tokens-revoked"  // live tokens ended
	Locate            Action = "locate"          // Mitz is about to be asked where a patient's data are
	Located           Action = "located"         // how that ended
	Notification      Action = "notification"    // Mitz told that a patient's consent changed, or something that cannot be read
	Interrupted       Action = "log-interrupted" // entries could not be written for a while
	Signed            Action = "log-signed"      // a signature over the chain so far
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
	// Ground and Credentials say by which ground consent was brought along, and the ids (URIs) of
	// the credentials that say so; empty: none was.
	Ground      string
	Credentials []string
	Scope       string   // the guarded scope asked for
	Subject     string   // the data holder's Nuts subject
	Presenters  []string // the DIDs that signed the request's presentations; none when that is not known
	// Basis is what an answer of the decision point rests on: "claims" of another node, whose
	// credentials were not seen, or a "token"; empty: it is no such answer.
	Basis string
	// Question is what was asked, or would have been; nil when the request was too wrong to
	// make one. Of where data are, it has no data holder and no data categories: the requester
	// is an organisation that this node answers for.
	Question *consent.Question
	// Patient and DataHolder are for what is about a patient without a question.
	Patient    consent.BSN
	DataHolder consent.URA
	// Since is when the first happened of several that are told in one, and Count how many they
	// are; zero: it is one.
	Since time.Time
	Count int

	signature string // of a Signed entry: a JWS
}

// IsAbout reports whether an entry is about a patient, with a question or without.
func (e Entry) IsAbout(patient consent.BSN) bool {
	return e.Patient.Equal(patient) || e.Question != nil && e.Question.Patient.Equal(patient)
}

// The parts of a FHIR R4 AuditEvent (HL7 FHIR R4, section 6.4) that are used.
type (
	auditEvent struct {
		ResourceType   string      `json:"resourceType"`
		Type           coding      `json:"type"`
		Subtype        []coding    `json:"subtype"`
		Action         string      `json:"action"`
		Period         *period     `json:"period,omitempty"`
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
		What   *reference `json:"what,omitempty"`
		Type   coding     `json:"type"`
		Role   *coding    `json:"role,omitempty"`
		Detail []detail   `json:"detail,omitempty"`
	}
	detail struct {
		Type  string `json:"type"`
		Value string `json:"valueString"`
	}
	period struct {
		Start string `json:"start"`
		End   string `json:"end"`
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
	systemBSN        = systems.BSN
	systemURA        = systems.URA
	systemRole       = "urn:oid:" + systems.OIDRole
	systemFacility   = "urn:oid:" + systems.OIDFacilityType
	systemCategory   = "urn:oid:" + systems.OIDCategory
	systemURI        = "urn:ietf:rfc:3986"
	systemSubject    = "https://nuts.nl/subject"
	systemScope      = "https://nuts.nl/scope"
	systemSoftware   = "https://github.com/nuts-mitz/nuts-mitz"
	systemAction     = "https://github.com/nuts-mitz/nuts-mitz/action"
)

// The types of details.
const (
	detailCount     = "count"
	detailSignature = "jws"
	detailGround    = "ground"
	detailBasis     = "basis"
)

// sourceRole is the role of what sent the request (DICOM: Source Role ID).
const sourceRole = "110153"

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
		Source:       eventSource{e.observer()},
		Agent:        []agent{{Who: e.observer()}},
	}
	switch e.Action {
	case Query, Consult, Locate, Located:
		event.Type = coding{systemDICOM, "110112"} // Query
	case Notification:
		event.Type = coding{systemLifecycle, "receive"}
	case Interrupted, Signed:
		event.Type = coding{systemDICOM, "110100"} // Application Activity
	case TokenIssued, TokenRefused, TokenNotStored, TokensRevoked, DecisionPermitted, DecisionRefused:
		// the type of a REST operation, as above
	}
	for _, id := range e.RequestIDs {
		event.Entity = append(event.Entity, entity{What: &reference{identifier{systemURI, "urn:uuid:" + id}}, Type: coding{systemEntity, "4"}})
	}
	for _, id := range e.Credentials {
		event.Entity = append(event.Entity, entity{
			What: &reference{identifier{systemURI, id}}, Type: coding{systemEntity, "4"}, Detail: []detail{{detailGround, e.Ground}},
		})
	}
	if e.Scope != "" {
		event.Entity = append(event.Entity, entity{What: &reference{identifier{systemScope, e.Scope}}, Type: coding{systemEntity, "2"}})
	}
	if e.Basis != "" {
		event.Entity = append(event.Entity, entity{Type: coding{systemEntity, "2"}, Detail: []detail{{detailBasis, e.Basis}}})
	}
	if !e.Since.IsZero() {
		event.Period = &period{e.Since.UTC().Format(time.RFC3339Nano), event.Recorded}
		event.Entity = append(event.Entity, entity{
			Type: coding{systemEntity, "2"}, Detail: []detail{{detailCount, strconv.Itoa(e.Count)}},
		})
	}
	if e.signature != "" {
		event.Entity = append(event.Entity, entity{Type: coding{systemEntity, "2"}, Detail: []detail{{detailSignature, e.signature}}})
	}
	event.addPresenters(e)
	if e.Question != nil {
		event.addQuestion(*e.Question)
	}
	if e.DataHolder != "" {
		event.Source = eventSource{reference{identifier{systemURA, string(e.DataHolder)}}}
	}
	if !e.Patient.IsZero() {
		event.addPatient(e.Patient)
	}
	return event
}

// observer is who holds the record, or this software where that is not known.
func (e Entry) observer() reference {
	if e.Subject == "" {
		return reference{identifier{systemSoftware, "nuts-mitz"}}
	}
	return reference{identifier{systemSubject, e.Subject}}
}

// addPresenters adds which systems sent the request. One is its initiator as long as
// nobody is known for whom it acts; FHIR wants no more than one.
func (e *auditEvent) addPresenters(entry Entry) {
	initiator := len(entry.Presenters) == 1 && entry.Question == nil
	for _, presenter := range entry.Presenters {
		e.Agent = append(e.Agent, agent{
			Type: &concept{Coding: []coding{{systemDICOM, sourceRole}}},
			Who:  reference{identifier{systemURI, presenter}}, Requestor: initiator,
		})
	}
}

// addQuestion adds who asked whom, about whom, what and why.
func (e *auditEvent) addQuestion(q consent.Question) {
	e.PurposeOfEvent = []concept{{Coding: []coding{{systemReason, string(q.Purpose)}}}}
	if q.DataHolder.URA != "" {
		e.Source = eventSource{reference{identifier{systemURA, string(q.DataHolder.URA)}}}
	}
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
	e.addPatient(q.Patient)
	for _, category := range q.Categories {
		e.Entity = append(e.Entity, entity{What: &reference{identifier{systemCategory, string(category)}}, Type: coding{systemEntity, "2"}})
	}
}

// addPatient adds whom it is about.
func (e *auditEvent) addPatient(patient consent.BSN) {
	e.Entity = append(e.Entity, entity{
		What: &reference{identifier{systemBSN, patient.Expose()}},
		Type: coding{systemEntity, "1"}, Role: &coding{systemObjectRole, "1"},
	})
}

// interruption is the entry about a time in which entries could not be written, of which some
// are lost.
func interruption(since, until time.Time, lost int) Entry {
	return Entry{
		Time: until, Since: since, Count: lost, Action: Interrupted, Outcome: SeriousFailure, Code: "audit_unwritten",
	}
}

func participant(code string) *concept {
	return &concept{Coding: []coding{{systemProvenance, code}}}
}

func professional(id consent.ProfessionalID) reference {
	return reference{identifier{"urn:oid:" + id.Root, id.Extension}}
}
