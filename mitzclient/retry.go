// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Before a retry there is a pause, of random length so that consults that failed
// together do not come back together: long enough for a gateway to choose another
// server, short within the 400 ms in which a token should come.
const (
	minRetryDelay = 10 * time.Millisecond
	maxRetryDelay = 50 * time.Millisecond
)

// retry asks once more, under a request id of its own, when the connection was
// refused, or lost before the first byte of an answer, or when a gateway answered
// with status 502, 503 or 504. In the last cases the first query may have reached
// Mitz: the patient then sees two. That is why nothing else is asked again, and in
// particular no timeout (Mitz may be at work), no fault and no answer of Mitz itself,
// no failure that a second attempt meets too (DNS, TLS), and nothing for which the
// server named a time (Retry-After): see [pause].
type retry struct {
	next Consulter
}

var _ Consulter = (*retry)(nil)

// Consult asks at most twice. The answer and the error count the attempts; they are
// the first's when the second could not be sent.
func (r *retry) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	answer, err := r.next.Consult(ctx, q)
	first, failed := errors.AsType[*Error](err)
	if !failed || !first.repeatable() {
		return answer, err
	}
	delay := minRetryDelay + rand.N(maxRetryDelay-minRetryDelay)
	if left(ctx) < delay+leastTime {
		return answer, err
	}
	ContextTrace(ctx).retrying(first)
	if !sleep(ctx, delay) {
		ended := contextError(ctx, "retry")
		ended.RequestID, ended.Attempts = first.RequestID, first.Attempts
		return answer, ended
	}
	again, againErr := r.next.Consult(ctx, q)
	if second, failed := errors.AsType[*Error](againErr); failed {
		if second.Attempts == 0 {
			return answer, err
		}
		total := *second
		total.Attempts += first.Attempts
		againErr = &total
	}
	again.Attempts += first.Attempts
	return again, againErr
}

// repeatable tells whether the failure is one after which a second query is sent, see
// [retry].
func (e *Error) repeatable() bool {
	switch e.Code {
	case Unreachable:
		return e.unanswered && (e.Detail == detailRefused || e.Detail == detailLost)
	case HTTPStatus:
		gateway := e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout
		return gateway && e.RetryAfter == 0
	default:
		return false
	}
}

// sleep tells whether ctx outlasted it.
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
