// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// after gives what the circuit is after so many consults of one outcome.
func after(t *testing.T, b *breaker, n int) CircuitState {
	for range n {
		_, _ = consult(t, t.Context(), b)
	}
	return b.state()
}

func TestWhatOpensTheCircuit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome *Error
		opens   bool
	}{
		{"no connection", refused(), true},
		{"a lost connection", lost(), true},
		{"status 101", status(101), true},
		{"no TLS", &Error{Code: TLS}, true},
		{"status 500", status(500), true},
		{"status 503", status(503), true},
		{"a SOAP fault of the receiver", &Error{Code: FaultReceiver}, true},
		{"a SOAP fault of another kind with status 500", &Error{Code: FaultOther, Status: 500}, true},

		{"an answer", nil, false},
		{"a SOAP fault of the sender", &Error{Code: FaultSender, Status: 400}, false},
		{"a SOAP fault of the sender with status 200", &Error{Code: FaultSender}, false},
		{"a SOAP fault of the sender with status 500", &Error{Code: FaultSender, Status: 500}, false},
		{"a SOAP fault of the sender with status 503", &Error{Code: FaultSender, Status: 503}, false},
		{"status 404", status(404), false},
		{"status 429", status(429), false},
		{"a SOAP fault of the receiver with status 429", &Error{Code: FaultReceiver, Status: 429}, false},
		{"a malformed answer", &Error{Code: MalformedAnswer}, false},
		{"an oversized answer", &Error{Code: OversizedAnswer}, false},
		{"an answer about something else", &Error{Code: MismatchedAnswer}, false},
		{"a caller that gave up", &Error{Code: Canceled}, false},
		{"a caller that gave up with status 500", &Error{Code: Canceled, Status: 500}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []CircuitState
				b := newBreaker(&fake{end: ends(tt.outcome)}, 0, func(s CircuitState) { told = append(told, s) }, nil)
				require.Equal(t, StateClosed, after(t, b, openAfter-1))
				if tt.opens {
					require.Equal(t, StateOpen, after(t, b, 1))
					require.Equal(t, []CircuitState{StateOpen}, told)
				} else {
					require.Equal(t, StateClosed, after(t, b, 3*openAfter))
					require.Empty(t, told)
				}
			})
		})
	}
}

func TestAnAnswerForgivesTheFailuresBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outcome := []*Error{lost(), lost(), lost(), lost(), {Code: MalformedAnswer}}
		b := newBreaker(&fake{end: func(_ context.Context, n int) *Error { return outcome[n%len(outcome)] }}, 0, nil, nil)
		require.Equal(t, StateClosed, after(t, b, 10*openAfter))
	})
}

func TestWhatIsNotCountedDoesNotForgive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, uncounted := range []*Error{{Code: Canceled}, {Code: Timeout}, status(429)} {
			b := newBreaker(&fake{end: ends(lost(), lost(), lost(), lost(), uncounted, lost())}, time.Second, nil, nil)
			require.Equal(t, StateClosed, after(t, b, openAfter))
			require.Equal(t, StateOpen, after(t, b, 1))
		}
	})
}

func TestWhatWasNotSentIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unsent := func(context.Context, consent.Question) (Answer, error) {
			return Answer{}, &Error{Code: TLS, Detail: "certificate_expired"}
		}
		b := newBreaker(consulterFunc(unsent), 0, nil, nil)
		for range 2 * openAfter {
			_, _ = b.Consult(t.Context(), consent.Question{})
		}
		require.Equal(t, StateClosed, b.state())
	})
}

type consulterFunc func(context.Context, consent.Question) (Answer, error)

func (f consulterFunc) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	return f(ctx, q)
}

func TestATimeoutCountsOnlyWhenMitzHadItsTime(t *testing.T) {
	for had, want := range map[time.Duration]CircuitState{
		time.Second - 1: StateClosed,
		time.Second:     StateOpen,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBreaker(&fake{end: hangs}, time.Second, nil, nil)
			for range openAfter {
				ctx, cancel := context.WithTimeout(t.Context(), had)
				_, failure := consult(t, ctx, b)
				requireCode(t, Timeout, failure)
				cancel()
			}
			require.Equal(t, want, b.state())
		})
	}
}

