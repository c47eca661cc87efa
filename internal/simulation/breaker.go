// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

// verdict is what a message says of Mitz, as in package link.
type verdict int

const (
	works       verdict = iota // Mitz answered
	unreachable                // it could not be sent
	unanswered                 // it was sent and got no answer
	uncounted                  // it says nothing
)

// state is that of a circuit.
type state int

const (
	closed state = iota
	halfOpen
	open
)

// The constants of package link.
const (
	openAfter     = 5
	openFor       = 5 * time.Second
	maxBlame      = 3
	maxNewcomers  = 4
	maxParties    = 4096
	rememberParty = time.Minute
)

// circuit is one that a gobreaker.TwoStepCircuitBreaker with one trial would be.
type circuit struct {
	state      state
	generation int
	expiry     time.Duration
	openings   int           // since it was closed
	most       time.Duration // for which it is open; 0: always for the same time

	requests, excluded, inARow int
}

// openFor returns how long it is open: for five seconds, or for longer each time up to a bound.
func (c *circuit) openFor(most time.Duration) time.Duration {
	lasts := openFor
	if most == 0 {
		return lasts
	}
	for range c.openings - 1 {
		lasts = min(2*lasts, most)
	}
	return lasts
}

// at returns the state at a time: an open one turns half open by itself.
func (c *circuit) at(now time.Duration) state {
	if c.state == open && c.expiry < now {
		c.become(halfOpen, now)
	}
	return c.state
}

func (c *circuit) become(next state, now time.Duration) {
	if c.state == next {
		return
	}
	openings := c.openings
	*c = circuit{state: next, generation: c.generation + 1, most: c.most}
	switch next {
	case open:
		c.openings = openings + 1
		c.expiry = now + c.openFor(c.most)
	case halfOpen:
		c.openings = openings
	case closed:
	}
}

// passes reports whether a message would be let through.
func (c *circuit) passes(now time.Duration) bool {
	switch c.at(now) {
	case closed:
		return true
	case halfOpen:
		return c.requests <= c.excluded
	default:
		return false
	}
}

// report takes note of how a message ended that was let through in a generation.
func (c *circuit) report(now time.Duration, generation int, said verdict, opens func(inARow int) bool) {
	at := c.at(now)
	switch {
	case generation != c.generation:
	case said == uncounted:
		c.excluded++
	case said == works:
		c.inARow = 0
		if at == halfOpen {
			c.become(closed, now)
		}
	case at == halfOpen:
		c.become(open, now)
	default:
		c.inARow++
		if at == closed && opens(c.inARow) {
			c.become(open, now)
		}
	}
}

// breaker is that of package link: a circuit for everybody, and one for each party.
type breaker struct {
	clock     *Clock
	everybody *circuit
	own       *recent.Recent[int, circuit]
	blame     blame
	newcomers int
	opened    int           // how often everybody's circuit opened
	most      time.Duration // see circuit
}

func newBreaker(clock *Clock, most time.Duration) *breaker {
	return &breaker{clock: clock, most: most, everybody: &circuit{most: most}, own: recent.New[int, circuit](rememberParty, maxParties)}
}

// admits reports whether a party may ask although everybody's circuit is open.
func (b *breaker) admits(own *circuit) bool {
	return !b.blame.unsent && b.newcomers < maxNewcomers && own.at(b.clock.now) == closed && own.inARow == 0
}

// refusal is empty when a message would be let through.
func (b *breaker) refusal(who int) Code {
	own := b.own.Of(b.clock.time(), who)
	switch {
	case !own.passes(b.clock.now):
		return HeldBack
	case !b.everybody.passes(b.clock.now) && !b.admits(own):
		return CircuitOpen
	default:
		return ""
	}
}

// enter lets a message through, or says why not. Report how it went.
func (b *breaker) enter(who int) (report func(verdict), refused Code) {
	if refused = b.refusal(who); refused != "" {
		return nil, refused
	}
	defer b.look()
	own := b.own.Of(b.clock.time(), who)
	own.requests++
	ownGeneration := own.generation
	all, isNewcomer := b.everybody, !b.everybody.passes(b.clock.now)
	if isNewcomer {
		b.newcomers++
	} else {
		all.requests++
	}
	allGeneration := all.generation
	return func(said verdict) {
		defer b.look()
		now := b.clock.now
		b.blame.note(who, said)
		ownSaid := said
		if said == unreachable {
			ownSaid = uncounted
		}
		own.report(now, ownGeneration, ownSaid, func(inARow int) bool { return inARow >= openAfter })
		if isNewcomer {
			b.newcomers--
			if said == works {
				b.everybody = &circuit{most: b.most}
			}
			return
		}
		was := all.state
		all.report(now, allGeneration, said, func(int) bool { return b.blame.weight >= openAfter })
		if all.state == open && was != open {
			b.opened++
		}
	}, ""
}

// look looks at the one party whose messages alone failed, as telling the state of a link does:
// what is looked at is remembered for longer.
func (b *breaker) look() {
	if b.everybody.at(b.clock.now) != closed || len(b.blame.by) != 1 {
		return
	}
	for who, failures := range b.blame.by {
		if failures >= openAfter {
			b.own.Of(b.clock.time(), who)
		}
	}
}

// blame weighs the failures since Mitz last answered anybody.
type blame struct {
	by     map[int]int
	weight int
	unsent bool
}

func (b *blame) note(who int, said verdict) {
	switch said {
	case works:
		*b = blame{}
	case unreachable:
		b.unsent = true
		b.weight++
	case unanswered:
		b.unsent = false
		if _, known := b.by[who]; !known && len(b.by) >= openAfter {
			return
		}
		if b.by == nil {
			b.by = map[int]int{}
		}
		b.by[who]++
		if b.by[who] <= maxBlame {
			b.weight++
		}
	case uncounted:
	}
}
