// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
)

// smallDoor has one turn, two places to get something, and room for ten requests, of which
// one source may have six.
func smallDoor() *Door {
	d := New(Rules{HoldsNumber: func(string) bool { return false }}, func(Reason) {})
	d.working = turns.New[source](turns.Limits{Turns: 1, Queue: 100, QueueShare: 50})
	d.resuming = turns.New[source](turns.Limits{Turns: 1, Queue: 100, QueueShare: 50})
	d.apart = turns.New[source](turns.Limits{Turns: 1, Queue: 100, QueueShare: 50})
	d.fetching = turns.New[source](turns.Limits{Turns: 2, Share: 1, Queue: 100, QueueShare: 50})
	each := baseRoom + roomFactor*len("/")
	d.room = newRoom(10*each, 6*each)
	return d
}

func from(ctx context.Context, address string) (echo.Context, *httptest.ResponseRecorder) {
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	request.RemoteAddr = address + ":1"
	recorder := httptest.NewRecorder()
	return echo.New().NewContext(request, recorder), recorder
}

// visits lets requests in, and remembers in which order they were worked on.
type visits struct {
	mu    sync.Mutex
	order []string
	all   sync.WaitGroup
}

func (v *visits) visit(t *testing.T, d *Door, address string, work func(*Visit) error) {
	v.all.Go(func() {
		c, _ := from(t.Context(), address)
		assert.NoError(t, d.Before(func(_ echo.Context, visit *Visit) error {
			v.mu.Lock()
			v.order = append(v.order, address)
			v.mu.Unlock()
			return work(visit)
		})(c))
	})
	synctest.Wait()
}

// got and hanging are fetches: of so many bytes, and of what does not come.
func got(size int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return size, nil }
}

func hanging(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestTurns(t *testing.T) {
	t.Run("who comes from elsewhere is next, however many a stranger sent before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			work := func(*Visit) error { time.Sleep(50 * time.Millisecond); return nil }
			for range 5 {
				v.visit(t, d, "192.0.2.1", work)
			}
			v.visit(t, d, "192.0.2.2", work)
			v.all.Wait()
			assert.Equal(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"}, v.order)
			assert.Zero(t, d.working.Load())
			assert.Zero(t, d.room.used)
		})
	})
	t.Run("a turn is not held while something is got, nor when all is verified", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			began := time.Now()
			v.visit(t, d, "192.0.2.1", func(visit *Visit) error {
				return visit.Fetch(func(context.Context) (int, error) { time.Sleep(time.Second); return 0, nil })
			})
			v.visit(t, d, "192.0.2.1", func(visit *Visit) error { visit.Verified(); time.Sleep(time.Second); return nil })
			v.visit(t, d, "192.0.2.1", func(*Visit) error { return nil })
			assert.Zero(t, time.Since(began), "somebody waits for a turn")
			assert.Len(t, v.order, 3)
			v.all.Wait()
			assert.Zero(t, d.working.Load())
		})
	})
	t.Run("who waited for a document is not behind who came later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			began := time.Now()
			v.visit(t, d, "192.0.2.1", func(visit *Visit) error {
				err := visit.Fetch(func(context.Context) (int, error) { time.Sleep(time.Millisecond); return 0, nil })
				assert.Equal(t, time.Millisecond, time.Since(began))
				return err
			})
			for range 4 {
				v.visit(t, d, "192.0.2.1", func(*Visit) error { time.Sleep(50 * time.Millisecond); return nil })
			}
			v.all.Wait()
			assert.Zero(t, d.resuming.Load())
		})
	})
	t.Run("a panic gives everything back", func(t *testing.T) {
		d := smallDoor()
		c, _ := from(t.Context(), "192.0.2.1")
		assert.Panics(t, func() { _ = d.Before(func(echo.Context, *Visit) error { panic("") })(c) })
		assert.Zero(t, d.working.Load())
		assert.Zero(t, d.room.used)
		assert.Empty(t, d.room.by)
	})
	t.Run("who waits too long, or finds no room, is told to come again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := smallDoor()
			var refused atomic.Int32
			d.refused = func(Reason) { refused.Add(1) }
			enough := make(chan struct{})
			v := visits{}
			v.visit(t, d, "192.0.2.1", func(*Visit) error { <-enough; return nil })
			answers := make(chan *httptest.ResponseRecorder, 10)
			for range 7 {
				go func() {
					c, answer := from(t.Context(), "192.0.2.1")
					assert.NoError(t, d.Before(func(echo.Context, *Visit) error { return errors.New("it was let in") })(c))
					answers <- answer
				}()
			}
			synctest.Wait()
			assert.Len(t, answers, 2, "at once, without room")
			time.Sleep(longestWait)
			synctest.Wait()
			require.Len(t, answers, 7)
			for range 7 {
				answer := <-answers
				assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
				assert.Equal(t, "1", answer.Header().Get("Retry-After"))
				assert.JSONEq(t, `{"error":"server_error","error_description":"too many requests are waiting"}`, answer.Body.String())
			}
			assert.EqualValues(t, 7, refused.Load())
			close(enough)
			v.all.Wait()
		})
	})
	t.Run("who is gone is not waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			enough := make(chan struct{})
			v.visit(t, d, "192.0.2.1", func(*Visit) error { <-enough; return nil })
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c, _ := from(ctx, "192.0.2.2")
			assert.ErrorIs(t, d.Before(func(echo.Context, *Visit) error { return nil })(c), context.Canceled)
			close(enough)
			v.all.Wait()
		})
	})
}

