// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Registration is a permission that a data holder registered for a patient. However it is
// printed, the patient's number is not there.
type Registration struct {
	ID             string // by which it is recognised when it is sent again: a uuid
	Time           time.Time
	Patient        consent.BSN
	DataHolder     consent.URA
	DataHolderType consent.FacilityType
	Categories     []consent.Category
	RequesterTypes []consent.FacilityType
	Requester      consent.URA // the organisation that recorded it
	Professional   consent.Professional
	RecordedAt     time.Time
	Identification string // how the patient was identified
	Agreement      string // the version of the Mitz agreements
	Sent           int    // how often it was sent
	InForce        bool   // closed queries are answered by it
}

// Format leaves out the patient's number, for every verb and flag.
func (r Registration) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("registration %s of [BSN] at %s", r.ID, r.DataHolder))
}

// same reports whether two say the same.
func (r Registration) same(other Registration) bool {
	return r.Patient.Equal(other.Patient) && r.DataHolder == other.DataHolder && r.DataHolderType == other.DataHolderType &&
		slices.Equal(r.Categories, other.Categories) && slices.Equal(r.RequesterTypes, other.RequesterTypes) &&
		r.Requester == other.Requester && r.Professional == other.Professional && r.RecordedAt.Equal(other.RecordedAt) &&
		r.Identification == other.Identification && r.Agreement == other.Agreement
}

// Registrations returns what was registered, oldest first.
func (s *Simulator) Registrations() []Registration { return s.registrations.list() }

// WaitForRegistrations waits until at least n were registered. The error is the context's.
func (s *Simulator) WaitForRegistrations(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(*journal) bool { return len(s.registrations.list()) >= n })
}

// Process has all registrations be in force that were accepted, and returns how many were not
// before.
func (s *Simulator) Process() int { return s.process(func(Registration) bool { return true }) }

// processDue does the same with those that were accepted long enough ago.
func (s *Simulator) processDue() {
	if s.processing > 0 {
		now := s.clock()
		s.process(func(r Registration) bool { return !now.Before(r.Time.Add(s.processing)) })
	}
}

func (s *Simulator) process(which func(Registration) bool) int {
	s.changing.Lock()
	defer s.changing.Unlock()
	processed := s.registrations.process(which)
	for _, each := range processed {
		var scopes []scope
		for _, category := range each.Categories {
			for _, facility := range each.RequesterTypes {
				about := scope{dataHolder: each.DataHolder, category: category, requesterType: facility}
				s.register.put(recorded{patient: each.Patient, scope: about, decision: consent.Permit})
				scopes = append(scopes, about)
			}
		}
		s.notify(each.Patient, scopes)
	}
	return len(processed)
}

// registrations are kept in the order in which they came.
type registrations struct {
	mu  sync.Mutex
	all []Registration
}

// add keeps a registration, and reports whether it is new. It fails when there is another one
// with its id.
func (r *registrations) add(sent Registration) (isNew bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, each := range r.all {
		if each.ID != sent.ID {
			continue
		}
		if !each.same(sent) {
			return false, unfit("Bundle.identifier: is that of another registration")
		}
		r.all[i].Sent++
		return false, nil
	}
	sent.Sent = 1
	r.all = append(r.all, sent)
	return true, nil
}

func (r *registrations) process(which func(Registration) bool) (processed []Registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, each := range r.all {
		if !each.InForce && which(each) {
			r.all[i].InForce = true
			processed = append(processed, each)
		}
	}
	return processed
}

// unprocessed counts the consents of a data holder that are not in force.
func (r *registrations) unprocessed(dataHolder consent.URA) (count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range r.all {
		if each.DataHolder == dataHolder && !each.InForce {
			count += len(each.Categories)
		}
	}
	return count
}

func (r *registrations) list() []Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}
