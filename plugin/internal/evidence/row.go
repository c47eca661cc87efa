// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"encoding/base64"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// State says how far a registration is. Each is a label of nuts_mitz_registrations.
type State string

// The states.
const (
	Kept      State = "kept"      // it is kept, and Mitz is not to be told
	Waiting   State = "waiting"   // Mitz is to be told, or was in vain and is told again
	Accepted  State = "accepted"  // Mitz took it, and has it not in force yet
	InForce   State = "in_force"  // Mitz answers by it
	Refused   State = "refused"   // Mitz does not take it; it is told again, ever more seldom
	Withdrawn State = "withdrawn" // the patient withdrew before Mitz was told, which it never is now
)

// States returns all of them.
func States() []State { return []State{Kept, Waiting, Accepted, InForce, Refused, Withdrawn} }

// isDue reports whether there is something to do in a state.
func (s State) isDue() bool { return s == Waiting || s == Accepted || s == Refused }

// row is a registration as it is kept. Nothing in it tells who the patient is without a key.
type row struct {
	ID           string // see [Registration.rowID]
	Registration string // the id of its credential
	Subject      string
	DataHolder   consent.URA
	Place        string // a hash of the patient and the data holder, under a key
	Key          string // which key that is, and the content is encrypted with
	Sealed       []byte
	Kept         time.Time
	State        State
	Since        time.Time // when it came into this state
	Attempts     int       // how often Mitz was told or asked since then, in vain
	Failure      string    // why the last time, as a code; empty: there was no failure since then
	Due          time.Time // when there is something to do; of no meaning in the states that are final
	Version      int64     // goes up with each change
}

// in returns the row as it comes into a state, due at once where anything is.
func (r row) in(state State, now time.Time) row {
	r.State, r.Since, r.Attempts, r.Failure, r.Due = state, now, 0, "", now
	return r
}

// record is a row with its columns as the schema makes them.
type record struct {
	ID           string `gorm:"primaryKey"`
	Registration string
	Subject      string
	URA          string `gorm:"column:ura"`
	Place        string
	SealedKey    string
	Sealed       string
	Kept         int64
	State        string
	Since        int64
	Attempts     int
	Failure      string
	Due          *int64 // none where nothing is due
	Version      int64
}

// TableName tells gorm.
func (record) TableName() string { return evidenceTable }

func recordOf(r row) record {
	kept := record{
		ID: r.ID, Registration: r.Registration, Subject: r.Subject, URA: string(r.DataHolder), Place: r.Place,
		SealedKey: r.Key, Sealed: base64.StdEncoding.EncodeToString(r.Sealed), Kept: r.Kept.UnixMicro(),
		State: string(r.State), Since: r.Since.UnixMicro(), Attempts: r.Attempts, Failure: r.Failure, Version: r.Version,
	}
	if r.State.isDue() {
		due := r.Due.UnixMicro()
		kept.Due = &due
	}
	return kept
}

// row returns what the record says.
func (r record) row() (row, error) {
	content, err := base64.StdEncoding.DecodeString(r.Sealed)
	if err != nil {
		return row{}, sqltables.ErrUnreadable
	}
	kept := row{
		ID: r.ID, Registration: r.Registration, Subject: r.Subject, DataHolder: consent.URA(r.URA), Place: r.Place,
		Key: r.SealedKey, Sealed: content, Kept: fromMicroseconds(r.Kept),
		State: State(r.State), Since: fromMicroseconds(r.Since), Attempts: r.Attempts, Failure: r.Failure, Version: r.Version,
	}
	if r.Due != nil {
		kept.Due = fromMicroseconds(*r.Due)
	}
	return kept, nil
}

func fromMicroseconds(since1970 int64) time.Time { return time.UnixMicro(since1970).UTC() }
