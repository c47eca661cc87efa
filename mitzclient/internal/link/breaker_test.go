// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// after returns what the circuit is after so many consults of one outcome.
func after(t *testing.T, b *breaker, n int) State {
	for range n {
		_ = exchange(t.Context(), b)
	}
	return b.state()
}

func TestWhatOpensTheCircuit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome *Failure
		opens   bool
	}{
		{"no connection", refused(), true},
		{"a lost connection", lost(), true},
		{"status 101", status(101), true},
		{"no TLS", &Failure{Code: TLS}, true},
		{"status 500", status(500), true},
		{"status 503", status(503), true},
		{"a SOAP fault of the receiver", &Failure{Code: FaultReceiver}, true},
		{"a SOAP fault of another kind with status 500", &Failure{Code: "fault_other", Status: 500}, true},

		{"an answer", nil, false},
		{"a SOAP fault of the sender", &Failure{Code: FaultSender, Status: 400}, false},
		{"a SOAP fault of the sender with status 200", &Failure{Code: FaultSender}, false},
		{"a SOAP fault of the sender with status 500", &Failure{Code: FaultSender, Status: 500}, false},
		{"a SOAP fault of the sender with status 503", &Failure{Code: FaultSender, Status: 503}, false},
		{"status 404", status(404), false},
		{"status 429", status(429), false},
		{"a SOAP fault of the receiver with status 429", &Failure{Code: FaultReceiver, Status: 429}, false},
		{"a malformed answer", &Failure{Code: MalformedAnswer}, false},
		{"an oversized answer", &Failure{Code: OversizedAnswer}, false},
		{"an answer about something else", &Failure{Code: "mismatched_answer"}, false},
		{"a caller that gave up", &Failure{Code: Canceled}, false},
		{"a caller that gave up with status 500", &Failure{Code: Canceled, Status: 500}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []State
				b := newBreaker(&fake{end: ends(tt.outcome)}, 0, func(s State) { told = append(told, s) }, nil)
				require.Equal(t, Closed, after(t, b, openAfter-1))
				if tt.opens {
					require.Equal(t, Open, after(t, b, 1))
					require.Equal(t, []State{Open}, told)
				} else {
					require.Equal(t, Closed, after(t, b, 3*openAfter))
					require.Empty(t, told)
				}
			})
		})
	}
}

func TestAnAnswerForgivesTheFailuresBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outcome := []*Failure{lost(), lost(), lost(), lost(), {Code: MalformedAnswer}}
		b := newBreaker(&fake{end: func(_ context.Context, n int) *Failure { return outcome[n%len(outcome)] }}, 0, nil, nil)
		require.Equal(t, Closed, after(t, b, 10*openAfter))
	})
}

func TestWhatIsNotCountedDoesNotForgive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, uncounted := range []*Failure{{Code: Canceled}, {Code: Timeout}, status(429)} {
			b := newBreaker(&fake{end: ends(lost(), lost(), lost(), lost(), uncounted, lost())}, time.Second, nil, nil)
			require.Equal(t, Closed, after(t, b, openAfter))
			require.Equal(t, Open, after(t, b, 1))
		}
	})
}

func TestWhatWasNotSentIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unsent := func(context.Context, Call) *Failure {
			return &Failure{Code: TLS, Detail: "certificate_expired"}
		}
		b := newBreaker(exchangerFunc(unsent), 0, nil, nil)
		for range 2 * openAfter {
			_ = b.Exchange(t.Context(), Call{})
		}
		require.Equal(t, Closed, b.state())
	})
}

type exchangerFunc func(context.Context, Call) *Failure

func (f exchangerFunc) Exchange(ctx context.Context, c Call) *Failure { return f(ctx, c) }

func TestATimeoutCountsOnlyWhenMitzHadItsTime(t *testing.T) {
	for had, want := range map[time.Duration]State{
		time.Second - 1: Closed,
		time.Second:     Open,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBreaker(&fake{end: hangs}, time.Second, nil, nil)
			for range openAfter {
				ctx, cancel := context.WithTimeout(t.Context(), had)
				failure := exchange(ctx, b)
				requireCode(t, Timeout, failure)
				cancel()
			}
			require.Equal(t, want, b.state())
		})
	}
}

