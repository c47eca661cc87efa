// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

const (
	// maxParties is of how many parties is known how their messages went.
	maxParties = 4096
	// rememberParty is for how long after its last message.
	rememberParty = time.Minute
	// maxNewcomers is how many who did not fail themselves may ask at once while the
	// circuit is open.
	maxNewcomers = 4
)

// breaker refuses calls at once while Mitz does not answer, so that token requests do not
// all wait for it in vain. It keeps apart what is Mitz's failure and what may be one
// party's: a message that Mitz is slow about, or that makes it fail, must not close the
// operation for the others. See [judge] for what is a failure. The rule:
//
//   - Each party has a circuit of its own. After five failures in a row of messages that
//     were sent, the party is held back for five seconds; then one message of it may try.
//   - Everybody's circuit opens after five failures in a row, with no answer to anybody in
//     between. A message that could not be sent (no connection, no TLS) counts always:
//     nothing in it can cause that. Of those that were sent, at most three of one party count:
//     two parties, or more, must have met it.
//   - While everybody's circuit is open, five seconds and then until one message was answered,
//     who did not fail since its last answer may still ask, a few at a time, unless messages
//     cannot be sent at all. So parties who agree to open the circuit harm themselves, and
//     the first answer to an honest one closes it.
//
// Where there is one party, its own circuit is the breaker: as long as nobody else is
// answered, state is that of its circuit.
type breaker struct {
	next     exchanger
	patience time.Duration // a timeout before it is not counted
	changed  func(State)
	heldBack func()

	mu        sync.Mutex
	everybody circuit
	own       *recent.Recent[string, record]
	blame     blame
	newcomers int
	told      State
}

// record is how a party's messages went lately.
type record struct {
	circuit circuit
	held    bool // its circuit was open when last seen
}

var _ exchanger = (*breaker)(nil)

// newBreaker makes closed circuits. The functions may be nil; they are called under the
// breaker's lock.
func newBreaker(next exchanger, patience time.Duration, changed func(State), heldBack func()) *breaker {
	b := &breaker{
		next: next, patience: patience, changed: changed, heldBack: heldBack,
		own: recent.New[string, record](rememberParty, maxParties),
	}
	b.everybody = b.newEverybody()
	return b
}

// newEverybody makes everybody's circuit, closed.
func (b *breaker) newEverybody() circuit {
	return newCircuit(func(int) bool { return b.blame.everybody() })
}

// Exchange fails with [CircuitOpen] while Mitz is left alone, or the party is held back
// (detail "requester"); nothing was sent then.
func (b *breaker) Exchange(ctx context.Context, c Call) *Failure {
	report, failure := b.enter(c.By)
	if failure != nil {
		return failure
	}
	var outcome error = uncounted // also after a panic
	defer func() { report(outcome) }()
	began := time.Now()
	failure = b.next.Exchange(ctx, c)
	outcome = judge(failure, time.Since(began), b.patience)
	return failure
}

// enter lets a message through both circuits, or as a newcomer past the second. Report how it
// went.
func (b *breaker) enter(who string) (report func(error), failure *Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.tell()
	own := b.record(who)
	reportOwn, err := own.circuit.Allow()
	if err != nil {
		return nil, heldBack(CircuitOpen)
	}
	reportAll, err := b.everybody.Allow()
	if err != nil {
		if !b.admits(own) {
			reportOwn(uncounted)
			return nil, &Failure{Code: CircuitOpen}
		}
		b.newcomers++
		reportAll = func(outcome error) {
			b.newcomers--
			if outcome == nil {
				b.everybody = b.newEverybody()
			}
		}
	}
	return func(outcome error) { b.report(who, own, outcome, reportOwn, reportAll) }, nil
}

func (b *breaker) report(who string, own *record, outcome error, reportOwn, reportAll func(error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.tell()
	switch {
	case outcome == nil:
		b.blame.answered()
	case errors.Is(outcome, unreachable):
		b.blame.failed(who, unreachable)
		reportOwn(uncounted)
	case errors.Is(outcome, unanswered):
		b.blame.failed(who, unanswered)
	}
	if !errors.Is(outcome, unreachable) {
		reportOwn(outcome)
	}
	reportAll(outcome)
	held := own.circuit.state() == Open
	if held && !own.held && b.heldBack != nil {
		b.heldBack()
	}
	own.held = held
}

// record returns how the party's messages went.
func (b *breaker) record(who string) *record {
	own := b.own.Of(time.Now(), who)
	if own.circuit.TwoStepCircuitBreaker == nil {
		own.circuit = newCircuit(func(inARow int) bool { return inARow >= openAfter })
	}
	return own
}

// admits reports whether a party may ask although everybody's circuit is open.
func (b *breaker) admits(own *record) bool {
	return !b.blame.unsent && b.newcomers < maxNewcomers &&
		own.circuit.state() == Closed && own.circuit.Counts().ConsecutiveFailures == 0
}

// refusal is nil when a call would be let through now.
func (b *breaker) refusal(who string) *Failure {
	b.mu.Lock()
	defer b.mu.Unlock()
	own := b.record(who)
	switch {
	case !own.circuit.passes():
		return heldBack(CircuitOpen)
	case !b.everybody.passes() && !b.admits(own):
		return &Failure{Code: CircuitOpen}
	default:
		return nil
	}
}

// state turns from open to half open by itself, in time.
func (b *breaker) state() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current()
}

func (b *breaker) current() State {
	if state := b.everybody.state(); state != Closed {
		return state
	}
	if who, alone := b.blame.only(); alone {
		return b.record(who).circuit.state()
	}
	return Closed
}

// tell tells a changed state.
func (b *breaker) tell() {
	state := b.current()
	if state == b.told {
		return
	}
	b.told = state
	if b.changed != nil {
		b.changed(state)
	}
}

// held adds the parties that are held back.
func (b *breaker) held(parties map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for who, own := range b.own.All(time.Now()) {
		if own.circuit.TwoStepCircuitBreaker != nil && own.circuit.state() != Closed {
			parties[who] = true
		}
	}
}
