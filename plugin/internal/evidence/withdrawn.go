// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Withdrawn has Mitz never told of what waits about a patient at a data holder and was recorded
// before the consent in it was withdrawn. It is to be called after that is kept. What Mitz was
// told of before stays as it is.
func (s *Service) Withdrawn(ctx context.Context, patient consent.BSN, dataHolder consent.URA) error {
	places, err := s.config.Keys.Places(patient, dataHolder, placePurpose)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	rows, err := s.config.Store.waiting(ctx, places)
	if err != nil {
		return err
	}
	for _, each := range rows {
		registration, err := each.open(s.config.Keys)
		if err != nil {
			continue // it is never sent either
		}
		withdrawn, err := isWithdrawn(ctx, s.config.Withdrawals, each, registration)
		if err != nil {
			return err
		}
		if !withdrawn {
			continue
		}
		// Who changed it meanwhile looks too before it is sent.
		if _, err := s.config.Store.replace(ctx, each.in(Withdrawn, time.Now())); err != nil {
			return err
		}
	}
	return nil
}

// isWithdrawn reports whether any of the consent in a registration was withdrawn since it was
// recorded, or kept: the date is the requester's word. To register the rest of it would register
// that too.
func isWithdrawn(ctx context.Context, withdrawals Withdrawals, kept row, r Registration) (bool, error) {
	since := r.Consent.RecordedAt
	if kept.Kept.Before(since) {
		since = kept.Kept
	}
	question := consent.Question{Patient: r.Patient, DataHolder: r.DataHolder, Categories: r.Consent.Categories}
	for _, each := range r.Consent.RequesterTypes {
		question.Requester.FacilityType = each
		last, err := withdrawals.Last(ctx, question)
		if err != nil {
			return false, err
		}
		if !last.IsZero() && !since.After(last) {
			return true, nil
		}
	}
	return false, nil
}
