// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"time"
)

// store keeps a bounded number of values for a while, each to be used once. The issuer's lock
// guards it.
type store[T any] struct {
	life   time.Duration
	values map[string]stored[T]
}

type stored[T any] struct {
	value   T
	expires time.Time
}

func newStore[T any](life time.Duration) *store[T] {
	return &store[T]{life: life, values: map[string]stored[T]{}}
}

// keep keeps a value, unless there are too many or the key is in use.
func (s *store[T]) keep(now time.Time, key string, value T) bool {
	for old, each := range s.values {
		if !now.Before(each.expires) {
			delete(s.values, old)
		}
	}
	if _, used := s.values[key]; used || len(s.values) >= most {
		return false
	}
	s.values[key] = stored[T]{value, now.Add(s.life)}
	return true
}

// put keeps a value under a new secret.
func put[T any](i *Issuer, in *store[T], value T) (key string, ok bool) {
	key = secret()
	i.mu.Lock()
	defer i.mu.Unlock()
	return key, in.keep(i.clock(), key, value)
}

// take takes a value out.
func take[T any](i *Issuer, from *store[T], key string) (value T, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kept, ok := from.values[key]
	delete(from.values, key)
	return kept.value, ok && i.clock().Before(kept.expires)
}
