// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someHour is an hour in which Mitz is slow for a while, and everything that can happen does.
func someHour(seed uint64) HourSetup {
	return HourSetup{
		Nodes: []NodeClass{{"large", 2, 0.6, 50}, {"small", 200, 0.4, 5}},
		Rate:  30, Lasts: 6 * time.Minute, Budget: Budget{Timeout: 3 * time.Second, AtOnce: 4, PerMinute: 3},
		Mitz:   MitzSetup{AtOnce: 12, Service: 200 * time.Millisecond, Travel: 20 * time.Millisecond, Slow: Period{time.Minute, 3 * time.Minute}, SlowBy: 8},
		People: People{Again: 0.8, After: 10 * time.Second, Most: 4}, Seed: seed,
	}
}

// waysOfMitz are those of a Mitz that has too much to do.
var waysOfMitz = map[string]func(*MitzSetup){
	"works off all that came":     func(*MitzSetup) {},
	"drops what nobody waits for": func(m *MitzSetup) { m.Notices = true },
	"turns away":                  func(m *MitzSetup) { m.Queue, m.Full = 20, Reply{Code: HTTPStatus, Status: 503} },
	"turns away, and names a time": func(m *MitzSetup) {
		m.Queue, m.Full = 20, Reply{Code: HTTPStatus, Status: 503, RetryAfter: time.Second}
	},
	"asks for less": func(m *MitzSetup) { m.Queue, m.Full = 20, Reply{Code: HTTPStatus, Status: 429} },
	"asks for less, and names a time": func(m *MitzSetup) {
		m.Queue, m.Full = 20, Reply{Code: HTTPStatus, Status: 429, RetryAfter: 5 * time.Second}
	},
	"cannot be reached": func(m *MitzSetup) { m.Queue, m.Full = 20, Reply{Code: Unreachable} },
}

func TestInAnHourNothingIsLostAndNothingEndsTwice(t *testing.T) {
	codes := map[Code]int{}
	for name, change := range waysOfMitz {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				setup := someHour(seed)
				change(&setup.Mitz)
				h := newHour(setup)
				h.clock.Run()
				hour := h.sum()
				require.NotZero(t, hour.Needs)
				assert.Equal(t, hour.Needs, hour.Served+hour.GivenUp, "each need ends once")
				requests := 0
				for code, count := range hour.By {
					codes[code] += count
					requests += count
				}
				assert.Equal(t, hour.Requests, requests, "each request ends once")
				assert.Equal(t, hour.Messages, hour.Mitz.Ended(), "each message ends once")
				assert.Equal(t, hour.Served, hour.By[Answered])
				assert.Equal(t, hour.Served, hour.Mitz.Answered, "who was answered got an answer of Mitz")
				for _, each := range h.links {
					require.Zero(t, each.turns.running+each.turns.waiting+len(each.turns.lines)+len(each.turns.round), "all turns were given back")
					require.Zero(t, each.breaker.newcomers)
				}
				assert.Zero(t, h.mitz.busy+len(h.mitz.queue))
			}
		})
	}
	for _, each := range []Code{Answered, Timeout, QueueTimeout, Unreachable, HTTPStatus, Overloaded, CircuitOpen, HeldBack, RateLimited, TooManyQueries} {
		assert.NotZero(t, codes[each], "nothing ended with %s", each)
	}
}

func TestTheSameNumbersGiveTheSameDay(t *testing.T) {
	for name, run := range map[string]func(seed uint64) any{
		"an hour":     func(seed uint64) any { return RunHour(someHour(seed)) },
		"subscribing": func(seed uint64) any { return RunBulk(someBulk(seed)) },
		"withdrawals": func(seed uint64) any { return RunWithdrawals(someDay(seed)) },
	} {
		first, second, other := run(1), run(1), run(2)
		assert.Equal(t, first, second, name)
		assert.NotEqual(t, first, other, name)
	}
}

