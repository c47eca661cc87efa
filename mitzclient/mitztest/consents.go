// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Consent is a patient's choice: whether one data holder may show the data of one
// category to organisations of one type. However it is printed, the patient's
// number is not.
type Consent struct {
	Patient       string // BSN, nine digits
	DataHolder    consent.URA
	Category      consent.Category
	RequesterType consent.FacilityType
	Decision      consent.Decision // Permit or Deny
}

// Format leaves out the patient's number, for every verb and flag.
func (c Consent) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("%s of [BSN]: %s of %s to %s", c.Decision, c.Category, c.DataHolder, c.RequesterType))
}

// Patients of the Mitz test environment. What is recorded for them has no effect.
const (
	PatientAlwaysPermit = "900203638"
	PatientAlwaysDeny   = "900203651"
)

// register keeps consents, by a hash of the patient's number.
type register struct {
	key      patientKey
	mu       sync.Mutex
	patients map[[32]byte][]recorded
	recorded int
}

type recorded struct {
	patient  consent.BSN
	scope    scope
	decision consent.Decision
	since    int // how many were recorded before
	// withdrawn: it counts no more, but its kind of care provider is not permitted
	// by the consent of another organisation type of that kind.
	withdrawn bool
}

// scope is what a consent is about, apart from the patient.
type scope struct {
	dataHolder    consent.URA
	category      consent.Category
	requesterType consent.FacilityType
}

// Record records a consent, in place of an earlier one about the same. The error
// says what is malformed; then nothing was recorded.
func (s *Simulator) Record(c Consent) error {
	patient, err := c.validate()
	if err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	s.register.put(recorded{patient: patient, scope: c.scope(), decision: c.Decision})
	s.attested()
	s.notify(patient, []scope{c.scope()})
	return nil
}

// Withdraw forgets the consent about the same as c, whatever it decides, and
// reports whether there was one.
func (s *Simulator) Withdraw(c Consent) bool {
	return s.withdraw(c.Patient, func(about scope) bool { return about == c.scope() })
}

// Forget forgets every consent of a patient (BSN), and reports whether there was one.
func (s *Simulator) Forget(patient string) bool {
	return s.withdraw(patient, func(scope) bool { return true })
}

func (s *Simulator) withdraw(patient string, match func(scope) bool) (found bool) {
	bsn, err := consent.ParseBSN(patient)
	if err != nil {
		return false
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	gone := s.register.withdraw(bsn, match)
	s.attested()
	s.notify(bsn, gone)
	return len(gone) > 0
}

func (c Consent) scope() scope {
	return scope{dataHolder: c.DataHolder, category: c.Category, requesterType: c.RequesterType}
}

func (c Consent) validate() (consent.BSN, error) {
	if _, err := consent.ParseURA(string(c.DataHolder)); err != nil {
		return consent.BSN{}, err
	}
	if _, err := consent.ParseCategory(string(c.Category)); err != nil {
		return consent.BSN{}, err
	}
	if _, err := consent.ParseFacilityType(string(c.RequesterType)); err != nil {
		return consent.BSN{}, err
	}
	if c.Decision != consent.Permit && c.Decision != consent.Deny {
		return consent.BSN{}, errors.New("the decision must be Permit or Deny")
	}
	return consent.ParseBSN(c.Patient)
}

func (r *register) put(c recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.patients == nil {
		r.patients = map[[32]byte][]recorded{}
	}
	key := r.key.of(c.patient, "")
	c.since = r.recorded
	r.recorded++
	r.patients[key] = append(slices.DeleteFunc(r.patients[key], func(old recorded) bool { return old.scope == c.scope }), c)
}

// withdraw returns what was withdrawn, oldest first.
func (r *register) withdraw(patient consent.BSN, match func(scope) bool) (gone []scope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.patients[r.key.of(patient, "")]
	for i := range of {
		if !of[i].withdrawn && match(of[i].scope) {
			of[i].withdrawn = true
			gone = append(gone, of[i].scope)
		}
	}
	return gone
}

// list returns the consents that count, oldest first.
func (r *register) list() (all []recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range r.patients {
		for _, each := range of {
			if !each.withdrawn {
				all = append(all, each)
			}
		}
	}
	slices.SortFunc(all, func(a, b recorded) int { return a.since - b.since })
	return all
}

// decide returns a decision for each data category. Without a consent it is Deny;
// the purpose of use makes no difference.
func (r *register) decide(q consent.Question) consent.Decisions {
	r.mu.Lock()
	defer r.mu.Unlock()
	decisions := make(consent.Decisions, len(q.Categories))
	for _, category := range q.Categories {
		decisions[category] = r.decideOne(q.Patient, scope{
			dataHolder:    q.DataHolder.URA,
			category:      category,
			requesterType: q.Requester.FacilityType,
		})
	}
	return decisions
}

func (r *register) decideOne(patient consent.BSN, about scope) consent.Decision {
	switch {
	case is(patient, PatientAlwaysPermit):
		return consent.Permit
	case is(patient, PatientAlwaysDeny):
		return consent.Deny
	}
	for _, c := range r.patients[r.key.of(patient, "")] {
		if c.scope == about && !c.withdrawn {
			return c.decision
		}
	}
	return consent.Deny
}

// is compares without exposing the number.
func is(patient consent.BSN, digits string) bool {
	other, err := consent.ParseBSN(digits)
	return err == nil && patient.Equal(other)
}

// patientKey finds what belongs to a patient without holding the number. It is of one run.
type patientKey [32]byte

func newPatientKey() (key patientKey) {
	_, _ = rand.Read(key[:]) // crypto/rand does not fail
	return key
}

func (k patientKey) of(patient consent.BSN, dataHolder consent.URA) [32]byte {
	return patient.Keyed(k, string(dataHolder))
}
