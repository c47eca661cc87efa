// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
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

// register keeps consents.
type register struct {
	mu       sync.Mutex
	consents []recorded
}

type recorded struct {
	patient  consent.BSN
	scope    scope
	decision consent.Decision
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
	s.register.put(recorded{patient: patient, scope: c.scope(), decision: c.Decision})
	return nil
}

// Withdraw forgets the consent about the same as c, whatever it decides, and
// reports whether there was one.
func (s *Simulator) Withdraw(c Consent) bool {
	return s.register.remove(func(r recorded) bool {
		patient, err := consent.ParseBSN(c.Patient)
		return err == nil && r.patient.Equal(patient) && r.scope == c.scope()
	})
}

// Forget forgets every consent of a patient (BSN), and reports whether there was one.
func (s *Simulator) Forget(patient string) bool {
	return s.register.remove(func(r recorded) bool {
		bsn, err := consent.ParseBSN(patient)
		return err == nil && r.patient.Equal(bsn)
	})
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
	r.consents = slices.DeleteFunc(r.consents, func(old recorded) bool {
		return old.patient.Equal(c.patient) && old.scope == c.scope
	})
	r.consents = append(r.consents, c)
}

func (r *register) remove(match func(recorded) bool) (found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.consents)
	r.consents = slices.DeleteFunc(r.consents, match)
	return len(r.consents) < before
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
	for _, c := range r.consents {
		if c.patient.Equal(patient) && c.scope == about {
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
