// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

// What the fake operation may spend.
const (
	testTimeout = 3 * time.Second
	testAtOnce  = 64
)

// fake sends for tests: the nth message, from 1 on, ends as end says.
type fake struct {
	messages atomic.Int32
	end      func(ctx context.Context, n int) *Failure // nil: it is answered
	// endFor, when it is set, takes the place of end; n is the party's.
	endFor func(ctx context.Context, who string, n int) *Failure
	mu     sync.Mutex
	of     map[string]int // messages
}

func (f *fake) Exchange(ctx context.Context, c Call) *Failure {
	n := int(f.messages.Add(1))
	ofWho := f.count(c.By)
	var failure *Failure
	if f.endFor != nil {
		failure = f.endFor(ctx, c.By, ofWho)
	} else {
		failure = f.end(ctx, n)
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = fmt.Sprintf("request-%d", n), 1
	}
	return failure
}

func (f *fake) count(who string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[string]int{}
	}
	f.of[who]++
	return f.of[who]
}

// sent is how many messages a party caused.
func (f *fake) sent(who string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[who]
}

// ends has these outcomes one after the other, and the last of them ever after.
func ends(outcomes ...*Failure) func(context.Context, int) *Failure {
	return func(_ context.Context, n int) *Failure {
		outcome := outcomes[min(n, len(outcomes))-1]
		if outcome == nil {
			return nil
		}
		fresh := *outcome
		return &fresh
	}
}

// hangs is what a message ends with that is never answered.
func hangs(ctx context.Context, _ int) *Failure {
	<-ctx.Done()
	return Ended(ctx, "")
}

// takes answers after a while.
func takes(d time.Duration) func(context.Context, int) *Failure {
	return func(ctx context.Context, _ int) *Failure {
		if !sleep(ctx, d) {
			return Ended(ctx, "")
		}
		return nil
	}
}

func status(code int) *Failure { return &Failure{Code: HTTPStatus, Status: code} }

func lost() *Failure { return &Failure{Code: Unreachable, Detail: DetailLost, Unanswered: true} }

func refused() *Failure {
	return &Failure{Code: Unreachable, Detail: DetailRefused, Unsent: true, Unanswered: true}
}

// fakeOperation is an operation whose messages a fake sends; change may alter its budget.
func fakeOperation(end func(context.Context, int) *Failure, hooks Hooks, change ...func(*Budget)) (*Operation, *fake) {
	budget := Budget{Timeout: testTimeout, AtOnce: testAtOnce, PerMinute: 1000, Again: InPassing}
	for _, c := range change {
		c(&budget)
	}
	sends := &fake{end: end}
	return decorate(sends, budget, hooks), sends
}

// subject is somebody whom a message is about.
type subject string

func (s subject) Keyed(key [32]byte, beside string) [32]byte {
	return sha256.Sum256([]byte(string(key[:]) + beside + "\x00" + string(s)))
}

// from is a call of a party about one subject.
func from(party string) Call { return Call{By: party, About: subject("somebody")} }

// about is a call of a party about a subject.
func about(party, somebody string) Call { return Call{By: party, About: subject(somebody)} }

// exchange does a call of no party in particular.
func exchange(ctx context.Context, e exchanger) *Failure { return exchangeFrom(ctx, e, "") }

// exchangeFrom does so for a party.
func exchangeFrom(ctx context.Context, e exchanger, party string) *Failure {
	return e.Exchange(ctx, from(party))
}

func requireCode(t testing.TB, code Code, failure *Failure) {
	t.Helper()
	require.NotNil(t, failure, "want %s", code)
	require.Equal(t, code, failure.Code)
}
