// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"errors"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/storage"
)

// The node's stores of what was used already, to which it adds what it did not find.
var (
	presentationNonces = []string{"s2s", "nonce"} // of the grants without a browser
	proofIDs           = []string{"nonceonce"}    // of DPoP proofs (RFC 9449 section 11.1)
)

// Sessions returns the session database, except that what the node reads to delete it, or
// looks for to add it, is read or found by one request of those that share the keys.
func Sessions(database storage.SessionDatabase, keys *Keys) storage.SessionDatabase {
	return sessions{SessionDatabase: database, keys: keys}
}

type sessions struct {
	storage.SessionDatabase
	keys *Keys
}

func (s sessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	kept := store{SessionStore: s.SessionDatabase.GetStore(ttl, keys...), keys: s.keys, prefix: keys}
	kept.remembers = slices.Equal(keys, presentationNonces) || slices.Equal(keys, proofIDs)
	return kept
}

type store struct {
	storage.SessionStore
	keys      *Keys
	prefix    []string
	remembers bool // what was used
}

func (s store) lock(key string) (unlock func()) {
	return s.keys.lock(IDOf(append(slices.Clone(s.prefix), key)...))
}

// GetAndDelete reads a value and deletes it, in one step.
func (s store) GetAndDelete(key string, target any) error {
	defer s.lock(key)()
	return s.SessionStore.GetAndDelete(key, target)
}

// Get reads a value. From the stores of what was used already it is read by all but the
// first: what was not found is there when the error tells so.
func (s store) Get(key string, target any) error {
	if !s.remembers {
		return s.SessionStore.Get(key, target)
	}
	defer s.lock(key)()
	err := s.SessionStore.Get(key, target)
	if errors.Is(err, storage.ErrNotFound) {
		if failed := s.Put(key, target); failed != nil {
			return failed
		}
	}
	return err
}
