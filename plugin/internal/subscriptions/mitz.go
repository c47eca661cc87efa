// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// Mitz is told of subscriptions. The errors are a mitzclient.Error.
type Mitz interface {
	// Subscribe returns the id by which Mitz knows a subscription. The same again gives the same.
	Subscribe(ctx context.Context, s mitzclient.Subscription) (id string, err error)
	// EndSubscription ends the one of an id.
	EndSubscription(ctx context.Context, id string) error
}

var _ Mitz = (*mitzclient.Link)(nil)

// listed returns a row's data holder as the list has it now, and reports whether it is there.
func (c *Config) listed(r row) (consent.DataHolder, bool) {
	dataHolder, known := c.DataHolder(r.Subject)
	return dataHolder, known && dataHolder.URA == r.DataHolder.URA
}

// isToldNow reports whether Mitz was told last what it is to be told now of a row.
func (c *Config) isToldNow(r row) bool {
	dataHolder, listed := c.listed(r)
	_, beside, err := c.Keys.Open(r.Sealed)
	d := datesOf(beside)
	return listed && err == nil && d.told == d.wanted && r.Told == c.saying(dataHolder).hash()
}

// message returns what Mitz is told of a row, and the row as it is kept then: under the key in
// use, when it is told what it is to be told now. Code says why there is no message, and is empty
// when there is one.
func (c *Config) message(r row, said saying) (message mitzclient.Subscription, now row, code string) {
	keys, known := c.Keys.Under(said.Key)
	patient, beside, err := c.Keys.Open(r.Sealed)
	if err != nil || !known {
		return message, r, FailureKeyUnknown
	}
	path, err := keys.Path(patient, said.URA, r.ID)
	if err != nil {
		return message, r, FailureKeyUnknown
	}
	birthDates := datesOf(beside)
	if r.MitzID == "" && r.Told == said.hash() {
		message.BirthDate = birthDates.told // the same again
	} else {
		message.BirthDate, birthDates.told = birthDates.wanted, birthDates.wanted
	}
	r.DataHolder, r.Told = consent.DataHolder{URA: said.URA, FacilityType: said.FacilityType}, said.hash()
	if said.Key == c.Keys.ID() {
		if r, err = c.underKeyInUse(r, patient, beside, birthDates); err != nil {
			return message, r, FailureKeyUnknown
		}
	}
	return mitzclient.Subscription{
		Patient: patient, BirthDate: message.BirthDate, DataHolder: r.DataHolder,
		GatewaySystem: said.GatewaySystem, SourceSystem: said.SourceSystem,
		NotifyURL: said.NotifyURL + "/" + path, Payload: said.Payload,
	}, r, ""
}

// underKeyInUse returns a row as it is kept under that key; before is what is sealed with the
// patient, and now what is to be.
func (c *Config) underKeyInUse(r row, patient consent.BSN, before string, now dates) (row, error) {
	var err error
	if r.Key != c.Keys.ID() || now.beside() != before {
		if r.Sealed, err = c.Keys.Seal(patient, now.beside()); err != nil {
			return r, err
		}
		r.Key = c.Keys.ID()
	}
	if r.State == Ending {
		return r, nil // it stays out of the way of a wish
	}
	places, err := placesOf(c.Keys, patient, r.Subject, r.DataHolder.URA)
	if err != nil {
		return r, err
	}
	r.Place = places[0]
	return r, nil
}
