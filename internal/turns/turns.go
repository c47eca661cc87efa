// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package turns gives out turns by key, fairly: so many at once, at most a share of them
// to one key, and a queue that is served key by key. The key is whoever must not take the
// turns from the others: an organisation, an address.
//
// Whatever comes, it holds no more than the turns and the places in the queue: a key is
// known only while it has one of them. It starts no goroutine, has no clock, and knows
// nothing of what a turn is for. It must never make one key's turn depend on how many
// others wait under another key.
package turns

import (
	"container/list"
	"context"
	"sync"
)

// Limits say how much there is to give out. A share of zero, or one above the whole, is
// the whole.
type Limits struct {
	Turns      int // at once, to all keys
	Share      int // at once, to one key
	Queue      int // waiting, of all keys; zero: nobody waits
	QueueShare int // waiting, of one key
}

// Refusal is why somebody may not even wait. Its text is a stable code.
type Refusal string

// Why somebody may not even wait.
const (
	QueueFull Refusal = "queue_full" // of all keys together
	ShareFull Refusal = "share_full" // of this key
)

// Error returns the code.
func (r Refusal) Error() string { return string(r) }

// Turns gives out turns by key. Use [New]; it is safe for concurrent use.
type Turns[K comparable] struct {
	limits Limits

	mu      sync.Mutex
	running int
	waiting int
	lines   map[K]*line[K] // of the keys that have a turn or wait for one
	// round has the lines that can be served, the next one first: somebody waits there, and
	// the key has less than its share. While there is one, no turn is free.
	round list.List
}

// line is what a key has, and who waits for more, first come first.
type line[K comparable] struct {
	key     K
	running int
	waiting list.List     // of *Turn[K]
	place   *list.Element // in the round; nil when it is not there
}

// Turn is a turn that was given out, or is waited for.
type Turn[K comparable] struct {
	turns *Turns[K]
	line  *line[K]
	held  bool          // under the lock of turns
	given chan struct{} // closed when the turn is given; nil when it was at once
	place *list.Element // in the line, while waiting
}

// New makes turns of which none is given out.
func New[K comparable](limits Limits) *Turns[K] {
	if limits.Share <= 0 || limits.Share > limits.Turns {
		limits.Share = limits.Turns
	}
	if limits.QueueShare <= 0 || limits.QueueShare > limits.Queue {
		limits.QueueShare = limits.Queue
	}
	return &Turns[K]{limits: limits, lines: map[K]*line[K]{}}
}

// Take gives a turn to the key, and waits for it while ctx lasts. Give it back. The error
// is a [Refusal], at once, when there is no place to wait, and else the error of ctx.
// When a turn comes as ctx ends, either may be returned.
func (t *Turns[K]) Take(ctx context.Context, key K) (*Turn[K], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	turn, err := t.join(key)
	if err != nil || turn.given == nil {
		return turn, err
	}
	select {
	case <-turn.given:
		return turn, nil
	case <-ctx.Done():
		t.leave(turn)
		return nil, ctx.Err()
	}
}

// join returns a turn at once, or a place in the queue.
func (t *Turns[K]) join(key K) (*Turn[K], error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, known := t.lines[key]
	if !known {
		l = &line[K]{key: key}
	}
	turn := &Turn[K]{turns: t, line: l}
	switch {
	case t.running < t.limits.Turns && l.running < t.limits.Share:
		// Nobody of this key waits: its line would be in the round, and no turn free.
		t.give(turn)
	case l.waiting.Len() >= t.limits.QueueShare && t.limits.QueueShare < t.limits.Queue:
		return nil, ShareFull
	case t.waiting >= t.limits.Queue:
		return nil, QueueFull
	default:
		turn.given = make(chan struct{})
		turn.place = l.waiting.PushBack(turn)
		t.waiting++
		t.enrol(l)
	}
	t.lines[key] = l
	return turn, nil
}

// leave gives up waiting, or the turn that came meanwhile.
func (t *Turns[K]) leave(turn *Turn[K]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if turn.held {
		t.take(turn)
		return
	}
	l := turn.line
	l.waiting.Remove(turn.place)
	t.waiting--
	if l.waiting.Len() == 0 && l.place != nil {
		t.round.Remove(l.place)
		l.place = nil
	}
	t.forget(l)
}

// GiveBack ends the turn. To do so again is harmless.
func (turn *Turn[K]) GiveBack() {
	turn.turns.mu.Lock()
	defer turn.turns.mu.Unlock()
	turn.turns.take(turn)
}

// give lets the turn's line have one more.
func (t *Turns[K]) give(turn *Turn[K]) {
	turn.held = true
	turn.line.running++
	t.running++
}

// take takes a turn back, and gives it to who is next.
func (t *Turns[K]) take(turn *Turn[K]) {
	if !turn.held {
		return
	}
	turn.held = false
	turn.line.running--
	t.running--
	t.enrol(turn.line)
	t.serve()
	t.forget(turn.line)
}

// enrol puts a line at the end of the round if it can be served and is not there.
func (t *Turns[K]) enrol(l *line[K]) {
	if l.place == nil && l.waiting.Len() > 0 && l.running < t.limits.Share {
		l.place = t.round.PushBack(l)
	}
}

// serve gives the free turn to the line whose round it is.
func (t *Turns[K]) serve() {
	for t.running < t.limits.Turns && t.round.Len() > 0 {
		l := t.round.Remove(t.round.Front()).(*line[K])
		l.place = nil
		turn := l.waiting.Remove(l.waiting.Front()).(*Turn[K])
		t.waiting--
		t.give(turn)
		close(turn.given)
		t.enrol(l)
	}
}

// forget drops the line of a key that has nothing and waits for nothing.
func (t *Turns[K]) forget(l *line[K]) {
	if l.running == 0 && l.waiting.Len() == 0 {
		delete(t.lines, l.key)
	}
}

// Load is how many turns there are at a moment.
type Load struct {
	Running int // given out
	Waiting int // that are waited for
	Keys    int // that have or wait for one
}

// Load says how many turns there are now.
func (t *Turns[K]) Load() Load {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Load{Running: t.running, Waiting: t.waiting, Keys: len(t.lines)}
}
