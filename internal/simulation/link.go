// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"time"
)

// Code is how a call ended, as in mitzclient.
type Code string

// The codes.
const (
	Answered       Code = "answered"
	Timeout        Code = "timeout"
	QueueTimeout   Code = "timeout/queue"
	Unreachable    Code = "unreachable"
	HTTPStatus     Code = "http_status"
	Overloaded     Code = "overloaded"
	CircuitOpen    Code = "circuit_open"
	HeldBack       Code = "circuit_open/requester"
	RateLimited    Code = "rate_limited"
	TooManyQueries Code = "too_many_queries"
)

// Reply is what becomes of a message that does not run into the end of its call.
type Reply struct {
	Code       Code          // Answered, Unreachable (no connection) or HTTPStatus
	Status     int           // with HTTPStatus: 429, or 500 and above
	RetryAfter time.Duration // for how long Mitz asked to be left alone; 0: it did not
}

// Call is one call on its way through a [Link].
type Call struct {
	By    int   // the party that causes it
	About int64 // the patient; 0: nobody in particular
	// Send sends a message. It calls answer once, later, unless hangUp was called before.
	Send func(answer func(Reply)) (hangUp func())
	// Done is called once.
	Done func(Result)
}

// Result is how a call ended.
type Result struct {
	Code       Code
	Attempts   int // messages
	RetryAfter time.Duration
}

// Budget is what a link may spend, as link.Budget has it.
type Budget struct {
	Timeout   time.Duration
	AtOnce    int
	PerMinute int
	// Again says which messages are sent once more.
	Again Again
	// OpenMost has a circuit that opens again and again be open for twice as long each time, up to
	// this: what package link does not do. 0: always for five seconds, as it does.
	OpenMost time.Duration
}

// Again says which messages are sent once more.
type Again int

// The rules of package link.
const (
	InPassing Again = iota // as link.InPassing has it: a query
	Harmless               // as link.Harmless has it: what changes no more when it comes twice
	Never
)

// The constants of package link.
const (
	queueFactor                  = 16
	leastTime                    = 100 * time.Millisecond
	minRetryDelay, maxRetryDelay = 10 * time.Millisecond, 50 * time.Millisecond
)

// Link is one node's link to Mitz for one kind of message.
type Link struct {
	clock     *Clock
	random    *rand.Rand
	budget    Budget
	turns     *Turns
	pause     *pause
	breaker   *breaker
	frequency *frequency
	trouble   bool // the last message that said something of Mitz failed
}

// NewLink makes a link.
func NewLink(clock *Clock, random *rand.Rand, budget Budget) *Link {
	queue := queueFactor * budget.AtOnce
	return &Link{
		clock: clock, random: random, budget: budget, pause: newPause(clock), breaker: newBreaker(clock, budget.OpenMost), frequency: newFrequency(clock, budget.PerMinute),
		turns: newTurns(clock, Limits{Turns: budget.AtOnce, Share: (budget.AtOnce + 1) / 2, Queue: queue, QueueShare: (queue + 1) / 2}),
	}
}

// Waiting returns how many calls wait for their turn.
func (l *Link) Waiting() int { return l.turns.waiting }

// Do does a call. The order is that of package link: deadline, gate, limit, retry, pause,
// breaker, frequency.
func (l *Link) Do(c Call) {
	u := &underway{Link: l, Call: c, began: l.clock.now}
	if u.turnedAway() {
		return
	}
	got, refused := l.turns.take(c.By, u.begin)
	if refused != "" {
		u.end(Result{Code: Overloaded})
		return
	}
	u.turn = got
	u.deadline = l.clock.After(l.budget.Timeout, u.expire)
	if got.held {
		u.begin()
	}
}

// underway is a call that is under way.
type underway struct {
	*Link
	Call
	began    time.Duration
	deadline *Timer
	turn     *turn
	attempts int
	first    *Result // of the first message, when it is sent again
	sleeping *Timer
	late     func() // ends the message that is under way, as its time is over
}

