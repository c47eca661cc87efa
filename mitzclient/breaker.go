// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/sony/gobreaker/v2"
)

const (
	// openAfter failures in a row, Mitz is taken to be down.
	openAfter = 5
	// openFor is how long it is then left alone before one consult may try: short,
	// because each refusal in it may be one too many.
	openFor = 5 * time.Second
)

// CircuitState says whether consults reach Mitz. Its numbers serve as a metric.
type CircuitState int

// The states of the circuit.
const (
	StateClosed   CircuitState = 0 // consults go through
	StateHalfOpen CircuitState = 1 // one consult may try; the others are refused
	StateOpen     CircuitState = 2 // consults are refused
)

// String gives closed, half_open or open.
func (s CircuitState) String() string {
	switch s {
	case StateClosed:
		return "closed"
	case StateHalfOpen:
		return "half_open"
	default:
		return "open"
	}
}

// breaker refuses consults at once while Mitz is not available, so that token
// requests do not all wait for it in vain.
//
// A failure is what shows that Mitz is not available: no connection, no TLS, no
// answer in time, a status 5xx, a SOAP fault in which Mitz blames itself. Everything
// else that Mitz answers is a success, a Deny like a Permit: also a SOAP fault in
// which it blames the question, a status 4xx, and an answer that is malformed or
// about something else. Those come at once, so that there is nothing to wait for,
// and they may come from the question: one patient's record or one requester must
// not be able to close the link for everyone.
//
// Not counted at all is what says nothing of Mitz: a caller that gave up, a query
// that was not sent, a status 429 (see [pause]), and a timeout of a consult that had
// spent most of its time elsewhere.
type breaker struct {
	next     Consulter
	circuit  *gobreaker.TwoStepCircuitBreaker[Answer]
	patience time.Duration // a timeout before it is not counted
}

var _ Consulter = (*breaker)(nil)

// newBreaker makes a closed circuit. changed may be nil; it is called while the
// circuit is locked.
func newBreaker(next Consulter, patience time.Duration, changed func(CircuitState)) *breaker {
	settings := gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= openAfter },
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return err == uncounted },
	}
	if changed != nil {
		settings.OnStateChange = func(_ string, _, to gobreaker.State) { changed(CircuitState(to)) }
	}
	return &breaker{next: next, circuit: gobreaker.NewTwoStepCircuitBreaker[Answer](settings), patience: patience}
}

// Consult fails with [CircuitOpen] while Mitz is left alone; nothing was sent then.
func (b *breaker) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	report, err := b.circuit.Allow()
	if err != nil {
		return Answer{}, &Error{Code: CircuitOpen}
	}
	var outcome error = uncounted // also after a panic
	defer func() { report(outcome) }()
	began := time.Now()
	answer, err := b.next.Consult(ctx, q)
	outcome = b.judge(err, time.Since(began))
	return answer, err
}

// verdict is what a consult says of Mitz's availability; none is a success.
type verdict string

func (v verdict) Error() string { return string(v) }

const (
	unavailable verdict = "unavailable"
	uncounted   verdict = "uncounted"
)

func (b *breaker) judge(err error, took time.Duration) error {
	if err == nil {
		return nil
	}
	failure, known := errors.AsType[*Error](err)
	if !known || failure.Attempts == 0 || failure.Status == http.StatusTooManyRequests {
		return uncounted
	}
	switch failure.Code {
	case Canceled:
		return uncounted
	case Timeout:
		if took < b.patience {
			return uncounted
		}
		return unavailable
	case Unreachable, TLS, FaultReceiver:
		return unavailable
	}
	if failure.Status >= http.StatusInternalServerError {
		return unavailable
	}
	return nil
}

// state turns from open to half open by itself, in time.
func (b *breaker) state() CircuitState { return CircuitState(b.circuit.State()) }

// refusal is nil when a consult would be let through now.
func (b *breaker) refusal() *Error {
	switch b.circuit.State() {
	case gobreaker.StateClosed:
		return nil
	case gobreaker.StateHalfOpen:
		if counts := b.circuit.Counts(); counts.Requests <= counts.TotalExclusions {
			return nil
		}
	}
	return &Error{Code: CircuitOpen}
}
