// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"time"
)

// Clock is the time of a simulation, and what is to happen in it. Its zero value is at zero.
type Clock struct {
	now  time.Duration
	made int
	next []entry // a heap, the earliest at its top
}

// Timer is something that is to happen.
type Timer struct{ do func() }

// entry is a place in the heap. Of those at the same moment the one that was made first goes first.
type entry struct {
	at    time.Duration
	order int
	timer *Timer
}

func (e entry) before(other entry) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

// Now returns the time since the beginning.
func (c *Clock) Now() time.Duration { return c.now }

// time returns it for what wants a time of day.
func (c *Clock) time() time.Time { return time.Unix(0, 0).Add(c.now) }

// After has something happen after a while.
func (c *Clock) After(d time.Duration, do func()) *Timer {
	c.made++
	timer := &Timer{do}
	c.push(entry{c.now + max(d, 0), c.made, timer})
	return timer
}

// Stop has it not happen. It is harmless when it has happened.
func (t *Timer) Stop() {
	if t != nil {
		t.do = nil
	}
}

// Run lets things happen until nothing is left to do.
func (c *Clock) Run() {
	for len(c.next) > 0 {
		first := c.pop()
		do := first.timer.do
		if do == nil {
			continue
		}
		c.now = first.at
		first.timer.do = nil
		do()
	}
}

func (c *Clock) push(e entry) {
	c.next = append(c.next, e)
	at := len(c.next) - 1
	for at > 0 {
		above := (at - 1) / 2
		if !e.before(c.next[above]) {
			break
		}
		c.next[at] = c.next[above]
		at = above
	}
	c.next[at] = e
}

func (c *Clock) pop() entry {
	first, last := c.next[0], c.next[len(c.next)-1]
	c.next[len(c.next)-1] = entry{}
	c.next = c.next[:len(c.next)-1]
	at := 0
	for below := 1; below < len(c.next); below = 2*at + 1 {
		if below+1 < len(c.next) && c.next[below+1].before(c.next[below]) {
			below++
		}
		if last.before(c.next[below]) {
			break
		}
		c.next[at] = c.next[below]
		at = below
	}
	if len(c.next) > 0 {
		c.next[at] = last
	}
	return first
}

// newRandom returns what is random in a simulation: the same again for the same seed.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // nothing is secret here
}
