// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/stretchr/testify/require"
)

// simulated is a Mitz simulator, and a link to it.
type simulated struct {
	*mitztest.Simulator
	identity *mitztest.Identity
	files    TLSFiles
	*Link
}

func simulate(t testing.TB, hooks Hooks) *simulated {
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	simulator, err := mitztest.Start(identity.Config())
	require.NoError(t, err)
	t.Cleanup(simulator.Close)
	written, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	files := TLSFiles{CertFile: written.Certificate, CertKeyFile: written.Key, TrustStoreFile: written.TrustStore}
	link, err := NewLink(Config{
		Endpoint: simulator.Endpoint(), Files: &files, Timeout: patience, QueriesPerMinute: math.MaxInt32,
		Registrations: RegistrationConfig{Endpoint: simulator.RegistrationURL() + "/", Timeout: patience},
		Locations:     LocationConfig{Issuer: "urn:oid:2.999.7", Timeout: patience, QueriesPerMinute: math.MaxInt32},
	}, hooks)
	require.NoError(t, err)
	t.Cleanup(link.Close)
	return &simulated{simulator, identity, files, link}
}

func TestALinkRepeatsWhatAGatewayCouldNotPassOn(t *testing.T) {
	for _, behaviour := range []mitztest.Behaviour{mitztest.Dropping, mitztest.HTTPStatus(502), mitztest.HTTPStatus(503), mitztest.HTTPStatus(504)} {
		t.Run(behaviour.String(), func(t *testing.T) {
			var failed string
			mitz := simulate(t, Hooks{})
			mitz.MisbehaveOnce(behaviour)
			ctx := WithTrace(t.Context(), &Trace{Retrying: func(e *Error) { failed = e.RequestID }})
			answer, err := mitz.Consult(ctx, question(t, "GGC002"))
			require.NoError(t, err)
			require.Equal(t, consent.Permit, answer.Decisions["GGC002"])
			require.Equal(t, 2, answer.Attempts)
			queries := mitz.Queries()
			require.Len(t, queries, 2)
			require.Equal(t, failed, queries[0].RequestID)
			require.Equal(t, answer.RequestID, queries[1].RequestID)
			require.NotEqual(t, queries[0].RequestID, queries[1].RequestID)
			require.Equal(t, "urn:uuid:"+queries[1].RequestID, queries[1].MessageID)
		})
	}
}

// One query, whatever goes wrong: each is shown to the patient.
func TestALinkRepeatsNothingElse(t *testing.T) {
	repeated := map[mitztest.Behaviour]bool{mitztest.Dropping: true}
	endless := map[mitztest.Behaviour]bool{mitztest.Hanging: true, mitztest.HangingHalfway: true}
	mitz := simulate(t, Hooks{})
	behaviours := append(mitztest.AllFaults(), mitztest.Denying, mitztest.HTTPStatus(500), mitztest.TooManyRequests(time.Minute))
	for _, behaviour := range behaviours {
		if status, ok := behaviour.(mitztest.HTTPStatus); repeated[behaviour] || ok && status >= 502 && status <= 504 {
			continue
		}
		t.Run(behaviour.String(), func(t *testing.T) {
			link, err := NewLink(Config{Endpoint: mitz.Endpoint(), Files: &mitz.files, Timeout: patience}, Hooks{})
			require.NoError(t, err)
			defer link.Close()
			mitz.ResetLog()
			mitz.Misbehave(behaviour)
			ctx := t.Context()
			if endless[behaviour] {
				ctx = untilAsked(ctx, mitz)
			}
			answer, _ := link.Consult(ctx, question(t, "GGC002"))
			require.NotEqual(t, consent.Permit, answer.Decisions["GGC002"])
			require.Equal(t, 1, answer.Attempts)
			require.Len(t, mitz.Queries(), 1)
		})
	}
}

// limited is a context whose time is over when a test says so.
type limited struct {
	context.Context
	over chan struct{}
}

// untilAsked returns a context whose time is over once a query has arrived.
func untilAsked(ctx context.Context, mitz *simulated) context.Context {
	c := limited{ctx, make(chan struct{})}
	go func() {
		if mitz.WaitForQueries(ctx, 1) == nil {
			close(c.over)
		}
	}()
	return c
}

func (c limited) Done() <-chan struct{} { return c.over }

func (c limited) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestAnAnswerInAnotherFormIsTheSameAnswer(t *testing.T) {
	mitz := simulate(t, Hooks{})
	for _, variant := range mitztest.AllVariants() {
		t.Run(variant.String(), func(t *testing.T) {
			mitz.ResetLog()
			mitz.Misbehave(variant)
			answer, err := mitz.Consult(t.Context(), question(t, "GGC002"))
			require.NoError(t, err)
			require.Equal(t, mitz.Queries()[0].Decisions, answer.Decisions)
			require.Len(t, mitz.Queries(), 1)
		})
	}
}

func TestALinkTriesAgainWhenNobodyListens(t *testing.T) {
	mitz := simulate(t, Hooks{})
	mitz.Simulator.Close()
	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	failure := err.(*Error)
	requireCode(t, Unreachable, failure)
	require.Equal(t, "refused", failure.Detail)
	require.Equal(t, 2, failure.Attempts)
}

func TestAnAnswerThatBeganIsNotAskedForAgain(t *testing.T) {
	var queries atomic.Int32
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		queries.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n")(t, w, r)
	})
	files := server.authority.files(t)
	link, err := NewLink(Config{Endpoint: server.URL, Files: &files, Timeout: patience}, Hooks{})
	require.NoError(t, err)
	defer link.Close()
	_, err = link.Consult(t.Context(), question(t, "GGC002"))
	requireCode(t, Unreachable, err.(*Error))
	require.Equal(t, "connection_lost", err.(*Error).Detail)
	require.EqualValues(t, 1, queries.Load())
}

func TestALinkHonoursRetryAfter(t *testing.T) {
	mitz := simulate(t, Hooks{})
	mitz.MisbehaveOnce(mitztest.TooManyRequests(time.Minute))
	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	requireCode(t, HTTPStatus, err.(*Error))
	require.Equal(t, time.Minute, err.(*Error).RetryAfter)
	_, err = mitz.Consult(t.Context(), question(t, "GGC002"))
	requireCode(t, RateLimited, err.(*Error))
	require.Len(t, mitz.Queries(), 1)
}

func TestALinkLeavesAFailingMitzAlone(t *testing.T) {
	mitz := simulate(t, Hooks{})
	mitz.Misbehave(mitztest.HTTPStatus(500))
	for range openAfter {
		_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
		requireCode(t, HTTPStatus, err.(*Error))
	}
	require.Equal(t, StateOpen, mitz.Circuit())
	mitz.Behave()
	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	requireCode(t, CircuitOpen, err.(*Error))
	require.Len(t, mitz.Queries(), openAfter)
}

func TestALinkIsMadeOfGoodFilesOnly(t *testing.T) {
	files := TLSFiles{CertFile: filepath.Join(t.TempDir(), "none.p12"), PasswordFile: filepath.Join(t.TempDir(), "none")}
	link, err := NewLink(Config{Endpoint: "https://mitz.example", Files: &files}, Hooks{})
	require.Nil(t, link)
	require.ErrorContains(t, err, "tls.certfile: open")
	require.ErrorContains(t, err, "tls.passwordfile: open")
}
