// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Ways in which a requester's questions can go wrong.
func receiverFault(context.Context, int) *Failure {
	return &Failure{Code: FaultReceiver, Status: http.StatusInternalServerError}
}
func senderFault(context.Context, int) *Failure {
	return &Failure{Code: FaultSender, Status: http.StatusInternalServerError}
}
func tooMany(context.Context, int) *Failure {
	return &Failure{Code: HTTPStatus, Status: http.StatusTooManyRequests, RetryAfter: 24 * time.Hour}
}

// TestOneRequesterMisbehaves has one requester do what it can, all the time, while an honest
// one asks now and then, and at night not for a minute.
func TestOneRequesterMisbehaves(t *testing.T) {
	for _, tt := range []struct {
		name     string
		end      func(context.Context, int) *Failure
		heldBack bool // the misbehaving requester is
	}{
		{"a SOAP fault of the sender with status 500", senderFault, false},
		{"a SOAP fault of the receiver", receiverFault, true},
		{"status 500", ends(status(500)), true},
		{"status 502", ends(status(502)), true},
		{"status 101", ends(status(101)), true},
		{"a connection that is lost after the question", ends(lost()), true},
		{"no answer", hangs, true},
		{"status 429", tooMany, true},
		{"a malformed answer", ends(&Failure{Code: MalformedAnswer}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var everybody []string
				link, sends := fakeOperation(nil, Hooks{
					Paused: func(_ time.Duration, all bool) {
						if all {
							everybody = append(everybody, "pauses")
						}
					},
				})
				sends.endFor = func(ctx context.Context, who string, n int) *Failure {
					if who == "odd" {
						return tt.end(ctx, n)
					}
					return takes(100*time.Millisecond)(ctx, n)
				}
				ctx, stop := context.WithCancel(t.Context())
				for range 10 {
					go func() {
						for ctx.Err() == nil {
							_ = link.Do(ctx, from("odd"))
							_ = sleep(ctx, 50*time.Millisecond)
						}
					}()
				}
				for i := range 60 {
					if i == 30 {
						time.Sleep(time.Minute)
					}
					time.Sleep(700 * time.Millisecond)
					began := time.Now()
					failure := exchangeFrom(ctx, link.chain, "honest")
					require.Nil(t, failure, "after %d", i)
					require.Equal(t, 100*time.Millisecond, time.Since(began))
				}
				require.Equal(t, Closed, link.State(), "the honest one is answered")
				require.Empty(t, everybody)
				if tt.heldBack {
					require.LessOrEqual(t, link.Load().HeldBack, 1)
					// In 100 s: what was under way at first, then one try each 5 s.
					require.Less(t, sends.sent("odd"), 70, "who misbehaves is held back")
				}
				stop()
				synctest.Wait()
			})
		})
	}
}

// TestRequestersWhoAgreeHarmThemselves has several requesters misbehave at once.
func TestRequestersWhoAgreeHarmThemselves(t *testing.T) {
	for _, end := range []func(context.Context, int) *Failure{receiverFault, hangs} {
		synctest.Test(t, func(t *testing.T) {
			link, sends := fakeOperation(nil, Hooks{})
			sends.endFor = func(ctx context.Context, who string, n int) *Failure {
				if who != "honest" {
					return end(ctx, n)
				}
				return takes(100*time.Millisecond)(ctx, n)
			}
			ctx, stop := context.WithCancel(t.Context())
			for i := range 3 {
				go func() {
					for ctx.Err() == nil {
						_ = link.Do(ctx, from(fmt.Sprint("odd", i)))
						_ = sleep(ctx, 10*time.Millisecond)
					}
				}()
			}
			for range 20 {
				time.Sleep(20 * time.Second)
				failure := exchangeFrom(ctx, link.chain, "honest")
				require.Nil(t, failure)
				require.Equal(t, Closed, link.State(), "its answer closes the circuit")
			}
			stop()
			synctest.Wait()
		})
	}
}

func TestWhatOpensTheCircuitForEverybody(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome *Failure
		who     []string
		opens   bool
	}{
		{"no connection, whoever asks", refused(), []string{"a", "a", "a", "a", "a"}, true},
		{"no TLS, whoever asks", &Failure{Code: TLS}, []string{"a", "a", "a", "a", "a"}, true},
		{"no connection in time, whoever asks", &Failure{Code: Timeout, Unsent: true}, []string{"a", "a", "a", "a", "a"}, true},
		{"no answer to one requester", &Failure{Code: Timeout}, []string{"a", "a", "a", "a", "a", "a", "a"}, false},
		{"no answer to two, but mostly to one", status(500), []string{"a", "a", "a", "a", "b"}, false},
		{"no answer to two", status(500), []string{"a", "a", "b", "a", "b"}, true},
		{"no answer to many", status(503), []string{"a", "b", "c", "d", "e"}, true},
		{"no answer to too few", status(503), []string{"a", "b", "c", "d"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBreaker(&fake{end: ends(tt.outcome)}, 0, nil, nil)
				for _, who := range tt.who {
					require.NotEqual(t, Open, b.everybody.state())
					_ = exchangeFrom(t.Context(), b, who)
				}
				require.Equal(t, tt.opens, b.everybody.state() == Open)
			})
		})
	}
}

func TestWithoutAConnectionNobodyMayTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(&fake{end: ends(refused())}, 0, nil, nil)
		for range openAfter {
			_ = exchangeFrom(t.Context(), b, "a")
		}
		failure := exchangeFrom(t.Context(), b, "newcomer")
		requireCode(t, CircuitOpen, failure)
		require.Empty(t, failure.Detail)
		require.Equal(t, failure, b.refusal("newcomer"), "at the gate too")
	})
}

func TestFewNewcomersMayTryWhileTheCircuitIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sends := &fake{endFor: func(ctx context.Context, who string, n int) *Failure {
			if who == "a" || who == "b" {
				return status(500)
			}
			return hangs(ctx, n)
		}}
		b := newBreaker(sends, 0, nil, nil)
		for i := range openAfter {
			_ = exchangeFrom(t.Context(), b, "ab"[i%2:i%2+1])
		}
		require.Equal(t, Open, b.state())
		failure := exchangeFrom(t.Context(), b, "a")
		requireCode(t, CircuitOpen, failure)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for i := range maxNewcomers {
			require.Nil(t, b.refusal("c"))
			go func() { _ = exchangeFrom(ctx, b, fmt.Sprint("newcomer", i)) }()
			synctest.Wait()
		}
		require.NotNil(t, b.refusal("c"))
		failure = exchangeFrom(ctx, b, "c")
		requireCode(t, CircuitOpen, failure)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Nil(t, b.refusal("c"), "their places are free again")
		failure = exchangeFrom(t.Context(), b, "newcomer0")
		requireCode(t, CircuitOpen, failure)
	})
}

func TestAHeldBackRequesterMayTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := 0
		link, sends := fakeOperation(ends(status(500), status(500), status(500), status(500), status(500), nil), Hooks{HeldBack: func() { held++ }})
		for range openAfter {
			_ = exchangeFrom(t.Context(), link.chain, "a")
		}
		failure := exchangeFrom(t.Context(), link.chain, "a")
		requireCode(t, CircuitOpen, failure)
		require.Equal(t, detailRequester, failure.Detail)
		require.Equal(t, 1, held)
		require.Equal(t, 1, link.Load().HeldBack)
		require.Equal(t, Open, link.State(), "nobody else was answered")
		time.Sleep(openFor + 1)
		require.Equal(t, HalfOpen, link.State())
		failure = exchangeFrom(t.Context(), link.chain, "a")
		require.Nil(t, failure)
		require.Zero(t, link.Load().HeldBack)
		require.Equal(t, openAfter+1, sends.sent("a"))
	})
}

// What is known of requesters is bounded, and who brings many of them harms nobody.
func TestManyRequesters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(nil, Hooks{})
		sends.endFor = func(_ context.Context, who string, n int) *Failure {
			if who == "honest" {
				return nil
			}
			return status([]int{500, 429}[n%2])
		}
		for i := range 5 * maxParties {
			_ = link.Do(t.Context(), from(fmt.Sprint(i)))
			if i%1000 == 0 {
				failure := exchangeFrom(t.Context(), link.chain, "honest")
				require.True(t, failure == nil || failure.Code == RateLimited)
				time.Sleep(maxPause)
			}
		}
		require.LessOrEqual(t, link.Load().HeldBack, 4*maxParties)
		require.LessOrEqual(t, len(link.breaker.blame.by), openAfter)
		require.LessOrEqual(t, len(link.pause.met), pauseAll)
	})
}

func TestA429PausesWhoCausedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			d         time.Duration
			everybody bool
		}
		var pauses []told
		link, sends := fakeOperation(nil, Hooks{Paused: func(d time.Duration, everybody bool) { pauses = append(pauses, told{d, everybody}) }})
		limited := true
		sends.endFor = func(ctx context.Context, who string, n int) *Failure {
			if who == "honest" || !limited {
				return nil
			}
			return tooMany(ctx, n)
		}
		ask := func(who string) *Failure {
			failure := exchangeFrom(t.Context(), link.chain, who)
			return failure
		}
		requireCode(t, HTTPStatus, ask("a"))
		require.Equal(t, Open, link.State(), "all that came lately met it")
		failure := ask("a")
		requireCode(t, RateLimited, failure)
		require.Equal(t, detailRequester, failure.Detail)
		require.Nil(t, ask("honest"))
		require.Equal(t, Closed, link.State())
		requireCode(t, HTTPStatus, ask("b"))
		require.Nil(t, ask("honest"), "two of them, and an answer in between")
		require.Equal(t, 2, link.Load().HeldBack)
		for _, who := range []string{"c", "d", "e"} {
			requireCode(t, HTTPStatus, ask(who))
		}
		failure = ask("honest")
		requireCode(t, RateLimited, failure)
		require.Empty(t, failure.Detail, "several, and nobody was answered")
		require.Equal(t, maxPause, failure.RetryAfter)
		require.Equal(t, Open, link.State())
		require.Equal(t, []told{{maxPause, false}, {maxPause, false}, {maxPause, false}, {maxPause, false}, {maxPause, true}}, pauses)

		limited = false
		time.Sleep(maxPause)
		for _, who := range []string{"a", "c", "e", "honest"} {
			require.Nil(t, ask(who))
		}
		require.Equal(t, Closed, link.State())
		require.Zero(t, link.Load().HeldBack)
	})
}
