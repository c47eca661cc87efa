// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"sync/atomic"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// queueFactor is how many consults may wait for each that is in progress. With the
// default of 64 at once, 1024 wait: at 100 ms a query they are through in 1.6 s, well
// within the default timeout of 3 s. More of them would wait in vain.
const queueFactor = 16

// limit lets so many consults through at once, in the order in which they came. The
// others wait while their context lasts; too many waiting are refused at once.
type limit struct {
	next    Consulter
	turns   chan struct{} // one in it for each consult in progress
	waiting atomic.Int64
	queue   int64 // how many may wait
}

var _ Consulter = (*limit)(nil)

func newLimit(next Consulter, atOnce, queue int) *limit {
	return &limit{next: next, turns: make(chan struct{}, atOnce), queue: int64(queue)}
}

// Consult waits for its turn. It fails with [Overloaded] when it may not, and with
// [Timeout] or [Canceled] when it waited in vain (detail "queue"); nothing was sent then.
func (l *limit) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	if failure := l.await(ctx); failure != nil {
		return Answer{}, failure
	}
	defer l.leave()
	return l.next.Consult(ctx, q)
}

func (l *limit) await(ctx context.Context) *Error {
	select {
	case l.turns <- struct{}{}:
		return nil
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > l.queue {
		return &Error{Code: Overloaded}
	}
	select {
	case l.turns <- struct{}{}: // a channel serves who waits longest
	case <-ctx.Done():
		return contextError(ctx, "queue")
	}
	if ctx.Err() != nil || left(ctx) < leastTime {
		l.leave()
		return contextError(ctx, "queue")
	}
	return nil
}

func (l *limit) leave() { <-l.turns }

// Load is how many consults a link has.
type Load struct {
	Running int // that are with Mitz
	Waiting int // that wait for their turn
}

func (l *limit) load() Load {
	return Load{Running: len(l.turns), Waiting: int(l.waiting.Load())}
}
