// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/lestrrat-go/jwx/v2/cert"
	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/vdr/didweb"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// maxDocument is the largest DID document or context that is got, in bytes.
const maxDocument = 64 << 10

// boundedResolver resolves DIDs whose keys do not keep the node busy: a did:jwk holds its
// key itself, a did:x509 comes with its certificates, and a did:web says what it likes.
// What it found it does not look for again in one visit.
type boundedResolver struct {
	resolver.DIDResolver
	own   resolver.DIDResolver // of the DIDs that this node has; nil: did:web is not looked for here
	http  core.HTTPRequestDoer // gets DID documents
	visit func() *door.Visit
}

var _ resolver.DIDResolver = boundedResolver{}

// resolved is what was found for a DID.
type resolved struct {
	document *did.Document
	metadata *resolver.DocumentMetadata
	work     time.Duration // of one signature
}

func (r boundedResolver) Resolve(id did.DID, metadata *resolver.ResolveMetadata) (*did.Document, *resolver.DocumentMetadata, error) {
	key := id.String()
	var chain *cert.Chain
	if metadata != nil {
		if given, ok := metadata.GetProtectedHeaderChain("x5c"); ok && given != nil {
			chain = given
			key += " " + fingerprint(chain)
		}
	}
	resolve := func() (any, error) { return r.resolve(id, metadata, chain) }
	var found any
	var err error
	if metadata == nil || metadata.ResolveTime == nil { // else it is as it was then
		found, err = r.visit().Once(key, resolve)
	} else {
		found, err = resolve()
	}
	if err != nil {
		return nil, nil, err
	}
	result := found.(resolved)
	if err := r.visit().Spend(result.work); err != nil {
		return nil, nil, err
	}
	return result.document, result.metadata, nil
}

func (r boundedResolver) resolve(id did.DID, metadata *resolver.ResolveMetadata, chain *cert.Chain) (result resolved, err error) {
	if chain != nil {
		work, err := checkChain(chain)
		if err != nil {
			return resolved{}, err
		}
		if err := r.visit().Spend(work); err != nil {
			return resolved{}, err
		}
	}
	if result.document, result.metadata, err = r.find(id, metadata); err != nil {
		return resolved{}, err
	}
	for _, method := range result.document.VerificationMethod {
		key, err := method.PublicKey()
		if err != nil {
			continue
		}
		if !isBoundedKey(key) {
			return resolved{}, errKeySize
		}
		result.work = max(result.work, workOf(key))
	}
	return result, nil
}

// find does as the node's own resolver does, except that what it gets of others is bounded. Where
// the SQL database does not say whether the DID is the node's own, whoever has it is asked: that
// is who the method believes.
func (r boundedResolver) find(id did.DID, metadata *resolver.ResolveMetadata) (*did.Document, *resolver.DocumentMetadata, error) {
	if id.Method != didweb.MethodName || r.own == nil {
		return r.DIDResolver.Resolve(id, metadata)
	}
	document, about, err := r.own.Resolve(id, metadata)
	if err == nil || resolver.IsFunctionalResolveError(err) && !errors.Is(err, resolver.ErrNotFound) {
		return document, about, err
	}
	return didweb.Resolver{HttpClient: getter{HTTPRequestDoer: r.http, visit: r.visit, largest: maxDocument}}.Resolve(id, metadata)
}

// fingerprint tells chains of certificates apart.
func fingerprint(chain *cert.Chain) string {
	hash := sha256.New()
	for i := range chain.Len() {
		encoded, _ := chain.Get(i)
		_, _ = hash.Write(encoded) // of a hash it does not fail
		_, _ = hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))
}
