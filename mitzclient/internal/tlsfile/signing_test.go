// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSigning(t *testing.T) {
	newRSA := func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		return key
	}
	key, other := newRSA(), newRSA()
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	private := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})

	loaded, err := Signing(file(t, "signing.pem", join(private(key), selfSigned(t, other), selfSigned(t, key))))
	require.NoError(t, err)
	require.Equal(t, key, loaded.PrivateKey)
	require.Len(t, loaded.Certificate, 1)
	require.Equal(t, loaded.Leaf.Raw, loaded.Certificate[0])
	for name, tt := range map[string]struct {
		content []byte
		problem string
	}{
		"a key alone":                  {private(key), "no certificate in it"},
		"a certificate alone":          {selfSigned(t, key), "no private key in it"},
		"a key of another certificate": {join(private(key), selfSigned(t, other)), "none of the certificates is of this key"},
		"a key that is not RSA":        {join(private(elliptical), selfSigned(t, elliptical)), "the private key is not RSA"},
		"two keys":                     {join(private(key), private(other), selfSigned(t, key)), "a second private key"},
		"an encrypted key":             {join(encrypted, selfSigned(t, key)), "the private key is encrypted"},
		"a key that cannot be read":    {join(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), selfSigned(t, key)), "cannot be read as a private key"},
		"nothing":                      {nil, "the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Signing(file(t, "signing.pem", tt.content))
			require.ErrorContains(t, err, tt.problem)
		})
	}
	_, err = Signing("missing.pem")
	require.Error(t, err)
}
