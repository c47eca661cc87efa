// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

const (
	// frequencyPeriod is the time in which messages are counted: a minute in slots of ten
	// seconds, and the slot that is under way. A message stops counting after 60 to 70 s.
	frequencySlot   = 10 * time.Second
	frequencySlots  = 7
	frequencyPeriod = frequencySlots * frequencySlot
	// maxFrequencies is of how many pairs of party and subject messages are counted: some
	// 8 MB at the most. Who makes it forget earlier asks about so many subjects that none
	// of them gets more messages by it.
	maxFrequencies = 32 << 10
)

// frequency holds a party to so many messages a minute about one subject: each query is
// shown to the patient. It is next to what sends, so that it counts what is sent and nothing
// else, a retry too. Answers are not remembered: consent given a moment ago counts at once,
// and a party that may ask gets the answer of that moment.
//
// Nothing of a subject is kept but its hash under a key that ends with the process.
type frequency struct {
	next exchanger
	most int // messages in a minute
	key  [32]byte
	zero time.Time // when the first slot began

	mu    sync.Mutex
	pairs *recent.Recent[pairHash, window]
}

// pairHash stands for a party and a subject.
type pairHash [32]byte

// window counts the messages of the last slots.
type window struct {
	slot   int64 // of the last message
	counts [frequencySlots]uint32
}

var _ exchanger = (*frequency)(nil)

func newFrequency(next exchanger, most int) *frequency {
	f := &frequency{
		next: next, most: most, zero: time.Now(),
		pairs: recent.New[pairHash, window](frequencyPeriod, maxFrequencies),
	}
	_, _ = rand.Read(f.key[:]) // does not fail
	return f
}

// Exchange fails with [TooManyQueries] when the party asked too often about the subject;
// nothing was sent then.
func (f *frequency) Exchange(ctx context.Context, c Call) *Failure {
	if c.About == nil {
		return f.next.Exchange(ctx, c)
	}
	pair := f.pair(c)
	slot, ok := f.take(pair)
	if !ok {
		return &Failure{Code: TooManyQueries}
	}
	failure := f.next.Exchange(ctx, c)
	if failure != nil && failure.Attempts == 0 {
		f.giveBack(pair, slot) // it was not sent
	}
	return failure
}

// refusal is nil when a message would be sent now.
func (f *frequency) refusal(c Call) *Failure {
	if c.About == nil {
		return nil
	}
	pair := f.pair(c)
	f.mu.Lock()
	defer f.mu.Unlock()
	if asked := f.pairs.Get(time.Now(), pair); asked != nil && asked.sum(f.slot()) >= f.most {
		return &Failure{Code: TooManyQueries}
	}
	return nil
}

// take counts a message, unless there were too many.
func (f *frequency) take(pair pairHash) (slot int64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	slot = f.slot()
	asked := f.pairs.Of(time.Now(), pair)
	if asked.sum(slot) >= f.most {
		return slot, false
	}
	asked.counts[slot%frequencySlots]++
	return slot, true
}

// giveBack takes a message out of the count of its slot.
func (f *frequency) giveBack(pair pairHash, slot int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.pairs.Get(time.Now(), pair)
	if asked == nil || asked.slot-slot >= frequencySlots || asked.counts[slot%frequencySlots] == 0 {
		return
	}
	asked.counts[slot%frequencySlots]--
}

// pair is what a call is counted under.
func (f *frequency) pair(c Call) pairHash { return pairHash(c.About.Keyed(f.key, c.By)) }

func (f *frequency) slot() int64 { return int64(time.Since(f.zero) / frequencySlot) }

// sum moves on to a slot, which is not before the last one, and returns the messages up to it.
func (w *window) sum(slot int64) (sum int) {
	if slot-w.slot >= frequencySlots {
		w.counts = [frequencySlots]uint32{}
	} else {
		for passed := w.slot + 1; passed <= slot; passed++ {
			w.counts[passed%frequencySlots] = 0
		}
	}
	w.slot = slot
	for _, count := range w.counts {
		sum += int(count)
	}
	return sum
}
