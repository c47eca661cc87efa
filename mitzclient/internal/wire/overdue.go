// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// overdueGrace is how long after the end of its context an exchange may take to end: to
// close a connection takes a moment.
const overdueGrace = 500 * time.Millisecond

// DetailOverdue refines the timeout of an exchange that was left behind.
const DetailOverdue = "overdue"

// overdue makes an exchange end in time for who waits for it, and counts those that have
// not ended by themselves. There should be none, since [Connections.exchange] closes what it
// reads from. But an exchange that is waited for keeps its turn, and the node from
// stopping; so that is not left to depend on how a network library treats every peer.
type overdue struct {
	told func() // an exchange was left behind; may be nil
	left atomic.Int64
}

// exchanged is how an exchange ended.
type exchanged struct {
	body     []byte
	failure  *link.Failure
	panicked any
}

// bound returns what exchange returns, or [link.Timeout] or [link.Canceled] (detail "overdue") when it
// outlives ctx. What it returns later is dropped.
func (o *overdue) bound(ctx context.Context, exchange func() ([]byte, *link.Failure)) ([]byte, *link.Failure) {
	done := make(chan exchanged, 1)
	var left atomic.Bool // set by who comes first: the end of the exchange, or who leaves it behind
	go func() {
		var result exchanged
		defer func() {
			result.panicked = recover()
			if left.Swap(true) {
				o.left.Add(-1)
			}
			done <- result
		}()
		result.body, result.failure = exchange()
	}()
	select {
	case result := <-done:
		return result.unwrap()
	case <-ctx.Done():
	}
	timer := time.NewTimer(overdueGrace)
	defer timer.Stop()
	select {
	case result := <-done:
		return result.unwrap()
	case <-timer.C:
	}
	o.left.Add(1) // before the swap: it must not be counted down first
	if left.Swap(true) {
		o.left.Add(-1)
		return (<-done).unwrap()
	}
	if o.told != nil {
		o.told()
	}
	return nil, link.Ended(ctx, DetailOverdue)
}

// unwrap passes a panic on to who waits: there it is caught.
func (e exchanged) unwrap() ([]byte, *link.Failure) {
	if e.panicked != nil {
		panic(e.panicked)
	}
	return e.body, e.failure
}
