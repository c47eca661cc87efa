// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsAskedAgain(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failure *Error
		again   bool
	}{
		{"a refused connection", &Error{Code: Unreachable, Detail: "refused", unanswered: true}, true},
		{"a connection lost before an answer", lost(), true},
		{"status 502", status(502), true},
		{"status 503", status(503), true},
		{"status 504", status(504), true},

		{"a connection lost within an answer", &Error{Code: Unreachable, Detail: "connection_lost"}, false},
		{"an unknown host", &Error{Code: Unreachable, Detail: "dns", unanswered: true}, false},
		{"something else than HTTP", &Error{Code: Unreachable, Detail: "no_http", unanswered: true}, false},
		{"status 503 with a time", &Error{Code: HTTPStatus, Status: 503, RetryAfter: time.Second}, false},
		{"status 500", status(500), false},
		{"status 400", status(400), false},
		{"status 429", status(429), false},
		{"status 429 with a short time", &Error{Code: HTTPStatus, Status: 429, RetryAfter: time.Second}, false},
		{"a timeout", &Error{Code: Timeout}, false},
		{"a timeout with status 503", &Error{Code: Timeout, Status: 503}, false},
		{"a canceled consult", &Error{Code: Canceled}, false},
		{"a failure of TLS", &Error{Code: TLS, unanswered: true}, false},
		{"a SOAP fault with status 503", &Error{Code: FaultReceiver, Status: 503}, false},
		{"a SOAP fault of the sender", &Error{Code: FaultSender, Status: 502}, false},
		{"a malformed answer", &Error{Code: MalformedAnswer}, false},
		{"an answer about something else", &Error{Code: MismatchedAnswer}, false},
		{"an invalid question", &Error{Code: InvalidQuestion}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hooked []Error
				link, client := fakeLink(ends(tt.failure, nil), Hooks{})
				began := time.Now()
				ctx := WithTrace(t.Context(), &Trace{Retrying: func(e *Error) { hooked = append(hooked, *e) }})
				answer, failure := consult(t, ctx, link)
				if !tt.again {
					requireCode(t, tt.failure.Code, failure)
					require.Equal(t, 1, failure.Attempts)
					require.EqualValues(t, 1, client.queries.Load())
					require.Zero(t, time.Since(began))
					require.Empty(t, hooked)
					return
				}
				require.Nil(t, failure)
				require.Equal(t, 2, answer.Attempts)
				require.Equal(t, "request-2", answer.RequestID)
				require.GreaterOrEqual(t, time.Since(began), minRetryDelay)
				require.Less(t, time.Since(began), maxRetryDelay)
				require.Len(t, hooked, 1)
				require.Equal(t, "request-1", hooked[0].RequestID)
			})
		})
	}
}

func TestAQueryIsRepeatedOnceAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(status(502), status(503), nil), Hooks{})
		_, failure := consult(t, t.Context(), link)
		requireCode(t, HTTPStatus, failure)
		require.Equal(t, http.StatusServiceUnavailable, failure.Status, "that of the second")
		require.Equal(t, 2, failure.Attempts)
		require.Equal(t, "request-2", failure.RequestID)
		require.EqualValues(t, 2, client.queries.Load())
	})
}

func TestRetriesDoNotComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delays := map[time.Duration]bool{}
		for range 50 {
			r := &retry{next: &fake{end: ends(lost(), nil)}}
			began := time.Now()
			_, failure := consult(t, t.Context(), r)
			require.Nil(t, failure)
			delays[time.Since(began)] = true
		}
		require.Greater(t, len(delays), 40)
	})
}

func TestThereIsNoRetryWhenTooLittleTimeIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for remaining, queries := range map[time.Duration]int32{
			minRetryDelay + leastTime - 1: 1,
			maxRetryDelay + leastTime:     2,
		} {
			client := &fake{end: ends(lost(), nil)}
			ctx, cancel := context.WithTimeout(t.Context(), remaining)
			began := time.Now()
			_, _ = (&retry{next: client}).Consult(ctx, question(t, "GGC002"))
			cancel()
			require.Equal(t, queries, client.queries.Load(), remaining)
			require.Less(t, time.Since(began), remaining)
		}
	})
}

func TestACallerThatGivesUpBetweenTheAttemptsIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		link, client := fakeLink(ends(lost(), nil), Hooks{})
		began := time.Now()
		_, failure := consult(t, WithTrace(ctx, &Trace{Retrying: func(*Error) { cancel() }}), link)
		requireCode(t, Canceled, failure)
		require.Equal(t, 1, failure.Attempts)
		require.Equal(t, "request-1", failure.RequestID, "the query that Mitz may know")
		require.Zero(t, time.Since(began))
		require.EqualValues(t, 1, client.queries.Load())
	})
}

func TestARetryIsNotSentWhereAFirstQueryWouldNotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(status(503)), Hooks{})
		for range openAfter / 2 {
			_, failure := consult(t, t.Context(), link)
			require.Equal(t, 2, failure.Attempts)
		}
		_, failure := consult(t, t.Context(), link) // opens the circuit between its attempts
		requireCode(t, HTTPStatus, failure)
		require.Equal(t, 503, failure.Status, "why it failed, and not that it was not repeated")
		require.Equal(t, 1, failure.Attempts)
		require.EqualValues(t, openAfter, client.queries.Load())
	})
}
