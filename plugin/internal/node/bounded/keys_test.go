// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/cert"
	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
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

// noVisit is without bounds of its own.
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
			document, _, err := boundedResolver{DIDResolver: node, visit: noVisit}.Resolve(did.MustParseDID("did:jwk:a"), metadata)
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

// TestResolverInAVisit sees that a DID is looked for once, and that every signature is work.
func TestResolverInAVisit(t *testing.T) {
	visit := visitOf(t)
	resolving := func(d resolver.DIDResolver) boundedResolver {
		return boundedResolver{DIDResolver: d, visit: func() *door.Visit { return visit }}
	}
	node := &oneDocument{key: rsaKey(2048)}
	bounded := resolving(node)
	for range 3 {
		node.asked = false
		_, _, err := bounded.Resolve(did.MustParseDID("did:jwk:a"), nil)
		require.NoError(t, err)
	}
	assert.False(t, node.asked, "it was looked for again")
	assertSpent(t, visit, 3*workOf(node.key))
	_, _, err := bounded.Resolve(did.MustParseDID("did:jwk:a"), nil)
	assert.ErrorIs(t, err, door.ErrWork)
}

func TestWebDIDs(t *testing.T) {
	asked := 0
	web := doing(func(request *http.Request) (*http.Response, error) {
		asked++
		body := `{"@context":"https://www.w3.org/ns/did/v1","id":"did:web:node.example"}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/did+json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: request}, nil
	})
	for _, tc := range []struct {
		name  string
		own   resolver.DIDResolver
		asked int
	}{
		{"of this node", &oneDocument{key: rsaKey(2048)}, 0},
		{"of another", noDocument{resolver.ErrNotFound}, 1},
		{"of anybody, while the SQL database fails", noDocument{errors.New("connection refused")}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked = 0
			visit := visitOf(t)
			bounded := boundedResolver{own: tc.own, http: web, visit: func() *door.Visit { return visit }}
			for range 2 {
				document, _, err := bounded.Resolve(did.MustParseDID("did:web:node.example"), nil)
				require.NoError(t, err)
				assert.Equal(t, "did:web:node.example", document.ID.String())
			}
			assert.Equal(t, tc.asked, asked)
		})
	}
	t.Run("one of this node that was deactivated is asked of nobody", func(t *testing.T) {
		asked = 0
		bounded := boundedResolver{own: noDocument{resolver.ErrDeactivated}, http: web, visit: func() *door.Visit { return nil }}
		_, _, err := bounded.Resolve(did.MustParseDID("did:web:node.example"), nil)
		assert.ErrorIs(t, err, resolver.ErrDeactivated)
		assert.Zero(t, asked)
	})
}

type doing func(*http.Request) (*http.Response, error)

func (d doing) Do(request *http.Request) (*http.Response, error) { return d(request) }

type noDocument struct{ because error }

func (n noDocument) Resolve(did.DID, *resolver.ResolveMetadata) (*did.Document, *resolver.DocumentMetadata, error) {
	return nil, nil, n.because
}
