// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/stretchr/testify/require"
)

// renew writes another client certificate.
func (s *simulated) renew(t testing.TB, name string, notAfter time.Time) {
	certificate, err := s.identity.IssueClient(name, rsaKey(), notAfter)
	require.NoError(t, err)
	certificatePEM, keyPEM, err := mitztest.PEM(certificate)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.files.CertFile, certificatePEM, 0o600))
	require.NoError(t, os.WriteFile(s.files.CertKeyFile, keyPEM, 0o600))
}

func TestAnExpiredCertificateIsNotPresented(t *testing.T) {
	mitz := simulate(t, Hooks{})
	notAfter := time.Now().Add(-time.Minute).Truncate(time.Second).UTC()
	mitz.renew(t, "expired", notAfter)
	link, err := NewLink(Config{Endpoint: mitz.Endpoint(), Files: &mitz.files, Timeout: patience}, Hooks{})
	require.NoError(t, err, "the node starts, and tells")
	require.Equal(t, notAfter, link.Certificate())
	for range 2 * openAfter {
		answer, err := link.Consult(t.Context(), question(t, "GGC002"))
		requireFailure(t, answer, err, TLS, "certificate_expired", 0)
		requireRefused(t, Error{Code: TLS, Detail: "certificate_expired"}, link.EndSubscription(t.Context(), "1"))
		require.Zero(t, answer.Attempts)
	}
	require.Zero(t, mitz.Received())
	require.Equal(t, StateClosed, link.Circuit(), "it says nothing of Mitz")

	mitz.renew(t, "renewed", time.Now().Add(time.Hour))
	require.NoError(t, link.reloader.check())
	_, err = link.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	link.Close()
}

func TestCertificatesChangeUnderLoad(t *testing.T) {
	const consulters, renewals = 8, 10
	mitz := simulate(t, Hooks{})
	mitz.Start()
	stop := make(chan struct{})
	var group sync.WaitGroup
	errs := make([]error, consulters)
	for i := range consulters {
		group.Go(func() {
			for errs[i] == nil {
				select {
				case <-stop:
					return
				default:
					_, errs[i] = mitz.Consult(t.Context(), question(t, "GGC002"))
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, mitz.WaitForQueries(ctx, consulters))
	for i := range renewals {
		end := time.Now().Add(time.Duration(i+2) * time.Hour).Truncate(time.Second).UTC()
		mitz.renew(t, "renewed", end)
		require.NoError(t, mitz.reloader.check())
		require.Equal(t, end, mitz.Certificate())
		before := len(mitz.Queries())
		require.NoError(t, mitz.WaitForQueries(ctx, before+3*consulters))
	}
	close(stop)
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	queries := mitz.Queries()
	require.Contains(t, queries[0].ClientSubject, "CN=Mitz simulator client")
	require.Contains(t, queries[len(queries)-1].ClientSubject, "CN=renewed")
}

func TestNoConsultAfterAReloadUsesAnEarlierConnection(t *testing.T) {
	mitz := simulate(t, Hooks{})
	mitz.Misbehave(mitztest.Slow(200 * time.Millisecond))
	asked, inProgress := question(t, "GGC002"), make(chan error)
	go func() {
		_, err := mitz.Link.Consult(t.Context(), asked)
		inProgress <- err
	}()
	require.NoError(t, mitz.WaitForQueries(t.Context(), 1))
	mitz.renew(t, "renewed", time.Now().Add(time.Hour))
	before := mitz.client.query.line.Connections()
	require.NoError(t, mitz.reloader.check())
	require.NotSame(t, before, mitz.client.query.line.Connections())
	require.NoError(t, <-inProgress, "it goes on as it was")
	mitz.Behave()
	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	queries := mitz.Queries()
	require.Contains(t, queries[0].ClientSubject, "CN=Mitz simulator client")
	require.Contains(t, queries[1].ClientSubject, "CN=renewed")
}

// lateContext is asked for its deadline when a consult has chosen its connections.
type lateContext struct {
	context.Context
	chosen func()
}

func (c lateContext) Deadline() (time.Time, bool) {
	c.chosen()
	return c.Context.Deadline()
}

func TestAConsultLeavesNoConnectionBehindThatWasReplaced(t *testing.T) {
	var connections atomic.Int32
	server := start(t, permits(t), counting(&connections, new(atomic.Int32)))
	client := server.client(t)
	before := client.query.line.Connections()
	replace := sync.OnceFunc(func() { client.peer.Use(client.config.TLS) })
	_, err := client.Consult(lateContext{t.Context(), replace}, question(t, "GGC002"))
	require.NoError(t, err)
	require.NotSame(t, before, client.query.line.Connections())
	_, failure := client.query.line.Post(t.Context(), before, wire.Message{URL: client.query.url, Accept: mediaType})
	require.Nil(t, failure)
	require.EqualValues(t, 2, connections.Load(), "the first is not there any more")
}

func TestChangedRootsAreTheOnlyOnesTrusted(t *testing.T) {
	mitz := simulate(t, Hooks{})
	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	other, err := mitztest.NewIdentity()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(mitz.files.TrustStoreFile, other.CAPEM(), 0o600))
	require.NoError(t, mitz.reloader.check())
	_, err = mitz.Consult(t.Context(), question(t, "GGC002"))
	requireCode(t, TLS, err.(*Error))
	require.Equal(t, "unknown_authority", err.(*Error).Detail)
	require.Len(t, mitz.Queries(), 1)
}
