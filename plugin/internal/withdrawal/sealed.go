// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// ID returns the name of the key in use: eight digits that tell nothing of it.
func (k *Keys) ID() string { return k.IDs()[0] }

// IDs returns the names of all keys, that of the one in use first.
func (k *Keys) IDs() []string {
	ids := make([]string, len(k.all))
	for i, key := range k.all {
		ids[i] = hex.EncodeToString(derive(key, labelID)[:4])
	}
	return ids
}

// Under returns the key of this name alone, as it is in use. It reports whether there is one.
func (k *Keys) Under(id string) (*Keys, bool) {
	at := slices.Index(k.IDs(), id)
	if at < 0 {
		return nil, false
	}
	return &Keys{all: k.all[at : at+1 : at+1]}, true
}

// Places returns what a patient of a data holder is known by, for a purpose: a keyed hash in
// hexadecimal, under each key, that of the key in use first. The error says that there is no
// patient.
func (k *Keys) Places(patient consent.BSN, dataHolder consent.URA, purpose string) ([]string, error) {
	if patient.IsZero() {
		return nil, errNoPatient
	}
	places := make([]string, len(k.all))
	for i, key := range k.all {
		hash := patient.Keyed([keySize]byte(derive(key, labelPlace+purpose)), string(dataHolder))
		places[i] = hex.EncodeToString(hash[:])
	}
	return places, nil
}

// errSealed tells nothing of what could not be opened.
var errSealed = errors.New("not sealed with one of these keys")

// Seal encrypts a patient and a text that goes with it, with the key in use (AES-256-GCM, NIST
// SP 800-38D). The same gives something else each time.
func (k *Keys) Seal(patient consent.BSN, beside string) ([]byte, error) {
	if patient.IsZero() {
		return nil, errNoPatient
	}
	//nolint:gosec // G407 takes the nonce that is not given for a fixed one: the cipher makes it
	return sealCipher(k.all[0]).Seal(nil, nil, []byte(patient.Expose()+beside), nil), nil
}

// sealCipher puts a random nonce before what it encrypts.
func sealCipher(key [keySize]byte) cipher.AEAD {
	return must(cipher.NewGCMWithRandomNonce(block(derive(key, labelSealed))))
}

// Open decrypts what was sealed with any of the keys.
func (k *Keys) Open(sealed []byte) (patient consent.BSN, beside string, err error) {
	for _, key := range k.all {
		opened, err := sealCipher(key).Open(nil, nil, sealed, nil)
		if err != nil || len(opened) < digits {
			continue
		}
		patient, err := consent.ParseBSN(string(opened[:digits]))
		if err != nil {
			return consent.BSN{}, "", errSealed // the cause could repeat the number
		}
		return patient, string(opened[digits:]), nil
	}
	return consent.BSN{}, "", errSealed
}

// digits is how many a patient's number has.
const digits = 9
