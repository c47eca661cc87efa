// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package saml

import (
	"crypto/rsa"
	"errors"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Signer signs assertions: enveloped, with exclusive canonicalisation and RSA with SHA-256 (XML
// Signature 1.1). It names its certificate. It is safe for concurrent use.
type Signer struct {
	key         *rsa.PrivateKey
	certificate []byte // DER
}

// NewSigner makes a signer of a key and its certificate in DER.
func NewSigner(key *rsa.PrivateKey, certificate []byte) *Signer {
	return &Signer{key: key, certificate: certificate}
}

// Sign puts a signature into an assertion that [Encode] wrote, right after its issuer: the
// schema of SAML has no other place for it.
func (s *Signer) Sign(assertion []byte) ([]byte, error) {
	document := etree.NewDocument()
	document.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	if err := document.ReadFromBytes(assertion); err != nil {
		return nil, errors.New("not an assertion of ours")
	}
	context, err := dsig.NewSigningContext(s.key, [][]byte{s.certificate})
	if err != nil {
		return nil, errors.New("the key cannot sign")
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(dsig.RSASHA256SignatureMethod); err != nil {
		return nil, errors.New("the key cannot sign with RSA and SHA-256")
	}
	signature, err := context.ConstructSignature(document.Root(), true)
	if err != nil {
		return nil, errors.New("signing failed")
	}
	document.Root().InsertChildAt(1, signature)
	return document.WriteToBytes()
}
