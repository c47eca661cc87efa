// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// fake is a Client for tests: the nth query, from 1 on, ends as end says.
type fake struct {
	queries atomic.Int32
	end     func(ctx context.Context, n int) *Error // nil: a Permit
	// endFor, when it is set, takes the place of end; n is the requester's.
	endFor func(ctx context.Context, who consent.URA, n int) *Error
	mu     sync.Mutex
	of     map[consent.URA]int // queries
}

func (f *fake) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	n, who := int(f.queries.Add(1)), requesterOf(q)
	ofWho := f.count(who)
	answer := Answer{RequestID: fmt.Sprintf("request-%d", n), Attempts: 1}
	var failure *Error
	if f.endFor != nil {
		failure = f.endFor(ctx, who, ofWho)
	} else {
		failure = f.end(ctx, n)
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = answer.RequestID, answer.Attempts
		return answer, failure
	}
	answer.Decisions = consent.Decisions{"GGC002": consent.Permit}
	return answer, nil
}

func (f *fake) count(who consent.URA) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[consent.URA]int{}
	}
	f.of[who]++
	return f.of[who]
}

// asked is how many queries came on behalf of a requester.
func (f *fake) asked(who consent.URA) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[who]
}

// ends gives these outcomes one after the other, and the last of them ever after.
func ends(outcomes ...*Error) func(context.Context, int) *Error {
	return func(_ context.Context, n int) *Error {
		outcome := outcomes[min(n, len(outcomes))-1]
		if outcome == nil {
			return nil
		}
		fresh := *outcome
		return &fresh
	}
}

// hangs is what a query ends with that is never answered.
func hangs(ctx context.Context, _ int) *Error {
	<-ctx.Done()
	return contextError(ctx, "")
}

// takes answers after a while.
func takes(d time.Duration) func(context.Context, int) *Error {
	return func(ctx context.Context, _ int) *Error {
		if !sleep(ctx, d) {
			return contextError(ctx, "")
		}
		return nil
	}
}

func status(code int) *Error { return &Error{Code: HTTPStatus, Status: code} }

func lost() *Error { return &Error{Code: Unreachable, Detail: detailLost, unanswered: true} }

func refused() *Error {
	return &Error{Code: Unreachable, Detail: detailRefused, unsent: true, unanswered: true}
}

// fakeLink is a link to a fake, with the defaults; change may alter them.
func fakeLink(end func(context.Context, int) *Error, hooks Hooks, change ...func(*Config)) (*Link, *fake) {
	cfg := Config{Timeout: DefaultTimeout, MaxConnections: DefaultMaxConnections, QueriesPerMinute: 1000}
	for _, c := range change {
		c(&cfg)
	}
	client := &fake{end: end}
	link := &Link{}
	link.decorate(client, cfg, hooks)
	return link, client
}

// from is a question on behalf of a requester, about no patient in particular.
func from(requester consent.URA) consent.Question {
	return consent.Question{Requester: consent.Requester{URA: requester}}
}

// consult asks the fake's question and gives the failure, or nil.
func consult(t testing.TB, ctx context.Context, c Consulter) (Answer, *Error) {
	t.Helper()
	return consultFrom(t, ctx, c, "")
}

// consultFrom does so on behalf of a requester.
func consultFrom(t testing.TB, ctx context.Context, c Consulter, requester consent.URA) (Answer, *Error) {
	t.Helper()
	answer, err := c.Consult(ctx, from(requester))
	if err == nil {
		require.Equal(t, consent.Decisions{"GGC002": consent.Permit}, answer.Decisions)
		return answer, nil
	}
	failure, ok := err.(*Error)
	require.True(t, ok, "%v", err)
	require.Nil(t, answer.Decisions)
	require.Equal(t, failure.Attempts, answer.Attempts)
	require.Equal(t, failure.RequestID, answer.RequestID)
	require.Equal(t, failure.Attempts == 0, failure.RequestID == "")
	return answer, failure
}

func requireCode(t testing.TB, code Code, failure *Error) {
	t.Helper()
	require.NotNil(t, failure, "want %s", code)
	require.Equal(t, code, failure.Code)
}
