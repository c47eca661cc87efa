// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheScheduleDoesNotDependOnTheAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []time.Duration
		began := time.Now().Add(startDelay)
		shots, took := fire(t.Context(), pace{count: 4, rate: 100}, sleepUntil, func(_ context.Context, i int) outcome {
			if sent = append(sent, time.Since(began)); i == 0 {
				time.Sleep(time.Second)
			}
			return gotToken
		})
		assert.Equal(t, []time.Duration{0, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond}, sent)
		assert.Equal(t, time.Second, took)
		assert.Equal(t, time.Second, shots[0].Latency)
		assert.Zero(t, shots[1].Latency, "a slow answer holds up no other")
		assert.Equal(t, 4, count(shots, gotToken))
	})
}

func TestLatencyCountsFromWhenARequestWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := func(ctx context.Context, due time.Time) bool {
			return sleepUntil(ctx, due.Add(40*time.Millisecond)) // a generator that stalls
		}
		shots, _ := fire(t.Context(), pace{count: 2, rate: 100}, late, func(context.Context, int) outcome {
			time.Sleep(5 * time.Millisecond)
			return gotToken
		})
		for _, each := range shots {
			assert.Equal(t, 40*time.Millisecond, each.Lag)
			assert.Equal(t, 45*time.Millisecond, each.Latency)
		}
	})
}

func TestWithoutARateAllAreDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, took := fire(t.Context(), pace{count: 1000}, sleepUntil, func(context.Context, int) outcome {
			time.Sleep(time.Millisecond)
			return gotToken
		})
		assert.Equal(t, time.Millisecond, took)
	})
}

func TestAnInterruptedVolleyHasNoAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), startDelay+15*time.Millisecond)
		defer cancel()
		shots, _ := fire(ctx, pace{count: 4, rate: 100}, sleepUntil, func(context.Context, int) outcome { return gotToken })
		assert.Equal(t, 2, count(shots, gotToken))
		assert.Equal(t, 2, count(shots, noAnswer))
	})
}

func TestNothingIsSentEarly(t *testing.T) {
	due := time.Now().Add(2 * dozeTime)
	assert.True(t, sleepPrecisely(t.Context(), due))
	assert.False(t, time.Now().Before(due))
}
