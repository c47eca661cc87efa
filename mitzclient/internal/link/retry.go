// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// Before a retry there is a pause, of random length so that calls that failed
// together do not come back together: long enough for a gateway to choose another
// server, short within the 400 ms in which a token should come.
const (
	minRetryDelay = 10 * time.Millisecond
	maxRetryDelay = 50 * time.Millisecond
)

// retry sends a call's message once more, under a request id of its own, when the operation
// says so of the failure; see [InPassing].
//
// A gateway that chose the wrong server says 503, and so does one whose servers all have too much
// to do. In the second case each message more does harm. It is taken for that when the message
// before, whoever caused it, failed too.
type retry struct {
	next    exchanger
	again   func(*Failure) bool // nil: never
	trouble atomic.Bool         // the last message that said something of Mitz failed
}

var _ exchanger = (*retry)(nil)

// Exchange sends at most twice. The failure counts the attempts; it is the first's when the
// second message could not be sent.
func (r *retry) Exchange(ctx context.Context, c Call) *Failure {
	first, trouble := r.send(ctx, c)
	if first == nil || r.again == nil || !r.again(first) || trouble && first.Status == http.StatusServiceUnavailable {
		return first
	}
	delay := minRetryDelay + rand.N(maxRetryDelay-minRetryDelay)
	if Left(ctx) < delay+leastTime {
		return first
	}
	if c.Repeating != nil {
		c.Repeating(first)
	}
	if !sleep(ctx, delay) {
		ended := Ended(ctx, "retry")
		ended.RequestID, ended.Attempts = first.RequestID, first.Attempts
		return ended
	}
	second, _ := r.send(ctx, c)
	switch {
	case second == nil:
		return nil
	case second.Attempts == 0:
		return first
	default:
		total := *second
		total.Attempts += first.Attempts
		return &total
	}
}

// send sends a message. It reports too whether the one before it failed.
func (r *retry) send(ctx context.Context, c Call) (failure *Failure, trouble bool) {
	failure = r.next.Exchange(ctx, c)
	said := judge(failure, time.Nanosecond, 0) // a timeout is trouble, however short the time was
	if errors.Is(said, uncounted) {
		return failure, r.trouble.Load()
	}
	return failure, r.trouble.Swap(said != nil)
}

// InPassing reports whether a message that changes nothing may be sent again: the connection
// was refused, or lost before the first byte of an answer, or a gateway answered with status
// 502, 503 or 504. In the last cases the first message may have reached Mitz: the patient
// then sees two queries. That is why nothing else is sent again, and in particular no timeout
// (Mitz may be at work), no fault and no answer of Mitz itself, no failure that a second
// attempt meets too (DNS, TLS), and nothing for which the server named a time (Retry-After):
// see [pause].
func InPassing(f *Failure) bool {
	switch f.Code {
	case Unreachable:
		return f.Unanswered && (f.Detail == DetailRefused || f.Detail == DetailLost)
	case HTTPStatus:
		gateway := f.Status == http.StatusBadGateway || f.Status == http.StatusServiceUnavailable || f.Status == http.StatusGatewayTimeout
		return gateway && f.RetryAfter == 0
	default:
		return false
	}
}

// Harmless is [InPassing] for a message that changes something, and changes no more when it
// arrives twice. Then it is of no matter whether the first arrived: the connection may have been
// lost in the middle of the answer, Mitz itself may have failed (500), or have waited for the
// rest of the message (408). A timeout is not among them, since the call's time is over. Nor is
// what a second attempt meets too, or for which the server named a time.
func Harmless(f *Failure) bool {
	switch {
	case InPassing(f):
		return true
	case f.Code == Unreachable:
		return f.Detail == DetailLost
	case f.Code == HTTPStatus:
		return f.RetryAfter == 0 && (f.Status == http.StatusInternalServerError || f.Status == http.StatusRequestTimeout)
	default:
		return false
	}
}

// sleep reports whether ctx outlasted it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
