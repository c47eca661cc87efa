// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	mitz := simulate(t, Hooks{})
	began := time.Now()
	report := mitz.Probe(t.Context())
	total := time.Since(began)
	require.Zero(t, mitz.Received(), "a probe is no query")
	require.Empty(t, mitz.Refusals())

	require.Equal(t, "localhost", report.Host)
	require.True(t, report.Encrypted)
	require.True(t, report.Resolve.OK())
	require.Contains(t, report.Addresses, netip.MustParseAddr("127.0.0.1"))
	require.True(t, report.Connect.OK())
	last := report.Attempts[len(report.Attempts)-1]
	require.Equal(t, "127.0.0.1:"+report.Port, last.Address.String())
	require.Equal(t, last.Took, report.Connect.Took)
	require.True(t, report.Handshake.OK())
	require.EqualValues(t, tls.VersionTLS13, report.Version)
	require.NotZero(t, report.CipherSuite)
	require.Equal(t, []string{"localhost"}, report.Server.DNSNames)
	require.Empty(t, report.Server.Problems)
	require.Equal(t, "Mitz simulator client", report.Client.Subject.CommonName)
	require.Empty(t, report.Client.Problems)
	require.Equal(t, &CertificateRequest{CAs: []string{"CN=Mitz simulator CA,O=nuts-mitz test"}, FromCA: true, Presented: true}, report.Request)
	require.True(t, report.Acceptance.OK())
	require.GreaterOrEqual(t, report.Acceptance.Took, acceptanceWait)
	for _, step := range []Step{report.Resolve, report.Connect, report.Handshake} {
		require.Positive(t, step.Took)
		require.Less(t, step.Took, total)
	}

	_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err, "what a probe finds in order is")
}

func TestProbeFindsNoConnection(t *testing.T) {
	t.Run("a host that is not known", func(t *testing.T) {
		a := newAuthority(t)
		report := a.prober(t, "nowhere.invalid", func(cfg *Config) { cfg.Timeout = 5 * time.Second }).Probe(t.Context())
		require.True(t, report.Resolve.Tried)
		// Without a DNS that answers, it is another problem.
		require.Contains(t, []Problem{ProblemUnknownHost, ProblemDNS, ProblemTimeout}, report.Resolve.Problem)
		require.False(t, report.Connect.Tried)
		require.Equal(t, "443", report.Port)
		require.NotNil(t, report.Client, "what can be said without a connection is")
	})
	t.Run("a port at which nothing listens", func(t *testing.T) {
		a := newAuthority(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		report := a.prober(t, listener.Addr().String()).Probe(t.Context())
		require.False(t, report.Resolve.Tried, "an address is not looked up")
		require.Equal(t, ProblemRefused, report.Connect.Problem)
		require.Len(t, report.Attempts, 1)
		require.False(t, report.Handshake.Tried)
	})
	t.Run("a port that there cannot be", func(t *testing.T) {
		report := newAuthority(t).prober(t, "127.0.0.1:99999").Probe(t.Context())
		require.Equal(t, ProblemNetwork, report.Connect.Problem)
	})
	t.Run("the caller has gone", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, address := range []string{"localhost:1", "127.0.0.1:1"} {
			report := newAuthority(t).prober(t, address).Probe(ctx)
			require.Equal(t, ProblemCanceled, report.Resolve.Problem+report.Connect.Problem, address)
		}
	})
}

func TestProbeTriesEveryAddress(t *testing.T) {
	a := newAuthority(t)
	address := netip.MustParseAddrPort(a.secure(t, nil, nil))
	client := a.prober(t, address.String())
	probe := &probe{via: client.query.line.Connections()}
	probe.Port = client.config.Endpoint[strings.LastIndex(client.config.Endpoint, ":")+1 : strings.LastIndex(client.config.Endpoint, "/")]
	probe.Addresses = []netip.Addr{netip.IPv6Loopback(), address.Addr(), netip.MustParseAddr("127.0.0.9")}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connection := probe.connect(ctx)
	require.NotNil(t, connection)
	require.NoError(t, connection.Close())
	require.Len(t, probe.Attempts, 2, "the one after the first that succeeds is not tried")
	require.NotEmpty(t, probe.Attempts[0].Problem)
	require.Equal(t, Attempt{Address: address, Took: probe.Connect.Took}, probe.Attempts[1])
	require.True(t, probe.Connect.OK())
}

