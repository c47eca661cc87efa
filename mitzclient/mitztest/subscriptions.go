// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Subscription is a data holder's wish to be told when a patient's consents change. However
// it is printed, neither the patient's number is there nor the endpoint, whose path may be
// a secret between the data holder and Mitz.
type Subscription struct {
	ID             string
	Time           time.Time
	Patient        consent.BSN
	DataHolder     consent.URA
	DataHolderType consent.FacilityType
	BirthDate      string // yyyy-mm-dd, or less; empty when it was not told
	Gateway        string // OID of the gateway system
	Source         string // OID of the source system
	Endpoint       string // the URL that notifications go to
	Payload        string // their media type: application/fhir+xml or application/fhir+json

	since int // how many there were before
}

// Format leaves out the patient's number and the endpoint, for every verb and flag.
func (s Subscription) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("subscription %s of %s (%s) to [BSN]", s.ID, s.DataHolder, s.DataHolderType))
}

// same reports whether two ask the same.
func (s Subscription) same(other Subscription) bool {
	return s.Patient.Equal(other.Patient) && s.DataHolder == other.DataHolder && s.DataHolderType == other.DataHolderType &&
		s.BirthDate == other.BirthDate && s.Gateway == other.Gateway && s.Source == other.Source &&
		s.Endpoint == other.Endpoint && s.Payload == other.Payload
}

// Subscriptions returns the subscriptions that were not ended, oldest first.
func (s *Simulator) Subscriptions() []Subscription { return s.subscribers.list() }

// WaitForSubscriptions waits until there are at least n subscriptions. The error is the context's.
func (s *Simulator) WaitForSubscriptions(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(*journal) bool { return s.subscribers.count() >= n })
}

// subscribers keeps subscriptions by id, and by a hash of the patient's number and the data holder.
type subscribers struct {
	key   patientKey
	mu    sync.Mutex
	byID  map[string]Subscription
	about map[[32]byte][]string
	added int
}

// add returns the id of the subscription, which is the one of an earlier that asks the same.
func (s *subscribers) add(wanted Subscription) (id string, added bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.key.of(wanted.Patient, wanted.DataHolder)
	for _, id := range s.about[key] {
		if s.byID[id].same(wanted) {
			return id, false
		}
	}
	wanted.ID, wanted.since = newID(), s.added
	s.added++
	s.byID[wanted.ID] = wanted
	s.about[key] = append(s.about[key], wanted.ID)
	return wanted.ID, true
}

// end reports whether there was one with this id.
func (s *subscribers) end(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended, found := s.byID[id]
	if !found {
		return false
	}
	delete(s.byID, id)
	key := s.key.of(ended.Patient, ended.DataHolder)
	s.about[key] = slices.DeleteFunc(s.about[key], func(each string) bool { return each == id })
	if len(s.about[key]) == 0 {
		delete(s.about, key)
	}
	return true
}

func (s *subscribers) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.byID[id]
	return found
}

func (s *subscribers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// to returns the subscriptions to a patient's consents at a data holder, oldest first.
func (s *subscribers) to(patient consent.BSN, dataHolder consent.URA) (found []Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.about[s.key.of(patient, dataHolder)] {
		found = append(found, s.byID[id])
	}
	return found
}

func (s *subscribers) list() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Subscription, 0, len(s.byID))
	for _, each := range s.byID {
		all = append(all, each)
	}
	slices.SortFunc(all, func(a, b Subscription) int { return cmp.Compare(a.since, b.since) })
	return all
}

// newID returns a random uuid (RFC 9562, section 5.4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
