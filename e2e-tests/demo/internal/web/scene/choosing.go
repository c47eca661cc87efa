// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// Choice is what a patient decides in Mitz: whether a data holder may show data of a category to
// organisations of a type.
type Choice struct {
	Patient  string // key
	Holder   string // key
	Category string
	Kind     string
	Decision string // permit, deny or none
}

// The decisions.
const (
	Permit = "permit"
	Deny   = "deny"
	None   = "none" // nothing is recorded
)

// toldTime is how long to wait until a data holder was told of a change.
const toldTime = 5 * time.Second

// Choose records a choice in Mitz, or forgets the one about the same. When a data holder has to
// be told, it waits for that.
func (s *Scene) Choose(ctx context.Context, choice Choice) error {
	patient := s.cast.patient(choice.Patient)
	if patient == nil || patient.Holder != choice.Holder || !slices.Contains(Categories(), consent.Category(choice.Category)) ||
		!slices.Contains(Kinds(), consent.FacilityType(choice.Kind)) {
		return ErrUnknown
	}
	about := mitztest.Consent{
		Patient: patient.BSN, DataHolder: consent.URA(s.cast.holder(choice.Holder).URA), Category: consent.Category(choice.Category),
		RequesterType: consent.FacilityType(choice.Kind), Decision: consent.Permit,
	}
	kinds := map[string]string{Permit: "gives", Deny: "refuses", None: "withdraws"}
	kind, ok := kinds[choice.Decision]
	if !ok {
		return ErrUnknown
	}
	s.follows()
	s.bus.Publish(events.Event{From: events.Patient, To: events.Mitz, Kind: kind, About: patient.Key, Facts: []events.Fact{
		{Name: "category", Value: "category." + choice.Category, Word: true}, {Name: "kind", Value: kindKey(about.RequesterType), Word: true},
		{Name: "holder", Value: s.cast.holder(choice.Holder).Name},
	}})
	if choice.Decision == None {
		s.mitz().Withdraw(about)
	} else {
		if choice.Decision == Deny {
			about.Decision = consent.Deny
		}
		if err := s.mitz().Record(about); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, toldTime)
	defer cancel()
	_ = s.mitz().WaitUntilTold(ctx) // what was not told shows on the pages
	return nil
}

// subscribed reports whether a data holder is told when the patient's consents change.
func (s *Scene) subscribed(patient *Patient, dataHolder consent.URA) bool {
	return slices.ContainsFunc(s.mitz().Subscriptions(), func(each mitztest.Subscription) bool {
		return each.DataHolder == dataHolder && each.PatientNumber() == patient.BSN
	})
}

// AwaitSubscription waits until a patient's data holder is told when consents change: it
// subscribes in the background, when it issues a token.
func (s *Scene) AwaitSubscription(ctx context.Context, key string) error {
	patient := s.cast.patient(key)
	if patient == nil {
		return ErrUnknown
	}
	for known := len(s.mitz().Subscriptions()); !s.subscribed(patient, consent.URA(s.cast.holder(patient.Holder).URA)); known++ {
		if err := s.mitz().WaitForSubscriptions(ctx, known+1); err != nil {
			return err
		}
	}
	return nil
}
