// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

// Consents returns what is on record, oldest first. The patients' numbers are in it: it is
// for the answer to who asks what is on record, and not for a log.
func (s *Simulator) Consents() []Consent {
	onRecord := s.register.list()
	consents := make([]Consent, len(onRecord))
	for i, c := range onRecord {
		consents[i] = Consent{
			Patient: c.patient.Expose(), DataHolder: c.scope.dataHolder, Category: c.scope.category,
			RequesterType: c.scope.requesterType, Decision: c.decision,
		}
	}
	return consents
}

// PatientNumber returns the BSN of the patient who was asked about; see [Simulator.Consents].
func (q Query) PatientNumber() string { return q.Patient.Expose() }

// PatientNumber returns the BSN of the patient who was asked about; see [Simulator.Consents].
func (q LocationQuery) PatientNumber() string { return q.Patient.Expose() }

// PatientNumber returns the BSN of the patient whom it is about; see [Simulator.Consents].
func (s Subscription) PatientNumber() string { return s.Patient.Expose() }

// PatientNumber returns the BSN of the patient whom it is about; see [Simulator.Consents].
func (r Registration) PatientNumber() string { return r.Patient.Expose() }

func (asked *openQuery) patientNumber() string { return asked.query.Patient.Expose() }
