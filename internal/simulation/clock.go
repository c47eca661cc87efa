// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"container/heap"
	"time"
)

// Clock is the time of a simulation, and what is to happen in it. Its zero value is at zero.
type Clock struct {
	now  time.Duration
	made int
	next timers
}

// Timer is something that is to happen.
type Timer struct {
	at    time.Duration
	order int // of those at the same moment the one that was made first goes first
	do    func()
}

// Now returns the time since the beginning.
func (c *Clock) Now() time.Duration { return c.now }

// time returns it for what wants a time of day.
func (c *Clock) time() time.Time { return time.Unix(0, 0).Add(c.now) }

// After has something happen after a while.
func (c *Clock) After(d time.Duration, do func()) *Timer {
	c.made++
	timer := &Timer{at: c.now + max(d, 0), order: c.made, do: do}
	heap.Push(&c.next, timer)
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
		timer := heap.Pop(&c.next).(*Timer)
		if timer.do == nil {
			continue
		}
		c.now = timer.at
		do := timer.do
		timer.do = nil
		do()
	}
}

// timers is a heap.
type timers []*Timer

func (t timers) Len() int      { return len(t) }
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].order < t[j].order
}
func (t *timers) Push(timer any) { *t = append(*t, timer.(*Timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	(*t)[len(*t)-1] = nil
	*t = (*t)[:len(*t)-1]
	return last
}
