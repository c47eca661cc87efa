// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// briefly is for a server that says nothing more.
const briefly = 50 * time.Millisecond

// listen accepts connections on a loopback address until the test ends, and gives the
// address.
func listen(t testing.TB, serve func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accept(t, listener, serve)
	return listener.Addr().String()
}

// accept accepts connections until the test ends. Each is closed when its server has ended,
// or the test.
func accept(t testing.TB, listener net.Listener, serve func(net.Conn)) {
	var serving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, connection)
			mu.Unlock()
			serving.Go(func() {
				serve(connection)
				_ = connection.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, connection := range open {
			_ = connection.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
}

// utters is a server that says one thing and waits for the end.
func utters(text string) func(net.Conn) {
	return func(connection net.Conn) {
		_, _ = io.WriteString(connection, text)
		_, _ = io.Copy(io.Discard, connection)
	}
}

// secure serves TLS on a loopback address until the test ends, see secured.
func (a *authority) secure(t testing.TB, change func(*tls.Config), afterwards func(*tls.Conn)) string {
	return listen(t, a.secured(t, change, afterwards))
}

// secured serves TLS on a connection, and fails the test if one byte comes inside of it: a
// probe sends no request. afterwards, if not nil, is called after the handshake.
func (a *authority) secured(t testing.TB, change func(*tls.Config), afterwards func(*tls.Conn)) func(net.Conn) {
	config := &tls.Config{
		Certificates: []tls.Certificate{a.serverCertificate(t)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.pool(),
	}
	if change != nil {
		change(config)
	}
	return func(connection net.Conn) {
		secured := tls.Server(connection, config)
		if secured.Handshake() != nil {
			return
		}
		if afterwards != nil {
			afterwards(secured)
		}
		if n, _ := io.Copy(io.Discard, secured); n > 0 {
			t.Errorf("%d bytes were sent", n)
		}
	}
}

// serverCertificate is one for the loopback address; change may alter it.
func (a *authority) serverCertificate(t testing.TB, change ...func(*x509.Certificate)) tls.Certificate {
	change = append([]func(*x509.Certificate){func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }}, change...)
	certificate, err := tls.X509KeyPair(a.issueFor(t, rsaKey(), change...))
	require.NoError(t, err)
	return certificate
}

// prober is a client of an address that trusts the authority.
func (a *authority) prober(t testing.TB, address string, change ...func(*Config)) *Client {
	config, err := LoadTLS(a.files(t))
	require.NoError(t, err)
	cfg := Config{Endpoint: "https://" + address + "/mitz", Timeout: patience, TLS: config}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// without leaves out the client certificate.
func without(cfg *Config) { cfg.TLS.Certificates = nil }

// dated makes a certificate that is valid from and until some time from now.
func dated(from, until time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(until) }
}

// stranger is an authority that nobody knows.
func stranger(t testing.TB) *authority {
	a := newAuthority(t)
	a.certificate.RawSubject, a.certificate.Subject = nil, pkix.Name{CommonName: "stranger"}
	a.sign(t)
	return a
}

// sign issues the authority's own certificate again, after a change.
func (a *authority) sign(t testing.TB) {
	der, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, a.key.Public(), a.key)
	require.NoError(t, err)
	a.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
}

// intermediate is an authority under this one.
func (a *authority) intermediate(t testing.TB) *authority {
	under := newAuthority(t)
	template := *under.certificate
	template.RawSubject, template.Subject, template.SerialNumber = nil, pkix.Name{CommonName: "between"}, big.NewInt(3)
	der, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, under.key.Public(), a.key)
	require.NoError(t, err)
	under.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return under
}

// chained is a server's certificate with the one of its issuer.
func (a *authority) chained(t testing.TB, change ...func(*x509.Certificate)) tls.Certificate {
	certificate := a.serverCertificate(t, change...)
	certificate.Certificate = append(certificate.Certificate, a.certificate.Raw)
	return certificate
}
