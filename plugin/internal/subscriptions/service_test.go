// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestTheStoreOfTheseTests(t *testing.T) {
	testStore(t, func(*testing.T) store { return newInMemory() })
}

func TestWishesAreSubscribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		added := w.add(service, 0, 250)
		assert.Equal(t, Waiting, added[0].State)
		service.Want(wish(t, 250))
		in(time.Minute)
		require.Len(t, w.mitz.received(), 251)
		for _, message := range w.mitz.received() {
			told := message.subscribe
			path, known := w.Keys.ReadPath(told.NotifyURL[len("https://node.example/mitz/notify/"):])
			require.True(t, known)
			assert.True(t, path.IsAbout(told.Patient, east.URA))
			told.Patient, told.NotifyURL = patient(t, 0), ""
			assert.Equal(t, []any{"1980-01-31", east, "2.999.10", "2.999.10.2", ""},
				[]any{told.BirthDate, told.DataHolder, told.GatewaySystem, told.SourceSystem, told.Payload})
		}
		kept, err := service.Get(t.Context(), "east", added[0].ID)
		require.NoError(t, err)
		assert.Equal(t, Subscribed, kept.State)
		assert.WithinDuration(t, time.Now(), kept.Since, time.Minute)
		w.settle()
	})
}

func TestTheSameWishIsOneSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		service.Want(wish(t, 0))
		in(0)
		first := w.add(service, 0, 1)[0]
		twice, err := service.Add(t.Context(), wish(t, 0), wish(t, 1), wish(t, 0))
		require.NoError(t, err)
		assert.Equal(t, []string{first.ID, first.ID}, []string{twice[0].ID, twice[2].ID})
		assert.NotEqual(t, first.ID, twice[1].ID)
		other := wish(t, 0)
		other.Subject, other.DataHolder = "west", west
		elsewhere, err := service.Add(t.Context(), other)
		require.NoError(t, err)
		assert.NotEqual(t, first.ID, elsewhere[0].ID, "another data holder's is another one")
		in(soon)
		again := w.add(service, 0, 1)[0]
		assert.Equal(t, first.ID, again.ID)
		assert.Equal(t, Subscribed, again.State)
		in(soon)
		assert.Len(t, w.mitz.received(), 3)
		w.settle()
	})
}

// TestTwoSubjectsWithOneURA are a hospital and its pharmacy: Mitz is told of both, and each has its own.
func TestTwoSubjectsWithOneURA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := consent.DataHolder{URA: east.URA, FacilityType: "J8"}
		w.lists["pharmacy"] = pharmacy
		service := w.start()
		other := wish(t, 0)
		other.Subject, other.DataHolder = "pharmacy", pharmacy
		added, err := service.Add(t.Context(), wish(t, 0), other)
		require.NoError(t, err)
		service.Want(wish(t, 1))
		another := wish(t, 1)
		another.Subject, another.DataHolder = other.Subject, pharmacy
		service.Want(another)
		in(soon)
		told := map[consent.DataHolder]int{}
		for _, message := range w.mitz.received() {
			told[message.subscribe.DataHolder]++
		}
		assert.Equal(t, map[consent.DataHolder]int{east: 2, pharmacy: 2}, told)
		for i, subject := range []string{"east", "pharmacy"} {
			kept, err := service.Get(t.Context(), subject, added[i].ID)
			require.NoError(t, err, subject)
			assert.Equal(t, Subscribed, kept.State)
		}
		require.NoError(t, service.End(t.Context(), "east", added[0].ID))
		in(soon)
		assert.Len(t, w.mitz.known(), 3)
		_, err = service.Get(t.Context(), "pharmacy", added[1].ID)
		require.NoError(t, err, "the pharmacy's goes on")
		w.settle()
	})
}

// TestRowsFromBeforeSubjectsWereToldApart are found by their subject, and get another place the next
// time that Mitz is told of them.
func TestRowsFromBeforeSubjectsWereToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := wish(t, 0)
		pharmacy.Subject, pharmacy.DataHolder.FacilityType = "pharmacy", "J8"
		w.lists["pharmacy"] = pharmacy.DataHolder
		service := w.start()
		former, err := w.Keys.Places(patient(t, 0), east.URA, "subscription")
		require.NoError(t, err)
		kept, err := rowOf(w.Keys, wish(t, 0), former[0], time.Now())
		require.NoError(t, err)
		kept = addRows(t, w.store, kept)[0]
		added, err := service.Add(t.Context(), pharmacy, wish(t, 0))
		require.NoError(t, err)
		assert.NotEqual(t, kept.ID, added[0].ID)
		assert.Equal(t, kept.ID, added[1].ID)
		in(soon)
		assert.Equal(t, kept.ID, w.add(service, 0, 1)[0].ID)
		now, err := w.store.find(t.Context(), "east", kept.ID)
		require.NoError(t, err)
		assert.NotEqual(t, former[0], now.Place)
		w.settle()
	})
}

func TestSubscriptionsAreListedInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		added := w.add(service, 0, 25)
		other := wish(t, 0)
		other.Subject, other.DataHolder = "west", west
		_, err := service.Add(t.Context(), other)
		require.NoError(t, err)
		in(soon)
		var ids []string
		after, pages := "", 0
		for {
			page, err := service.List(t.Context(), "east", after, 10)
			require.NoError(t, err)
			assert.Equal(t, map[State]int{Subscribed: 25}, page.Counts.By)
			for _, each := range page.Subscriptions {
				ids = append(ids, each.ID)
			}
			pages++
			if after = page.Next; after == "" {
				break
			}
		}
		assert.Equal(t, 3, pages)
		assert.True(t, slices.IsSorted(ids))
		for _, each := range added {
			assert.Contains(t, ids, each.ID)
		}
		page, err := service.List(t.Context(), "east", ids[14], 10)
		require.NoError(t, err)
		assert.Len(t, page.Subscriptions, 10)
		assert.Empty(t, page.Next, "the last page is full")
		page, err = service.List(t.Context(), "nobody", "", -1)
		require.NoError(t, err)
		assert.Empty(t, page.Subscriptions)
		assert.NotNil(t, page.Subscriptions)
	})
}

func TestAFailureOfTheSQLDatabaseIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		id := w.add(service, 0, 1)[0].ID
		in(soon)
		w.store.fail("", errSQL)
		_, err := service.Add(t.Context(), wish(t, 1))
		assert.ErrorIs(t, err, errSQL)
		_, err = service.List(t.Context(), "east", "", 10)
		assert.ErrorIs(t, err, errSQL)
		_, err = service.Get(t.Context(), "east", id)
		assert.ErrorIs(t, err, errSQL)
		assert.ErrorIs(t, service.End(t.Context(), "east", id), errSQL)
		_, err = service.Counts()
		assert.ErrorIs(t, err, errSQL)
	})
}

func TestWhatIsNotThereIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		id := w.add(service, 0, 1)[0].ID
		for _, subject := range []string{"west", ""} {
			assert.ErrorIs(t, service.End(t.Context(), subject, id), ErrUnknown)
			_, err := service.Get(t.Context(), subject, id)
			assert.ErrorIs(t, err, ErrUnknown)
		}
		assert.ErrorIs(t, service.End(t.Context(), "east", "none"), ErrUnknown)
		in(soon)
		w.settle()
	})
}

func TestAnEndingOneGoesOnToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		id := w.add(service, 0, 1)[0].ID
		in(soon)
		w.mitz.behave(always(status(500)))
		require.NoError(t, service.End(t.Context(), "east", id))
		in(soon)
		before, err := service.Get(t.Context(), "east", id)
		require.NoError(t, err)
		assert.Equal(t, Ending, before.State)
		assert.Positive(t, before.Attempts)
		require.NoError(t, service.End(t.Context(), "east", id))
		after, err := service.Get(t.Context(), "east", id)
		require.NoError(t, err)
		assert.Equal(t, before, after)
	})
}

func TestCountsAreCountedOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		w.mitz.behave(always(status(503)))
		wished := time.Now()
		w.add(service, 0, 5)
		for range 100 {
			counts, err := service.Counts()
			require.NoError(t, err)
			assert.Equal(t, map[State]int{Waiting: 5}, counts.By)
			assert.True(t, counts.Oldest.Equal(wished))
		}
		assert.Equal(t, 1, w.store.called("count"))
		w.mitz.behave(nil)
		in(soon)
		counts, err := service.Counts()
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Subscribed: 5}, counts.By)
		assert.Zero(t, counts.Oldest)
	})
}

func TestAServiceNeedsItsParts(t *testing.T) {
	w := newWorld(t)
	for name, without := range map[string]func(*Config){
		"store":        func(c *Config) { c.Store = nil },
		"keys":         func(c *Config) { c.Keys = nil },
		"Mitz":         func(c *Config) { c.Mitz = nil },
		"data holders": func(c *Config) { c.DataHolder = nil },
		"subjects":     func(c *Config) { c.Subjects = nil },
		"log":          func(c *Config) { c.Log = nil },
		"notify URL":   func(c *Config) { c.NotifyURL = "/" },
		"turns":        func(c *Config) { c.AtOnce = -1 },
	} {
		config := w.Config
		without(&config)
		_, err := New(config)
		assert.Error(t, err, name)
	}
	service, err := New(w.Config)
	require.NoError(t, err)
	service.Stop() // was not started
}
