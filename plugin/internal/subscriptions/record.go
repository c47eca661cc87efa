// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"encoding/base64"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// record is a row with its columns as steps make them.
type record struct {
	ID           string `gorm:"primaryKey"`
	Place        string
	SealedKey    string
	Sealed       string
	Subject      string
	URA          string `gorm:"column:ura"`
	FacilityType string
	MitzID       string
	Former       string
	Told         string
	State        string
	Since        int64
	Attempts     int
	Failure      string
	Wished       int64
	Due          *int64 // none in state Subscribed
	Version      int64
}

// TableName tells gorm.
func (record) TableName() string { return subscriptionsTable }

func recordOf(r row) record {
	kept := record{
		ID: r.ID, Place: r.Place, SealedKey: r.Key, Sealed: base64.StdEncoding.EncodeToString(r.Sealed), Subject: r.Subject,
		URA: string(r.DataHolder.URA), FacilityType: string(r.DataHolder.FacilityType), MitzID: r.MitzID, Former: r.Former, Told: r.Told,
		State: string(r.State), Since: r.Since.UnixMicro(), Attempts: r.Attempts, Failure: r.Failure,
		Wished: r.Wished.UnixMicro(), Version: r.Version,
	}
	if r.State != Subscribed {
		due := r.Due.UnixMicro()
		kept.Due = &due
	}
	return kept
}

// row returns what the record says. Its error is sqltables.ErrUnreadable.
func (r record) row() (row, error) {
	sealed, err := base64.StdEncoding.DecodeString(r.Sealed)
	if err != nil {
		return row{}, sqltables.ErrUnreadable
	}
	kept := row{
		Subscription: Subscription{
			ID: r.ID, Subject: r.Subject, State: State(r.State), Since: fromMicroseconds(r.Since), Attempts: r.Attempts, Failure: r.Failure,
		},
		DataHolder: consent.DataHolder{URA: consent.URA(r.URA), FacilityType: consent.FacilityType(r.FacilityType)},
		Place:      r.Place, Key: r.SealedKey, Sealed: sealed, MitzID: r.MitzID, Former: r.Former, Told: r.Told,
		Wished: fromMicroseconds(r.Wished), Version: r.Version,
	}
	if r.Due != nil {
		kept.Due = fromMicroseconds(*r.Due)
	}
	return kept, nil
}

func rowsOf(records []record) ([]row, error) {
	rows := make([]row, len(records))
	for i, each := range records {
		var err error
		if rows[i], err = each.row(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func fromMicroseconds(since1970 int64) time.Time { return time.UnixMicro(since1970).UTC() }
