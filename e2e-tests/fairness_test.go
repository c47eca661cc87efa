// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// attemptOf is an attempt of another organisation than the world's requester.
func attemptOf(t *testing.T, w *harness.World, ura string) *attempt {
	t.Helper()
	a := newAttempt(t, w, harness.JWTBearer)
	pass := must[*harness.UZIPass](t)(w.UZI.Issue(harness.UZISubject{Organization: "Another " + ura, Locality: "Utrecht", URA: ura, AGB: "08005678"}))
	a.set.Organization = must[harness.Credential](t)(pass.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
	return a
}

// together sends so many requests of an attempt at once.
func together(t *testing.T, a *attempt, requests int) (answers func() []harness.Answer) {
	t.Helper()
	a.request.Credentials = a.set.All()
	a.request.Lifetime = 5 * time.Second
	all := make([]harness.Answer, requests)
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() {
			var err error
			all[i], err = requestInTime(t, a)
			assert.NoError(t, err)
		})
	}
	return func() []harness.Answer {
		group.Wait()
		return all
	}
}

// TestOneRequesterMisbehaves has Mitz misbehave towards one requester, in every way in which
// one took the link from the others, while an honest one asks.
func TestOneRequesterMisbehaves(t *testing.T) {
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout = "6s" }
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	for i, tt := range []struct {
		behaviour mitztest.Behaviour
		requests  int
		queries   int // at the most; 0: one for each request
	}{
		{mitztest.SenderFaultWith500, 15, 0},
		{mitztest.ReceiverFault, 15, 0},
		{mitztest.HTTPStatus(503), 15, 30},
		{mitztest.SwitchingProtocols, 15, 0},
		{mitztest.TooManyRequests(5 * time.Minute), 15, 0},
		{mitztest.Hanging, 60, 0},
	} {
		t.Run(tt.behaviour.String(), func(t *testing.T) {
			w.Mitz.ResetLog()
			ura := fmt.Sprintf("0000567%d", i)
			w.Mitz.MisbehaveTowards(consent.URA(ura), tt.behaviour)
			defer w.Mitz.Behave()
			answers := together(t, attemptOf(t, w, ura), tt.requests)
			require.NoError(t, w.Mitz.WaitForQueries(t.Context(), 1))
			honest := newAttempt(t, w, harness.JWTBearer)
			for range 6 {
				answer := honest.send()
				assert.NotEmpty(t, answer.Token(), "the honest requester is answered: %s", answer.OAuthError())
			}
			for _, answer := range answers() {
				assert.Equal(t, "server_error", answer.OAuthError().Code)
			}
			if tt.queries == 0 {
				tt.queries = tt.requests
			}
			assert.LessOrEqual(t, len(w.Mitz.Queries()), tt.queries+6)
			assert.NotEmpty(t, honest.send().Token())
			health, err := w.DataHolder.Get(t.Context(), "/health")
			require.NoError(t, err)
			assert.True(t, health.Contains(`"mitz.circuit":{"status":"UP","details":"closed"}`))
			assert.True(t, health.Contains(`"mitz.consults":{"status":"UP"`))
			assert.False(t, health.Contains(ura), "health tells how many, and not who")
		})
	}
}

// TestQueriesAboutOnePatientAreLimited has a requester ask again and again: each query is
// shown to the patient.
func TestQueriesAboutOnePatientAreLimited(t *testing.T) {
	const most = 4
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout, section.QueriesPerMinute = timeout, most }
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	a := newAttempt(t, w, harness.JWTBearer)
	a.request.Credentials = a.set.All()
	for i := range 3 * most {
		answer := a.send()
		if i < most {
			assert.NotEmpty(t, answer.Token())
			continue
		}
		assert.Equal(t, "server_error", answer.OAuthError().Code)
		assert.Equal(t, undetermined, answer.OAuthError().Description)
	}
	assert.Len(t, w.Mitz.Queries(), most)
	assert.Equal(t, most, w.Sessions.Tokens())
	metrics, err := w.DataHolder.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	assert.True(t, metrics.Contains(fmt.Sprintf(`nuts_mitz_tokens_refused_total{reason="too_many_queries"} %d`, 2*most)))

	assert.NotEmpty(t, attemptOf(t, w, "00005678").send().Token(), "another requester")
	permit(t, w, otherPatient, "00000659", "GGC002")
	a.enroll(harness.BSNIdentifier(otherPatient))
	assert.NotEmpty(t, a.send().Token(), "another patient")
}

// TestNodeStopsWhateverMitzDoes has something in the place of Mitz that answers and never
// ends, over a plain connection.
func TestNodeStopsWhateverMitzDoes(t *testing.T) {
	for name, answer := range map[string][2]string{
		"status 101 and a body without end": {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "x"},
		"status 103 without end":            {"", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		"headers without end":               {"HTTP/1.1 200 OK\r\n", "A: b\r\n"},
		"a body without end":                {"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 100)
			peer := drippingPeer(t, asked, answer[0], answer[1])
			config := plainWorld()
			config.ConfigureMitz = func(section *harness.MitzConfig) {
				*section = harness.MitzConfig{
					Endpoint: "http://" + peer, Timeout: "3s",
					DataHolders: section.DataHolders, Profiles: section.Profiles, Trust: section.Trust, FacilityTypes: section.FacilityTypes,
				}
			}
			w := harness.StartWorld(t, config)
			answers := together(t, newAttempt(t, w, harness.JWTBearer), 3)
			for range 3 {
				<-asked
			}
			require.NoError(t, w.DataHolder.Stop())
			assert.Zero(t, w.DataHolder.ExitCode())
			for _, answer := range answers() {
				assert.Equal(t, "server_error", answer.OAuthError().Code)
			}
			assert.Zero(t, w.Sessions.Tokens())
		})
	}
}

// drippingPeer answers each request with a text, and then with another again and again for
// as long as the client listens. It returns its address.
func drippingPeer(t *testing.T, asked chan<- struct{}, text, drop string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	serve := func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		asked <- struct{}{}
		for _, err := io.WriteString(conn, text); err == nil; _, err = io.WriteString(conn, drop) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	group.Go(func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			group.Go(func() { serve(conn) })
		}
	})
	return listener.Addr().String()
}
