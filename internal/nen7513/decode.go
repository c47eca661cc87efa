// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// ErrNotAnEntry is returned for a line that no version of this software wrote. It repeats
// nothing of the line.
var ErrNotAnEntry = errors.New("not an entry of this log")

// Decode reads a line of the log. The type of the data holder is not in it, and a Signed
// entry is returned without its signature.
func Decode(line []byte) (Entry, error) {
	var event auditEvent
	if !utf8.Valid(line) || json.Unmarshal(line, &event) != nil || event.ResourceType != "AuditEvent" || len(event.Subtype) != 1 {
		return Entry{}, ErrNotAnEntry
	}
	entry := Entry{Action: Action(event.Subtype[0].Code), Outcome: event.Outcome, Code: event.OutcomeDesc}
	var err error
	if entry.Time, err = time.Parse(time.RFC3339Nano, event.Recorded); err != nil || event.Subtype[0].System != systemAction {
		return Entry{}, ErrNotAnEntry
	}
	patient := event.readEntities(&entry)
	event.readAgents(&entry)
	switch {
	case (entry.Action == TokensRevoked || entry.Action == Notification) && !event.hasQuestion(): // nobody asked
		err = event.readUnasked(&entry, patient)
	case patient != "":
		entry.Question, err = event.question(patient)
	}
	if err != nil {
		return Entry{}, ErrNotAnEntry
	}
	return entry, nil
}

// hasQuestion reports whether it says for which organisation somebody asked.
func (e *auditEvent) hasQuestion() bool {
	return slices.ContainsFunc(e.Agent, func(each agent) bool { return each.is(systemProvenance, "custodian") })
}

// readUnasked reads at which data holder tokens ended or were to end, and about whom: one about a
// single token does not tell, nor does a notification that cannot be read.
func (e *auditEvent) readUnasked(entry *Entry, number string) (err error) {
	if holder := e.Source.Observer.Identifier; holder.System == systemURA {
		entry.DataHolder = consent.URA(holder.Value)
	}
	if number != "" {
		entry.Patient, err = consent.ParseBSN(number)
	}
	return err
}

// readEntities reads what the request was about, and returns the patient's number.
func (e *auditEvent) readEntities(entry *Entry) (patient string) {
	for _, each := range e.Entity {
		if each.What == nil {
			if len(each.Detail) == 1 && each.Detail[0].Type == detailBasis {
				entry.Basis = each.Detail[0].Value
			}
			continue
		}
		switch id := each.What.Identifier; id.System {
		case systemURI:
			if len(each.Detail) == 1 && each.Detail[0].Type == detailGround {
				entry.Ground, entry.Credentials = each.Detail[0].Value, append(entry.Credentials, id.Value)
				continue
			}
			entry.RequestIDs = append(entry.RequestIDs, strings.TrimPrefix(id.Value, "urn:uuid:"))
		case systemScope:
			entry.Scope = id.Value
		case systemBSN:
			patient = id.Value
		}
	}
	return patient
}

// readAgents reads who holds the record, and which systems sent the request.
func (e *auditEvent) readAgents(entry *Entry) {
	for _, each := range e.Agent {
		switch {
		case each.Who.Identifier.System == systemSubject:
			entry.Subject = each.Who.Identifier.Value
		case each.is(systemDICOM, sourceRole):
			entry.Presenters = append(entry.Presenters, each.Who.Identifier.Value)
		}
	}
}

// question reads who asked whom, about whom, what and why.
func (e *auditEvent) question(number string) (question *consent.Question, err error) {
	question = &consent.Question{}
	if question.Patient, err = consent.ParseBSN(number); err != nil {
		return nil, err
	}
	if holder := e.Source.Observer.Identifier; holder.System == systemURA {
		question.DataHolder.URA = consent.URA(holder.Value)
	}
	for _, each := range e.PurposeOfEvent {
		question.Purpose = consent.PurposeOfUse(each.code(systemReason))
	}
	for _, each := range e.Agent {
		who := each.Who.Identifier
		id := consent.ProfessionalID{Root: strings.TrimPrefix(who.System, "urn:oid:"), Extension: who.Value}
		switch {
		case each.is(systemProvenance, "author"):
			question.Requester.Responsible = consent.Professional{ID: id, Role: consent.Role(each.role(systemRole))}
		case each.is(systemProvenance, "enterer"):
			question.Requester.Mandated = &id
		case each.is(systemProvenance, "custodian"):
			question.Requester.URA, question.Requester.FacilityType = consent.URA(who.Value), consent.FacilityType(each.role(systemFacility))
		}
	}
	for _, each := range e.Entity {
		if each.What != nil && each.What.Identifier.System == systemCategory {
			question.Categories = append(question.Categories, consent.Category(each.What.Identifier.Value))
		}
	}
	return question, nil
}

func (a agent) is(system, code string) bool {
	return a.Type != nil && slices.Contains(a.Type.Coding, coding{system, code})
}

// role is the agent's role in a system of codes.
func (a agent) role(system string) string {
	for _, each := range a.Role {
		if code := each.code(system); code != "" {
			return code
		}
	}
	return ""
}

// code is the concept's code in a system.
func (c concept) code(system string) string {
	for _, each := range c.Coding {
		if each.System == system {
			return each.Code
		}
	}
	return ""
}
