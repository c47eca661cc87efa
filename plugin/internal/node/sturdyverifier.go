// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/wellformed"
)

// sturdyVCR is a credential engine whose verifier does not panic.
type sturdyVCR struct {
	vcr.VCR
	verifier sturdyVerifier
}

func (v sturdyVCR) Verifier() verifier.Verifier { return v.verifier }

// sturdyVerifier is a verifier that does not panic. What the node is known to panic on is
// refused by its name; of what is not known the requester is told that it cannot be verified:
// a panic here comes of what was presented, and is no trouble of the node.
type sturdyVerifier struct {
	verifier.Verifier
	refused  func()               // called for a presentation that the node is not asked about
	panicked func(message string) // called for a panic
}

var _ verifier.Verifier = sturdyVerifier{}

func (v sturdyVerifier) VerifyVP(presentation vc.VerifiablePresentation, verifyVCs, allowUntrustedVCs bool, validAt *time.Time) (credentials []vc.VerifiableCredential, err error) {
	defer v.recovered(&err)
	if err := wellformed.Check(presentation); err != nil {
		v.refused()
		return nil, verifier.VerificationError{Msg: err.Error()}
	}
	return v.Verifier.VerifyVP(presentation, verifyVCs, allowUntrustedVCs, validAt)
}

func (v sturdyVerifier) Verify(presented vc.VerifiableCredential, allowUntrusted, checkSignature bool, validAt *time.Time) (err error) {
	defer v.recovered(&err)
	if err := wellformed.CheckCredential(presented); err != nil {
		v.refused()
		return verifier.VerificationError{Msg: err.Error()}
	}
	return v.Verifier.Verify(presented, allowUntrusted, checkSignature, validAt)
}

func (v sturdyVerifier) VerifySignature(presented vc.VerifiableCredential, at *time.Time) (err error) {
	defer v.recovered(&err)
	return v.Verifier.VerifySignature(presented, at)
}

// recovered ends a panic, when it is deferred.
func (v sturdyVerifier) recovered(err *error) {
	if recover() != nil {
		v.panicked("Panic while verifying what was presented")
		*err = verifier.VerificationError{Msg: "it holds something that cannot be verified"}
	}
}
