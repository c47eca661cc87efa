// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package tally keeps one requester from filling the logs of all: of many events that are
// alike, the first are told one by one, and the others are counted and told together, once a
// minute or in a time of the caller's. It holds a bounded number of sums, whatever comes.
//
// It knows nothing of what it counts, and must never be asked about what has to be told one
// by one: a token, or a query that the patient sees.
package tally

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Window is the time of which the events are told together, where [Limits] has no other.
const Window = time.Minute

// maxSums is how many sums are kept. What is of none of them is summed under its code alone.
const maxSums = 256

// Key is what events have in common that are told together.
type Key struct {
	Who  string // whose they are; empty: nobody's, or too many others'
	Code string // one of a fixed number of codes
	At   string // where they happened; empty: not told
}

// Sum is how often something happened.
type Sum struct {
	Key
	Count        int
	Since, Until time.Time // of the first and of the last
}

// Limits are how many events a window has that are told one by one.
type Limits struct {
	OfOne int // of the same who
	OfAll int
	// Window is the time of which the others are told together; 0 is [Window].
	Window time.Duration
}

// Tally counts events. Its methods may be called from any goroutine.
type Tally struct {
	limits Limits
	tell   func(Sum)

	mu    sync.Mutex
	end   *time.Timer // of the window; nil between windows
	ofOne map[string]int
	ofAll int
	sums  map[Key]*Sum
}

// New makes a tally. It calls tell for each sum at the end of a window.
func New(limits Limits, tell func(Sum)) *Tally {
	limits.Window = cmp.Or(limits.Window, Window)
	return &Tally{limits: limits, tell: tell}
}

// Single counts an event, and reports whether it is to be told by itself. If not, it is told
// with others when the window ends.
func (t *Tally) Single(key Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.end == nil {
		t.ofOne, t.ofAll, t.sums = map[string]int{}, 0, map[Key]*Sum{}
		t.end = time.AfterFunc(t.limits.Window, t.Flush)
	}
	if t.ofAll < t.limits.OfAll && t.ofOne[key.Who] < t.limits.OfOne {
		t.ofAll++
		t.ofOne[key.Who]++
		return true
	}
	now := time.Now()
	sum := t.sums[key]
	if sum == nil && len(t.sums) >= maxSums {
		key = Key{Code: key.Code}
		sum = t.sums[key]
	}
	if sum == nil {
		sum = &Sum{Key: key, Since: now}
		t.sums[key] = sum
	}
	sum.Count++
	sum.Until = now
	return false
}

// Flush ends the window: it tells what was not told one by one. Call it at the end of all.
func (t *Tally) Flush() {
	t.mu.Lock()
	sums := make([]Sum, 0, len(t.sums))
	for _, sum := range t.sums {
		sums = append(sums, *sum)
	}
	if t.end != nil {
		t.end.Stop()
		t.end, t.sums = nil, nil
	}
	t.mu.Unlock()
	slices.SortFunc(sums, func(a, b Sum) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Who, b.Who), cmp.Compare(a.Code, b.Code), cmp.Compare(a.At, b.At))
	})
	for _, sum := range sums {
		t.tell(sum)
	}
}
