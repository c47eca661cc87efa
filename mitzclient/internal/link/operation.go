// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Budget is what an [Operation] may spend.
type Budget struct {
	Timeout   time.Duration // of a whole call: all waiting and a repetition included
	AtOnce    int           // calls that are with Mitz at the same time; others wait
	PerMinute int           // messages about one subject on behalf of one party, for calls that are about somebody
	// Again reports whether a call that failed so is sent once more. That is for each
	// operation to decide: see [InPassing] and [Harmless]. Nil: it
	// never is.
	Again func(*Failure) bool
}

// Hooks tell what happens in an [Operation], for logs and metrics. Each may be nil. They are
// called while calls wait for them: return at once, and do not call the operation.
type Hooks struct {
	CircuitChanged func(State)                           // its new state
	HeldBack       func()                                // a party whose calls fail is refused for a while
	Paused         func(d time.Duration, everybody bool) // Mitz asked to be left alone, by everybody or by one party
}

// State says whether calls reach Mitz.
type State = gobreaker.State

// The states of an operation.
const (
	Closed   = gobreaker.StateClosed   // calls go through
	HalfOpen = gobreaker.StateHalfOpen // one call may try; the others are refused
	Open     = gobreaker.StateOpen     // calls are refused
)

// Operation is one kind of call to Mitz, with a budget of its own. It is safe for concurrent
// use.
type Operation struct {
	frequency *frequency
	breaker   *breaker
	pause     *pause
	limit     *limit
	chain     exchanger
}

// New makes an operation. It starts nothing.
func New(budget Budget, hooks Hooks) *Operation { return decorate(sender{}, budget, hooks) }

// decorate puts the decorators around an exchanger. All that count go by party. The order
// is, from the outside in:
//
//   - deadline: its time runs for everything below;
//   - gate: refuses before the queue what the pause, the breaker and the frequency would
//     refuse after it; while the queue is full of calls that wait for a Mitz that hangs,
//     a refusal still comes at once;
//   - limit: above the retry, which keeps its turn; above the breaker, which must not
//     take our own queue for a slow Mitz;
//   - retry: above all that follows, so that a second message too is sent only where a
//     first would be;
//   - pause: above the breaker, so that a call it refuses is not the one that may
//     try whether Mitz is back;
//   - breaker: judges each message by itself;
//   - frequency: next to what sends, so that it counts the messages that are sent, and no
//     call that was refused.
func decorate(sends exchanger, budget Budget, hooks Hooks) *Operation {
	o := &Operation{}
	o.frequency = newFrequency(sends, budget.PerMinute)
	o.breaker = newBreaker(o.frequency, budget.Timeout/2, hooks.CircuitChanged, hooks.HeldBack)
	o.pause = newPause(o.breaker, hooks.Paused)
	retry := &retry{next: o.pause, again: budget.Again}
	o.limit = newLimit(retry, budget.AtOnce, queueFactor*budget.AtOnce)
	gate := &gate{next: o.limit, pause: o.pause, breaker: o.breaker, frequency: o.frequency}
	o.chain = &deadline{next: gate, timeout: budget.Timeout}
	return o
}

// Do does a call and returns why it failed, or nil. It sends at most two messages, the second
// only as [Budget.Again] has it.
func (o *Operation) Do(ctx context.Context, c Call) *Failure { return o.chain.Exchange(ctx, c) }

// State says whether calls reach Mitz. It is open also while Mitz asked to be left alone
// (status 429, or 503 with a time), and when all that came lately failed, be it from one party.
func (o *Operation) State() State {
	if o.pause.lasts() {
		return Open
	}
	return o.breaker.state()
}

// Load is how many calls an operation has, and how many parties it holds back.
type Load struct {
	Running  int // with Mitz
	Waiting  int // for their turn
	HeldBack int // parties that are refused for a while, because their calls failed or Mitz asked for less
}

// Load returns how many calls there are at this moment.
func (o *Operation) Load() Load {
	held := map[string]bool{}
	o.breaker.held(held)
	o.pause.held(held)
	running := o.limit.turns.Load()
	return Load{Running: running.Running, Waiting: running.Waiting, HeldBack: len(held)}
}
