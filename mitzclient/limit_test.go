// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/turns"
	"github.com/stretchr/testify/assert"
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
			first := make(chan error, 1)
			go func() {
				_, err := link.Consult(t.Context(), from(""))
				first <- err
			}()
			synctest.Wait()
			time.Sleep(time.Second)
			_, failure := consult(t, t.Context(), link)
			requireCode(t, Timeout, failure)
			failure, _ = (<-first).(*Error)
			requireCode(t, Timeout, failure)
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
		requesters := func(i int) consent.URA { return consent.URA(strconv.Itoa(i)) }
		began := time.Now()
		var group sync.WaitGroup
		var mu sync.Mutex
		ended := map[time.Duration]int{}
		var refused int
		for i := range atOnce + queue + extra {
			group.Go(func() {
				_, failure := consultFrom(t, t.Context(), l, requesters(i))
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
		end  func(context.Context, int) *Error
	}{{"whose questions hang", hangs}, {"whose questions are slow", takes(DefaultTimeout - 100*time.Millisecond)}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				link, client := fakeLink(nil, Hooks{})
				client.endFor = func(ctx context.Context, who consent.URA, n int) *Error {
					if who == "greedy" {
						return tt.end(ctx, n)
					}
					return takes(100*time.Millisecond)(ctx, n)
				}
				var group sync.WaitGroup
				for range 400 {
					group.Go(func() {
						for range 3 {
							_, _ = link.Consult(t.Context(), from("greedy"))
						}
					})
				}
				synctest.Wait()
				require.Equal(t, DefaultMaxConnections/2, link.Load().Running)
				for i := range 12 {
					group.Go(func() {
						time.Sleep(time.Duration(i) * time.Second)
						began := time.Now()
						_, failure := consultFrom(t, t.Context(), link, "honest")
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
			go func() { _, _ = l.Consult(t.Context(), from("greedy")) }()
		}
		synctest.Wait()
		_, failure := consultFrom(t, t.Context(), l, "greedy")
		requireCode(t, Overloaded, failure)
		require.Equal(t, detailRequester, failure.Detail)
		_, failure = consultFrom(t, t.Context(), l, "honest")
		require.Nil(t, failure)
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
		l := newLimit(client, 1, 40)
		var came []consent.URA
		for i := range 20 {
			ura := consent.URA([]byte{'a' + byte(i)})
			came = append(came, ura)
			go func() {
				_, err := l.Consult(t.Context(), consent.Question{DataHolder: consent.DataHolder{URA: ura}})
				assert.NoError(t, err)
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
		go func() { _, _ = l.Consult(t.Context(), from("")) }()
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
		require.Zero(t, l.turns.Load().Waiting, "nobody waits any more")
	})
}

func TestAQueryThatCannotBeAnsweredInTimeIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fake{end: takes(time.Second)}
		l := newLimit(client, 1, 1)
		go func() { _, _ = l.Consult(t.Context(), from("")) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+leastTime-1)
		defer cancel()
		_, failure := consult(t, ctx, l)
		requireCode(t, Timeout, failure)
		require.Equal(t, "queue", failure.Detail)
		require.EqualValues(t, 1, client.queries.Load())
		require.Zero(t, l.turns.Load(), "its turn is given back")
	})
}

func TestATurnIsGivenBackAfterAPanic(t *testing.T) {
	l := newLimit(&fake{end: func(context.Context, int) *Error { panic("test") }}, 1, 0)
	for range 2 {
		require.Panics(t, func() { _, _ = l.Consult(t.Context(), consent.Question{}) })
	}
	require.Zero(t, l.turns.Load())
}
