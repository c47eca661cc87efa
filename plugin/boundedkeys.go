// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"github.com/lestrrat-go/jwx/v2/cert"
	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
)

// What a signature is verified with at the most. crypto/rsa has no bound of its own, and
// a key of half a million bits takes it ten seconds.
const (
	maxRSA   = 8192 // bits of a key, as crypto/tls has it
	maxChain = 8    // certificates
)

var errKeySize = errors.New("mitz: a key that is larger than this node verifies with")

// boundedResolver resolves DIDs whose keys do not keep the node busy: a did:jwk holds
// its key itself, a did:x509 comes with its certificates, and a did:web says what it likes.
type boundedResolver struct{ resolver.DIDResolver }

func (r boundedResolver) Resolve(id did.DID, metadata *resolver.ResolveMetadata) (*did.Document, *resolver.DocumentMetadata, error) {
	if metadata != nil {
		if chain, ok := metadata.GetProtectedHeaderChain("x5c"); ok && !isBoundedChain(chain) {
			return nil, nil, errKeySize
		}
	}
	document, about, err := r.DIDResolver.Resolve(id, metadata)
	if err != nil {
		return nil, nil, err
	}
	for _, method := range document.VerificationMethod {
		if key, err := method.PublicKey(); err == nil && !isBoundedKey(key) {
			return nil, nil, errKeySize
		}
	}
	return document, about, nil
}

func isBoundedKey(key any) bool {
	rsaKey, isRSA := key.(*rsa.PublicKey)
	return !isRSA || rsaKey.N.BitLen() <= maxRSA
}

// isBoundedChain leaves what is no certificate to the node to refuse.
func isBoundedChain(chain *cert.Chain) bool {
	if chain.Len() > maxChain {
		return false
	}
	for i := range chain.Len() {
		encoded, _ := chain.Get(i)
		der, err := base64.StdEncoding.DecodeString(string(encoded))
		if err != nil {
			continue
		}
		if certificate, err := x509.ParseCertificate(der); err == nil && !isBoundedKey(certificate.PublicKey) {
			return false
		}
	}
	return true
}