func TestProbeFindsNoTLS(t *testing.T) {
	// The first bytes of an answer that chooses TLS 1.1 (RFC 4346, section 7.4.1.3).
	const hello11 = "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + "01234567890123456789012345678901" + "\x00\xc0\x13\x00"
	a := newAuthority(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	tooOld := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
	for _, tt := range []struct {
		name    string
		address string
		problem Problem
		alert   Alert
	}{
		{"a server that speaks plain HTTP", plain.Listener.Addr().String(), ProblemPlainHTTP, 0},
		{"a server that speaks something else", listen(t, utters("SSH-2.0-900203638\r\n")), ProblemNotTLS, 0},
		{"a server that ends the connection at once", listen(t, func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 5)) }), ProblemLost, 0},
		{"a server with TLS 1.1 only, which refuses", a.secure(t, tooOld, nil), ProblemVersion, AlertProtocolVersion},
		{"a server with TLS 1.1 only, which chooses it", listen(t, utters(hello11)), ProblemVersion, 0},
		{"a server that does not know the host", listen(t, utters("\x15\x03\x03\x00\x02\x02\x70")), ProblemAlert, AlertUnrecognizedName},
		{"a server that does not keep to TLS", listen(t, utters("\x16\x03\x03\x00\x04\x63\x00\x00\x00")), ProblemHandshake, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := a.prober(t, tt.address).Probe(t.Context())
			require.True(t, report.Connect.OK())
			require.Equal(t, tt.problem, report.Handshake.Problem)
			require.Equal(t, tt.alert, report.Handshake.Alert)
			require.Nil(t, report.Server)
			require.False(t, report.Acceptance.Tried)
		})
	}
}

func TestProbeEnds(t *testing.T) {
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	inBubble(t, "in time, when the server never speaks", func(t *testing.T, network *memorynet.Listener) {
		accept(t, network, silent)
		report, took := newAuthority(t).probeThrough(t.Context(), t, network, acceptanceWait)
		require.Equal(t, ProblemTimeout, report.Handshake.Problem)
		require.Equal(t, patience, took)
	})
	inBubble(t, "in time, when nobody accepts", func(t *testing.T, network *memorynet.Listener) {
		report, took := newAuthority(t).probeThrough(t.Context(), t, network, acceptanceWait)
		require.Equal(t, ProblemTimeout, report.Connect.Problem)
		require.Equal(t, patience, took)
	})
	inBubble(t, "in time, when it would wait longer for a refusal", func(t *testing.T, network *memorynet.Listener) {
		a := newAuthority(t)
		accept(t, network, a.secured(t, nil, nil))
		report, took := a.probeThrough(t.Context(), t, network, time.Hour)
		require.True(t, report.Acceptance.OK(), "nothing came: %v", report.Acceptance.Problem)
		require.Equal(t, patience, took)
	})
	inBubble(t, "with its caller, while the server does not speak", func(t *testing.T, network *memorynet.Listener) {
		ctx, cancel := context.WithCancel(t.Context())
		accept(t, network, func(c net.Conn) {
			time.Sleep(time.Second)
			cancel()
			silent(c)
		})
		report, took := newAuthority(t).probeThrough(ctx, t, network, acceptanceWait)
		require.Equal(t, ProblemCanceled, report.Handshake.Problem)
		require.Equal(t, time.Second, took)
	})
	inBubble(t, "with its caller, while it waits for a refusal", func(t *testing.T, network *memorynet.Listener) {
		a := newAuthority(t)
		ctx, cancel := context.WithCancel(t.Context())
		accept(t, network, a.secured(t, nil, func(*tls.Conn) {
			time.Sleep(time.Second)
			cancel()
		}))
		report, took := a.probeThrough(ctx, t, network, time.Hour)
		require.True(t, report.Handshake.OK())
		require.Equal(t, ProblemCanceled, report.Acceptance.Problem)
		require.Equal(t, time.Second, took)
	})
	t.Run("with its caller, over the system's network", func(t *testing.T) {
		a := newAuthority(t)
		ctx, cancel := context.WithCancel(t.Context())
		report := a.prober(t, listen(t, func(c net.Conn) { cancel(); silent(c) })).Probe(ctx)
		require.Contains(t, []Problem{report.Connect.Problem, report.Handshake.Problem}, ProblemCanceled)
	})
}

// probeThrough probes in memory, and returns how long it took.
func (a *authority) probeThrough(ctx context.Context, t *testing.T, network *memorynet.Listener, wait time.Duration) (Report, time.Duration) {
	client := a.prober(t, network.Addr().String())
	through(network, client)
	began := time.Now()
	report := client.probe(ctx, wait)
	return report, time.Since(began)
}

func TestProbeOfAnUnencryptedEndpoint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	t.Cleanup(server.Close)
	client, err := New(Config{Endpoint: server.URL})
	require.NoError(t, err)
	report := client.Probe(t.Context())
	require.False(t, report.Encrypted)
	require.True(t, report.Connect.OK())
	require.False(t, report.Handshake.Tried)
	require.Nil(t, report.Client)
}
