// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const (
	// maxWishes is how many wishes wait for the SQL database at the most.
	maxWishes = 10_000
	// wishesAtOnce is how many are written together.
	wishesAtOnce = 100
	// knownFor is how long a wish costs nothing after it was written: then it is looked for
	// again, since it may have been ended on another node.
	knownFor = time.Minute
	// maxKnown is of how many patients that is remembered, some 10 MB at the most.
	maxKnown = 32 << 10
)

// waitingWish is a wish with the places of its row.
type waitingWish struct {
	Wish
	places []string
}

func (w waitingWish) place() string { return w.places[0] }

// wishes are those that are not written yet, each patient and data holder once.
type wishes struct {
	store   store
	keys    *withdrawal.Keys
	log     *logrus.Entry
	written func() // tells that there is work
	sql     *sqlTrouble
	full    *tally.Tally
	dropped atomic.Int64
	arrived background.Bell
	most    int // wishes that wait

	mu      sync.Mutex
	queue   []waitingWish
	waiting map[string]bool // the places of those in the queue
	// known are when those that were written lately were, by place.
	known *recent.Recent[string, time.Time]
}

func newWishes(config Config, sql *sqlTrouble, written func()) *wishes {
	w := &wishes{
		store: config.Store, keys: config.Keys, log: config.Log, written: written, arrived: background.NewBell(), most: maxWishes,
		sql: sql, waiting: map[string]bool{}, known: recent.New[string, time.Time](knownFor, maxKnown),
	}
	w.full = tally.New(tally.Limits{OfOne: 1, OfAll: 1}, func(sum tally.Sum) {
		w.log.WithField("count", sum.Count).Warn("Wishes for subscriptions were dropped: too many wait for the SQL database")
	})
	return w
}

// add takes in a wish, unless it is known or waits already, or too many do.
func (w *wishes) add(wish Wish) {
	places, err := placesOf(w.keys, wish.Patient, wish.Subject, wish.DataHolder.URA)
	if err != nil {
		return // there is no patient
	}
	if w.takes(waitingWish{Wish: wish, places: places}) {
		w.arrived.Ring()
		return
	}
	w.dropped.Add(1)
	if w.full.Single(tally.Key{}) {
		w.log.WithField("waiting", w.most).Warn("A wish for a subscription was dropped: too many wait for the SQL database")
	}
}

// takes reports whether there is room for a wish, or need for none.
func (w *wishes) takes(wish waitingWish) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isKnown(wish.place(), time.Now()) || w.waiting[wish.place()] {
		return true
	}
	if len(w.queue) >= w.most {
		return false
	}
	w.queue = append(w.queue, wish)
	w.waiting[wish.place()] = true
	return true
}

func (w *wishes) isKnown(place string, now time.Time) bool {
	written := w.known.Get(now, place)
	return written != nil && now.Sub(*written) < knownFor
}

// forget has the next wish for a row written, which is being ended.
func (w *wishes) forget(gone row) {
	patient, _, err := w.keys.Open(gone.Sealed)
	if err != nil {
		return // its place is another under the keys of today
	}
	places, err := placesOf(w.keys, patient, gone.Subject, gone.DataHolder.URA)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if written := w.known.Get(time.Now(), places[0]); written != nil {
		*written = time.Time{}
	}
}

// run writes wishes until ctx ends, and then once more what waits.
func (w *wishes) run(ctx context.Context) {
	defer w.full.Flush()
	atOnce := wishesAtOnce
	for ctx.Err() == nil {
		some := w.next(atOnce)
		if len(some) == 0 {
			background.Sleep(ctx, time.Hour, w.arrived)
			continue
		}
		pause := w.sql.after(toKeepWishes, w.writeNext(ctx, some))
		if pause == 0 {
			atOnce = wishesAtOnce
			continue
		}
		// It may be one of them that cannot be written: it must not keep back the others.
		atOnce = 1
		w.postpone(some)
		background.Sleep(ctx, pause, nil)
	}
	w.writeLast()
}

// lastWrite is how long a stop tries to write wishes.
const lastWrite = 2 * time.Second

func (w *wishes) writeLast() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWrite)
	defer cancel()
	for some := w.next(wishesAtOnce); len(some) > 0; some = w.next(wishesAtOnce) {
		if w.sql.after(toKeepWishes, w.writeNext(ctx, some)) > 0 {
			w.log.WithField("count", w.len()).Warn("Wishes for subscriptions are lost with this stop: the patients' next tokens wish again")
			return
		}
	}
}

func (w *wishes) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// next returns the first wishes that wait. They stay in the queue until they are written.
func (w *wishes) next(most int) []waitingWish {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]waitingWish(nil), w.queue[:min(most, len(w.queue))]...)
}

// postpone puts the first wishes last, when they are few.
func (w *wishes) postpone(some []waitingWish) {
	if len(some) > 1 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue[len(some):], some...)
}

// writeNext writes the first wishes, and takes them out of the queue.
func (w *wishes) writeNext(ctx context.Context, some []waitingWish) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := guarded(w.log, func() error {
		_, err := w.write(ctx, some)
		return err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.queue[:len(some)]) // of patients
	w.queue = w.queue[len(some):]
	for _, each := range some {
		delete(w.waiting, each.place())
	}
	return nil
}

// write writes wishes, and returns their rows in their order.
func (w *wishes) write(ctx context.Context, some []waitingWish) ([]row, error) {
	now := time.Now()
	rows, places := make([]row, len(some)), make([][]string, len(some))
	for i, each := range some {
		var err error
		if rows[i], err = rowOf(w.keys, each.Wish, each.place(), now); err != nil {
			return nil, err
		}
		places[i] = each.places
	}
	kept, err := w.store.add(ctx, rows, places)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	for _, each := range some {
		*w.known.Of(now, each.place()) = now
	}
	w.mu.Unlock()
	w.written()
	return kept, nil
}
