// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"slices"
	"testing"

	"github.com/lestrrat-go/jwx/v2/cert"
	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rsaKey is a key of so many bits with which nothing was signed.
func rsaKey(bits uint) *rsa.PublicKey {
	modulus := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: modulus.SetBit(modulus, 0, 1), E: 65537}
}

// oneDocument resolves every DID to a document with this key.
type oneDocument struct {
	key   any
	asked bool
}

func (d *oneDocument) Resolve(id did.DID, _ *resolver.ResolveMetadata) (*did.Document, *resolver.DocumentMetadata, error) {
	d.asked = true
	method, err := did.NewVerificationMethod(did.MustParseDIDURL(id.String()+"#0"), ssi.JsonWebKey2020, id, d.key)
	return &did.Document{ID: id, VerificationMethod: did.VerificationMethods{method}}, nil, err
}

func TestBoundedResolver(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	chain := func(keys ...any) *cert.Chain {
		certificates := &cert.Chain{}
		for _, key := range keys {
			der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, key, elliptical)
			require.NoError(t, err)
			require.NoError(t, certificates.AddString(base64.StdEncoding.EncodeToString(der)))
		}
		return certificates
	}
	for _, tc := range []struct {
		name    string
		key     any
		chain   *cert.Chain
		refused bool
	}{
		{"the largest key", rsaKey(maxRSA), nil, false},
		{"a larger key", rsaKey(maxRSA + 1), nil, true},
		{"a key of another kind", &elliptical.PublicKey, nil, false},
		{"certificates with keys that are not too large", rsaKey(2048), chain(rsaKey(maxRSA), &elliptical.PublicKey), false},
		{"a certificate with a larger key", rsaKey(2048), chain(rsaKey(2048), rsaKey(maxRSA+1)), true},
		{"as many certificates as are allowed", rsaKey(2048), chain(slices.Repeat([]any{rsaKey(2048)}, maxChain)...), false},
		{"more certificates", rsaKey(2048), chain(slices.Repeat([]any{rsaKey(2048)}, maxChain+1)...), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var metadata *resolver.ResolveMetadata
			if tc.chain != nil {
				metadata = &resolver.ResolveMetadata{JwtProtectedHeaders: map[string]any{"x5c": tc.chain}}
			}
			node := &oneDocument{key: tc.key}
			document, _, err := boundedResolver{node}.Resolve(did.MustParseDID("did:jwk:a"), metadata)
			if tc.refused {
				assert.ErrorIs(t, err, errKeySize)
				assert.Nil(t, document)
				assert.Equal(t, tc.chain == nil, node.asked, "the node was left to verify the certificates")
				return
			}
			require.NoError(t, err)
			assert.NotNil(t, document)
		})
	}
}
