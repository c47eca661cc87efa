// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/simulation"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// patient is somebody whom calls are about.
type patient int64

func (p patient) Keyed(key [32]byte, beside string) [32]byte {
	return sha256.Sum256(fmt.Appendf(key[:], "%s %d", beside, p))
}

// planned is a call, and what becomes of its messages whenever they are sent.
type planned struct {
	at    time.Duration
	by    int
	about int64
	takes time.Duration
	reply simulation.Reply
}

// ended is how a call ended, and when.
type ended struct {
	code     string
	attempts int
	at       time.Duration
}

const (
	plannedTimeout   = 3 * time.Second
	plannedAtOnce    = 6
	plannedPerMinute = 10
)

// TestTheModelOfTheLinkDoesWhatTheLinkDoes sends the same calls through an operation and through
// the model of it that docs/nationwide.md rests on: each ends alike, and at the same moment.
func TestTheModelOfTheLinkDoesWhatTheLinkDoes(t *testing.T) {
	codes := map[string]int{}
	for seed := range uint64(8) {
		calls := plan(rand.New(rand.NewPCG(seed, 1)))
		want, got := throughTheLink(t, calls), throughTheModel(calls)
		for i := range calls {
			codes[want[i].code]++
			require.Equal(t, want[i], got[i], "seed %d, call %d: %+v", seed, i, calls[i])
		}
	}
	for _, each := range []simulation.Code{
		simulation.Answered, simulation.Timeout, simulation.QueueTimeout, simulation.Unreachable, simulation.HTTPStatus, simulation.Overloaded,
		simulation.CircuitOpen, simulation.HeldBack, simulation.RateLimited, simulation.TooManyQueries,
	} {
		assert.Greater(t, codes[string(each)], 20, "so many calls ended with %s", each)
	}
}

// plan makes calls of ten minutes in which Mitz works, is slow, hangs, fails, cannot be reached, and
// asks to be left alone. Nothing is sent again: after how long is random in both.
func plan(random *rand.Rand) []planned {
	var calls []planned
	at := time.Duration(0)
	for at < 10*time.Minute {
		// No two calls come, and hardly two messages end, at the same moment.
		if second := at / time.Second % 60; second == 30 {
			at += time.Duration(1 + random.Int64N(int64(10*time.Millisecond))) // many in one second
		} else {
			at += time.Duration(1 + random.Int64N(int64(300*time.Millisecond)))
		}
		call := planned{at: at, by: 1 + random.IntN(9), about: 1 + random.Int64N(1000), reply: simulation.Reply{Code: simulation.Answered}}
		if random.IntN(3) == 0 {
			call.by, call.about = 1, 1+random.Int64N(3) // one asks much about few
		}
		call.takes = 50*time.Millisecond + time.Duration(random.Int64N(int64(200*time.Millisecond)))
		switch minute := int(at / time.Minute); {
		case minute == 1:
			call.takes *= 15
		case minute == 2 || minute == 5 && call.by < 5:
			call.takes = time.Hour
		case minute == 4 && call.by < 4 || minute == 8 && random.IntN(3) > 0:
			call.reply = simulation.Reply{Code: simulation.HTTPStatus, Status: 500}
		case minute == 6 && random.IntN(4) == 0:
			call.reply = simulation.Reply{Code: simulation.HTTPStatus, Status: 429, RetryAfter: time.Duration(random.IntN(4)) * time.Second}
		case minute == 7 && random.IntN(3) > 0:
			call.reply = simulation.Reply{Code: simulation.HTTPStatus, Status: 503, RetryAfter: time.Second}
		case minute == 9:
			call.reply = simulation.Reply{Code: simulation.Unreachable}
		}
		calls = append(calls, call)
	}
	return calls
}

// throughTheLink sends them through an operation, with the clock of a bubble.
func throughTheLink(t *testing.T, calls []planned) []ended {
	ends := make([]ended, len(calls))
	synctest.Test(t, func(t *testing.T) {
		operation := link.New(link.Budget{Timeout: plannedTimeout, AtOnce: plannedAtOnce, PerMinute: plannedPerMinute}, link.Hooks{})
		began := time.Now()
		var group sync.WaitGroup
		for i, call := range calls {
			group.Go(func() {
				time.Sleep(call.at)
				failure := operation.Do(t.Context(), link.Call{
					By: fmt.Sprint(call.by), About: patient(call.about),
					Send: func(ctx context.Context) *link.Failure { return call.send(ctx) },
				})
				ends[i] = endedOf(failure, time.Since(began))
			})
		}
		group.Wait()
	})
	return ends
}

func (p planned) send(ctx context.Context) *link.Failure {
	timer := time.NewTimer(p.takes)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		failure := link.Ended(ctx, "")
		failure.Attempts = 1
		return failure
	case <-timer.C:
	}
	failure := &link.Failure{Code: link.Code(p.reply.Code), Status: p.reply.Status, RetryAfter: p.reply.RetryAfter, Attempts: 1}
	if p.reply.Code == simulation.Answered {
		return nil
	}
	failure.Unsent = p.reply.Code == simulation.Unreachable
	return failure
}

func endedOf(failure *link.Failure, at time.Duration) ended {
	if failure == nil {
		return ended{string(simulation.Answered), 1, at}
	}
	code := string(failure.Code)
	if failure.Detail == "queue" || failure.Detail == "requester" && failure.Code == link.CircuitOpen {
		code += "/" + failure.Detail
	}
	return ended{code, failure.Attempts, at}
}

// throughTheModel sends them through the model.
func throughTheModel(calls []planned) []ended {
	ends := make([]ended, len(calls))
	clock := &simulation.Clock{}
	model := simulation.NewLink(clock, rand.New(rand.NewPCG(1, 1)), simulation.Budget{
		Timeout: plannedTimeout, AtOnce: plannedAtOnce, PerMinute: plannedPerMinute, Again: simulation.Never,
	})
	for i, call := range calls {
		clock.After(call.at, func() {
			model.Do(simulation.Call{
				By: call.by, About: call.about,
				Send: func(answer func(simulation.Reply)) func() {
					return clock.After(call.takes, func() { answer(call.reply) }).Stop
				},
				Done: func(result simulation.Result) { ends[i] = ended{string(result.Code), result.Attempts, clock.Now()} },
			})
		})
	}
	clock.Run()
	return ends
}
