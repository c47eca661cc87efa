// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

const (
	// maxRequesters is of how many requesters is known how their queries went.
	maxRequesters = 4096
	// rememberRequester is for how long after its last query.
	rememberRequester = time.Minute
	// maxNewcomers is how many who did not fail themselves may ask at once while the
	// circuit is open.
	maxNewcomers = 4
)

// breaker refuses consults at once while Mitz does not answer, so that token requests do not
// all wait for it in vain. It keeps apart what is Mitz's failure and what may be one
// requester's: a question that Mitz is slow about, or that makes it fail, must not close the
// link for the others. See [judge] for what is a failure. The rule:
//
//   - Each requester has a circuit of its own. After five failures in a row of queries that
//     were sent, the requester is held back for five seconds; then one query of it may try.
//   - Everybody's circuit opens after five failures in a row, with no answer to anybody in
//     between. A query that could not be sent (no connection, no TLS) counts always: no
//     question can cause that. Of those that were sent, at most three of one requester count:
//     two requesters, or more, must have met it.
//   - While everybody's circuit is open, five seconds and then until one query was answered,
//     who did not fail since its last answer may still ask, a few at a time, unless queries
//     cannot be sent at all. So requesters who agree to open the circuit harm themselves, and
//     the first answer to an honest one closes it.
//
// Where there is one requester, its own circuit is the breaker: as long as nobody else is
// answered, state is that of its circuit.
type breaker struct {
	next     Consulter
	patience time.Duration // a timeout before it is not counted
	changed  func(CircuitState)
	heldBack func()

	mu        sync.Mutex
	everybody circuit
	own       *recent.Recent[consent.URA, record]
	blame     blame
	newcomers int
	told      CircuitState
}

// record is how a requester's queries went lately.
type record struct {
	circuit circuit
	held    bool // its circuit was open when last seen
}

var _ Consulter = (*breaker)(nil)

// newBreaker makes closed circuits. The functions may be nil; they are called under the
// breaker's lock.
func newBreaker(next Consulter, patience time.Duration, changed func(CircuitState), heldBack func()) *breaker {
	b := &breaker{
		next: next, patience: patience, changed: changed, heldBack: heldBack,
		own: recent.New[consent.URA, record](rememberRequester, maxRequesters),
	}
	b.everybody = b.newEverybody()
	return b
}

// newEverybody makes everybody's circuit, closed.
func (b *breaker) newEverybody() circuit {
	return newCircuit(func(int) bool { return b.blame.everybody() })
}

// Consult fails with [CircuitOpen] while Mitz is left alone, or the requester is held back
// (detail "requester"); nothing was sent then.
func (b *breaker) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	report, failure := b.enter(requesterOf(q))
	if failure != nil {
		return Answer{}, failure
	}
	var outcome error = uncounted // also after a panic
	defer func() { report(outcome) }()
	began := time.Now()
	answer, err := b.next.Consult(ctx, q)
	outcome = judge(err, time.Since(began), b.patience)
	return answer, err
}

// enter lets a query through both circuits, or as a newcomer past the second. Report how it
// went.
func (b *breaker) enter(who consent.URA) (report func(error), failure *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.tell()
	own := b.record(who)
	reportOwn, err := own.circuit.Allow()
	if err != nil {
		return nil, heldBackError(CircuitOpen)
	}
	reportAll, err := b.everybody.Allow()
	if err != nil {
		if !b.admits(own) {
			reportOwn(uncounted)
			return nil, &Error{Code: CircuitOpen}
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

func (b *breaker) report(who consent.URA, own *record, outcome error, reportOwn, reportAll func(error)) {
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
	held := own.circuit.state() == StateOpen
	if held && !own.held && b.heldBack != nil {
		b.heldBack()
	}
	own.held = held
}

// record gives how the requester's queries went.
func (b *breaker) record(who consent.URA) *record {
	own := b.own.Of(time.Now(), who)
	if own.circuit.TwoStepCircuitBreaker == nil {
		own.circuit = newCircuit(func(inARow int) bool { return inARow >= openAfter })
	}
	return own
}

// admits reports whether a requester may ask although everybody's circuit is open.
func (b *breaker) admits(own *record) bool {
	return !b.blame.unsent && b.newcomers < maxNewcomers &&
		own.circuit.state() == StateClosed && own.circuit.Counts().ConsecutiveFailures == 0
}

// refusal is nil when a consult would be let through now.
func (b *breaker) refusal(who consent.URA) *Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	own := b.record(who)
	switch {
	case !own.circuit.passes():
		return heldBackError(CircuitOpen)
	case !b.everybody.passes() && !b.admits(own):
		return &Error{Code: CircuitOpen}
	default:
		return nil
	}
}

// state turns from open to half open by itself, in time.
func (b *breaker) state() CircuitState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current()
}

func (b *breaker) current() CircuitState {
	if state := b.everybody.state(); state != StateClosed {
		return state
	}
	if who, alone := b.blame.only(); alone {
		return b.record(who).circuit.state()
	}
	return StateClosed
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

// held adds the requesters that are held back.
func (b *breaker) held(requesters map[consent.URA]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for who, own := range b.own.All(time.Now()) {
		if own.circuit.TwoStepCircuitBreaker != nil && own.circuit.state() != StateClosed {
			requesters[who] = true
		}
	}
}
