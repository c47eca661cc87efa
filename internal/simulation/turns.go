// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

// Turns gives out turns by key as package internal/turns does, without goroutines.
type Turns struct {
	clock  *Clock
	limits Limits

	running, waiting int
	lines            map[int]*line
	round            []*line // that can be served, the next one first
	longest          int     // that waited at once
}

// Limits say how much there is to give out, as turns.Limits do.
type Limits struct{ Turns, Share, Queue, QueueShare int }

// line is what a key has, and who waits for more.
type line struct {
	key, running int
	waiting      []*turn
	inRound      bool
}

// turn is one that was given out, or is waited for.
type turn struct {
	line  *line
	held  bool
	given func()
}

// refusal is why somebody may not even wait.
type refusal string

const (
	queueFull refusal = "queue_full"
	shareFull refusal = "share_full"
)

func newTurns(clock *Clock, limits Limits) *Turns {
	return &Turns{clock: clock, limits: limits, lines: map[int]*line{}}
}

// take returns a turn that is held, or one that waits: then given is called when it comes.
func (t *Turns) take(key int, given func()) (*turn, refusal) {
	l := t.lines[key]
	if l == nil {
		l = &line{key: key}
	}
	got := &turn{line: l, given: given}
	switch {
	case t.running < t.limits.Turns && l.running < t.limits.Share:
		t.give(got)
	case len(l.waiting) >= t.limits.QueueShare && t.limits.QueueShare < t.limits.Queue:
		return nil, shareFull
	case t.waiting >= t.limits.Queue:
		return nil, queueFull
	default:
		l.waiting = append(l.waiting, got)
		t.waiting++
		t.longest = max(t.longest, t.waiting)
		t.enrol(l)
	}
	t.lines[key] = l
	return got, ""
}

// leave gives up waiting, or the turn that came meanwhile.
func (t *Turns) leave(left *turn) {
	left.given = nil
	if left.held {
		t.giveBack(left)
		return
	}
	l := left.line
	l.waiting = remove(l.waiting, left)
	t.waiting--
	if len(l.waiting) == 0 && l.inRound {
		l.inRound = false
		t.round = remove(t.round, l)
	}
	t.forget(l)
}

// giveBack ends a turn that is held.
func (t *Turns) giveBack(ended *turn) {
	if !ended.held {
		return
	}
	ended.held = false
	ended.line.running--
	t.running--
	t.enrol(ended.line)
	t.serve()
	t.forget(ended.line)
}

func (t *Turns) give(to *turn) {
	to.held = true
	to.line.running++
	t.running++
}

func (t *Turns) enrol(l *line) {
	if !l.inRound && len(l.waiting) > 0 && l.running < t.limits.Share {
		l.inRound = true
		t.round = append(t.round, l)
	}
}

func (t *Turns) serve() {
	for t.running < t.limits.Turns && len(t.round) > 0 {
		l := t.round[0]
		t.round = t.round[1:]
		l.inRound = false
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		t.waiting--
		t.give(next)
		t.clock.After(0, func() {
			if next.given != nil {
				next.given()
			}
		})
		t.enrol(l)
	}
}

func (t *Turns) forget(l *line) {
	if l.running == 0 && len(l.waiting) == 0 {
		delete(t.lines, l.key)
	}
}

// remove takes one out of a list.
func remove[T comparable](from []T, one T) []T {
	for i, each := range from {
		if each == one {
			return append(from[:i:i], from[i+1:]...)
		}
	}
	return from
}
