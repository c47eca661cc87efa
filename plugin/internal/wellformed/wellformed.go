// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package wellformed tells of a presentation what the node takes for granted about it, and
// panics without: parts that it uses before it looks whether they are there.
//
// It must never repeat anything of a presentation in what it says: it is told to requesters.
package wellformed

import (
	"errors"
	"slices"

	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
)

// The problems, as a requester is told them.
var (
	errIssuer   = errors.New("the issuer of a credential is no DID that can be read (in a did:x509 all but letters, digits, '.', '_' and '-' must be percent-encoded)")
	errID       = errors.New("a credential has no id")
	errEnd      = errors.New("a DeziUserCredential has no expirationDate")
	errOlder    = errors.New("a DeziUserCredential has an attestation of another kind than " + credential.DeziIDJWT07ProofType)
	errSubjects = errors.New("a credential has no credentialSubject")
)

// Check returns the first problem of a presentation; nil when there is none.
func Check(presentation vc.VerifiablePresentation) error {
	for _, presented := range presentation.VerifiableCredential {
		if err := CheckCredential(presented); err != nil {
			return err
		}
	}
	return nil
}

// CheckCredential returns the first problem of a credential; nil when there is none.
func CheckCredential(presented vc.VerifiableCredential) error {
	switch {
	case presented.ID == nil:
		return errID
	case len(presented.CredentialSubject) == 0 || slices.ContainsFunc(presented.CredentialSubject, func(s map[string]any) bool { return s == nil }):
		return errSubjects
	case presented.IsType(credential.DeziUserCredentialTypeURI):
		return checkDezi(presented)
	}
	if _, err := did.ParseDID(presented.Issuer.String()); err != nil {
		return errIssuer
	}
	return nil
}

// checkDezi checks what Dezi attests, whose issuer need not be a DID.
func checkDezi(presented vc.VerifiableCredential) error {
	if presented.ExpirationDate == nil {
		return errEnd
	}
	proofs, err := presented.Proofs()
	if err != nil || slices.ContainsFunc(proofs, func(p vc.Proof) bool { return string(p.Type) != credential.DeziIDJWT07ProofType }) {
		return errOlder
	}
	return nil
}

// CanBeParsed reports whether the node can parse the presentations in a parameter without a
// panic, whether or not they are right.
func CanBeParsed(sent string) (can bool) {
	defer func() { can = recover() == nil }()
	_, _ = vc.ParseVerifiablePresentation(sent)
	_, _ = pe.ParseEnvelope([]byte(sent))
	return true
}