func TestWhileTheCircuitIsOpenConsultsAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(hangs, Hooks{})
		for range openAfter {
			_, failure := consult(t, t.Context(), link)
			requireCode(t, Timeout, failure)
		}
		require.Equal(t, StateOpen, link.Circuit())
		began := time.Now()
		for range 100 {
			_, failure := consult(t, t.Context(), link)
			requireCode(t, CircuitOpen, failure)
		}
		require.Zero(t, time.Since(began))
		require.EqualValues(t, openAfter, client.queries.Load())
	})
}

func TestARefusalDoesNotWaitForATurn(t *testing.T) {
	for _, tt := range []struct {
		outcome *Error
		times   int
		code    Code
	}{
		{status(500), openAfter, CircuitOpen},
		{status(429), 1, RateLimited},
	} {
		t.Run(string(tt.code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				link, _ := fakeLink(ends(tt.outcome), Hooks{})
				for range tt.times {
					_, _ = consult(t, t.Context(), link)
				}
				for i := range DefaultMaxConnections {
					_, err := link.limit.turns.Take(t.Context(), consent.URA(strconv.Itoa(i)))
					require.NoError(t, err) // for consults that hang
				}
				began := time.Now()
				_, failure := consult(t, t.Context(), link)
				requireCode(t, tt.code, failure)
				require.Zero(t, time.Since(began))
			})
		})
	}
}

func TestOneConsultTriesWhetherMitzIsBack(t *testing.T) {
	for _, tt := range []struct {
		name  string
		trial *Error
		then  CircuitState
	}{
		{"it is", nil, StateClosed},
		{"it answers, be it badly", &Error{Code: MalformedAnswer}, StateClosed},
		{"it is not", status(500), StateOpen},
		{"the caller gave up", &Error{Code: Canceled}, StateHalfOpen},
		{"it asks for a pause", status(429), StateHalfOpen},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var down atomic.Bool
				down.Store(true)
				b := newBreaker(&fake{end: func(ctx context.Context, _ int) *Error {
					if down.Load() {
						return lost()
					}
					_ = sleep(ctx, time.Second)
					return tt.trial
				}}, 0, nil, nil)
				require.Equal(t, StateOpen, after(t, b, openAfter))
				time.Sleep(openFor)
				require.Equal(t, StateOpen, b.state())
				time.Sleep(time.Nanosecond)
				require.Equal(t, StateHalfOpen, b.state())

				down.Store(false)
				require.Nil(t, b.refusal(""), "one may try")
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = b.Consult(t.Context(), from(""))
				}()
				synctest.Wait()
				require.NotNil(t, b.refusal(""), "at the gate too")
				for range 3 {
					_, failure := consult(t, t.Context(), b)
					requireCode(t, CircuitOpen, failure)
				}
				<-done
				require.Equal(t, tt.then, b.state())
				require.Equal(t, tt.then == StateOpen, b.refusal("") != nil)
			})
		})
	}
}

func TestAPanicLeavesTheCircuitUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(&fake{end: func(_ context.Context, n int) *Error {
			if n <= openAfter {
				return lost()
			}
			panic("test")
		}}, 0, nil, nil)
		require.Equal(t, StateOpen, after(t, b, openAfter))
		time.Sleep(openFor + 1)
		for range 2 {
			require.PanicsWithValue(t, "test", func() { _, _ = b.Consult(t.Context(), consent.Question{}) })
			require.Equal(t, StateHalfOpen, b.state())
		}
	})
}

func TestAnErrorOfAnotherKindIsNotCounted(t *testing.T) {
	require.Equal(t, uncounted, judge(errors.New("other"), time.Hour, 0))
}

func TestCircuitStatesHaveTheNumbersOfTheMetric(t *testing.T) {
	for state, want := range map[CircuitState]struct {
		number int
		text   string
	}{StateClosed: {0, "closed"}, StateHalfOpen: {1, "half_open"}, StateOpen: {2, "open"}} {
		require.Equal(t, want.number, int(state))
		require.Equal(t, want.text, state.String())
	}
}
