// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/turns"
	"github.com/stretchr/testify/require"
)

func TestMitzIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for _, tt := range []struct {
		name        string
		asked, kept time.Duration
	}{
		{"some seconds", 7 * time.Second, 7 * time.Second},
		{"without a time", 0, defaultPause},
		{"for longer than is bearable", 24 * time.Hour, maxPause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told time.Duration
				link, client := fakeLink(ends(&Error{Code: HTTPStatus, Status: 429, RetryAfter: tt.asked}, nil),
					Hooks{Paused: func(d time.Duration, _ bool) { told = d }})
				_, failure := consult(t, t.Context(), link)
				requireCode(t, HTTPStatus, failure)
				require.Equal(t, tt.kept, told)

				began := time.Now()
				_, failure = consult(t, t.Context(), link)
				requireCode(t, RateLimited, failure)
				require.Equal(t, tt.kept, failure.RetryAfter)
				require.Zero(t, time.Since(began), "refused at once")
				time.Sleep(tt.kept - 1)
				_, failure = consult(t, t.Context(), link)
				requireCode(t, RateLimited, failure)
				require.EqualValues(t, 1, client.queries.Load())

				time.Sleep(time.Nanosecond)
				_, failure = consult(t, t.Context(), link)
				require.Nil(t, failure)
				require.EqualValues(t, 2, client.queries.Load())
			})
		})
	}
}

func TestAPauseNeverBecomesShorter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPause(nil, nil)
		for _, who := range []consent.URA{"a", "b", "c"} { // for itself, and at last for everybody
			p.extend(who, time.Minute)
			p.extend(who, time.Second)
			require.Equal(t, time.Minute, p.refusal(who).RetryAfter)
			p.extend(who, 2*time.Minute)
			require.Equal(t, 2*time.Minute, p.refusal(who).RetryAfter)
		}
	})
}

func TestAConsultThatWaitsHearsOfThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(&Error{Code: HTTPStatus, Status: 429, RetryAfter: time.Minute}), Hooks{})
		link.limit.turns = turns.New[consent.URA](turns.Limits{Turns: 1, Queue: 1})
		turn, err := link.limit.turns.Take(t.Context(), "")
		require.NoError(t, err)
		second := make(chan error)
		go func() {
			_, err := link.Consult(t.Context(), from(""))
			second <- err
		}()
		synctest.Wait()
		_, _ = link.limit.next.Consult(t.Context(), from("")) // the one in progress
		turn.GiveBack()
		failure, _ := (<-second).(*Error)
		requireCode(t, RateLimited, failure)
		require.EqualValues(t, 1, client.queries.Load())
	})
}

func TestAnAnswer429WithAFaultCountsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, _ := fakeLink(ends(&Error{Code: FaultReceiver, Status: 429, RetryAfter: time.Minute}), Hooks{})
		_, _ = consult(t, t.Context(), link)
		_, failure := consult(t, t.Context(), link)
		requireCode(t, RateLimited, failure)
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "120", "", 2 * time.Minute},
		{"no time at all", "0", "", 0},
		{"a date", date(90 * time.Second), "", 90 * time.Second},
		{"a date by the server's clock", date(90 * time.Second), date(time.Minute), 30 * time.Second},
		{"a date beside a date that is none", date(90 * time.Second), "today", 90 * time.Second},
		{"a date that was", date(-time.Second), "", 0},
		{"a day in years to come", "Fri, 31 Dec 9999 23:59:59 GMT", "", math.MaxInt64},
		{"more seconds than there are", "99999999999999999999999", "", math.MaxUint32 * time.Second},
		{"nothing", "", "", 0},
		{"a negative number", "-5", "", 0},
		{"a fraction", "1.5", "", 0},
		{"something else", "soon", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
			require.Equal(t, tt.want, retryAfter(header, now))
		})
	}
}
