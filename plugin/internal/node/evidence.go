// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jws"
	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/credential"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// CredentialEvidence returns of a verified credential what the policy needs.
func CredentialEvidence(presented vc.VerifiableCredential, presenter string) policy.Credential {
	evidence := policy.Credential{
		Issuer: presented.Issuer.String(), Presenter: presenter, Attested: isDeziAttested(presented),
		Issued: presented.IssuanceDate, Certificate: certificateValidity(presented),
		Subjects: presented.CredentialSubject, // of decoded JSON: it came in a presentation
		Raw:      presented.Raw(), Signed: presented.Format() == vc.JWTCredentialProofFormat || len(presented.Proof) > 0,
	}
	if presented.ID != nil {
		evidence.ID = presented.ID.String()
	}
	if len(presented.CredentialStatus) > 0 {
		evidence.Status, _ = json.Marshal(presented.CredentialStatus) // of decoded JSON
	}
	for _, each := range presented.Type {
		evidence.Types = append(evidence.Types, each.String())
	}
	if presented.ExpirationDate != nil {
		evidence.Expires = *presented.ExpirationDate
	}
	return evidence
}

// isDeziAttested reports whether the credential's proof is an attestation by Dezi of the
// kind whose signature and content the node verifies against Dezi's published keys. It
// does not compare the content of the older kind (2024) with the credential.
func isDeziAttested(presented vc.VerifiableCredential) bool {
	if !slices.Contains(presented.Type, credential.DeziUserCredentialTypeURI) {
		return false
	}
	proofs, err := presented.Proofs()
	return err == nil && len(proofs) == 1 && string(proofs[0].Type) == credential.DeziIDJWT07ProofType
}

// certificateValidity returns the validity of the certificate under a did:x509 issuer, the
// first of the chain in the JWT's header (RFC 7515 section 4.1.6), which the node has
// verified; nil when there is none. An X509Credential, which nearly every request has, is
// compared with its certificate by the node itself: to read that again would cost the node
// one percent of a token.
func certificateValidity(presented vc.VerifiableCredential) *policy.Validity {
	if !strings.HasPrefix(presented.Issuer.String(), "did:x509:") || presented.Format() != vc.JWTCredentialProofFormat {
		return nil
	}
	if slices.ContainsFunc(presented.Type, func(t ssi.URI) bool { return t.String() == credential.X509CredentialType }) {
		return nil
	}
	message, err := jws.ParseString(presented.Raw())
	if err != nil || len(message.Signatures()) != 1 {
		return nil
	}
	chain := message.Signatures()[0].ProtectedHeaders().X509CertChain()
	if chain == nil || chain.Len() == 0 {
		return nil
	}
	first, _ := chain.Get(0)
	der, err := base64.StdEncoding.DecodeString(string(first))
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return &policy.Validity{NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter}
}
