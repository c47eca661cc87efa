// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
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

// PathPrefix is what the path begins with at the node. The secret follows it.
const PathPrefix = "/mitz/notify/"

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

// derive returns a key for one purpose (HKDF-Expand with SHA-256, RFC 5869 section 2.3).
func derive(key [keySize]byte, label string) []byte {
	return must(hkdf.Expand(sha256.New, key[:], label, keySize))
}

func block(key []byte) cipher.Block { return must(aes.NewCipher(key)) }

// must is for what fails only with keys of another size than ours.
func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
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
	return base64.RawURLEncoding.EncodeToString(pathCipher(key).Seal(nonce, nonce, append(place, dataHolder...), nil)), nil
}

// pathCipher takes its nonce apart: a path is the same each time it is made.
func pathCipher(key [keySize]byte) cipher.AEAD {
	return must(cipher.NewGCM(block(derive(key, labelPath))))
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
		opened, err := pathCipher(key).Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
		if err == nil && len(opened) == sha256.Size+uraSize {
			return Path{DataHolder: consent.URA(opened[sha256.Size:]), key: key, place: hex.EncodeToString(opened[:sha256.Size])}, true
		}
	}
	return Path{}, false
}

// keyID returns the name of the key that it was made with.
func (p Path) keyID() string { return (&Keys{all: [][keySize]byte{p.key}}).ID() }

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
