// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// openAfter failures in a row a circuit opens.
	openAfter = 5
	// openFor is how long it is then open before one query may try: short, because each
	// refusal in it may be one too many.
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

// circuit is one circuit: everybody's, or one requester's. A result of before it opened or
// closed changes nothing.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[Answer]
}

func newCircuit(opens func(inARow int) bool) circuit {
	return circuit{gobreaker.NewTwoStepCircuitBreaker[Answer](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return opens(int(counts.ConsecutiveFailures)) },
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return errors.Is(err, uncounted) },
	})}
}

// state turns from open to half open by itself, in time.
func (c circuit) state() CircuitState { return CircuitState(c.State()) }

// passes reports whether a query would be let through now.
func (c circuit) passes() bool {
	switch c.state() {
	case StateClosed:
		return true
	case StateHalfOpen:
		counts := c.Counts()
		return counts.Requests <= counts.TotalExclusions
	default:
		return false
	}
}
