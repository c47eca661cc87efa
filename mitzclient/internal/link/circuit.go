// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// openAfter failures in a row a circuit opens.
	openAfter = 5
	// openFor is how long it is then open before one message may try: short, because each
	// refusal in it may be one too many.
	openFor = 5 * time.Second
)

// circuit is one circuit: everybody's, or one party's. A result of before it opened or
// closed changes nothing.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
}

func newCircuit(opens func(inARow int) bool) circuit {
	return circuit{gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return opens(int(counts.ConsecutiveFailures)) },
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return errors.Is(err, uncounted) },
	})}
}

// state turns from open to half open by itself, in time.
func (c circuit) state() State { return c.State() }

// passes reports whether a message would be let through now.
func (c circuit) passes() bool {
	switch c.state() {
	case Closed:
		return true
	case HalfOpen:
		counts := c.Counts()
		return counts.Requests <= counts.TotalExclusions
	default:
		return false
	}
}
