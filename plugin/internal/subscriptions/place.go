// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"time"

	"github.com/google/uuid"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// placesOf returns the places of a patient's subscription at a data holder: one for each key,
// that of the one in use first. Two subjects can stand for one URA, as a hospital and its
// pharmacy do, and Mitz is told of each. After these are the places in which rows were kept
// before subjects were told apart.
func placesOf(keys *withdrawal.Keys, patient consent.BSN, subject string, dataHolder consent.URA) ([]string, error) {
	places, err := keys.Places(patient, dataHolder, "subscription of "+subject)
	if err != nil {
		return nil, err
	}
	former, err := keys.Places(patient, dataHolder, "subscription")
	return append(places, former...), err
}

// placesOfRow returns the places of a row's patient; none, where nobody can tell who that is.
func (c *Config) placesOfRow(r row) []string {
	patient, _, err := c.Keys.Open(r.Sealed)
	if err != nil {
		return nil
	}
	places, err := placesOf(c.Keys, patient, r.Subject, r.DataHolder.URA)
	if err != nil {
		return nil
	}
	return places
}

// rowOf returns a row for a wish that nobody had before.
func rowOf(keys *withdrawal.Keys, wish Wish, place string, now time.Time) (row, error) {
	sealed, err := keys.Seal(wish.Patient, wish.BirthDate)
	if err != nil {
		return row{}, err
	}
	made := row{
		Subscription: Subscription{ID: uuid.NewString(), Subject: wish.Subject},
		DataHolder:   wish.DataHolder, Place: place, Key: keys.ID(), Sealed: sealed,
	}
	return made.in(Waiting, now), nil
}
