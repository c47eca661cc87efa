// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAThirdSubscriptionBecomesARowThatEnds: when the answer comes, the row has two other ids of
// Mitz's already, so that nothing else would end the third.
func TestAThirdSubscriptionBecomesARowThatEnds(t *testing.T) {
	w := newWorld(t)
	service := w.made()
	w.add(service, 0, 1)
	claimed := w.store.all()[0]
	changed := claimed
	changed.State, changed.MitzID, changed.Former = Subscribed, "second", "first"
	did, err := w.store.replace(t.Context(), changed)
	require.NoError(t, err)
	require.True(t, did)

	require.NoError(t, service.worker.adopt(t.Context(), claimed, "third"))
	rows := w.store.all()
	require.Len(t, rows, 2)
	for _, each := range rows {
		if each.ID == claimed.ID {
			assert.Equal(t, []string{"second", "first"}, []string{each.MitzID, each.Former}, "nothing of it is lost")
			continue
		}
		assert.Equal(t, Ending, each.State)
		assert.Equal(t, "third", each.MitzID)
		assert.Empty(t, each.Former)
		assert.NotEqual(t, claimed.Place, each.Place)
	}
	for _, known := range []string{"second", "first"} {
		require.NoError(t, service.worker.adopt(t.Context(), claimed, known))
	}
	assert.Len(t, w.store.all(), 2, "what the row knows is not ended beside it")
}

// TestWhatEndsStandsInTheWayOfNoWish: the row is gone when the answer comes, and the patient is wished
// for again.
func TestWhatEndsStandsInTheWayOfNoWish(t *testing.T) {
	w := newWorld(t)
	service := w.made()
	w.add(service, 0, 1)
	claimed := w.store.all()[0]
	_, err := w.store.remove(t.Context(), claimed)
	require.NoError(t, err)
	require.NoError(t, service.worker.adopt(t.Context(), claimed, "first"))
	require.Len(t, w.store.all(), 1)
	assert.NotEqual(t, claimed.Place, w.store.all()[0].Place)

	wished := w.add(service, 0, 1)[0]
	assert.NotEqual(t, claimed.ID, wished.ID)
	assert.Equal(t, Waiting, wished.State)
	assert.Len(t, w.store.all(), 2)
}

// outdate has everything that Mitz was told be something else than it is to be told.
func (w *world) outdate(service *Service) { service.worker.config.SourceSystem = "2.999.99" }

// subscribedAt brings rows of both data holders to Mitz.
func (w *world) subscribedAt(t *testing.T, service *Service) {
	t.Helper()
	other := wish(t, 1)
	other.Subject, other.DataHolder = "west", west
	_, err := service.Add(t.Context(), wish(t, 0), other)
	require.NoError(t, err)
	service.Start()
	in(soon)
	service.Stop()
	require.Equal(t, 2, w.store.in(Subscribed))
}

// waiting are the subjects with rows that wait.
func (w *world) waiting() (subjects []string) {
	for _, each := range w.store.all() {
		if each.State == Waiting {
			subjects = append(subjects, each.Subject)
		}
	}
	return subjects
}

// TestASubjectThatPausesIsNotToldOfAnew: its rows would be read at each pass, while none can be sent.
func TestASubjectThatPausesIsNotToldOfAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.made()
		w.subscribedAt(t, service)
		w.outdate(service)
		in(retellEvery)
		some, err := service.worker.retell(t.Context(), map[string]time.Time{"east": time.Now().Add(time.Minute)})
		require.NoError(t, err)
		assert.True(t, some)
		assert.Equal(t, []string{"west"}, w.waiting())
		some, err = service.worker.retell(t.Context(), nil)
		require.NoError(t, err)
		assert.False(t, some)
		assert.Equal(t, []string{"west"}, w.waiting(), "not before the next round")
		in(retellEvery)
		some, err = service.worker.retell(t.Context(), nil)
		require.NoError(t, err)
		assert.True(t, some)
		assert.ElementsMatch(t, []string{"east", "west"}, w.waiting())
	})
}

// TestWhoBeginsToWorkLooksAtAllRows: another node may have worked meanwhile, and told Mitz something
// else, so that it does not go on where it was.
func TestWhoBeginsToWorkLooksAtAllRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.made()
		w.subscribedAt(t, service)
		work := func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go service.worker.work(ctx)
			in(soon)
		}
		work()
		told := len(w.mitz.received())
		w.outdate(service)
		work()
		assert.Greater(t, len(w.mitz.received()), told, "at once, and not an hour after it looked last")
		assert.Empty(t, w.waiting())
	})
}
