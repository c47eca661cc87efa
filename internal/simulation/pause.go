// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

// The constants of package link.
const (
	tooManyRequests = 429
	unavailable     = 503
	defaultPause    = time.Second
	maxPause        = 5 * time.Minute
	pauseAll        = 3

	frequencySlot  = 10 * time.Second
	frequencySlots = 7
	maxFrequencies = 32 << 10
)

// pause leaves Mitz alone when it asked for that, as that of package link does.
type pause struct {
	clock *Clock
	all   time.Duration
	own   *recent.Recent[int, time.Duration] // nil until somebody met one: ten thousand nodes have none
	met   map[int]bool
}

func newPause(clock *Clock) *pause {
	return &pause{clock: clock}
}

// refusal returns for how long a pause lasts, and the code; empty: there is none.
func (p *pause) refusal(who int) (left time.Duration, code Code) {
	if left = p.all - p.clock.now; left > 0 {
		return left, RateLimited
	}
	if p.own == nil {
		return 0, ""
	}
	if until := p.own.Get(p.clock.time(), who); until != nil && *until > p.clock.now {
		return *until - p.clock.now, RateLimited
	}
	return 0, ""
}

func (p *pause) note(who int, reply Reply) {
	if reply.Code == Answered {
		clear(p.met)
	}
	if reply.Code != HTTPStatus || reply.Status != tooManyRequests && (reply.Status != unavailable || reply.RetryAfter == 0) {
		return
	}
	if p.own == nil {
		p.own, p.met = recent.New[int, time.Duration](maxPause, maxParties), map[int]bool{}
	}
	asked := reply.RetryAfter
	if asked <= 0 {
		asked = defaultPause
	}
	until := p.clock.now + min(asked, maxPause)
	if len(p.met) < pauseAll {
		p.met[who] = true
	}
	ends := p.own.Of(p.clock.time(), who)
	if len(p.met) >= pauseAll {
		ends = &p.all
	}
	*ends = max(*ends, until)
}

// frequency counts messages by party and patient, as that of package link does.
type frequency struct {
	clock *Clock
	most  int
	pairs *recent.Recent[pair, window]
}

type pair struct {
	by    int
	about int64
}

type window struct {
	slot   int64
	counts [frequencySlots]int32
}

func newFrequency(clock *Clock, most int) *frequency {
	return &frequency{clock: clock, most: most, pairs: recent.New[pair, window](frequencySlots*frequencySlot, maxFrequencies)}
}

func (f *frequency) slot() int64 { return int64(f.clock.now / frequencySlot) }

func (f *frequency) refuses(by int, about int64) bool {
	if about == 0 {
		return false
	}
	asked := f.pairs.Get(f.clock.time(), pair{by, about})
	return asked != nil && asked.sum(f.slot()) >= f.most
}

func (f *frequency) take(by int, about int64) bool {
	if about == 0 {
		return true
	}
	asked := f.pairs.Of(f.clock.time(), pair{by, about})
	if asked.sum(f.slot()) >= f.most {
		return false
	}
	asked.counts[asked.slot%frequencySlots]++
	return true
}

// sum moves on to a slot, and returns the messages up to it.
func (w *window) sum(slot int64) (sum int) {
	for passed := max(w.slot+1, slot-frequencySlots+1); passed <= slot; passed++ {
		w.counts[passed%frequencySlots] = 0
	}
	w.slot = slot
	for _, count := range w.counts {
		sum += int(count)
	}
	return sum
}
