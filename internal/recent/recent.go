// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package recent remembers by key what happened lately: for a while, and of so many keys at
// most, whatever keys come. What is forgotten early is what was not asked for the longest.
// It must never be where something is kept that has to last.
package recent

import (
	"iter"
	"time"
)

// Recent remembers a value for each key. Use [New]. Who shares one keeps it under a lock.
type Recent[K comparable, V any] struct {
	keep time.Duration
	most int
	// Values are in the young map, or in the old one while nobody asked for them since the
	// young one was begun. Turning the maps over forgets many keys at once, without looking
	// at one of them.
	young, old map[K]*V
	begun      time.Time // when young was
}

// New remembers values for at least keep after they were last asked for, and for twice that
// at most; when more than most keys come in that time, for shorter. It never holds more
// than twice most.
func New[K comparable, V any](keep time.Duration, most int) *Recent[K, V] {
	return &Recent[K, V]{keep: keep, most: most, young: map[K]*V{}}
}

// Get returns the value of a key, nil when there is none.
func (r *Recent[K, V]) Get(now time.Time, key K) *V {
	r.turn(now)
	if value, known := r.young[key]; known {
		return value
	}
	value, known := r.old[key]
	if !known {
		return nil
	}
	delete(r.old, key)
	r.put(now, key, value)
	return value
}

// Of returns the value of a key, a zero one that is remembered from now on when there is none.
func (r *Recent[K, V]) Of(now time.Time, key K) *V {
	value := r.Get(now, key)
	if value == nil {
		value = new(V)
		r.put(now, key, value)
	}
	return value
}

// All returns what is remembered, in no order.
func (r *Recent[K, V]) All(now time.Time) iter.Seq2[K, *V] {
	r.turn(now)
	return func(yield func(K, *V) bool) {
		for _, values := range []map[K]*V{r.young, r.old} {
			for key, value := range values {
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// Clear forgets everything.
func (r *Recent[K, V]) Clear() { r.young, r.old = map[K]*V{}, nil }

func (r *Recent[K, V]) put(now time.Time, key K, value *V) {
	if len(r.young) >= r.most {
		r.old, r.young, r.begun = r.young, map[K]*V{}, now
	}
	r.young[key] = value
}

// turn forgets what is old.
func (r *Recent[K, V]) turn(now time.Time) {
	switch age := now.Sub(r.begun); {
	case age < r.keep:
	case age < 2*r.keep:
		r.old, r.young, r.begun = r.young, map[K]*V{}, now
	default:
		r.Clear()
		r.begun = now
	}
}
