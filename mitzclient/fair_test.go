// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// Ways in which a requester's questions can go wrong.
func receiverFault(context.Context, int) *Error {
	return &Error{Code: FaultReceiver, Status: http.StatusInternalServerError}
}
func senderFault(context.Context, int) *Error {
	return &Error{Code: FaultSender, Status: http.StatusInternalServerError}
}
func tooMany(context.Context, int) *Error {
	return &Error{Code: HTTPStatus, Status: http.StatusTooManyRequests, RetryAfter: 24 * time.Hour}
}

// TestOneRequesterMisbehaves has one requester do what it can, all the time, while an honest
// one asks now and then, and at night not for a minute.
func TestOneRequesterMisbehaves(t *testing.T) {
	for _, tt := range []struct {
		name     string
		end      func(context.Context, int) *Error
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
		{"a malformed answer", ends(&Error{Code: MalformedAnswer}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var everybody []string
				link, client := fakeLink(nil, Hooks{
					Paused: func(_ time.Duration, all bool) {
						if all {
							everybody = append(everybody, "pauses")
						}
					},
				})
				client.endFor = func(ctx context.Context, who consent.URA, n int) *Error {
					if who == "odd" {
						return tt.end(ctx, n)
					}
					return takes(100*time.Millisecond)(ctx, n)
				}
				ctx, stop := context.WithCancel(t.Context())
				for range 10 {
					go func() {
						for ctx.Err() == nil {
							_, _ = link.Consult(ctx, from("odd"))
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
					_, failure := consultFrom(t, ctx, link, "honest")
					require.Nil(t, failure, "after %d", i)
					require.Equal(t, 100*time.Millisecond, time.Since(began))
				}
				require.Equal(t, StateClosed, link.Circuit(), "the honest one is answered")
				require.Empty(t, everybody)
				if tt.heldBack {
					require.LessOrEqual(t, link.Load().HeldBack, 1)
					// In 100 s: what was under way at first, then one try each 5 s.
					require.Less(t, client.asked("odd"), 70, "who misbehaves is held back")
				}
				stop()
				synctest.Wait()
			})
		})
	}
}

// TestRequestersWhoAgreeHarmThemselves has several requesters misbehave at once.
func TestRequestersWhoAgreeHarmThemselves(t *testing.T) {
	for _, end := range []func(context.Context, int) *Error{receiverFault, hangs} {
		synctest.Test(t, func(t *testing.T) {
			link, client := fakeLink(nil, Hooks{})
			client.endFor = func(ctx context.Context, who consent.URA, n int) *Error {
				if who != "honest" {
					return end(ctx, n)
				}
				return takes(100*time.Millisecond)(ctx, n)
			}
			ctx, stop := context.WithCancel(t.Context())
			for i := range 3 {
				go func() {
					for ctx.Err() == nil {
						_, _ = link.Consult(ctx, from(consent.URA(fmt.Sprint("odd", i))))
						_ = sleep(ctx, 10*time.Millisecond)
					}
				}()
			}
			for range 20 {
				time.Sleep(20 * time.Second)
				_, failure := consultFrom(t, ctx, link, "honest")
				require.Nil(t, failure)
				require.Equal(t, StateClosed, link.Circuit(), "its answer closes the circuit")
			}
			stop()
			synctest.Wait()
		})
	}
}

func TestWhatOpensTheCircuitForEverybody(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome *Error
		who     []consent.URA
		opens   bool
	}{
		{"no connection, whoever asks", refused(), []consent.URA{"a", "a", "a", "a", "a"}, true},
		{"no TLS, whoever asks", &Error{Code: TLS}, []consent.URA{"a", "a", "a", "a", "a"}, true},
		{"no connection in time, whoever asks", &Error{Code: Timeout, unsent: true}, []consent.URA{"a", "a", "a", "a", "a"}, true},
		{"no answer to one requester", &Error{Code: Timeout}, []consent.URA{"a", "a", "a", "a", "a", "a", "a"}, false},
		{"no answer to two, but mostly to one", status(500), []consent.URA{"a", "a", "a", "a", "b"}, false},
		{"no answer to two", status(500), []consent.URA{"a", "a", "b", "a", "b"}, true},
		{"no answer to many", status(503), []consent.URA{"a", "b", "c", "d", "e"}, true},
		{"no answer to too few", status(503), []consent.URA{"a", "b", "c", "d"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBreaker(&fake{end: ends(tt.outcome)}, 0, nil, nil)
				for _, who := range tt.who {
					require.NotEqual(t, StateOpen, b.everybody.state())
					_, _ = consultFrom(t, t.Context(), b, who)
				}
				require.Equal(t, tt.opens, b.everybody.state() == StateOpen)
			})
		})
	}
}

func TestWithoutAConnectionNobodyMayTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(&fake{end: ends(refused())}, 0, nil, nil)
		for range openAfter {
			_, _ = consultFrom(t, t.Context(), b, "a")
		}
		_, failure := consultFrom(t, t.Context(), b, "newcomer")
		requireCode(t, CircuitOpen, failure)
		require.Empty(t, failure.Detail)
		require.Equal(t, failure, b.refusal("newcomer"), "at the gate too")
	})
}