func TestSources(t *testing.T) {
	for _, tc := range []struct {
		name, one, other string
		same             bool
	}{
		{"an address", "192.0.2.1", "192.0.2.1", true},
		{"two addresses", "192.0.2.1", "192.0.2.2", false},
		{"an address, written for IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"one subscriber's network", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"two subscribers", "2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"an interface of its own", "fe80::1%eth0", "fe80::1", true},
		{"what is no address", "unix", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.same, sourceOf(tc.one) == sourceOf(tc.other)) })
	}
}

// visitOf returns a visit that is under way.
func visitOf(t *testing.T) *Visit {
	t.Helper()
	d := smallDoor()
	c, _ := from(t.Context(), "192.0.2.1")
	visit, err := d.enter(c)
	require.NoError(t, err)
	t.Cleanup(visit.end)
	return visit
}

func noVisit() *Visit { return nil }

func TestFetches(t *testing.T) {
	t.Run("they are counted", func(t *testing.T) {
		visit := visitOf(t)
		for range MaxFetches {
			require.NoError(t, visit.Fetch(got(1)))
		}
		require.NoError(t, visit.Exceeded())
		require.ErrorIs(t, visit.Fetch(got(1)), ErrFetches)
		assert.ErrorIs(t, visit.Exceeded(), ErrFetches)
	})
	t.Run("what they hold is added up", func(t *testing.T) {
		visit := visitOf(t)
		require.NoError(t, visit.Fetch(got(MaxFetched)))
		require.ErrorIs(t, visit.Fetch(got(1)), ErrFetches)
		assert.ErrorIs(t, visit.Exceeded(), ErrFetches)
	})
	t.Run("who hangs is waited for, but not for ever, and not for each", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			visit := visitOf(t)
			began := time.Now()
			for range 2 {
				require.ErrorIs(t, visit.Fetch(hanging), context.DeadlineExceeded)
				require.NoError(t, visit.Exceeded(), "one that hangs is as one that is gone")
			}
			for range MaxFetches {
				require.Error(t, visit.Fetch(hanging))
			}
			assert.LessOrEqual(t, time.Since(began), fetchTime)
			assert.ErrorIs(t, visit.Exceeded(), ErrFetches)
		})
	})
	t.Run("many that hang leave the others' places alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			for range 4 {
				v.visit(t, d, "192.0.2.1", func(visit *Visit) error { _ = visit.Fetch(hanging); return nil })
			}
			began := time.Now()
			v.visit(t, d, "192.0.2.2", func(visit *Visit) error { return visit.Fetch(got(1)) })
			assert.Zero(t, time.Since(began))
			v.all.Wait()
			assert.Zero(t, d.fetching.Load())
			assert.Zero(t, d.working.Load())
		})
	})
	t.Run("they end with the request", func(t *testing.T) {
		d := smallDoor()
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := from(ctx, "192.0.2.1")
		visit, err := d.enter(c)
		require.NoError(t, err)
		defer visit.end()
		cancel()
		assert.ErrorIs(t, visit.Fetch(hanging), context.Canceled)
	})
	t.Run("what is verified takes no turn, and counts", func(t *testing.T) {
		visit := visitOf(t)
		require.NoError(t, visit.Fetch(got(1)))
		visit.Verified()
		for range MaxFetches - 1 {
			require.NoError(t, visit.Fetch(got(1)))
			assert.Nil(t, visit.turn)
			require.NoError(t, visit.Spend(MaxWork))
		}
		require.NoError(t, visit.Exceeded())
		require.ErrorIs(t, visit.Fetch(got(1)), ErrFetches)
		assert.ErrorIs(t, visit.Exceeded(), ErrFetches)
	})
	t.Run("what is verified waits no longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			visit := visitOf(t)
			visit.Verified()
			began := time.Now()
			require.Error(t, visit.Fetch(hanging))
			assert.Equal(t, OneFetch, time.Since(began))
		})
	})
	t.Run("what is nobody's is not bounded here", func(t *testing.T) {
		for range MaxFetches + 1 {
			require.NoError(t, noVisit().Fetch(got(MaxFetched)))
			require.NoError(t, noVisit().Spend(MaxWork))
		}
		assert.NoError(t, noVisit().Exceeded())
	})
}

func TestWork(t *testing.T) {
	visit := visitOf(t)
	require.NoError(t, visit.Spend(MaxWork))
	require.ErrorIs(t, visit.Spend(1), ErrWork)
	assert.ErrorIs(t, visit.Exceeded(), ErrWork)
}

func TestOnce(t *testing.T) {
	visit := visitOf(t)
	made := 0
	produce := func() (any, error) { made++; return made, nil }
	for range 3 {
		value, err := visit.Once("a", produce)
		require.NoError(t, err)
		assert.Equal(t, 1, value)
	}
	_, err := visit.Once("b", func() (any, error) { return nil, errors.New("not now") })
	require.Error(t, err)
	value, err := visit.Once("b", produce)
	require.NoError(t, err)
	assert.Equal(t, 2, value)
}

func TestLater(t *testing.T) {
	for name, failed := range map[string]error{"answered": nil, "refused": errors.New("refused")} {
		t.Run(name, func(t *testing.T) {
			c, _ := from(t.Context(), "192.0.2.1")
			done := 0
			err := smallDoor().Before(func(_ echo.Context, visit *Visit) error {
				require.NoError(t, visit.Later(func() error { done++; return nil }))
				assert.Zero(t, done)
				return failed
			})(c)
			assert.Equal(t, failed, err)
			assert.Equal(t, failed == nil, done == 1)
		})
	}
}
