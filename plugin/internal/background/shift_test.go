// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package background

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errSQL = errors.New("the database fails")

// inMemory are beats of nodes in one process.
type inMemory struct {
	beat  string
	fails bool // nothing is read or written
	loses bool // a beat is written, and its node is not told
}

func (m *inMemory) Beat(context.Context) (string, error) {
	if m.fails {
		return "", errSQL
	}
	return m.beat, nil
}

func (m *inMemory) TakeOver(_ context.Context, seen, mine string) (bool, error) {
	if m.fails {
		return false, errSQL
	}
	took := m.beat == seen
	if took {
		m.beat = mine
	}
	if m.loses {
		return false, errSQL
	}
	return took, nil
}

// TestABeatWhoseAnswerGotLost is one that was written, which this node was not told.
func TestABeatWhoseAnswerGotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &inMemory{loses: true}
		s := &Shift{Beats: memory}
		require.ErrorIs(t, s.Look(t.Context()), errSQL)
		require.False(t, s.IsMine())
		memory.loses = false
		time.Sleep(BeatEvery)
		require.NoError(t, s.Look(t.Context()))
		require.True(t, s.IsMine(), "it need not wait until it is dead itself")
		memory.loses = true
		time.Sleep(BeatEvery)
		require.ErrorIs(t, s.Look(t.Context()), errSQL)
		require.True(t, s.IsMine(), "once is no reason to stop")
		memory.loses = false
		time.Sleep(BeatEvery)
		require.NoError(t, s.Look(t.Context()))
		require.True(t, s.IsMine())
	})
}

func TestOneOfTwoNodesWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &inMemory{}
		first, second := &Shift{Beats: memory}, &Shift{Beats: memory}
		look := func() {
			t.Helper()
			_ = first.Look(t.Context())
			_ = second.Look(t.Context())
			assert.False(t, first.IsMine() && second.IsMine())
			time.Sleep(BeatEvery)
		}
		for range 10 {
			look()
		}
		require.True(t, first.IsMine())
		first.Release()
		require.NoError(t, second.Look(t.Context()))
		require.True(t, second.IsMine(), "who stops is followed at once")

		memory.fails = true
		for second.IsMine() {
			look()
		}
		memory.fails = false
		for !first.IsMine() && !second.IsMine() {
			look()
		}
	})
}

func TestWhoIsDeadIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &inMemory{}
		dead, alive := &Shift{Beats: memory}, &Shift{Beats: memory}
		require.NoError(t, dead.Look(t.Context()))
		began := time.Now()
		for !alive.IsMine() {
			require.NoError(t, alive.Look(t.Context()))
			time.Sleep(BeatEvery)
		}
		assert.GreaterOrEqual(t, time.Since(began), deadAfter)
	})
}
