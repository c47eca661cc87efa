// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

const (
	// Mitz is left alone for so long when it fails, for longer after each message that fails
	// then too.
	minMitzPause, maxMitzPause = 10 * time.Second, 5 * time.Minute
	// maxAsked is for how long it is left alone at the most because it asked.
	maxAsked = time.Hour
	// othersFirst is how much later than others those may go on whose message had Mitz ask for
	// less, so that they do not always meet that again before others had a turn.
	othersFirst = 2 * time.Second
	// slowAfter refusals in a row, of messages of one sender, it has one message a slowPause:
	// Mitz may refuse them all.
	slowAfter = 10
	slowPause = time.Second
	// pauseAll senders must have failed, with no good answer to anybody in between, before all
	// pause.
	pauseAll = 3
	// maxPaused is how many senders pause by themselves at the most.
	maxPaused = 500
)

// verdict is what a message says of Mitz.
type verdict int

const (
	nothing   verdict = iota // it was not sent, or given up
	answered                 // Mitz did what it was told
	refused                  // Mitz answered that it does not, which is about this message
	failed                   // which may be about its sender, or about Mitz
	failedAll                // Mitz is not there for anybody
	throttled                // Mitz asks for less
)

// endings is the sender of the messages that end subscriptions, of all data holders together:
// no subject has this name.
const endings = ""

// pace says how many messages are with Mitz at once, and when it is left alone. A sender, which
// is a subject or endings, can pause without the others.
//
// In the beginning, and after a pause, one message goes first, to see how Mitz is. When that is
// answered two go at once, then four, up to the most: many nodes may begin together.
type pace struct {
	most int

	mu      sync.Mutex
	all     lane
	own     map[string]*lane // of senders that have a message on its way, or are not at full pace
	met     map[string]bool  // who failed since the last good answer to anybody; pauseAll at the most
	changed chan struct{}    // closed when a message may be able to go
}

func newPace(most int) *pace {
	return &pace{most: most, all: lane{window: 1}, own: map[string]*lane{}, met: map[string]bool{}, changed: make(chan struct{})}
}

// lane is the pace of all, or of one sender.
type lane struct {
	until   time.Time     // no message goes before
	delay   time.Duration // of the last pause; 0: there was a good answer since
	pauses  int           // so far: what began before the last one says nothing any more
	window  int           // messages at once
	running int           // messages now
	good    int           // answers since the window grew
	refused int           // in a row
}

// leave takes note of what a message says. It reports what changed by that.
type leave func(said verdict, asked time.Duration) effect

// effect is what a message changed for all, or for its sender where it does not pause by
// itself: whether it began to pause, or goes on after that.
type effect struct{ paused, resumed bool }

// enter waits for the turn of a message. It reports false when its sender pauses, or ctx ended.
// Call leave once.
func (p *pace) enter(ctx context.Context, sender string) (leave leave, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		now := time.Now()
		if ctx.Err() != nil || p.all.pausesAt(now) || p.own[sender].pausesAt(now) {
			return nil, false
		}
		if p.all.hasRoom() && p.own[sender].hasRoom() {
			return p.begin(sender), true
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		p.mu.Lock()
	}
}

func (p *pace) begin(sender string) leave {
	own := p.own[sender]
	if own == nil {
		own = &lane{window: p.most}
		p.own[sender] = own
	}
	p.all.running++
	own.running++
	inAll, inOwn := p.all.pauses, own.pauses
	left := false
	return func(said verdict, asked time.Duration) effect {
		p.mu.Lock()
		defer p.mu.Unlock()
		if left {
			return effect{}
		}
		left = true
		p.all.running--
		own.running--
		changed := p.judge(sender, own, said, min(asked, maxAsked), inAll == p.all.pauses, inOwn == own.pauses)
		if own.running == 0 && (own.isCalm(p.most) || said != answered && len(p.own) > maxPaused) {
			delete(p.own, sender)
		}
		close(p.changed)
		p.changed = make(chan struct{})
		return changed
	}
}

// judge changes the pace by what a message says. What began before a pause says nothing that
// the pause does not say.
func (p *pace) judge(sender string, own *lane, said verdict, asked time.Duration, freshInAll, freshInOwn bool) (changed effect) {
	before := p.all.delay > 0 || own.delay > 0
	now := time.Now()
	switch said {
	case answered, refused:
		clear(p.met)
		if freshInAll {
			p.all.answered(p.most)
		}
		if freshInOwn && said == answered {
			own.answered(p.most)
		} else if freshInOwn {
			own.refuse(now)
		}
		changed.resumed = before && p.all.delay == 0 && own.delay == 0
		return changed
	case failed:
		p.met[sender] = true
		own.pause(now, asked, freshInOwn)
		if len(p.met) >= pauseAll {
			clear(p.met)
			p.all.pause(now, asked, freshInAll)
		}
	case failedAll:
		p.all.pause(now, asked, freshInAll)
	case throttled:
		p.all.pause(now, asked, freshInAll)
		own.pause(now, asked, freshInOwn)
		own.until = later(own.until, p.all.until.Add(othersFirst))
	case nothing:
		return changed
	}
	changed.paused = !before
	return changed
}

func (l *lane) pausesAt(now time.Time) bool { return l != nil && l.until.After(now) }

func (l *lane) hasRoom() bool { return l == nil || l.running < l.window }

func (l *lane) isCalm(most int) bool { return l.delay == 0 && l.refused == 0 && l.window == most }

// pause begins a pause, twice as long as the last one, or as long as Mitz asked for. A message
// that began before the last one makes it no longer, but Mitz does.
func (l *lane) pause(now time.Time, asked time.Duration, fresh bool) {
	if fresh {
		next := minMitzPause
		if asked > 0 {
			next = 0
		}
		l.delay = max(asked, min(max(next, 2*l.delay), maxMitzPause))
		l.until = now.Add(background.Jitter(l.delay))
		l.pauses++
	}
	if asked > 0 {
		l.until = later(l.until, now.Add(background.JitterAfter(asked)))
	}
	l.window, l.good = 1, 0
}

// answered lets more messages go at once, when as many as that were answered.
func (l *lane) answered(most int) {
	l.delay, l.refused = 0, 0
	l.good++
	if l.good >= l.window && l.window < most {
		l.window, l.good = min(2*l.window, most), 0
	}
}

// refuse slows down when all is refused.
func (l *lane) refuse(now time.Time) {
	l.delay = 0
	l.refused++
	if l.refused >= slowAfter {
		l.window, l.good = 1, 0
		l.until = later(l.until, now.Add(background.Jitter(slowPause)))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// pausing returns for how long all pause, 0 when they do not.
func (p *pace) pausing() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.all.until))
}

// paused returns until when each sender pauses that does by itself.
func (p *pace) paused() map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	paused := map[string]time.Time{}
	for sender, own := range p.own {
		if own.pausesAt(now) {
			paused[sender] = own.until
		}
	}
	return paused
}

// until returns until when a sender pauses, by itself or with all; it is over when it does not.
func (p *pace) until(sender string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := p.own[sender]; own != nil {
		return later(own.until, p.all.until)
	}
	return p.all.until
}
