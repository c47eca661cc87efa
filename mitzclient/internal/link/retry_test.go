// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsSentAgain(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failure *Failure
		again   bool
	}{
		{"a refused connection", &Failure{Code: Unreachable, Detail: "refused", Unanswered: true}, true},
		{"a connection lost before an answer", lost(), true},
		{"status 502", status(502), true},
		{"status 503", status(503), true},
		{"status 504", status(504), true},

		{"a connection lost within an answer", &Failure{Code: Unreachable, Detail: "connection_lost"}, false},
		{"an unknown host", &Failure{Code: Unreachable, Detail: "dns", Unanswered: true}, false},
		{"something else than HTTP", &Failure{Code: Unreachable, Detail: "no_http", Unanswered: true}, false},
		{"status 503 with a time", &Failure{Code: HTTPStatus, Status: 503, RetryAfter: time.Second}, false},
		{"status 500", status(500), false},
		{"status 400", status(400), false},
		{"status 429", status(429), false},
		{"status 429 with a short time", &Failure{Code: HTTPStatus, Status: 429, RetryAfter: time.Second}, false},
		{"a timeout", &Failure{Code: Timeout}, false},
		{"a timeout with status 503", &Failure{Code: Timeout, Status: 503}, false},
		{"a canceled consult", &Failure{Code: Canceled}, false},
		{"a failure of TLS", &Failure{Code: TLS, Unanswered: true}, false},
		{"a SOAP fault with status 503", &Failure{Code: FaultReceiver, Status: 503}, false},
		{"a SOAP fault of the sender", &Failure{Code: FaultSender, Status: 502}, false},
		{"a malformed answer", &Failure{Code: MalformedAnswer}, false},
		{"an answer about something else", &Failure{Code: "mismatched_answer"}, false},
		{"an invalid question", &Failure{Code: "invalid_question"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hooked []Failure
				link, sends := fakeOperation(ends(tt.failure, nil), Hooks{})
				began := time.Now()
				call := from("")
				call.Repeating = func(f *Failure) { hooked = append(hooked, *f) }
				failure := link.Do(t.Context(), call)
				if !tt.again {
					requireCode(t, tt.failure.Code, failure)
					require.Equal(t, 1, failure.Attempts)
					require.EqualValues(t, 1, sends.messages.Load())
					require.Zero(t, time.Since(began))
					require.Empty(t, hooked)
					return
				}
				require.Nil(t, failure)
				require.EqualValues(t, 2, sends.messages.Load())
				require.GreaterOrEqual(t, time.Since(began), minRetryDelay)
				require.Less(t, time.Since(began), maxRetryDelay)
				require.Len(t, hooked, 1)
				require.Equal(t, "request-1", hooked[0].RequestID)
			})
		})
	}
}

func TestAMessageIsRepeatedOnceAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(status(502), status(503), nil), Hooks{})
		failure := exchange(t.Context(), link.chain)
		requireCode(t, HTTPStatus, failure)
		require.Equal(t, http.StatusServiceUnavailable, failure.Status, "that of the second")
		require.Equal(t, 2, failure.Attempts)
		require.Equal(t, "request-2", failure.RequestID)
		require.EqualValues(t, 2, sends.messages.Load())
	})
}

// TestStatus503IsNotRepeatedInTrouble: when the message before failed too, no gateway chose the
// wrong server.
func TestStatus503IsNotRepeatedInTrouble(t *testing.T) {
	timeout := &Failure{Code: Timeout}
	for _, tt := range []struct {
		name   string
		before []*Failure // what becomes of earlier messages, none of which is repeated
		now    *Failure
		again  bool
	}{
		{"it is the first", nil, status(503), true},
		{"an answer came before", []*Failure{nil}, status(503), true},
		{"a fault of the sender, which is an answer", []*Failure{{Code: FaultSender, Status: 500}}, status(503), true},
		{"trouble, and then an answer", []*Failure{status(500), nil}, status(503), true},
		{"a call that was given up says nothing", []*Failure{nil, {Code: Canceled}}, status(503), true},
		{"nor does it end trouble", []*Failure{status(500), {Code: Canceled}}, status(503), false},
		{"a failure before", []*Failure{status(500)}, status(503), false},
		{"a timeout before", []*Failure{timeout}, status(503), false},
		{"no connection before", []*Failure{{Code: Unreachable, Detail: "dns", Unsent: true}}, status(503), false},
		{"another status", []*Failure{status(500)}, status(502), true},
		{"a connection that is lost", []*Failure{status(500)}, lost(), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sends := &fake{end: ends(append(tt.before, tt.now, nil)...)}
				r := &retry{next: sends, again: InPassing}
				for range tt.before {
					_ = exchange(t.Context(), r)
				}
				before := sends.messages.Load()
				failure := exchange(t.Context(), r)
				require.Equal(t, tt.again, failure == nil)
				require.Equal(t, tt.again, sends.messages.Load() == before+2)
			})
		})
	}
	t.Run("whoever caused it, until somebody gets an answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			link, sends := fakeOperation(ends(status(503), status(503), status(503), nil, status(503), nil), Hooks{})
			require.Equal(t, 2, link.Do(t.Context(), from("a")).Attempts)
			require.Equal(t, 1, link.Do(t.Context(), from("b")).Attempts)
			require.Nil(t, link.Do(t.Context(), from("c")))
			require.Nil(t, link.Do(t.Context(), from("b")), "it is repeated again")
			require.EqualValues(t, 6, sends.messages.Load())
		})
	})
}

func TestRetriesDoNotComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delays := map[time.Duration]bool{}
		for range 50 {
			r := &retry{next: &fake{end: ends(lost(), nil)}, again: InPassing}
			began := time.Now()
			failure := exchange(t.Context(), r)
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
			sends := &fake{end: ends(lost(), nil)}
			ctx, cancel := context.WithTimeout(t.Context(), remaining)
			began := time.Now()
			_ = (&retry{next: sends, again: InPassing}).Exchange(ctx, from(""))
			cancel()
			require.Equal(t, queries, sends.messages.Load(), remaining)
			require.Less(t, time.Since(began), remaining)
		}
	})
}

func TestACallerThatGivesUpBetweenTheAttemptsIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		link, sends := fakeOperation(ends(lost(), nil), Hooks{})
		began := time.Now()
		call := from("")
		call.Repeating = func(*Failure) { cancel() }
		failure := link.Do(ctx, call)
		requireCode(t, Canceled, failure)
		require.Equal(t, 1, failure.Attempts)
		require.Equal(t, "request-1", failure.RequestID, "the query that Mitz may know")
		require.Zero(t, time.Since(began))
		require.EqualValues(t, 1, sends.messages.Load())
	})
}

func TestARetryIsNotSentWhereAFirstQueryWouldNotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(status(502)), Hooks{})
		for range openAfter / 2 {
			failure := exchange(t.Context(), link.chain)
			require.Equal(t, 2, failure.Attempts)
		}
		failure := exchange(t.Context(), link.chain) // opens the circuit between its attempts
		requireCode(t, HTTPStatus, failure)
		require.Equal(t, 502, failure.Status, "why it failed, and not that it was not repeated")
		require.Equal(t, 1, failure.Attempts)
		require.EqualValues(t, openAfter, sends.messages.Load())
	})
}

func TestAnOperationThatRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once, sends := fakeOperation(ends(lost()), Hooks{}, func(b *Budget) { b.Again = nil })
		requireCode(t, Unreachable, exchange(t.Context(), once.chain))
		require.EqualValues(t, 1, sends.messages.Load())
	})
}

// TestWhatIsHarmlessToSendAgain: more than of a query, and only what may pass.
func TestWhatIsHarmlessToSendAgain(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failure *Failure
		again   bool
	}{
		{"a refused connection", &Failure{Code: Unreachable, Detail: "refused", Unanswered: true}, true},
		{"a connection lost before an answer", lost(), true},
		{"a connection lost within an answer", &Failure{Code: Unreachable, Detail: "connection_lost"}, true},
		{"status 408", status(408), true},
		{"status 500", status(500), true},
		{"status 502", status(502), true},
		{"status 500 with a time", &Failure{Code: HTTPStatus, Status: 500, RetryAfter: time.Second}, false},
		{"status 503 with a time", &Failure{Code: HTTPStatus, Status: 503, RetryAfter: time.Second}, false},
		{"status 501", status(501), false},
		{"status 429", status(429), false},
		{"status 400", status(400), false},
		{"an unknown host", &Failure{Code: Unreachable, Detail: "dns", Unanswered: true}, false},
		{"a timeout", &Failure{Code: Timeout}, false},
		{"a failure of TLS", &Failure{Code: TLS, Unanswered: true}, false},
		{"an answer without a location", &Failure{Code: MalformedAnswer}, false},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.again, Harmless(tt.failure)) })
	}
}
