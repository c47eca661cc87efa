// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"math/rand/v2"
	"time"
)

// doubled returns a time that is doubled for each failure after the first, up to a bound.
func doubled(first, most time.Duration, inARow int) time.Duration {
	for ; inARow > 1 && first < most; inARow-- {
		first *= 2
	}
	return min(first, most)
}

// jitter returns up to a quarter less, so that what failed together does not come back together.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/4+1) }

// jitterAfter returns up to a tenth more, where less was not allowed.
func jitterAfter(d time.Duration) time.Duration { return d + rand.N(d/10+time.Millisecond) }

// sleep waits for so long, or until ctx ends or the bell rings, which may be nil.
func sleep(ctx context.Context, d time.Duration, rings bell) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-rings:
	case <-ctx.Done():
	}
}

// bell wakes who sleeps, once for any number of rings.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
