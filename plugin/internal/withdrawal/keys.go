// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// Keys are the keys under which patients are known without their numbers. All nodes that
// share a session database have the same.
type Keys struct {
	// all are in the order of the file: the first is the one in use, the others were before
	// it. Tokens that were made with those can still be alive.
	all [][keySize]byte
}

const (
	// keySize is in bytes.
	keySize = 32
	// maxKeys is how many a file can hold.
	maxKeys = 4
)

// NewKeys returns one random key, for a node that shares its sessions with no other.
func NewKeys() *Keys { return &Keys{all: [][keySize]byte{newKey()}} }

func newKey() (key [keySize]byte) {
	_, _ = rand.Read(key[:]) // which never fails
	return key
}

// LoadKeys reads the keys in a file: 32 random bytes in base64 (RFC 4648 section 4), one key
// a line. The error never holds what is in the file.
func LoadKeys(file string) (*Keys, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if err := textfile.CheckSecret(info); err != nil {
		return nil, err
	}
	content, err := textfile.Read(file)
	if err != nil {
		return nil, err
	}
	keys := &Keys{}
	for number, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil || len(decoded) != keySize {
			return nil, fmt.Errorf("line %d is no key: 32 random bytes in base64, as 'mitz key' makes them", number+1)
		}
		key := [keySize]byte(decoded)
		if isPlain(key) {
			return nil, fmt.Errorf("line %d is no random key: make one with 'mitz key'", number+1)
		}
		keys.all = append(keys.all, key)
	}
	if len(keys.all) > maxKeys {
		return nil, fmt.Errorf("%d keys are too many: at most %d", len(keys.all), maxKeys)
	}
	return keys, nil
}

// isPlain reports whether a key is one byte again and again, as an example or a mistake is.
func isPlain(key [keySize]byte) bool {
	return bytes.Count(key[:], key[:1]) == keySize
}

// Lines returns the content of a file with these keys.
func (k *Keys) Lines() []byte {
	var lines bytes.Buffer
	for _, key := range k.all {
		lines.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	}
	return lines.Bytes()
}

// Added returns the keys with a new one behind them: it is read, and is not in use yet.
func (k *Keys) Added() (*Keys, error) {
	if len(k.all) == maxKeys {
		return nil, fmt.Errorf("there are %d keys already: remove the line of one that is not needed any more", maxKeys)
	}
	return &Keys{all: append(slices.Clone(k.all), newKey())}, nil
}

// LastInUse returns the keys with the last one in front.
func (k *Keys) LastInUse() (*Keys, error) {
	last := len(k.all) - 1
	if last == 0 {
		return nil, errors.New("there is one key, and it is in use: add another first")
	}
	return &Keys{all: append([][keySize]byte{k.all[last]}, k.all[:last]...)}, nil
}

// Rotated returns the keys with a new one in front. The oldest go when there are too many. Other
// nodes do not read it yet.
func (k *Keys) Rotated() *Keys {
	rotated := append([][keySize]byte{newKey()}, k.all...)
	return &Keys{all: rotated[:min(len(rotated), maxKeys)]}
}

var errNoPatient = errors.New("a mark is about a patient")

// places returns where the marks about something are, one for each key.
func (k *Keys) places(about About) ([]string, error) {
	if about.Patient.IsZero() {
		return nil, errNoPatient
	}
	places := make([]string, len(k.all))
	for i, key := range k.all {
		hash := about.Patient.Keyed(key, about.beside())
		places[i] = hex.EncodeToString(hash[:])
	}
	return places, nil
}

// About is what a mark is about: what one data holder may show of one patient. Without a
// category and a kind it is all of that; else one category for one kind of care provider.
type About struct {
	Patient    consent.BSN
	DataHolder consent.URA
	Category   consent.Category
	Kind       consent.ProviderCategory
}

// beside is all of it but the patient.
func (a About) beside() string {
	return strings.Join([]string{string(a.DataHolder), string(a.Category), string(a.Kind)}, between)
}
