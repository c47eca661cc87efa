// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockedBuffer is written by the server's goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

func TestTheLoggerIsToldWithoutThePatientsNumber(t *testing.T) {
	var log lockedBuffer
	cfg := identity(t).Config()
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s, err := Start(cfg)
	require.NoError(t, err)
	defer s.Close()

	text := fixture(t, "closed-query.xml")
	assert.Equal(t, http.StatusOK, ask(t, s, text).status)
	assert.Equal(t, http.StatusBadRequest, ask(t, s, strings.Replace(text, patient, "900186022", 1)).status)
	require.Error(t, handshake(s, &tls.Config{RootCAs: identity(t).CAs()}))

	require.Eventually(t, func() bool { return strings.Contains(log.String(), "TLS handshake failed") }, time.Minute, time.Millisecond)
	assert.Contains(t, log.String(), "msg=query request_id=")
	assert.Contains(t, log.String(), "decisions=map[GGC002:Deny]")
	assert.Contains(t, log.String(), "msg=refused status=400")
	assert.Contains(t, log.String(), "client didn't provide a certificate")
	for _, number := range []string{patient, "900186022"} {
		assert.NotContains(t, log.String(), number)
	}
}

func TestAFailedHandshakeIsToldWithoutNumbers(t *testing.T) {
	var log lockedBuffer
	l := handshakeLog{slog.New(slog.NewTextHandler(&log, nil))}
	_, _ = l.Write([]byte("http: TLS handshake error from 127.0.0.1:40000: x509: \"900186021\"\n"))
	_, _ = l.Write([]byte("http: something else about 900186021\n"))
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
	assert.Contains(t, log.String(), "127.0.0.1:40000")
	assert.NotContains(t, log.String(), "900186021")
}

func TestWhatIsOnRecordCanBeListed(t *testing.T) {
	s := start(t)
	assert.Empty(t, s.Consents())
	first := Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: 1}
	second := first
	second.Decision, second.Category = 2, "GGC013"
	require.NoError(t, s.Record(first))
	require.NoError(t, s.Record(second))
	assert.Equal(t, []Consent{first, second}, s.Consents())
	ask(t, s, fixture(t, "closed-query.xml"))
	assert.Equal(t, patient, s.Queries()[0].PatientNumber())
}

func TestWhatIsReachedUnderAnotherNameHasItInTheEndpoint(t *testing.T) {
	cfg := identity(t).Config()
	cfg.Host = "mitz.test"
	s, err := Start(cfg)
	require.NoError(t, err)
	defer s.Close()
	assert.Regexp(t, `^https://mitz\.test:[0-9]+/tst-us/mitz$`, s.Endpoint())

	direct := func(r *http.Request) *http.Request {
		r.URL.Host = strings.Replace(r.URL.Host, "mitz.test", "127.0.0.1", 1)
		return r
	}
	text := fixture(t, "closed-query.xml")
	assert.Equal(t, http.StatusOK, send(t, s, direct(request(t, s, text))).status)
	local := strings.ReplaceAll(text, fixtureBase, strings.Replace(s.Endpoint(), "mitz.test", "localhost", 1))
	assert.Contains(t, send(t, s, direct(request(t, s, local))).body, "Envelope/Header/To: must be https://mitz.test:")
}

func TestAnAddressBeyondLoopbackNeedsToBeAllowed(t *testing.T) {
	cfg := identity(t).Config()
	for _, address := range []string{":0", "0.0.0.0:0", "192.0.2.1:0"} {
		cfg.Address, cfg.BeyondLoopback = address, false
		require.ErrorContains(t, cfg.validate(), "must be a loopback address")
		cfg.BeyondLoopback = true
		require.NoError(t, cfg.validate())
	}
}
