// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMitzIsAnIssuer: at an address of its own, under the CA that it makes.
func TestMitzIsAnIssuer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certificates")
	r := start(t, strings.NewReader(""), "--dir", dir, "--issuer", "127.0.0.1:0")
	address := r.line(t, "Issuer")
	require.Contains(t, address, "https://localhost:")
	assert.Contains(t, r.stdout.String(), "did:web:localhost%3A")
	assert.Contains(t, r.line(t, "Requests"), "/credential-requests")

	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(authority))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	for path, text := range map[string]string{
		"/.well-known/did.json": "did:web:localhost%3A", "/.well-known/openid-credential-issuer": address + "/credential", "/statuslist/1": "ey",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		require.NoError(t, err)
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, string(content), text, path)
	}
	r.stop()
	assert.Equal(t, success, r.end(t))
}
