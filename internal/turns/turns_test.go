// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package turns

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// use takes a turn, keeps it for a second, and gives it back.
func use(ctx context.Context, turns *Turns[string], key string) error {
	turn, err := turns.Take(ctx, key)
	if err != nil {
		return err
	}
	defer turn.GiveBack()
	time.Sleep(time.Second)
	return nil
}

func TestManyOfOneKeyDoNotKeepTheTurnsFromTheOthers(t *testing.T) {
	for _, share := range []int{1, 4, 8} {
		t.Run(fmt.Sprintf("a share of %d out of 8 turns", share), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := New[string](Limits{Turns: 8, Share: share, Queue: 100, QueueShare: 50})
				var group sync.WaitGroup
				refused := make(chan error, 400)
				for range 400 {
					group.Go(func() {
						if err := use(t.Context(), turns, "greedy"); err != nil {
							refused <- err
						}
					})
				}
				synctest.Wait()
				require.Equal(t, Load{Running: share, Waiting: 50, Keys: 1}, turns.Load())
				require.Len(t, refused, 400-50-share)
				require.Equal(t, ShareFull, <-refused)

				began := time.Now()
				for i := range 12 {
					group.Go(func() { assert.NoError(t, use(t.Context(), turns, fmt.Sprint("honest ", i%3))) })
				}
				synctest.Wait()
				last := make(chan time.Duration)
				go func() {
					assert.NoError(t, use(t.Context(), turns, "another"))
					last <- time.Since(began)
				}()
				require.LessOrEqual(t, <-last, 3*time.Second, "the others wait for each other alone")
				group.Wait()
				require.Equal(t, Load{}, turns.Load())
			})
		})
	}
}

func TestTheQueueIsServedKeyByKeyAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New[string](Limits{Turns: 1, Queue: 20})
		first, err := turns.Take(t.Context(), "a")
		require.NoError(t, err)
		var served []string
		for _, name := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
			go func() {
				turn, err := turns.Take(t.Context(), name[:1])
				if !assert.NoError(t, err) {
					return
				}
				served = append(served, name)
				turn.GiveBack()
			}()
			synctest.Wait()
		}
		first.GiveBack()
		synctest.Wait()
		require.Equal(t, []string{"b1", "c1", "a1", "b2", "a2", "a3"}, served, "the key that just had a turn comes last")
	})
}

func TestWhoMayNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New[string](Limits{Turns: 1, Queue: 3, QueueShare: 2})
		held, err := turns.Take(t.Context(), "a")
		require.NoError(t, err)
		for _, key := range []string{"a", "a", "b"} {
			go func() { _ = use(t.Context(), turns, key) }()
			synctest.Wait()
		}
		_, err = turns.Take(t.Context(), "a")
		require.Equal(t, ShareFull, err, "it has its places")
		_, err = turns.Take(t.Context(), "b")
		require.Equal(t, QueueFull, err, "there is none left")
		require.Equal(t, Load{Running: 1, Waiting: 3, Keys: 2}, turns.Load())
		held.GiveBack()
		time.Sleep(time.Minute)
		require.Equal(t, Load{}, turns.Load())
	})
	t.Run("nobody, without a queue", func(t *testing.T) {
		turns := New[string](Limits{Turns: 1})
		turn, err := turns.Take(t.Context(), "a")
		require.NoError(t, err)
		_, err = turns.Take(t.Context(), "b")
		require.Equal(t, QueueFull, err)
		turn.GiveBack()
		_, err = turns.Take(t.Context(), "b")
		require.NoError(t, err)
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New[string](Limits{Turns: 1, Queue: 9})
		held, err := turns.Take(t.Context(), "a")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = turns.Take(ctx, "b")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, Load{Running: 1, Keys: 1}, turns.Load(), "nothing is left of who gave up")
		held.GiveBack()
		_, err = turns.Take(ctx, "b")
		require.ErrorIs(t, err, context.DeadlineExceeded, "also when there is a turn")
		require.Equal(t, Load{}, turns.Load())
	})
}

func TestATurnThatComesTooLateGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New[string](Limits{Turns: 1, Queue: 9})
		held, err := turns.Take(t.Context(), "a")
		require.NoError(t, err)
		late, err := turns.join("b")
		require.NoError(t, err)
		next := make(chan error, 1)
		go func() { next <- use(t.Context(), turns, "c") }()
		synctest.Wait()
		held.GiveBack()
		require.True(t, late.held)
		turns.leave(late) // its context ended before it saw that
		require.NoError(t, <-next)
		require.Equal(t, Load{}, turns.Load())
	})
}

func TestGivingBackTwiceIsHarmless(t *testing.T) {
	turns := New[string](Limits{Turns: 2})
	first, err := turns.Take(t.Context(), "a")
	require.NoError(t, err)
	second, err := turns.Take(t.Context(), "a")
	require.NoError(t, err)
	first.GiveBack()
	first.GiveBack()
	require.Equal(t, Load{Running: 1, Keys: 1}, turns.Load())
	second.GiveBack()
	require.Equal(t, Load{}, turns.Load())
}

func BenchmarkTurn(b *testing.B) {
	turns := New[string](Limits{Turns: 64, Share: 32, Queue: 1024, QueueShare: 256})
	b.ReportAllocs()
	for b.Loop() {
		turn, err := turns.Take(b.Context(), "a")
		if err != nil {
			b.Fatal(err)
		}
		turn.GiveBack()
	}
}
