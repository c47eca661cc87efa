// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package events

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEventsAreNumberedAndDated(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	bus := Bus{now: func() time.Time { return noon }}
	bus.Publish(Event{Kind: "a"})
	bus.Publish(Event{Kind: "b", Mood: Good})

	assert.Equal(t, []Event{{ID: 1, Time: noon, Kind: "a", Mood: Plain}, {ID: 2, Time: noon, Kind: "b", Mood: Good}}, bus.Since(0))
	assert.Equal(t, 2, bus.Last())
	assert.Len(t, bus.Since(1), 1)
	assert.Empty(t, bus.Since(2))
}

func TestOnlySoManyAreRemembered(t *testing.T) {
	var bus Bus
	for range kept + 5 {
		bus.Publish(Event{})
	}
	all := bus.Since(0)
	assert.Len(t, all, kept)
	assert.Equal(t, kept+5, all[kept-1].ID)
}

func TestWhoWatchesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bus Bus
		ctx, stop := context.WithCancel(t.Context())
		watcher := bus.Watch(ctx)
		bus.Publish(Event{Kind: "a"})
		assert.Equal(t, "a", (<-watcher).Kind)

		for range backlog + 5 { // who is too slow stops nobody
			bus.Publish(Event{Kind: "many"})
		}
		assert.Len(t, watcher, backlog)

		stop()
		synctest.Wait()
		assert.Empty(t, bus.watchers)
	})
}