// turnedAway ends a call that the gate refuses.
func (u *underway) turnedAway() bool {
	if left, code := u.pause.refusal(u.By); code != "" {
		u.end(Result{Code: code, RetryAfter: left})
		return true
	}
	if code := u.breaker.refusal(u.By); code != "" {
		u.end(Result{Code: code})
		return true
	}
	if u.frequency.refuses(u.By, u.About) {
		u.end(Result{Code: TooManyQueries})
		return true
	}
	return false
}

func (u *underway) left() time.Duration { return u.began + u.budget.Timeout - u.clock.now }

// begin begins once the call has its turn.
func (u *underway) begin() {
	if u.left() < leastTime {
		u.end(Result{Code: QueueTimeout})
		return
	}
	u.send()
}

// expire ends a call whose time is over, wherever it is.
func (u *underway) expire() {
	switch {
	case u.late != nil:
		u.late()
	case u.sleeping != nil:
		u.end(Result{Code: Timeout, Attempts: u.attempts})
	default:
		u.end(Result{Code: QueueTimeout})
	}
}

func (u *underway) end(result Result) {
	u.deadline.Stop()
	u.sleeping.Stop()
	u.late = nil
	if u.turn != nil {
		u.turns.leave(u.turn)
	}
	u.Done(result)
}

// send sends a message, unless it may not be sent now.
func (u *underway) send() {
	if left, code := u.pause.refusal(u.By); code != "" {
		u.unsent(Result{Code: code, RetryAfter: left})
		return
	}
	report, code := u.breaker.enter(u.By)
	if code != "" {
		u.unsent(Result{Code: code})
		return
	}
	if !u.frequency.take(u.By, u.About) {
		report(uncounted)
		u.unsent(Result{Code: TooManyQueries})
		return
	}
	u.attempts++
	sent := u.clock.now
	hangUp := u.Send(func(reply Reply) {
		u.late = nil
		report(reply.verdict())
		u.pause.note(u.By, reply)
		u.ended(reply)
	})
	u.late = func() {
		hangUp()
		said := unanswered
		if u.clock.now-sent < u.budget.Timeout/2 {
			said = uncounted
		}
		report(said)
		u.trouble = true
		u.end(Result{Code: Timeout, Attempts: u.attempts})
	}
}

// unsent ends a call whose message may not be sent. The failure is that of the first message,
// where there was one.
func (u *underway) unsent(result Result) {
	if u.first != nil {
		result = *u.first
	}
	u.end(result)
}

// ended ends a call whose message was answered, or sends it once more.
func (u *underway) ended(reply Reply) {
	result := Result{Code: reply.Code, Attempts: u.attempts, RetryAfter: reply.RetryAfter}
	trouble := u.trouble
	if said := reply.verdict(); said != uncounted {
		u.trouble = said != works
	}
	if u.attempts > 1 || !u.budget.Again.sends(reply) || trouble && reply.Status == unavailable {
		u.end(result)
		return
	}
	delay := minRetryDelay + time.Duration(u.random.Int64N(int64(maxRetryDelay-minRetryDelay)))
	if u.left() < delay+leastTime {
		u.end(result)
		return
	}
	u.first = &result
	u.sleeping = u.clock.After(delay, func() {
		u.sleeping = nil
		u.send()
	})
}

// verdict is what a reply says of Mitz.
func (r Reply) verdict() verdict {
	switch {
	case r.Code == Unreachable:
		return unreachable
	case r.Code == HTTPStatus && r.Status == tooManyRequests:
		return uncounted
	case r.Code == HTTPStatus && r.Status >= 500:
		return unanswered
	default:
		return works
	}
}

// sends reports whether a message is sent once more that got a reply.
func (a Again) sends(reply Reply) bool {
	switch {
	case a == Never:
		return false
	case reply.Code == Unreachable:
		return true
	case reply.Code != HTTPStatus || reply.RetryAfter > 0:
		return false
	default:
		return reply.Status >= 502 && reply.Status <= 504 || a == Harmless && reply.Status == 500
	}
}