func TestFewNewcomersMayTryWhileTheCircuitIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fake{endFor: func(ctx context.Context, who consent.URA, n int) *Error {
			if who == "a" || who == "b" {
				return status(500)
			}
			return hangs(ctx, n)
		}}
		b := newBreaker(client, 0, nil, nil)
		for i := range openAfter {
			_, _ = consultFrom(t, t.Context(), b, consent.URA("ab"[i%2:i%2+1]))
		}
		require.Equal(t, StateOpen, b.state())
		_, failure := consultFrom(t, t.Context(), b, "a")
		requireCode(t, CircuitOpen, failure)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for i := range maxNewcomers {
			require.Nil(t, b.refusal("c"))
			go func() { _, _ = b.Consult(ctx, from(consent.URA(fmt.Sprint("newcomer", i)))) }()
			synctest.Wait()
		}
		require.NotNil(t, b.refusal("c"))
		_, failure = consultFrom(t, ctx, b, "c")
		requireCode(t, CircuitOpen, failure)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Nil(t, b.refusal("c"), "their places are free again")
		_, failure = consultFrom(t, t.Context(), b, "newcomer0")
		requireCode(t, CircuitOpen, failure)
	})
}

func TestAHeldBackRequesterMayTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := 0
		link, client := fakeLink(ends(status(500), status(500), status(500), status(500), status(500), nil), Hooks{HeldBack: func() { held++ }})
		for range openAfter {
			_, _ = consultFrom(t, t.Context(), link, "a")
		}
		_, failure := consultFrom(t, t.Context(), link, "a")
		requireCode(t, CircuitOpen, failure)
		require.Equal(t, detailRequester, failure.Detail)
		require.Equal(t, 1, held)
		require.Equal(t, 1, link.Load().HeldBack)
		require.Equal(t, StateOpen, link.Circuit(), "nobody else was answered")
		time.Sleep(openFor + 1)
		require.Equal(t, StateHalfOpen, link.Circuit())
		_, failure = consultFrom(t, t.Context(), link, "a")
		require.Nil(t, failure)
		require.Zero(t, link.Load().HeldBack)
		require.Equal(t, openAfter+1, client.asked("a"))
	})
}

// What is known of requesters is bounded, and who brings many of them harms nobody.
func TestManyRequesters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(nil, Hooks{})
		client.endFor = func(_ context.Context, who consent.URA, n int) *Error {
			if who == "honest" {
				return nil
			}
			return status([]int{500, 429}[n%2])
		}
		for i := range 5 * maxRequesters {
			_, _ = link.Consult(t.Context(), from(consent.URA(fmt.Sprint(i))))
			if i%1000 == 0 {
				_, failure := consultFrom(t, t.Context(), link, "honest")
				require.True(t, failure == nil || failure.Code == RateLimited)
				time.Sleep(maxPause)
			}
		}
		require.LessOrEqual(t, link.Load().HeldBack, 4*maxRequesters)
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
		link, client := fakeLink(nil, Hooks{Paused: func(d time.Duration, everybody bool) { pauses = append(pauses, told{d, everybody}) }})
		limited := true
		client.endFor = func(ctx context.Context, who consent.URA, n int) *Error {
			if who == "honest" || !limited {
				return nil
			}
			return tooMany(ctx, n)
		}
		ask := func(who consent.URA) *Error {
			_, failure := consultFrom(t, t.Context(), link, who)
			return failure
		}
		requireCode(t, HTTPStatus, ask("a"))
		require.Equal(t, StateOpen, link.Circuit(), "all that came lately met it")
		failure := ask("a")
		requireCode(t, RateLimited, failure)
		require.Equal(t, detailRequester, failure.Detail)
		require.Nil(t, ask("honest"))
		require.Equal(t, StateClosed, link.Circuit())
		requireCode(t, HTTPStatus, ask("b"))
		require.Nil(t, ask("honest"), "two of them, and an answer in between")
		require.Equal(t, 2, link.Load().HeldBack)
		for _, who := range []consent.URA{"c", "d", "e"} {
			requireCode(t, HTTPStatus, ask(who))
		}
		failure = ask("honest")
		requireCode(t, RateLimited, failure)
		require.Empty(t, failure.Detail, "several, and nobody was answered")
		require.Equal(t, maxPause, failure.RetryAfter)
		require.Equal(t, StateOpen, link.Circuit())
		require.Equal(t, []told{{maxPause, false}, {maxPause, false}, {maxPause, false}, {maxPause, false}, {maxPause, true}}, pauses)

		limited = false
		time.Sleep(maxPause)
		for _, who := range []consent.URA{"a", "c", "e", "honest"} {
			require.Nil(t, ask(who))
		}
		require.Equal(t, StateClosed, link.Circuit())
		require.Zero(t, link.Load().HeldBack)
	})
}
