// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestATokenOfASubscribedPatientCostsNoSQL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		for range 1000 {
			service.Want(wish(t, 0))
		}
		in(time.Second)
		require.Equal(t, 1, w.store.called("add"))
		for range 50 {
			time.Sleep(time.Second)
			service.Want(wish(t, 0))
		}
		in(time.Second)
		assert.Equal(t, 1, w.store.called("add"))
		time.Sleep(knownFor - 50*time.Second)
		service.Want(wish(t, 0))
		in(time.Second)
		assert.Equal(t, 2, w.store.called("add"), "it may have been ended on another node since")
		w.settle()
	})
}

func TestWhatWasEndedIsWishedForByTheNextToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		service.Want(wish(t, 0))
		in(soon)
		require.NoError(t, service.End(t.Context(), "east", w.store.all()[0].ID))
		in(soon)
		require.Empty(t, w.store.all())
		service.Want(wish(t, 0))
		in(soon)
		assert.Len(t, w.mitz.known(), 1)
		w.settle()
	})
}

// TestWhatWasEndedOnAnotherNodeIsWishedForAgain by the tokens of the node that had wished it.
func TestWhatWasEndedOnAnotherNodeIsWishedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, second := w.start(), w.start()
		first.Want(wish(t, 0))
		in(soon)
		first.Want(wish(t, 0))
		in(time.Second)
		require.NoError(t, second.End(t.Context(), "east", w.store.all()[0].ID))
		in(2 * time.Second)
		for range 4 {
			first.Want(wish(t, 0)) // a token
			in(30 * time.Second)
		}
		assert.Len(t, w.mitz.known(), 1)
		w.settle()
	})
}

func TestAWishWithoutAPatientIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		service.Want(Wish{Subject: "east", DataHolder: east})
		in(soon)
		assert.Empty(t, w.store.all())
		_, err := service.Add(t.Context(), Wish{Patient: consent.BSN{}, Subject: "east", DataHolder: east})
		assert.Error(t, err)
	})
}

// TestTheQueueIsFull while the SQL database is gone: tokens go on, and what is dropped is wished
// again.
func TestTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.fail("", errSQL)
		service := w.made()
		require.Equal(t, 10_000, service.wishes.most)
		const most = 1000
		service.wishes.most = most
		service.Start()
		began := time.Now()
		for n := range most + 500 {
			service.Want(wish(t, n))
		}
		assert.Zero(t, time.Since(began), "nobody waits")
		assert.Equal(t, int64(500), service.Dropped())
		in(time.Minute)
		assert.Empty(t, w.store.all())
		assert.LessOrEqual(t, strings.Count(w.log.String(), "dropped"), 2)
		assert.Contains(t, w.log.String(), "count=499")
		w.store.fail("", nil)
		in(time.Minute)
		assert.Len(t, w.store.all(), most)
		for n := range most + 500 {
			service.Want(wish(t, n))
		}
		in(time.Second)
		assert.Len(t, w.store.all(), most+500)
		service.wishes.mu.Lock()
		defer service.wishes.mu.Unlock()
		assert.Empty(t, service.wishes.queue)
		assert.Empty(t, service.wishes.waiting)
	})
}

func TestAStopWritesTheWishesThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.fail("", errSQL)
		service := w.start()
		for n := range 250 {
			service.Want(wish(t, n))
		}
		in(time.Minute)
		w.store.fail("", nil)
		service.Stop()
		assert.Len(t, w.store.all(), 250)
	})
}

func TestAStopDoesNotWaitForADatabaseThatIsGone(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service, way := w.node(hangs)
			in(time.Second)
			way.isCut.Store(true)
			service.Want(wish(t, 0))
			in(time.Second)
			began := time.Now()
			service.Stop()
			assert.LessOrEqual(t, time.Since(began), stopGrace)
			assert.Contains(t, w.log.String(), "Wishes for subscriptions are lost with this stop")
			in(time.Minute)
		})
	}
}

// TestAWishThatCannotBeWrittenKeepsBackNoOther, whatever is wrong with it.
func TestAWishThatCannotBeWrittenKeepsBackNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.failAdding = "poison"
		service := w.start()
		poison := wish(t, 0)
		poison.Subject = "poison"
		service.Want(poison)
		for n := 1; n < 50; n++ {
			service.Want(wish(t, n))
		}
		in(5 * time.Minute)
		assert.Len(t, w.store.all(), 49)
		assert.ErrorIs(t, service.Failing(), errSQL)
	})
}
