// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package background

import (
	"context"
	"math/rand/v2"
	"time"
)

// Doubled returns a time that is doubled for each failure after the first, up to a bound.
func Doubled(first, most time.Duration, inARow int) time.Duration {
	for ; inARow > 1 && first < most; inARow-- {
		first *= 2
	}
	return min(first, most)
}

// Jitter returns up to a quarter less, so that what failed together does not come back together.
func Jitter(d time.Duration) time.Duration { return d - rand.N(d/4+1) }

// JitterAfter returns up to a tenth more, where less was not allowed.
func JitterAfter(d time.Duration) time.Duration { return d + rand.N(d/10+time.Millisecond) }

// Sleep waits for so long, or until ctx ends or the bell rings, which may be nil.
func Sleep(ctx context.Context, d time.Duration, rings Bell) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-rings:
	case <-ctx.Done():
	}
}

// Bell wakes who sleeps, once for any number of rings.
type Bell chan struct{}

// NewBell returns one that has not rung.
func NewBell() Bell { return make(Bell, 1) }

// Ring wakes who sleeps, or who sleeps next.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