func TestWhileTheCircuitIsOpenConsultsAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(hangs, Hooks{})
		for range openAfter {
			failure := exchange(t.Context(), link.chain)
			requireCode(t, Timeout, failure)
		}
		require.Equal(t, Open, link.State())
		began := time.Now()
		for range 100 {
			failure := exchange(t.Context(), link.chain)
			requireCode(t, CircuitOpen, failure)
		}
		require.Zero(t, time.Since(began))
		require.EqualValues(t, openAfter, sends.messages.Load())
	})
}

func TestARefusalDoesNotWaitForATurn(t *testing.T) {
	for _, tt := range []struct {
		outcome *Failure
		times   int
		code    Code
	}{
		{status(500), openAfter, CircuitOpen},
		{status(429), 1, RateLimited},
	} {
		t.Run(string(tt.code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				link, _ := fakeOperation(ends(tt.outcome), Hooks{})
				for range tt.times {
					_ = exchange(t.Context(), link.chain)
				}
				for i := range testAtOnce {
					_, err := link.limit.turns.Take(t.Context(), strconv.Itoa(i))
					require.NoError(t, err) // for consults that hang
				}
				began := time.Now()
				failure := exchange(t.Context(), link.chain)
				requireCode(t, tt.code, failure)
				require.Zero(t, time.Since(began))
			})
		})
	}
}

func TestOneConsultTriesWhetherMitzIsBack(t *testing.T) {
	for _, tt := range []struct {
		name  string
		trial *Failure
		then  State
	}{
		{"it is", nil, Closed},
		{"it answers, be it badly", &Failure{Code: MalformedAnswer}, Closed},
		{"it is not", status(500), Open},
		{"the caller gave up", &Failure{Code: Canceled}, HalfOpen},
		{"it asks for a pause", status(429), HalfOpen},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var down atomic.Bool
				down.Store(true)
				b := newBreaker(&fake{end: func(ctx context.Context, _ int) *Failure {
					if down.Load() {
						return lost()
					}
					_ = sleep(ctx, time.Second)
					return tt.trial
				}}, 0, nil, nil)
				require.Equal(t, Open, after(t, b, openAfter))
				time.Sleep(openFor)
				require.Equal(t, Open, b.state())
				time.Sleep(time.Nanosecond)
				require.Equal(t, HalfOpen, b.state())

				down.Store(false)
				require.Nil(t, b.refusal(""), "one may try")
				done := make(chan struct{})
				go func() {
					defer close(done)
					_ = exchange(t.Context(), b)
				}()
				synctest.Wait()
				require.NotNil(t, b.refusal(""), "at the gate too")
				for range 3 {
					failure := exchange(t.Context(), b)
					requireCode(t, CircuitOpen, failure)
				}
				<-done
				require.Equal(t, tt.then, b.state())
				require.Equal(t, tt.then == Open, b.refusal("") != nil)
			})
		})
	}
}

func TestAPanicLeavesTheCircuitUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(&fake{end: func(_ context.Context, n int) *Failure {
			if n <= openAfter {
				return lost()
			}
			panic("test")
		}}, 0, nil, nil)
		require.Equal(t, Open, after(t, b, openAfter))
		time.Sleep(openFor + 1)
		for range 2 {
			require.PanicsWithValue(t, "test", func() { _ = b.Exchange(t.Context(), Call{}) })
			require.Equal(t, HalfOpen, b.state())
		}
	})
}

func TestAnOperationRecoversByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var told []State
		link, sends := fakeOperation(func(ctx context.Context, n int) *Failure {
			if down.Load() {
				return hangs(ctx, n)
			}
			return nil
		}, Hooks{CircuitChanged: func(s State) { told = append(told, s) }})
		down.Store(true)
		for range openAfter {
			requireCode(t, Timeout, exchange(t.Context(), link.chain))
		}
		down.Store(false)
		requireCode(t, CircuitOpen, exchange(t.Context(), link.chain))
		time.Sleep(openFor + 1)
		for range 2 {
			require.Nil(t, exchange(t.Context(), link.chain))
		}
		require.Equal(t, []State{Open, HalfOpen, Closed}, told)
		require.EqualValues(t, openAfter+2, sends.messages.Load())
	})
}
