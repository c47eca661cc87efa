// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
	"github.com/stretchr/testify/require"
)

func TestMitzIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for _, tt := range []struct {
		name        string
		status      int
		asked, kept time.Duration
	}{
		{"some seconds", 429, 7 * time.Second, 7 * time.Second},
		{"without a time", 429, 0, defaultPause},
		{"for longer than is bearable", 429, 24 * time.Hour, maxPause},
		{"some seconds, as it has too much to do", 503, 7 * time.Second, 7 * time.Second},
		{"the same for longer than is bearable", 503, 24 * time.Hour, maxPause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told time.Duration
				link, sends := fakeOperation(ends(&Failure{Code: HTTPStatus, Status: tt.status, RetryAfter: tt.asked}, nil),
					Hooks{Paused: func(d time.Duration, _ bool) { told = d }})
				failure := exchange(t.Context(), link.chain)
				requireCode(t, HTTPStatus, failure)
				require.Equal(t, tt.kept, told)

				began := time.Now()
				failure = exchange(t.Context(), link.chain)
				requireCode(t, RateLimited, failure)
				require.Equal(t, tt.kept, failure.RetryAfter)
				require.Zero(t, time.Since(began), "refused at once")
				time.Sleep(tt.kept - 1)
				failure = exchange(t.Context(), link.chain)
				requireCode(t, RateLimited, failure)
				require.EqualValues(t, 1, sends.messages.Load())

				time.Sleep(time.Nanosecond)
				failure = exchange(t.Context(), link.chain)
				require.Nil(t, failure)
				require.EqualValues(t, 2, sends.messages.Load())
			})
		})
	}
}

// TestStatus503WithoutATimeIsNoPause: nobody asked for one.
func TestStatus503WithoutATimeIsNoPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(status(500), status(503), nil), Hooks{Paused: func(time.Duration, bool) { t.Error("it pauses") }})
		for range 2 {
			requireCode(t, HTTPStatus, exchange(t.Context(), link.chain))
		}
		require.Nil(t, exchange(t.Context(), link.chain))
		require.EqualValues(t, 3, sends.messages.Load())
	})
}

func TestAPauseNeverBecomesShorter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPause(nil, nil)
		for _, who := range []string{"a", "b", "c"} { // for itself, and at last for everybody
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
		link, sends := fakeOperation(ends(&Failure{Code: HTTPStatus, Status: 429, RetryAfter: time.Minute}), Hooks{})
		link.limit.turns = turns.New[string](turns.Limits{Turns: 1, Queue: 1})
		turn, err := link.limit.turns.Take(t.Context(), "")
		require.NoError(t, err)
		second := make(chan *Failure)
		go func() {
			failure := exchange(t.Context(), link.chain)
			second <- failure
		}()
		synctest.Wait()
		_ = link.limit.next.Exchange(t.Context(), from("")) // the one in progress
		turn.GiveBack()
		requireCode(t, RateLimited, <-second)
		require.EqualValues(t, 1, sends.messages.Load())
	})
}

func TestAnAnswer429WithAFaultCountsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, _ := fakeOperation(ends(&Failure{Code: FaultReceiver, Status: 429, RetryAfter: time.Minute}), Hooks{})
		_ = exchange(t.Context(), link.chain)
		failure := exchange(t.Context(), link.chain)
		requireCode(t, RateLimited, failure)
	})
}
