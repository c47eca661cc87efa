// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package turns

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// FuzzTurns takes turns, gives them back and gives up waiting in any order, and looks
// after each step whether what must hold holds.
func FuzzTurns(f *testing.F) {
	f.Add(byte(0), []byte{})
	f.Add(byte(0x12), []byte{0, 0, 0, 1, 0, 2, 40, 80, 41, 81, 42, 120})
	f.Add(byte(0xff), []byte("take, give back, give up, and once more"))
	f.Fuzz(func(t *testing.T, shape byte, steps []byte) {
		limits := Limits{Turns: 1 + int(shape&3), Share: int(shape >> 2 & 3), Queue: int(shape >> 4 & 3), QueueShare: int(shape >> 6)}
		synctest.Test(t, func(t *testing.T) {
			turns := New[byte](limits)
			var held []*Turn[byte]
			var waits []context.CancelFunc
			for _, step := range steps[:min(len(steps), 200)] {
				pick := int(step & 31)
				switch {
				case step < 128:
					ctx, cancel := context.WithCancel(t.Context())
					waits = append(waits, cancel)
					go func() {
						if turn, err := turns.Take(ctx, step&3); err == nil {
							held = append(held, turn)
						}
					}()
				case step < 192 && len(held) > 0:
					held[pick%len(held)].GiveBack() // some of them a second time
				case len(waits) > 0:
					waits[pick%len(waits)]()
				}
				synctest.Wait()
				turns.hold(t)
			}
			for _, cancel := range waits {
				cancel()
			}
			synctest.Wait()
			for _, turn := range held {
				turn.GiveBack()
			}
			require.Equal(t, Load{}, turns.Load(), "nothing is left behind")
			require.Zero(t, turns.round.Len())
		})
	})
}

// hold requires what always holds.
func (t *Turns[K]) hold(test *testing.T) {
	var running, waiting, round int
	for key, l := range t.lines {
		running += l.running
		waiting += l.waiting.Len()
		served := l.waiting.Len() > 0 && l.running < t.limits.Share
		if served {
			round++
			require.Equal(test, t.limits.Turns, t.running, "no turn is free while a key waits that may have it")
		}
		require.Equal(test, key, l.key)
		require.Equal(test, served, l.place != nil)
		require.LessOrEqual(test, l.running, t.limits.Share)
		require.LessOrEqual(test, l.waiting.Len(), t.limits.QueueShare)
		require.NotZero(test, l.running+l.waiting.Len(), "a key is known only while it has something")
	}
	require.Equal(test, t.running, running)
	require.Equal(test, t.waiting, waiting)
	require.Equal(test, t.round.Len(), round)
	require.LessOrEqual(test, running, t.limits.Turns)
	require.LessOrEqual(test, waiting, t.limits.Queue)
}
