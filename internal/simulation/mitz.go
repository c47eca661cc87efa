// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"time"
)

// Period is a part of the day.
type Period struct{ From, Until time.Duration }

func (p Period) has(at time.Duration) bool { return p.From <= at && at < p.Until }

// MitzSetup says how Mitz works for one kind of message. What is not public is assumed.
type MitzSetup struct {
	AtOnce  int           // messages that it works on at the same time; others wait in the order they came
	Service time.Duration // how long it works on one, at the mean
	Travel  time.Duration // there and back
	Slow    Period
	SlowBy  float64 // how much longer it works on one then
	// Queue is how many may wait at the most, and Full what is answered at once to the others;
	// 0: all wait, however many.
	Queue int
	Full  Reply
	// Notices has it do nothing about a message on whose answer nobody waits any more.
	Notices bool
}

// MitzCounts is what became of the messages that were sent to Mitz. Each ends in one of them.
type MitzCounts struct {
	Answered   int // in time
	InVain     int // Mitz did its work, and nobody waited any more: a patient sees a query of which nothing came
	Dropped    int // nobody waited any more, and Mitz noticed
	TurnedAway int // the queue was full
	Longest    int // messages that waited at once
}

// Ended returns how many messages ended.
func (c MitzCounts) Ended() int { return c.Answered + c.InVain + c.Dropped + c.TurnedAway }

// Mitz answers messages.
type Mitz struct {
	MitzSetup
	MitzCounts
	clock  *Clock
	random *rand.Rand
	busy   int
	queue  []*message
}

// message is one that is on its way, waits or is worked on.
type message struct {
	answer func(Reply)
	hungUp bool
}

// NewMitz makes one.
func NewMitz(clock *Clock, random *rand.Rand, setup MitzSetup) *Mitz {
	return &Mitz{clock: clock, random: random, MitzSetup: setup}
}

// Send sends a message to it. See [Call].
func (m *Mitz) Send(answer func(Reply)) (hangUp func()) {
	sent := &message{answer: answer}
	m.clock.After(m.Travel/2, func() { m.arrive(sent) })
	return func() { sent.hungUp = true }
}

func (m *Mitz) arrive(arrived *message) {
	switch {
	case m.busy < m.AtOnce:
		m.work(arrived)
	case m.Queue > 0 && len(m.queue) >= m.Queue:
		m.TurnedAway++
		m.reply(arrived, m.Full, func() {})
	default:
		m.queue = append(m.queue, arrived)
		m.Longest = max(m.Longest, len(m.queue))
	}
}

// work works on a message, and then on the next.
func (m *Mitz) work(on *message) {
	if on.hungUp && m.Notices {
		m.Dropped++
		m.next()
		return
	}
	m.busy++
	takes := (0.5 + m.random.ExpFloat64()/2) * float64(m.Service)
	if m.Slow.has(m.clock.now) {
		takes *= m.SlowBy
	}
	m.clock.After(time.Duration(takes), func() {
		m.busy--
		m.reply(on, Reply{Code: Answered}, func() { m.Answered++ })
		m.next()
	})
}

func (m *Mitz) next() {
	for m.busy < m.AtOnce && len(m.queue) > 0 {
		first := m.queue[0]
		m.queue = m.queue[1:]
		if first.hungUp && m.Notices {
			m.Dropped++
			continue
		}
		m.work(first)
	}
}

// reply sends a reply, which arrives unless nobody waits for it any more.
func (m *Mitz) reply(to *message, reply Reply, arrived func()) {
	m.clock.After(m.Travel/2, func() {
		switch {
		case !to.hungUp:
			arrived()
			to.answer(reply)
		case reply.Code == Answered:
			m.InVain++
		}
	})
}
