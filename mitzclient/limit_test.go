// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

func TestAConsultEndsWithItsDeadline(t *testing.T) {
	t.Run("while Mitz hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, _ := fakeLink(hangs, Hooks{})
			began := time.Now()
			_, failure := consult(t, t.Context(), link)
			requireCode(t, Timeout, failure)
			require.Equal(t, DefaultTimeout, time.Since(began))
		})
	})
	t.Run("while it waits for its turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, client := fakeLink(hangs, Hooks{}, func(c *Config) { c.MaxConnections = 1 })
			began := time.Now()
			first := make(chan struct{})
			go func() {
				defer close(first)
				_, failure := consult(t, t.Context(), link)
				requireCode(t, Timeout, failure)
			}()
			synctest.Wait()
			time.Sleep(time.Second)
			_, failure := consult(t, t.Context(), link)
			requireCode(t, Timeout, failure)
			<-first
			require.Equal(t, DefaultTimeout+time.Second, time.Since(began))
			require.EqualValues(t, 2, client.queries.Load(), "the second had its turn when the first gave up")
		})
	})
	t.Run("when the caller's is earlier", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, _ := fakeLink(hangs, Hooks{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, failure := consult(t, ctx, link)
			requireCode(t, Timeout, failure)
			require.Equal(t, time.Second, time.Since(began))
		})
	})
}

func TestSoManyConsultsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const atOnce, queue, extra = 3, 7, 5
		l := newLimit(&fake{end: takes(time.Second)}, atOnce, queue)
		began := time.Now()
		var group sync.WaitGroup
		var mu sync.Mutex
		ended := map[time.Duration]int{}
		var refused int
		for range atOnce + queue + extra {
			group.Go(func() {
				_, failure := consult(t, t.Context(), l)
				mu.Lock()
				defer mu.Unlock()
				if failure == nil {
					ended[time.Since(began)]++
					return
				}
				requireCode(t, Overloaded, failure)
				require.Zero(t, time.Since(began), "refused at once")
				refused++
			})
		}
		synctest.Wait()
		require.Equal(t, Load{Running: atOnce, Waiting: queue}, l.load())
		group.Wait()
		require.Equal(t, extra, refused)
		require.Equal(t, map[time.Duration]int{time.Second: 3, 2 * time.Second: 3, 3 * time.Second: 3, 4 * time.Second: 1}, ended)
		require.Zero(t, l.load())
	})
}

// noted passes a question on after noting whose turn it is.
type noted struct {
	turns []consent.URA
	next  Consulter
}

func (n *noted) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	n.turns = append(n.turns, q.DataHolder.URA)
	return n.next.Consult(ctx, q)
}

func TestWhoCameFirstIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &noted{next: &fake{end: takes(time.Second)}}
		l := newLimit(client, 1, 20)
		var came []consent.URA
		for i := range 20 {
			ura := consent.URA([]byte{'a' + byte(i)})
			came = append(came, ura)
			go func() {
				_, err := l.Consult(t.Context(), consent.Question{DataHolder: consent.DataHolder{URA: ura}})
				require.NoError(t, err)
			}()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, came, client.turns)
		require.True(t, slices.IsSorted(client.turns))
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fake{end: takes(time.Second)}
		l := newLimit(client, 1, 1)
		go func() { _, _ = consult(t, t.Context(), l) }()
		synctest.Wait()

		canceled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		_, failure := consult(t, canceled, l)
		requireCode(t, Canceled, failure)
		require.Equal(t, "queue", failure.Detail)

		late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, failure = consult(t, late, l)
		requireCode(t, Timeout, failure)
		require.ErrorIs(t, failure, context.DeadlineExceeded)
		require.EqualValues(t, 1, client.queries.Load())
		require.Zero(t, l.waiting.Load(), "nobody waits any more")
	})
}

func TestAQueryThatCannotBeAnsweredInTimeIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fake{end: takes(time.Second)}
		l := newLimit(client, 1, 1)
		go func() { _, _ = consult(t, t.Context(), l) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+leastTime-1)
		defer cancel()
		_, failure := consult(t, ctx, l)
		requireCode(t, Timeout, failure)
		require.Equal(t, "queue", failure.Detail)
		require.EqualValues(t, 1, client.queries.Load())
		require.Empty(t, l.turns, "its turn is given back")
	})
}

func TestATurnIsGivenBackAfterAPanic(t *testing.T) {
	l := newLimit(&fake{end: func(context.Context, int) *Error { panic("test") }}, 1, 0)
	for range 2 {
		require.Panics(t, func() { _, _ = l.Consult(t.Context(), consent.Question{}) })
	}
	require.Empty(t, l.turns)
}
