// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Registration is a consent that a requester recorded, and on which a token is about to be
// issued. However it is printed, nothing of it shows.
type Registration struct {
	ID         string // of its credential, as the token names it: at most 255 bytes, and no patient's number is in it
	Subject    string // the data holder's Nuts subject
	Patient    consent.BSN
	DataHolder consent.DataHolder
	// Credentials are those that it was proven by, as they were presented and with their
	// proofs: the registration itself first.
	Credentials []string
	Consent     Consent
}

// Consent is what a patient chose, as the registration says it.
type Consent struct {
	Categories     []consent.Category     `json:"categories"`
	RequesterTypes []consent.FacilityType `json:"requesterTypes"` // for organisations of which types
	Requester      consent.URA            `json:"requester"`      // that recorded it
	Professional   consent.Professional   `json:"professional"`   // who recorded it
	RecordedAt     time.Time              `json:"recordedAt"`
	Identification string                 `json:"identification"` // how the patient was identified
	Agreement      string                 `json:"agreement"`      // the version of the Mitz agreements
}

// Format prints "[registration]" for every verb and flag.
func (r Registration) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[registration]") }

const (
	maxID = 255
	// maxSealed is how many bytes are encrypted at the most: 64 KiB in base64.
	maxSealed = 47 << 10
)

// Why a registration is not kept. None of these holds anything of it.
var (
	errIncomplete = errors.New("a registration without an id, a patient, a data holder or a proof")
	errID         = errors.New("a registration's id is too long, or holds the patient's number")
	errTooLarge   = fmt.Errorf("a registration and its proofs have more than %d bytes", maxSealed)
)

// check returns why a registration cannot be kept.
func (r Registration) check() error {
	switch {
	case r.ID == "" || r.Subject == "" || r.Patient.IsZero() || r.DataHolder.URA == "" || len(r.Credentials) == 0 || r.Credentials[0] == "":
		return errIncomplete
	case len(r.ID) > maxID || r.Patient.IsIn(r.ID):
		return errID
	default:
		return nil
	}
}

// shown returns an id as it is kept in clear: its issuer chose it, and can have written somebody's
// number in it. As it was presented it is in the credential.
func shown(id string) string {
	if redact.HoldsBesideUUIDs(id) {
		return redact.Text(id)
	}
	return id
}

// rowID returns what a registration is known by: the same one at the same data holder has the
// same, and another one another, whatever id the requester chose.
func (r Registration) rowID() string {
	return rowID(r.Subject, r.DataHolder.URA, r.Credentials[0])
}

func rowID(subject string, dataHolder consent.URA, credential string) string {
	// Neither a subject nor a URA holds the byte between them.
	sum := sha256.Sum256([]byte(strings.Join([]string{subject, string(dataHolder), credential}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// sealed is what is encrypted beside the patient.
type sealed struct {
	Credentials  []string             `json:"credentials"`
	FacilityType consent.FacilityType `json:"facilityType"` // of the data holder
	Consent      Consent              `json:"consent"`
}

// rowOf returns the row of a registration that nobody kept before.
func rowOf(keys *withdrawal.Keys, r Registration, state State, now time.Time) (row, error) {
	if err := r.check(); err != nil {
		return row{}, err
	}
	content, err := json.Marshal(sealed{Credentials: r.Credentials, FacilityType: r.DataHolder.FacilityType, Consent: r.Consent})
	if err != nil {
		return row{}, errIncomplete // of texts that are no texts; the cause could quote them
	}
	if len(content) > maxSealed {
		return row{}, errTooLarge
	}
	made := row{ID: r.rowID(), Registration: shown(r.ID), Subject: r.Subject, DataHolder: r.DataHolder.URA, Kept: now}
	made = made.in(state, now)
	return made, made.seal(keys, r.Patient, string(content))
}

// seal encrypts the row's content with the key in use.
func (r *row) seal(keys *withdrawal.Keys, patient consent.BSN, content string) error {
	places, err := keys.Places(patient, r.DataHolder, placePurpose)
	if err != nil {
		return err
	}
	r.Sealed, err = keys.Seal(patient, content)
	r.Place, r.Key = places[0], keys.ID()
	return err
}

// placePurpose keeps the places of evidence apart from others of the same patient.
const placePurpose = "evidence"

// open returns what a row is about. Its error is [errLost].
func (r row) open(keys *withdrawal.Keys) (Registration, error) {
	patient, content, err := keys.Open(r.Sealed)
	if err != nil {
		return Registration{}, errLost
	}
	var inside sealed
	if err := json.Unmarshal([]byte(content), &inside); err != nil {
		return Registration{}, errLost // the cause could quote it
	}
	return Registration{
		ID: r.Registration, Subject: r.Subject, Patient: patient,
		DataHolder:  consent.DataHolder{URA: r.DataHolder, FacilityType: inside.FacilityType},
		Credentials: inside.Credentials, Consent: inside.Consent,
	}, nil
}

// errLost says that a row was sealed with a key that is not there.
var errLost = errors.New("sealed with a key that is not in the file")
