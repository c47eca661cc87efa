// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"sync"
	"time"
)

// Who has the node work for requests that fail wastes its time. A source may waste so much
// at once, and wasteForgiven of a core in the long run, which a client that is not set up
// well does not get to. Whoever does is served apart from the others, so that those find a
// core that is free.
const (
	wasteAllowed  = 250 * time.Millisecond
	wasteForgiven = 0.05 // of the time that passes
	// maxWasteful bounds how many sources are known. All cores together fill it with a few
	// hundred, as each is forgotten when it is forgiven.
	maxWasteful = 4096
)

// waste is how much time sources have wasted.
type waste struct {
	mu sync.Mutex
	by map[source]wasted
}

// wasted is how much of it is not forgiven at a time.
type wasted struct {
	time time.Duration
	at   time.Time
}

func (w wasted) left(now time.Time) time.Duration {
	return max(0, w.time-time.Duration(wasteForgiven*float64(now.Sub(w.at))))
}

// add adds what one request of a source has wasted.
func (w *waste) add(from source, took time.Duration) {
	if took <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	each, known := w.by[from]
	if !known && len(w.by) >= maxWasteful {
		w.forget(now)
	}
	if known || len(w.by) < maxWasteful {
		w.by[from] = wasted{min(each.left(now)+took, 2*wasteAllowed), now}
	}
}

// isTooMuch reports whether a source has wasted more than it may.
func (w *waste) isTooMuch(from source) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	each, known := w.by[from]
	if !known {
		return false
	}
	left := each.left(time.Now())
	if left == 0 {
		delete(w.by, from)
	}
	return left > wasteAllowed
}

// forget forgets whoever is forgiven.
func (w *waste) forget(now time.Time) {
	for from, each := range w.by {
		if each.left(now) == 0 {
			delete(w.by, from)
		}
	}
}
