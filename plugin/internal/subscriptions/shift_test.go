// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

// cable is a node's way to the SQL database, which can be cut.
type cable struct {
	*inMemory
	isCut atomic.Bool
	hangs bool // where it is cut, calls do not end before their time
}

func (c *cable) err(ctx context.Context) error {
	if !c.isCut.Load() {
		return nil
	}
	if c.hangs {
		<-ctx.Done()
	}
	return errSQL
}

func (c *cable) beat(ctx context.Context) (string, error) {
	if err := c.err(ctx); err != nil {
		return "", err
	}
	return c.inMemory.beat(ctx)
}

func (c *cable) add(ctx context.Context, rows []row, places [][]string) ([]row, error) {
	if err := c.err(ctx); err != nil {
		return nil, err
	}
	return c.inMemory.add(ctx, rows, places)
}

func (c *cable) takeOver(ctx context.Context, seen, mine string) (bool, error) {
	if err := c.err(ctx); err != nil {
		return false, err
	}
	return c.inMemory.takeOver(ctx, seen, mine)
}

func (c *cable) due(ctx context.Context, state State, now time.Time, limit int, without []string) ([]row, error) {
	if err := c.err(ctx); err != nil {
		return nil, err
	}
	return c.inMemory.due(ctx, state, now, limit, without)
}

func (c *cable) replace(ctx context.Context, changed row) (bool, error) {
	if err := c.err(ctx); err != nil {
		return false, err
	}
	return c.inMemory.replace(ctx, changed)
}

// node starts a node with a way of its own to the SQL database.
func (w *world) node(hangs bool) (*Service, *cable) {
	way := &cable{inMemory: w.store, hangs: hangs}
	w.Store = way
	return w.start(), way
}

func TestAnotherNodeTakesOverWhenOneIsDead(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			first, way := w.node(hangs)
			in(time.Second)
			second, _ := w.node(hangs)
			w.add(second, 0, 1)
			in(soon)
			require.Len(t, w.mitz.known(), 1)
			assert.True(t, first.IsWorking())
			assert.False(t, second.IsWorking())

			way.isCut.Store(true)
			w.add(second, 1, 10)
			in(30 * time.Second)
			assert.Len(t, w.mitz.known(), 1, "the first one may live")
			in(30 * time.Second)
			assert.True(t, second.IsWorking())
			assert.False(t, first.IsWorking(), "it knows that it was not heard")
			assert.ErrorIs(t, first.Failing(), errSQL)
			assert.NoError(t, second.Failing())
			assert.Len(t, w.mitz.known(), 10)

			way.isCut.Store(false)
			in(soon)
			assert.NoError(t, first.Failing())
			assert.False(t, first.IsWorking(), "it goes on with nothing")
			w.settle()
		})
	}
}

func TestAnotherNodeTakesOverAtOnceWhenOneStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.start()
		in(time.Second)
		second := w.start()
		w.add(second, 0, 500)
		in(lookEvery + 200*time.Millisecond)
		require.NotEmpty(t, w.mitz.known())
		require.Less(t, len(w.mitz.known()), 400)
		began := time.Now()
		first.Stop()
		assert.Less(t, time.Since(began), time.Second)
		in(background.BeatEvery + 10*time.Second)
		assert.Len(t, w.mitz.known(), 500)
		w.settle()
	})
}

func TestANodeGoesOnAfterItsRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		w.add(service, 0, 100)
		in(100 * time.Millisecond)
		service.Stop()
		service.Stop()
		require.Less(t, len(w.mitz.known()), 50)
		in(time.Hour)
		require.Less(t, len(w.mitz.known()), 50, "it stopped")
		service.Start()
		service.Start()
		in(10 * time.Second)
		assert.Len(t, w.mitz.known(), 100)
		assert.LessOrEqual(t, len(w.mitz.received()), 100+DefaultAtOnce)
		w.settle()
	})
}

// TestOneOfManyNodesWorks starts them at the same moment.
func TestOneOfManyNodesWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		nodes := []*Service{w.start(), w.start(), w.start(), w.start()}
		for range 60 {
			in(time.Minute)
			working := 0
			for _, each := range nodes {
				if each.IsWorking() {
					working++
				}
			}
			require.Equal(t, 1, working)
		}
		assert.Equal(t, 1, strings.Count(w.log.String(), "from now on"))
	})
}

// TestTwoNodesWorkAtOnce, which they should not: nothing is lost by it, and little is sent twice.
func TestTwoNodesWorkAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Store = everybodyWorks{w.store}
		first, second := w.start(), w.start()
		w.add(first, 0, 300)
		w.add(second, 200, 500)
		in(soon)
		assert.Len(t, w.mitz.known(), 500)
		assert.Less(t, len(w.mitz.received()), 700)
		second.Stop()
		in(soon)
		w.settle()
	})
}
