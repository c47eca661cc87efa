// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNothingThatIsKeptIsLostToABurst hands over three times what may wait.
func TestNothingThatIsKeptIsLostToABurst(t *testing.T) {
	path := newPath(t)
	log := openLog(t, path)
	const senders, each = 8, 48
	entry := coded(t, strings.Repeat("x", 64<<10))
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range each {
				assert.NoError(t, log.Keep(t.Context(), entry))
			}
		})
	}
	group.Wait()
	require.NoError(t, log.Close())
	assert.Len(t, lines(t, path), senders*each)
}

// TestKeepDoesNotWaitForADiskThatHangs for longer than it is told.
func TestKeepDoesNotWaitForADiskThatHangs(t *testing.T) {
	path, d := newPath(t), &disk{}
	entry := coded(t, strings.Repeat("x", 64<<10))
	synctest.Test(t, func(t *testing.T) {
		log := openOn(t, d, path, Hooks{})
		release := d.hang()
		require.NoError(t, log.Tell(entry))
		time.Sleep(2 * syncAfter)
		handed := 1
		for log.Tell(entry) == nil {
			handed++
		}
		require.Less(t, 100, handed)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, log.Keep(ctx, entry), errFull)
		assert.LessOrEqual(t, time.Since(began), time.Second)
		release()
		require.NoError(t, log.Flush(t.Context()))
		time.Sleep(2 * syncAfter)
		require.NoError(t, log.Keep(t.Context(), entry), "there is room again")
		require.NoError(t, log.Close())
	})
}
