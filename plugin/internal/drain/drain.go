// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package drain lets what runs come to its end when the node stops: nothing new begins, what
// runs is waited for, and only what takes too long is told to end. It must never let a stop
// take for ever, whatever runs.
package drain

import (
	"context"
	"sync"
	"time"
)

// Drain counts what runs. Make one with [New]; it is closed until [Drain.Open].
type Drain struct {
	mu     sync.Mutex
	open   bool
	active int
	idle   chan struct{} // closed by who ends last; nil while nobody waits for that

	ending context.Context // ends what still runs when the stop has waited long enough
	end    context.CancelFunc
}

// New makes a drain that lets nothing begin yet.
func New() *Drain {
	d := &Drain{}
	d.ending, d.end = context.WithCancel(context.Background())
	return d
}

// Open lets things begin.
func (d *Drain) Open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = true
}

// IsOpen reports whether something may begin.
func (d *Drain) IsOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

// Begin returns the context to run with: it ends with the request, or when a stop has waited
// long enough. Call done at the end. It reports false when nothing may begin; the context
// is the request's then, and nothing waits for done.
func (d *Drain) Begin(request context.Context) (ctx context.Context, done func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return request, func() {}, false
	}
	d.active++
	ctx, cancel := context.WithCancel(request)
	stop := context.AfterFunc(d.ending, cancel)
	return ctx, sync.OnceFunc(func() {
		stop()
		cancel()
		d.leave()
	}), true
}

func (d *Drain) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.active--
	if d.active == 0 && d.idle != nil {
		close(d.idle)
		d.idle = nil
	}
}

// Close lets nothing begin any more and waits for what runs: for as long as patience
// undisturbed, then with its context ended, for as long as grace. It returns how many ran
// when it stopped waiting.
func (d *Drain) Close(patience, grace time.Duration) (left int) {
	defer d.end()
	if d.wait(patience) == 0 {
		return 0
	}
	d.end()
	return d.wait(grace)
}

// wait returns how many still run after at most so long.
func (d *Drain) wait(most time.Duration) (left int) {
	d.mu.Lock()
	d.open = false
	if d.active == 0 {
		d.mu.Unlock()
		return 0
	}
	if d.idle == nil {
		d.idle = make(chan struct{})
	}
	idle := d.idle
	d.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-idle:
		return 0
	case <-timer.C:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.active
}
