// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fixture reads a file that testdata/make.sh made.
func fixture(t testing.TB, name string) []byte {
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return content
}

func file(t testing.TB, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// selfSigned makes a certificate for a key, as PEM.
func selfSigned(t testing.TB, key crypto.Signer) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "self-signed"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// subjects names the certificates in the order in which they are sent.
func subjects(t testing.TB, certificate tls.Certificate) (names []string) {
	for _, der := range certificate.Certificate {
		parsed, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		names = append(names, parsed.Subject.CommonName)
	}
	return names
}

var wholeChain = []string{"fixture client", "fixture intermediate", "fixture root"}
