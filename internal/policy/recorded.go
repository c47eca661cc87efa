// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Recorded is what a patient chose, as the requester recorded it: it can be more than the question
// asks.
type Recorded struct {
	Categories     []consent.Category
	RequesterTypes []consent.FacilityType // for organisations of these types
	Requester      consent.URA            // that recorded it
	Professional   consent.Professional   // who recorded it
	RecordedAt     time.Time
	Identification string // how the patient was identified
	Agreement      string // the version of the Mitz agreements
}

// Recorded returns the consent that the permission rests on, where the requester recorded it: its
// credential is the first of those that [Permission.Rests] returns. It reports false for a
// permission on another ground.
func (p *Permission) Recorded() (Recorded, bool) {
	if p == nil || p.c == nil || p.ground != GroundRegistration || len(p.finding.Rests) == 0 {
		return Recorded{}, false
	}
	s := statementIn(p.finding.Rests[0], memberRegistration)
	recorded := Recorded{Requester: p.c.question.Requester.URA, RecordedAt: p.finding.At}
	recorded.Categories, _ = listed(s, "dataCategory", readCategory)
	recorded.RequesterTypes, _ = listed(s, "requesterFacilityType", readFacilityType)
	recorded.Professional.ID, _ = stated(s, "recordedBy.identifier", readProfessional, same)
	recorded.Professional.Role, _ = stated(s, "recordedBy.roleCode", readRole, same)
	recorded.Identification, _ = stated(s, "identification", readWord, same)
	recorded.Agreement, _ = stated(s, "agreement", readWord, same)
	slices.Sort(recorded.Categories)
	slices.Sort(recorded.RequesterTypes)
	recorded.Categories, recorded.RequesterTypes = slices.Compact(recorded.Categories), slices.Compact(recorded.RequesterTypes)
	return recorded, len(s.faults) == 0
}
