// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tally

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

// collected is a tally, and what it told.
type collected struct {
	*Tally
	mu   sync.Mutex
	sums []Sum
}

func newCollected(limits Limits) *collected {
	c := &collected{}
	c.Tally = New(limits, func(sum Sum) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sums = append(c.sums, sum)
	})
	return c
}

func (c *collected) told() []Sum {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sums)
}

// singles counts how many of some events are told by themselves.
func (c *collected) singles(events int, key func(i int) Key) (singles int) {
	for i := range events {
		if c.Single(key(i)) {
			singles++
		}
	}
	return singles
}

func of(who, code string) func(int) Key { return func(int) Key { return Key{Who: who, Code: code} } }

func TestTheFirstAreToldOneByOneAndTheOthersTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollected(Limits{OfOne: 3, OfAll: 100})
		began := time.Now()
		assert.Equal(t, 3, c.singles(2, of("a", "claim_missing"))+c.singles(398, of("a", "claim_malformed")), "of one requester, whatever the code")
		time.Sleep(time.Second)
		assert.Equal(t, 0, c.singles(5, of("a", "claim_missing")))
		time.Sleep(Window - 2*time.Second)
		assert.Empty(t, c.told())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, []Sum{
			{Key{Who: "a", Code: "claim_malformed"}, 397, began, began},
			{Key{Who: "a", Code: "claim_missing"}, 5, began.Add(time.Second), began.Add(time.Second)},
		}, c.told())
		assert.Equal(t, 3, c.singles(10, of("a", "claim_missing")), "a new window")
		c.Flush()
		assert.Len(t, c.told(), 3, "what is left is told at the end")
		c.Flush()
		time.Sleep(time.Hour)
		assert.Len(t, c.told(), 3, "once")
	})
}

func TestTheTimeOfWhatIsToldTogetherCanBeAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollected(Limits{OfOne: 1, OfAll: 1, Window: time.Hour})
		c.singles(3, of("a", "refused"))
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		assert.Empty(t, c.told())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Len(t, c.told(), 1)
	})
}

func TestOneRequesterTakesNothingFromAnother(t *testing.T) {
	c := newCollected(Limits{OfOne: 3, OfAll: 100})
	defer c.Flush()
	assert.Equal(t, 3, c.singles(100000, of("a", "claim_missing")))
	assert.Equal(t, 3, c.singles(3, of("b", "claim_missing")))
}

func TestManyRequestersAreBoundedTogether(t *testing.T) {
	c := newCollected(Limits{OfOne: 3, OfAll: 10})
	assert.Equal(t, 10, c.singles(100000, func(i int) Key { return Key{Who: fmt.Sprint(i), Code: "claim_missing", At: "hospital"} }))
	assert.LessOrEqual(t, len(c.Tally.ofOne), 10)
	c.Flush()
	assert.Len(t, c.sums, maxSums+1)
	total := 0
	for _, sum := range c.sums {
		total += sum.Count
		if sum.Who == "" {
			assert.Equal(t, Key{Code: "claim_missing"}, sum.Key)
			assert.Equal(t, 100000-10-maxSums, sum.Count, "of all others")
		}
	}
	assert.Equal(t, 100000-10, total, "none is forgotten")
}

func TestManyAtOnce(t *testing.T) {
	c := newCollected(Limits{OfOne: 5, OfAll: 50})
	var singles, waiting = make(chan bool, 1000), sync.WaitGroup{}
	for range cap(singles) {
		waiting.Go(func() { singles <- c.Single(Key{Who: "a", Code: "b"}) })
	}
	waiting.Wait()
	close(singles)
	told := 0
	for single := range singles {
		if single {
			told++
		}
	}
	c.Flush()
	assert.Equal(t, 5, told)
	assert.Equal(t, 995, c.sums[0].Count)
}
