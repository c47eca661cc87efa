// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
	"github.com/stretchr/testify/require"
)

func TestAConsultEndsWithItsDeadline(t *testing.T) {
	t.Run("while Mitz hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, _ := fakeOperation(hangs, Hooks{})
			began := time.Now()
			failure := exchange(t.Context(), link.chain)
			requireCode(t, Timeout, failure)
			require.Equal(t, testTimeout, time.Since(began))
		})
	})
	t.Run("while it waits for its turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, sends := fakeOperation(hangs, Hooks{}, func(c *Budget) { c.AtOnce = 1 })
			began := time.Now()
			first := make(chan *Failure)
			go func() { first <- exchange(t.Context(), link.chain) }()
			synctest.Wait()
			time.Sleep(time.Second)
			failure := exchange(t.Context(), link.chain)
			requireCode(t, Timeout, failure)
			require.Equal(t, testTimeout+time.Second, time.Since(began))
			requireCode(t, Timeout, <-first)
			require.EqualValues(t, 2, sends.messages.Load(), "the second had its turn when the first gave up")
		})
	})
	t.Run("when the caller's is earlier", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, _ := fakeOperation(hangs, Hooks{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			failure := exchange(ctx, link.chain)
			requireCode(t, Timeout, failure)
			require.Equal(t, time.Second, time.Since(began))
		})
	})
}

func TestSoManyConsultsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const atOnce, queue, extra = 3, 7, 5
		l := newLimit(&fake{end: takes(time.Second)}, atOnce, queue)
		requesters := func(i int) string { return strconv.Itoa(i) }
		began := time.Now()
		var group sync.WaitGroup
		var mu sync.Mutex
		ended := map[time.Duration]int{}
		var refused int
		for i := range atOnce + queue + extra {
			group.Go(func() {
				failure := exchangeFrom(t.Context(), l, requesters(i))
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
		require.Equal(t, turns.Load{Running: atOnce, Waiting: queue, Keys: atOnce + queue}, l.turns.Load())
		group.Wait()
		require.Equal(t, extra, refused)
		require.Equal(t, map[time.Duration]int{time.Second: 3, 2 * time.Second: 3, 3 * time.Second: 3, 4 * time.Second: 1}, ended)
		require.Zero(t, l.turns.Load())
	})
}

// TestOneRequesterTakesTheLinkFromNobody has one requester with 400 connections and
// questions that Mitz does not answer, or slowly.
func TestOneRequesterTakesTheLinkFromNobody(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context, int) *Failure
	}{{"whose questions hang", hangs}, {"whose questions are slow", takes(testTimeout - 100*time.Millisecond)}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				link, sends := fakeOperation(nil, Hooks{})
				sends.endFor = func(ctx context.Context, who string, n int) *Failure {
					if who == "greedy" {
						return tt.end(ctx, n)
					}
					return takes(100*time.Millisecond)(ctx, n)
				}
				var group sync.WaitGroup
				for range 400 {
					group.Go(func() {
						for range 3 {
							_ = link.Do(t.Context(), from("greedy"))
						}
					})
				}
				synctest.Wait()
				require.Equal(t, testAtOnce/2, link.Load().Running)
				for i := range 12 {
					group.Go(func() {
						time.Sleep(time.Duration(i) * time.Second)
						began := time.Now()
						failure := exchangeFrom(t.Context(), link.chain, "honest")
						require.Nil(t, failure)
						require.Equal(t, 100*time.Millisecond, time.Since(began), "it does not even wait")
					})
				}
				group.Wait()
				require.Zero(t, link.limit.turns.Load())
			})
		})
	}
}

func TestOneRequesterHasHalfOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(&fake{end: takes(time.Second)}, 2, 4)
		for range 1 + 2 {
			go func() { _ = exchangeFrom(t.Context(), l, "greedy") }()
		}
		synctest.Wait()
		failure := exchangeFrom(t.Context(), l, "greedy")
		requireCode(t, Overloaded, failure)
		require.Equal(t, detailRequester, failure.Detail)
		failure = exchangeFrom(t.Context(), l, "honest")
		require.Nil(t, failure)
	})
}

// noted passes a call on after noting whose turn it is.
type noted struct {
	turns []string
	next  exchanger
}

func (n *noted) Exchange(ctx context.Context, c Call) *Failure {
	n.turns = append(n.turns, string(c.About.(subject)))
	return n.next.Exchange(ctx, c)
}

func TestWhoCameFirstIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sends := &noted{next: &fake{end: takes(time.Second)}}
		l := newLimit(sends, 1, 40)
		var came []string
		failures := make(chan *Failure, 20)
		for i := range 20 {
			ura := string([]byte{'a' + byte(i)})
			came = append(came, ura)
			go func() { failures <- l.Exchange(t.Context(), about("", ura)) }()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for range 20 {
			require.Nil(t, <-failures)
		}
		require.Equal(t, came, sends.turns)
		require.True(t, slices.IsSorted(sends.turns))
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sends := &fake{end: takes(time.Second)}
		l := newLimit(sends, 1, 1)
		go func() { _ = exchange(t.Context(), l) }()
		synctest.Wait()

		canceled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		failure := exchange(canceled, l)
		requireCode(t, Canceled, failure)
		require.Equal(t, "queue", failure.Detail)

		late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		failure = exchange(late, l)
		requireCode(t, Timeout, failure)
		require.ErrorIs(t, failure.Cause, context.DeadlineExceeded)
		require.EqualValues(t, 1, sends.messages.Load())
		require.Zero(t, l.turns.Load().Waiting, "nobody waits any more")
	})
}

func TestAQueryThatCannotBeAnsweredInTimeIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sends := &fake{end: takes(time.Second)}
		l := newLimit(sends, 1, 1)
		go func() { _ = exchange(t.Context(), l) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+leastTime-1)
		defer cancel()
		failure := exchange(ctx, l)
		requireCode(t, Timeout, failure)
		require.Equal(t, "queue", failure.Detail)
		require.EqualValues(t, 1, sends.messages.Load())
		require.Zero(t, l.turns.Load(), "its turn is given back")
	})
}

func TestATurnIsGivenBackAfterAPanic(t *testing.T) {
	l := newLimit(&fake{end: func(context.Context, int) *Failure { panic("test") }}, 1, 0)
	for range 2 {
		require.Panics(t, func() { _ = l.Exchange(t.Context(), Call{}) })
	}
	require.Zero(t, l.turns.Load())
}
