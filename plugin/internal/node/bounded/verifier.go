// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"errors"
	"time"

	"github.com/lestrrat-go/jwx/v2/cert"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/crypto"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/signature/proof"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/piprate/json-gold/ld"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

const (
	// maxCredentials is how many credentials a presentation may hold: for each of them an
	// issuer is resolved, which may be anywhere.
	maxCredentials = 16
	// maxStatuses is how many statuses the credentials of one presentation may have, all
	// together: each is on a list that the node gets from whoever the credential names.
	maxStatuses = 16
)

// boundedVCR is the node's credential engine, except that it verifies nothing that takes
// time without end. To verify a JSON-LD proof the node canonicalises the graph that is
// signed, before it looks at the signature: anyone can keep it busy, and nothing can stop
// it once it has begun.
type boundedVCR struct {
	vcr.VCR
	verifier boundedVerifier
}

func (v boundedVCR) Verifier() verifier.Verifier { return v.verifier }

// boundedVerifier is a verifier that is left to verify only what is bounded.
type boundedVerifier struct {
	verifier.Verifier
	documents boundedDocuments
	visit     func() *door.Visit
}

var _ verifier.Verifier = boundedVerifier{}

// VerifyVP verifies a presentation of which the JSON-LD documents, all together, are bounded.
func (v boundedVerifier) VerifyVP(presentation vc.VerifiablePresentation, verifyVCs, allowUntrustedVCs bool, validAt *time.Time) ([]vc.VerifiableCredential, error) {
	if presentation.Format() == vc.JSONLDPresentationProofFormat {
		if err := v.documents.check(presentation, &jsonSize{}); err != nil {
			return nil, err
		}
	}
	if len(presentation.VerifiableCredential) > maxCredentials {
		return nil, verifier.VerificationError{Msg: "there are too many credentials"}
	}
	var size jsonSize
	statuses := 0
	for _, presented := range presentation.VerifiableCredential {
		if statuses += len(presented.CredentialStatus); statuses > maxStatuses {
			return nil, verifier.VerificationError{Msg: "the credentials have too many statuses"}
		}
		if err := v.checkPresented(presented, &size); err != nil {
			return nil, err
		}
	}
	credentials, err := v.Verifier.VerifyVP(presentation, verifyVCs, allowUntrustedVCs, validAt)
	if err != nil {
		return nil, err
	}
	// The node tolerates a status that it cannot tell. Nobody may bring that about.
	if err := v.visit().Exceeded(); err != nil {
		return nil, verifier.ToVerificationError(err)
	}
	return credentials, nil
}

// Verify verifies a credential that is bounded.
func (v boundedVerifier) Verify(presented vc.VerifiableCredential, allowUntrusted, checkSignature bool, validAt *time.Time) error {
	if err := v.checkPresented(presented, &jsonSize{}); err != nil {
		return err
	}
	return v.Verifier.Verify(presented, allowUntrusted, checkSignature, validAt)
}

// VerifySignature verifies the signature of a credential that is bounded.
func (v boundedVerifier) VerifySignature(presented vc.VerifiableCredential, at *time.Time) error {
	if err := v.documents.checkCredential(presented, &jsonSize{}); err != nil {
		return err
	}
	return v.Verifier.VerifySignature(presented, at)
}

// GetRevocation looks a credential up, and is sure only of what it could get.
func (v boundedVerifier) GetRevocation(presented vc.VerifiableCredential) (*credential.Revocation, error) {
	revoked, err := v.Verifier.GetRevocation(presented)
	if err == nil && revoked == nil {
		err = v.visit().Exceeded() // the node then answers from a list that it got another time
	}
	return revoked, err
}

// checkPresented checks a credential in a presentation. What Dezi attests has a proof of
// another kind, and is not canonicalised. The certificates of an X509Credential are
// verified by a resolver of its validator's own, so they are looked at here too.
func (v boundedVerifier) checkPresented(presented vc.VerifiableCredential, size *jsonSize) error {
	if presented.Format() == vc.JWTCredentialProofFormat {
		headers, err := crypto.ExtractProtectedHeaders(presented.Raw())
		if chain, ok := headers["x5c"].(*cert.Chain); err == nil && ok {
			work, err := checkChain(chain)
			if err == nil {
				err = v.visit().Spend(work)
			}
			if err != nil {
				return verifier.ToVerificationError(err)
			}
		}
	}
	if presented.IsType(credential.DeziUserCredentialTypeURI) {
		return nil
	}
	return v.documents.checkCredential(presented, size)
}

// boundedDocuments looks at JSON-LD documents: whether the node can canonicalise them in
// bounded time.
type boundedDocuments struct{ jsonld jsonld.JSONLD }

// checkCredential checks a credential that has a JSON-LD proof.
func (d boundedDocuments) checkCredential(presented vc.VerifiableCredential, size *jsonSize) error {
	if presented.Format() != vc.JSONLDCredentialProofFormat || len(presented.Proof) == 0 {
		return nil
	}
	return d.check(presented, size)
}

// check returns an error for a signed document that the node cannot canonicalise in bounded
// time. It makes the same graph of it as the node will, so that no context can hide what
// is in it; the size, to which the document is added, keeps that from taking long.
func (d boundedDocuments) check(signed any, size *jsonSize) error {
	whole, err := proof.NewSignedDocument(signed)
	if err != nil {
		return refusedDocument("it is no JSON object")
	}
	document := map[string]any(whole.DocumentWithoutProof())
	if !size.add(document) {
		return refusedDocument("it is too large")
	}
	graph, err := d.graphOf(document)
	if err != nil {
		cause := ld.UnknownError
		var jsonldError *ld.JsonLdError
		if errors.As(err, &jsonldError) {
			cause = jsonldError.Code // and not its details, which the requester wrote
		}
		return refusedDocument(string(cause))
	}
	if dataset, ok := graph.(*ld.RDFDataset); !ok || !newBlankNodes(dataset).areBounded() {
		return refusedDocument("too many of its nodes look alike")
	}
	return nil
}

// graphOf returns the graph of a document.
func (d boundedDocuments) graphOf(document map[string]any) (any, error) {
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = d.jsonld.DocumentLoader()
	if contexts, ok := options.DocumentLoader.(boundedContexts); ok {
		loader := newSparseContexts(contexts, document)
		sparse := options.Copy()
		sparse.DocumentLoader = loader
		graph, err := ld.NewJsonLdProcessor().ToRDF(document, sparse)
		if err != nil || loader.isExact() {
			return graph, err
		}
	}
	return ld.NewJsonLdProcessor().ToRDF(document, options)
}

// refusedDocument is a verification error of the node, of which the requester is told.
func refusedDocument(cause string) error {
	logrus.StandardLogger().WithField(core.LogFieldModule, "mitz").WithField("cause", cause).Warn("A JSON-LD document was refused before its proof was verified")
	return verifier.VerificationError{Msg: "a JSON-LD document cannot be verified: " + cause}
}
