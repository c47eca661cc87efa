// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report/check"
)

// testBSN is a number that no output may show.
const testBSN = "900186021"

// hostileName is text that would do something to a terminal, and is long, and holds a
// patient's number.
var hostileName = "mitz\x1b]0;owned\x07\x1b[2J\r\nok       acceptance          all is well\u202e" + testBSN + strings.Repeat("\x1b", 5000)

// hostileCertificate is signed by itself and full of such names.
func hostileCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(1), 150), Subject: pkix.Name{CommonName: hostileName, Organization: []string{hostileName}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: make([]byte, 4000),
	}
	for range 100 {
		template.DNSNames = append(template.DNSNames, "\x1b[31m\r\n.example")
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// serveTLS ends the connections after their handshake, once the other side has.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				_, _ = io.Copy(io.Discard, connection)
				_ = connection.Close()
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return listener.Addr().String()
}

func TestCheckMakesForeignTextHarmless(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	hostile := hostileCertificate(t)
	t.Run("in the server's certificate", func(t *testing.T) {
		address := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{hostile}})
		output, _, err := runCheck(t, mitz.config(), "--mitz.endpoint", "https://"+address)
		require.Error(t, err)
		told(t, output, "FAILED", "server certificate")
		told(t, output, "-", "acceptance")
		check.AssertReadable(t, output)
		assert.NotContains(t, output, testBSN)
		assert.Contains(t, output, `mitz\x1b]0\\;owned\a`, "it is shown as it is written")
		assert.Contains(t, output, "and 94 more")
	})
	t.Run("in the names of the CAs that it takes", func(t *testing.T) {
		pool := x509.NewCertPool()
		pool.AddCert(hostile.Leaf)
		_, port, err := net.SplitHostPort(serveTLS(t, &tls.Config{
			Certificates: []tls.Certificate{mitz.identity.Server()}, ClientAuth: tls.RequestClientCert, ClientCAs: pool,
		}))
		require.NoError(t, err)
		output, _, err := runCheck(t, mitz.config(), "--mitz.endpoint", "https://localhost:"+port)
		require.NoError(t, err)
		assert.Contains(t, output, "takes certificates from: ")
		told(t, output, "warning", "acceptance")
		check.AssertReadable(t, output)
		assert.NotContains(t, output, testBSN)
	})
}
