// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestWhoHasNoCertificateOfTheRightIssuerFailsTheHandshake(t *testing.T) {
	s := start(t)
	stranger, err := NewIdentity()
	require.NoError(t, err)
	key := identity(t).Client().PrivateKey.(*rsa.PrivateKey)
	expired, err := identity(t).IssueClient("expired", key, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	supported := []uint16{tls.VersionTLS12, tls.VersionTLS13}
	assert.True(t, expired.Leaf.NotBefore.Before(expired.Leaf.NotAfter))
	tests := map[string]struct {
		certificates []tls.Certificate
		versions     []uint16
		alert        string
	}{
		"no certificate":                  {nil, supported, ""},
		"a certificate of another issuer": {[]tls.Certificate{stranger.Client()}, supported, "unknown certificate authority"},
		"an expired certificate":          {[]tls.Certificate{expired}, supported, "expired certificate"},
		"a server's certificate":          {[]tls.Certificate{identity(t).Server()}, supported, "bad certificate"},
		"an old protocol":                 {[]tls.Certificate{identity(t).Client()}, []uint16{tls.VersionTLS10, tls.VersionTLS11}, "protocol version"},
	}
	for name, test := range tests {
		for _, version := range test.versions {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				require.ErrorContains(t, handshake(s, &tls.Config{
					RootCAs: identity(t).CAs(), Certificates: test.certificates, MinVersion: version, MaxVersion: version,
				}), "remote error: tls: "+test.alert)
			})
		}
	}
	assert.Zero(t, s.Received())
	assert.Empty(t, s.Queries())
}

// handshake returns the simulator's alert. In TLS 1.3 that comes when the client
// believes to be done.
func handshake(s *Simulator, config *tls.Config) error {
	conn, err := tls.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.Endpoint(), "https://"), basePath), config)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1))
	return err
}

func TestAClientKeyThatIsNotRSAIsRefused(t *testing.T) {
	s := start(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate, err := identity(t).IssueClient("elliptic", key, time.Now().Add(time.Hour))
	require.NoError(t, err)
	config := &tls.Config{RootCAs: identity(t).CAs(), Certificates: []tls.Certificate{certificate}}
	got, err := do(t, client(t, config), request(t, s, fixture(t, "closed-query.xml")))
	require.NoError(t, err)
	assert.Equal(t, http.StatusForbidden, got.status)
	assert.Equal(t, "client certificate: the key must be RSA", read(t, got).Reason)
	assert.Empty(t, s.Queries())
	assert.Equal(t, http.StatusForbidden, s.Refusals()[0].Status)
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		reason string
	}{
		"every address":         {func(c *Config) { c.Address = ":0" }, "must be a loopback address"},
		"every IPv4 address":    {func(c *Config) { c.Address = "0.0.0.0:0" }, "must be a loopback address"},
		"an outside address":    {func(c *Config) { c.Address = "192.0.2.1:0" }, "must be a loopback address"},
		"a name":                {func(c *Config) { c.Address = "localhost.example:0" }, "must be a loopback address"},
		"no port":               {func(c *Config) { c.Address = "127.0.0.1" }, "missing port"},
		"no certificate":        {func(c *Config) { c.Certificate = tls.Certificate{} }, "a server certificate is needed"},
		"no issuers of clients": {func(c *Config) { c.ClientCAs = nil }, "the issuers of client certificates are needed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := identity(t).Config()
			test.change(&cfg)
			_, err := Start(cfg)
			require.ErrorContains(t, err, test.reason)
		})
	}
	t.Run("a port in use", func(t *testing.T) {
		cfg := identity(t).Config()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		cfg.Address = listener.Addr().String()
		_, err = Start(cfg)
		require.Error(t, err)
	})
	t.Run("the name localhost is fine", func(t *testing.T) {
		cfg := identity(t).Config()
		cfg.Address = "localhost:0"
		s, err := Start(cfg)
		require.NoError(t, err)
		s.Close()
	})
}

func TestCloseEndsWhateverIsUnderWay(t *testing.T) {
	for _, behaviour := range []Behaviour{Behaving{}, Hanging, HangingHalfway, Slow(time.Hour), Endless} {
		t.Run(behaviour.String(), func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			s, err := Start(identity(t).Config())
			require.NoError(t, err)
			s.Misbehave(behaviour)
			c := client(t, identity(t).ClientTLS())
			r := request(t, s, fixture(t, "closed-query.xml"))
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = do(t, c, r)
			}()
			idle, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.Endpoint(), "https://"), basePath))
			require.NoError(t, err)
			defer idle.Close()
			require.NoError(t, s.WaitForQueries(patience(t), 1))
			s.Close()
			s.Close()
			<-done
			c.CloseIdleConnections()
			leaks.VerifyNone(t, before)
			assert.Zero(t, s.Cancelled(), "it was not the client that left")
			_, err = net.Dial("tcp", idle.RemoteAddr().String())
			require.Error(t, err, "it still listens")
		})
	}
}

func TestTheFilesOfAnIdentityWork(t *testing.T) {
	s := start(t)
	files, err := identity(t).WriteFiles(t.TempDir())
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	require.NoError(t, err)
	roots, err := os.ReadFile(files.TrustStore)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(roots))
	info, err := os.Stat(files.Key)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	got, err := do(t, client(t, &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}), request(t, s, fixture(t, "closed-query.xml")))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, got.status)
	_, err = identity(t).WriteFiles(t.TempDir() + "/none")
	require.Error(t, err)
}
