// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/consentfile"
)

// Examples of bodies, with a number for tests.
const (
	exampleConsent = `{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002", "requesterType": "G3", "decision": "Permit"}`
	exampleScope   = `{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002", "requesterType": "G3"}`
	examplePatient = `{"patient": "900186021"}`
)

// consentView is a consent as [consentfile] reads it.
type consentView struct {
	Patient       string               `json:"patient"`
	DataHolder    consent.URA          `json:"dataHolder"`
	Category      consent.Category     `json:"category"`
	RequesterType consent.FacilityType `json:"requesterType"`
	Decision      string               `json:"decision"`
}

// consentsView can be given back to the simulator as a file.
type consentsView struct {
	Consents []consentView `json:"consents"`
}

func (c Control) listConsents([]byte) (any, error) {
	view := consentsView{Consents: []consentView{}}
	for _, each := range c.Simulator.Consents() {
		view.Consents = append(view.Consents, consentView{
			each.Patient, each.DataHolder, each.Category, each.RequesterType, each.Decision.String(),
		})
	}
	return view, nil
}

func (c Control) record(body []byte) (any, error) {
	recorded, err := consentfile.ParseOne(body)
	if err != nil {
		return nil, err
	}
	if err := c.Simulator.Record(recorded); err != nil {
		return nil, err
	}
	return recordedView{Done: true, Warning: warning(recorded)}, nil
}

type recordedView struct {
	Done    bool   `json:"done"`
	Warning string `json:"warning,omitempty"`
}

// warning tells of a consent that changes nothing.
func warning(recorded mitztest.Consent) string {
	switch recorded.Patient {
	case mitztest.PatientAlwaysPermit:
		return "no effect: Mitz's test environment permits everything about this patient"
	case mitztest.PatientAlwaysDeny:
		return "no effect: Mitz's test environment refuses everything about this patient"
	default:
		return ""
	}
}

func (c Control) withdraw(body []byte) (any, error) {
	which, err := consentfile.ParseScope(body)
	if err != nil {
		return nil, err
	}
	if !c.Simulator.Withdraw(which) {
		return nil, notFoundError("there is no consent about this on record: GET /consents lists what there is")
	}
	return done, nil
}

func (c Control) forget(body []byte) (any, error) {
	patient, err := consentfile.ParsePatient(body)
	if err != nil {
		return nil, err
	}
	if !c.Simulator.Forget(patient) {
		return nil, notFoundError("there is no consent of this patient on record")
	}
	return done, nil
}