func TestAMitzThatHasTimeAnswersAll(t *testing.T) {
	setup := someHour(1)
	setup.Mitz.SlowBy, setup.Budget.AtOnce = 1, 64
	hour := RunHour(setup)
	assert.Equal(t, hour.Needs, hour.Served)
	assert.Equal(t, hour.Needs, hour.Requests)
	assert.Zero(t, hour.Mitz.InVain)
	assert.Zero(t, hour.Recovery)
	assert.InDelta(t, 1, hour.ServedWhileSlow, 0)
	assert.InDelta(t, 30*6*60, hour.Needs, 500, "so many as the rate says")
}

// TestMitzWorksOnSoManyAtOnce asks much of it at one moment.
func TestMitzWorksOnSoManyAtOnce(t *testing.T) {
	clock := &Clock{}
	mitz := NewMitz(clock, rand.New(rand.NewPCG(1, 1)), MitzSetup{AtOnce: 3, Service: time.Second, Queue: 5, Full: Reply{Code: HTTPStatus, Status: 503}})
	got := map[Code]int{}
	for range 20 {
		mitz.Send(func(reply Reply) {
			assert.LessOrEqual(t, mitz.busy, 3)
			got[reply.Code]++
		})
	}
	clock.Run()
	assert.Equal(t, map[Code]int{Answered: 8, HTTPStatus: 12}, got)
	assert.Equal(t, MitzCounts{Answered: 8, TurnedAway: 12, Longest: 5}, mitz.MitzCounts)
}

func TestWhatIsSentOnceMore(t *testing.T) {
	for _, tt := range []struct {
		name     string
		reply    Reply
		again    Again
		messages int
	}{
		{"a 503 of a query", Reply{Code: HTTPStatus, Status: 503}, InPassing, 2},
		{"a 503 that names a time", Reply{Code: HTTPStatus, Status: 503, RetryAfter: time.Second}, InPassing, 1},
		{"a 500 of a query", Reply{Code: HTTPStatus, Status: 500}, InPassing, 1},
		{"a 500 of a subscription", Reply{Code: HTTPStatus, Status: 500}, Harmless, 2},
		{"a 429", Reply{Code: HTTPStatus, Status: 429}, Harmless, 1},
		{"no connection", Reply{Code: Unreachable}, InPassing, 2},
		{"an answer", Reply{Code: Answered}, Harmless, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := &Clock{}
			model := NewLink(clock, rand.New(rand.NewPCG(1, 1)), Budget{Timeout: time.Second, AtOnce: 1, PerMinute: 10, Again: tt.again})
			var sent []time.Duration
			var ended []Result
			model.Do(Call{
				By: 1, About: 1,
				Send: func(answer func(Reply)) func() {
					sent = append(sent, clock.Now())
					return clock.After(100*time.Millisecond, func() { answer(tt.reply) }).Stop
				},
				Done: func(result Result) { ended = append(ended, result) },
			})
			clock.Run()
			require.Len(t, sent, tt.messages)
			assert.Equal(t, []Result{{Code: tt.reply.Code, Attempts: tt.messages, RetryAfter: tt.reply.RetryAfter}}, ended)
			if tt.messages == 2 {
				pause := sent[1] - sent[0] - 100*time.Millisecond
				assert.True(t, minRetryDelay <= pause && pause < maxRetryDelay, pause)
			}
		})
	}
}

func TestTheClockGoesInOrder(t *testing.T) {
	clock, random := &Clock{}, rand.New(rand.NewPCG(1, 1))
	var stopped []*Timer
	last, happened := time.Duration(0), 0
	for i := range 1000 {
		timer := clock.After(time.Duration(random.IntN(50)), func() {
			assert.GreaterOrEqual(t, clock.Now(), last)
			last = clock.Now()
			happened++
			clock.After(-1, func() { assert.Equal(t, last, clock.Now(), "not before now") })
		})
		if i%10 == 0 {
			stopped = append(stopped, timer)
		}
	}
	for _, each := range stopped {
		each.Stop()
	}
	clock.Run()
	assert.Equal(t, 900, happened)
	var order []int
	for i := range 20 {
		clock.After(time.Second, func() { order = append(order, i) })
	}
	clock.Run()
	assert.IsIncreasing(t, order, "at one moment, as they were made")
}
