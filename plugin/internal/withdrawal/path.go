// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Path says whom a notification is about that comes by a secret path: one patient at one data
// holder. The path itself says so, under a key, and so nothing needs to be looked up: what is
// forged costs next to nothing, and a notification ends tokens also where the SQL database
// cannot be reached.
type Path struct {
	DataHolder consent.URA

	key   [keySize]byte
	place string // of the mark about all of the patient at the data holder
}

// PathLength is how long the secret of a path is: letters, digits, hyphens and underscores.
const PathLength = ((nonceSize+sha256.Size+uraSize+tagSize)*8 + 5) / 6

const (
	nonceSize, tagSize = 12, 16 // of AES-GCM (NIST SP 800-38D)
	uraSize            = 8
)

// The labels keep apart what is made with one key.
const (
	labelPath   = "nuts-mitz path"
	labelNonce  = "nuts-mitz path nonce"
	labelPlace  = "nuts-mitz place of "
	labelSealed = "nuts-mitz sealed patient"
	labelID     = "nuts-mitz key id"
)

// derive returns a key for one purpose.
func derive(key [keySize]byte, label string) []byte {
	mac := hmac.New(sha256.New, key[:])
	_, _ = mac.Write([]byte(label))
	return mac.Sum(nil)
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a key of 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // a block of 16 bytes
	}
	return aead
}

// Path returns the secret path of the subscription with this id, under the key in use. The
// same gives the same.
func (k *Keys) Path(patient consent.BSN, dataHolder consent.URA, id string) (string, error) {
	places, err := k.places(About{Patient: patient, DataHolder: dataHolder})
	if err != nil {
		return "", err
	}
	place, err := hex.DecodeString(places[0])
	if err != nil {
		return "", err
	}
	key := k.all[0]
	mac := hmac.New(sha256.New, derive(key, labelNonce))
	_, _ = mac.Write([]byte(places[0] + "\x00" + string(dataHolder) + "\x00" + id))
	nonce := mac.Sum(nil)[:nonceSize]
	return base64.RawURLEncoding.EncodeToString(gcm(derive(key, labelPath)).Seal(nonce, nonce, append(place, dataHolder...), nil)), nil
}

// ReadPath reads a secret path. It reports whether it is one that was made with any of the keys.
func (k *Keys) ReadPath(secret string) (Path, bool) {
	if len(secret) != PathLength {
		return Path{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil {
		return Path{}, false
	}
	for _, key := range k.all {
		opened, err := gcm(derive(key, labelPath)).Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
		if err == nil && len(opened) == sha256.Size+uraSize {
			return Path{DataHolder: consent.URA(opened[sha256.Size:]), key: key, place: hex.EncodeToString(opened[:sha256.Size])}, true
		}
	}
	return Path{}, false
}

// Place returns what the patient at the data holder is known by: 64 hexadecimal digits, the same
// for every path about both, which tell nothing without the key.
func (p Path) Place() string { return p.place }

// IsAbout reports whether the path is about this patient at this data holder.
func (p Path) IsAbout(patient consent.BSN, dataHolder consent.URA) bool {
	if patient.IsZero() || dataHolder != p.DataHolder {
		return false
	}
	place, err := (&Keys{all: [][keySize]byte{p.key}}).places(About{Patient: patient, DataHolder: dataHolder})
	return err == nil && hmac.Equal([]byte(place[0]), []byte(p.place))
}
