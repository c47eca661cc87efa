// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"time"
)

// The constants of package subscriptions.
const (
	minMitzPause = 10 * time.Second
	maxMitzPause = 5 * time.Minute
	maxAsked     = time.Hour
	othersFirst  = 2 * time.Second
)

// Said is what a message about a subscription says of Mitz.
type Said int

// What a message can say.
const (
	SaidYes       Said = iota // Mitz did what it was told
	SaidFailed                // which may be about the sender, or about Mitz
	SaidFailedAll             // Mitz is not there for anybody
	SaidThrottled             // Mitz asks for less
)

// saidBy reads the end of a call, as package subscriptions does.
func saidBy(result Result) Said {
	switch result.Code {
	case Answered:
		return SaidYes
	case HTTPStatus:
		return SaidThrottled // 429 and 503; the simulation has no other
	case Unreachable, CircuitOpen:
		return SaidFailedAll
	default:
		return SaidFailed
	}
}

// Pace is that of one node with one data holder, as package subscriptions has it.
type Pace struct {
	clock    *Clock
	random   *rand.Rand
	all, own lane
	begun    int // pauses
}

// lane is the pace of all, or of the one sender.
type lane struct {
	until, delay  time.Duration
	pauses        int
	window, good  int
	running, most int
}

// NewPace makes one with so many messages at once at the most. It begins with one.
func NewPace(clock *Clock, random *rand.Rand, most int) *Pace {
	return &Pace{clock: clock, random: random, all: lane{window: 1, most: most}, own: lane{window: most, most: most}}
}

// until returns until when no message goes; it is over when one may.
func (p *Pace) until() time.Duration { return max(p.all.until, p.own.until) }

// hasRoom reports whether one more may go at once.
func (p *Pace) hasRoom() bool { return p.all.running < p.all.window && p.own.running < p.own.window }

// Window returns how many messages may go at once.
func (p *Pace) Window() int { return min(p.all.window, p.own.window) }

// Delay returns how long the last pauses were, of all and of the sender; 0: there was a good answer
// since.
func (p *Pace) Delay() (all, own time.Duration) { return p.all.delay, p.own.delay }

// Begin begins a message. Call leave once, with what it says and for how long Mitz asked to be left
// alone.
func (p *Pace) Begin() (leave func(Said, time.Duration)) {
	p.all.running++
	p.own.running++
	inAll, inOwn := p.all.pauses, p.own.pauses
	return func(what Said, asked time.Duration) {
		p.all.running--
		p.own.running--
		p.judge(what, min(asked, maxAsked), inAll == p.all.pauses, inOwn == p.own.pauses)
	}
}

func (p *Pace) judge(what Said, asked time.Duration, freshInAll, freshInOwn bool) {
	switch what {
	case SaidYes:
		if freshInAll {
			p.all.answered()
		}
		if freshInOwn {
			p.own.answered()
		}
	case SaidFailed:
		p.pause(&p.own, asked, freshInOwn)
	case SaidFailedAll:
		p.pause(&p.all, asked, freshInAll)
	case SaidThrottled:
		p.pause(&p.all, asked, freshInAll)
		p.pause(&p.own, asked, freshInOwn)
		p.own.until = max(p.own.until, p.all.until+othersFirst)
	}
}

// pause begins a pause, twice as long as the last one, or as long as Mitz asked for.
func (p *Pace) pause(l *lane, asked time.Duration, fresh bool) {
	if fresh {
		next := minMitzPause
		if asked > 0 {
			next = 0
		}
		l.delay = max(asked, min(max(next, 2*l.delay), maxMitzPause))
		l.until = p.clock.now + jitter(p.random, l.delay)
		l.pauses++
		p.begun++
	}
	if asked > 0 {
		l.until = max(l.until, p.clock.now+asked+time.Duration(p.random.Int64N(int64(asked/10+time.Millisecond))))
	}
	l.window, l.good = 1, 0
}

// answered lets more messages go at once, when as many as that were answered.
func (l *lane) answered() {
	l.delay = 0
	l.good++
	if l.good >= l.window && l.window < l.most {
		l.window, l.good = min(2*l.window, l.most), 0
	}
}

// jitter returns up to a quarter less.
func jitter(random *rand.Rand, d time.Duration) time.Duration {
	return d - time.Duration(random.Int64N(int64(d/4+1)))
}

// again returns after how long a message is sent again that was sent so often in vain.
func again(random *rand.Rand, attempts int) time.Duration {
	wait := minMitzPause
	for range attempts - 1 {
		wait = min(2*wait, maxMitzPause)
	}
	return jitter(random, wait)
}
