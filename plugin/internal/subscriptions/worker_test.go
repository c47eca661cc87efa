// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func TestMitzIsDownForAnHour(t *testing.T) {
	for name, failure := range map[string]*mitzclient.Error{
		"no connection":                {Code: mitzclient.Unreachable, Detail: "refused", Attempts: 2},
		"no TLS":                       {Code: mitzclient.TLS, Attempts: 1},
		"no answer":                    {Code: mitzclient.Timeout, Attempts: 1},
		"status 500":                   status(500),
		"status 503":                   status(503),
		"the link is open":             {Code: mitzclient.CircuitOpen},
		"the data holder is held back": {Code: mitzclient.CircuitOpen, Detail: "requester"},
		"nobody may":                   status(403),
		"no authorization":             {Code: mitzclient.NoAuthorization},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				many := 200
				if failure.Code == mitzclient.Unreachable {
					many = 2000
				}
				w := newWorld(t)
				service := w.start()
				in(time.Second)
				w.mitz.behave(always(failure))
				w.add(service, 0, many)
				in(time.Hour)
				assert.Less(t, len(w.mitz.received()), 50, "while it is down")
				assert.Greater(t, len(w.mitz.received()), 10, "it is tried all the time")
				assert.Equal(t, many, w.store.in(Waiting))

				w.mitz.behave(nil)
				before := len(w.mitz.received())
				in(maxMitzPause + 5*time.Second)
				assert.Equal(t, many, w.store.in(Subscribed))
				caughtUp := w.mitz.received()[before:]
				assert.Len(t, caughtUp, many, "each once")
				assert.LessOrEqual(t, w.mitz.most, DefaultAtOnce)
				for i, least := range []int{0, 1, 1, 2, 2, 2, 2, 3} {
					assert.GreaterOrEqual(t, caughtUp[i].at.Sub(caughtUp[0].at), time.Duration(least)*w.mitz.takes, "one, two, four, and then all")
				}
				assert.LessOrEqual(t, strings.Count(w.log.String(), "\n"), 10)
				w.settle()
			})
		})
	}
}

func TestMitzAsksForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		throttle := status(429)
		throttle.RetryAfter = 7 * time.Minute
		w.mitz.behave(always(throttle))
		w.add(service, 0, 50)
		in(time.Minute)
		began := len(w.mitz.received())
		assert.LessOrEqual(t, began, DefaultAtOnce)
		w.mitz.behave(nil)
		service.Want(wish(t, 50))
		in(6 * time.Minute)
		assert.Len(t, w.mitz.received(), began, "nothing is sent before")
		in(2 * time.Minute)
		assert.Len(t, w.mitz.known(), 51)
		w.settle()
	})
}

func TestTheSQLDatabaseIsGoneForAMinute(t *testing.T) {
	for _, call := range []string{"", "replace", "add", "due"} {
		t.Run("calls that fail: "+call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				w.add(service, 0, 20)
				in(time.Minute)
				require.Len(t, w.mitz.known(), 20)
				require.NoError(t, service.Failing())

				w.store.fail(call, errSQL)
				for n := 20; n < 40; n++ {
					service.Want(wish(t, n))
				}
				in(time.Minute)
				assert.Len(t, w.mitz.received(), 20, "what cannot be written is not sent")
				if call == "" || call == "add" {
					assert.ErrorIs(t, service.Failing(), errSQL)
				}
				w.store.fail(call, nil)
				in(time.Minute)
				assert.NoError(t, service.Failing())
				assert.Len(t, w.mitz.known(), 40)
				assert.Len(t, w.mitz.received(), 40, "and is sent once")
				assert.LessOrEqual(t, strings.Count(w.log.String(), "\n"), 6)
				w.settle()
			})
		})
	}
}

// TestAStopIsNoFailure: what was on its way to Mitz is sent by the node that works next, at once.
func TestAStopIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		w.add(service, 3, 6) // after which four may go at once
		in(time.Second)
		w.mitz.takes = time.Minute
		w.add(service, 0, 3)
		in(time.Second)
		require.Len(t, w.mitz.received(), 6)
		service.Stop()
		for _, each := range w.store.all() {
			if each.State == Subscribed {
				continue
			}
			assert.Equal(t, Waiting, each.State)
			assert.Zero(t, each.Attempts)
			assert.Empty(t, each.Failure)
			assert.False(t, each.Due.After(time.Now()))
		}
	})
}

// TestWhatFailedLeastGoesFirst, whatever waits longer.
func TestWhatFailedLeastGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.made()
		w.add(service, 0, 3)
		all := w.store.all()
		for i, attempts := range []int{5, 0, 2} {
			changed := all[i]
			changed.Attempts, changed.Due = attempts, changed.Due.Add(time.Duration(i-5)*time.Minute)
			was, err := w.store.replace(t.Context(), changed)
			require.NoError(t, err)
			require.True(t, was)
		}
		rows, err := service.worker.page(t.Context(), nil)
		require.NoError(t, err)
		var attempts []int
		for _, each := range rows {
			attempts = append(attempts, each.Attempts)
		}
		assert.Equal(t, []int{0, 2, 5}, attempts)
	})
}
