// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

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

// told returns what Mitz is told of a data holder's subscriptions besides the patients, as a
// hash. The key is among it because secret paths are made with it.
func (c *Config) told(dataHolder consent.DataHolder) string {
	// None of these holds the byte between them.
	sum := sha256.Sum256([]byte(strings.Join([]string{
		c.NotifyURL, c.GatewaySystem, c.SourceSystem, c.Payload, c.Keys.ID(), string(dataHolder.URA), string(dataHolder.FacilityType),
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// listed returns a row's data holder as the list has it now, and reports whether it is there.
func (c *Config) listed(r row) (consent.DataHolder, bool) {
	dataHolder, known := c.DataHolder(r.Subject)
	return dataHolder, known && dataHolder.URA == r.DataHolder.URA
}

// message returns what Mitz is told of a row, and the row as it is kept then: under the key in
// use. Code says why there is no message, and is empty when there is one.
func (c *Config) message(r row) (message mitzclient.Subscription, now row, code string) {
	dataHolder, listed := c.listed(r)
	switch {
	case listed:
	case r.State == Ending: // to learn the id of what is to be ended
		dataHolder = r.DataHolder
	default:
		return message, r, FailureNotListed
	}
	patient, birthDate, err := c.Keys.Open(r.Sealed)
	if err != nil {
		return message, r, FailureKeyUnknown
	}
	path, err := c.Keys.Path(patient, dataHolder.URA, r.ID)
	if err != nil {
		return message, r, FailureKeyUnknown
	}
	r.DataHolder, r.Told = dataHolder, c.told(dataHolder)
	if r.Key != c.Keys.ID() {
		if r.Sealed, err = c.Keys.Seal(patient, birthDate); err != nil {
			return message, r, FailureKeyUnknown
		}
		r.Key = c.Keys.ID()
	}
	// One that ends stays out of the way of a wish.
	if r.State != Ending {
		places, err := placesOf(c.Keys, patient, r.Subject, dataHolder.URA)
		if err != nil {
			return message, r, FailureKeyUnknown
		}
		r.Place = places[0]
	}
	return mitzclient.Subscription{
		Patient: patient, BirthDate: birthDate, DataHolder: dataHolder,
		GatewaySystem: c.GatewaySystem, SourceSystem: c.SourceSystem,
		NotifyURL: c.NotifyURL + "/" + path, Payload: c.Payload,
	}, r, ""
}
