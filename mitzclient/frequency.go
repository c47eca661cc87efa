// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

const (
	// frequencyPeriod is the time in which queries are counted: a minute in slots of ten
	// seconds, and the slot that is under way. A query stops counting after 60 to 70 s.
	frequencySlot   = 10 * time.Second
	frequencySlots  = 7
	frequencyPeriod = frequencySlots * frequencySlot
	// maxFrequencies is of how many pairs of requester and patient queries are counted: some
	// 8 MB at the most. Who makes it forget earlier asks about so many patients that none
	// of them gets more queries by it.
	maxFrequencies = 32 << 10
)

// frequency holds a requester to so many queries a minute about one patient: each query is
// shown to the patient. It is next to the client, so that it counts what is sent and nothing
// else, a retry too. Answers are not remembered: consent given a moment ago counts at once,
// and a requester that may ask gets the answer of that moment.
//
// No patient's number is kept, only its hash under a key that ends with the process.
type frequency struct {
	next Consulter
	most int // queries in a minute
	key  [32]byte
	zero time.Time // when the first slot began

	mu    sync.Mutex
	pairs *recent.Recent[pairHash, window]
}

// pairHash stands for a requester and a patient.
type pairHash [32]byte

// window counts the queries of the last slots.
type window struct {
	slot   int64 // of the last query
	counts [frequencySlots]uint32
}

var _ Consulter = (*frequency)(nil)

func newFrequency(next Consulter, most int) *frequency {
	f := &frequency{
		next: next, most: most, zero: time.Now(),
		pairs: recent.New[pairHash, window](frequencyPeriod, maxFrequencies),
	}
	_, _ = rand.Read(f.key[:]) // does not fail
	return f
}

// Consult fails with [TooManyQueries] when the requester asked too often about the patient;
// nothing was sent then.
func (f *frequency) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	pair := f.pair(q)
	slot, ok := f.take(pair)
	if !ok {
		return Answer{}, &Error{Code: TooManyQueries}
	}
	answer, err := f.next.Consult(ctx, q)
	if err != nil && answer.Attempts == 0 {
		f.giveBack(pair, slot) // it was not sent
	}
	return answer, err
}

// refusal is nil when a query would be sent now.
func (f *frequency) refusal(q consent.Question) *Error {
	pair := f.pair(q)
	f.mu.Lock()
	defer f.mu.Unlock()
	if asked := f.pairs.Get(time.Now(), pair); asked != nil && asked.sum(f.slot()) >= f.most {
		return &Error{Code: TooManyQueries}
	}
	return nil
}

// take counts a query, unless there were too many.
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

// giveBack takes a query out of the count of its slot.
func (f *frequency) giveBack(pair pairHash, slot int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.pairs.Get(time.Now(), pair)
	if asked == nil || asked.slot-slot >= frequencySlots || asked.counts[slot%frequencySlots] == 0 {
		return
	}
	asked.counts[slot%frequencySlots]--
}

// pair is what a question is counted under.
func (f *frequency) pair(q consent.Question) pairHash {
	return pairHash(q.Patient.Keyed(f.key, string(requesterOf(q))))
}

func (f *frequency) slot() int64 { return int64(time.Since(f.zero) / frequencySlot) }

// sum moves on to a slot, which is not before the last one, and gives the queries up to it.
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
