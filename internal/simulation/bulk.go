// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// The constants of package subscriptions.
const (
	pageSize  = 100
	lookEvery = 5 * time.Second
)

// BulkSetup has many nodes subscribe their patients, all beginning at about the same time: the
// first day, or a new key.
type BulkSetup struct {
	Nodes  int
	Each   int           // patients of one node
	Within time.Duration // in which the nodes begin
	AtOnce int           // messages of one node
	Budget Budget
	Mitz   MitzSetup
	Most   time.Duration // it is not looked at for longer
	Seed   uint64
}

// Bulk is what became of it.
type Bulk struct {
	Wished, Subscribed int
	Messages           int
	By                 map[Code]int // how calls ended
	Mitz               MitzCounts
	Pauses             int           // of all nodes
	Half, Nearly, All  time.Duration // until half, 99% and all were subscribed; negative: not in the time
	MostMessages       float64       // a second, in the worst slice
}

// bulk is one that is going on.
type bulk struct {
	BulkSetup
	Bulk
	clock   *Clock
	random  *rand.Rand
	mitz    *Mitz
	workers []*worker
	at      map[int]time.Duration // when so many were subscribed
	slices  []int
}

// worker is a node that subscribes.
type worker struct {
	*bulk
	link    *Link
	pace    *Pace
	waiting []wish
	page    []wish // those of the waiting that are in the works
	running int
}

// wish is a patient who is to be subscribed.
type wish struct {
	attempts int
	due      time.Duration
}

// RunBulk plays it.
func RunBulk(setup BulkSetup) Bulk {
	b := newBulk(setup)
	b.clock.Run()
	return b.sum()
}

// newBulk makes one in which nothing has happened yet.
func newBulk(setup BulkSetup) *bulk {
	clock, random := &Clock{}, newRandom(setup.Seed)
	b := &bulk{
		BulkSetup: setup, clock: clock, random: random, mitz: NewMitz(clock, random, setup.Mitz), at: map[int]time.Duration{},
		slices: make([]int, setup.Most/slice+1),
	}
	b.By = map[Code]int{}
	b.Wished = setup.Nodes * setup.Each
	for range setup.Nodes {
		w := &worker{
			bulk: b, link: NewLink(clock, random, setup.Budget), pace: NewPace(clock, random, setup.AtOnce), waiting: make([]wish, setup.Each),
		}
		b.workers = append(b.workers, w)
		clock.After(time.Duration(random.Int64N(int64(setup.Within)+1)), w.pass)
	}
	return b
}

func (b *bulk) sum() Bulk {
	b.Bulk.Mitz = b.mitz.MitzCounts
	for _, w := range b.workers {
		b.Pauses += w.pace.begun
	}
	for _, messages := range b.slices {
		b.MostMessages = max(b.MostMessages, float64(messages)/slice.Seconds())
	}
	when := func(number int) time.Duration {
		if at, reached := b.at[number]; reached {
			return at
		}
		return -1
	}
	b.Half, b.Nearly, b.All = when(b.halfOf()), when(b.nearlyAll()), when(b.Wished)
	return b.Bulk
}

func (b *bulk) halfOf() int    { return (b.Wished + 1) / 2 }
func (b *bulk) nearlyAll() int { return b.Wished - b.Wished/100 }

// subscribed counts one.
func (b *bulk) subscribed() {
	b.Subscribed++
	switch b.Subscribed {
	case b.halfOf(), b.nearlyAll(), b.Wished:
		b.at[b.Subscribed] = b.clock.now
	}
}

// pass takes the next page, as the worker of package subscriptions does, and the next when that
// is done.
func (w *worker) pass() {
	now := w.clock.now
	switch {
	case len(w.waiting) == 0 || now >= w.Most:
		return
	case w.pace.all.until > now:
		w.clock.After(w.pace.all.until-now, w.pass)
		return
	case w.pace.own.until > now:
		w.clock.After(min(lookEvery, w.pace.own.until-now), w.pass)
		return
	}
	w.takePage(now)
	if len(w.page) == 0 {
		w.clock.After(lookEvery, w.pass)
		return
	}
	w.fill()
}

// takePage takes those that are due, those first that failed least.
func (w *worker) takePage(now time.Duration) {
	slices.SortStableFunc(w.waiting, func(a, b wish) int { return cmp.Compare(a.attempts, b.attempts) })
	var rest []wish
	for _, each := range w.waiting {
		if each.due <= now && len(w.page) < pageSize {
			w.page = append(w.page, each)
		} else {
			rest = append(rest, each)
		}
	}
	w.waiting = rest
}

// fill begins messages of the page while there is room.
func (w *worker) fill() {
	for len(w.page) > 0 {
		if w.pace.until() > w.clock.now {
			w.waiting = append(w.waiting, w.page...)
			w.page = w.page[:0]
			break
		}
		if !w.pace.hasRoom() {
			return
		}
		next := w.page[0]
		w.page = w.page[1:]
		w.send(next)
	}
	if w.running == 0 {
		w.page = nil
		w.clock.After(0, w.pass)
	}
}

func (w *worker) send(about wish) {
	w.running++
	leave := w.pace.Begin()
	w.link.Do(Call{
		By: 1,
		Send: func(answer func(Reply)) func() {
			w.Messages++
			if at := int(w.clock.now / slice); at < len(w.slices) {
				w.slices[at]++
			}
			return w.mitz.Send(answer)
		},
		Done: func(result Result) {
			// Not in the middle of fill: a call that is refused ends at once.
			w.clock.After(0, func() { w.done(about, result, leave) })
		},
	})
}

func (w *worker) done(about wish, result Result, leave func(Said, time.Duration)) {
	w.By[result.Code]++
	w.running--
	leave(saidBy(result), result.RetryAfter)
	if result.Code == Answered {
		w.subscribed()
	} else {
		if result.Attempts > 0 {
			about.attempts++
		}
		about.due = w.clock.now + again(w.random, about.attempts)
		w.waiting = append(w.waiting, about)
	}
	w.fill()
}
