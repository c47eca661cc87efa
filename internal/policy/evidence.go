// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"encoding/json"
	"time"
)

// Basis is what a case is made of.
type Basis string

// The bases. The zero value is none: no case is made of it.
const (
	// BasisCredentials are credentials whose proofs were verified here: the token endpoint.
	BasisCredentials Basis = "credentials"
	// BasisClaims are claims that another node verified, of which nothing else is known: a
	// decision point. Who issued what cannot be checked.
	BasisClaims Basis = "claims"
	// BasisToken is a token that was issued here and is looked at again: of the request for it
	// nothing is left but the question. See [Policy.CaseAgain].
	BasisToken Basis = "token"
)

// Evidence is what is known about one request. It knows no types of the node.
type Evidence struct {
	// Basis says what of this was verified here.
	Basis Basis
	// Subject is the data holder's Nuts subject: who is to issue the token.
	Subject string
	// Claims are the values of the presentation definitions' fields by id.
	Claims map[string]any
	// Credentials are all that were presented, none twice.
	Credentials []Credential
	// Submissions counts the definitions that were answered one by one: one for each
	// kind of wallet. The jwt-bearer grant has none.
	Submissions int
	// Now is the time of the request.
	Now time.Time
}

// Credential is a presented credential whose proof the node has verified.
type Credential struct {
	ID        string // empty: it has none
	Types     []string
	Issuer    string // DID, except for Dezi
	Presenter string // DID that signed the presentation: the identity that was proven
	// Attested tells that Dezi attested it: its proof is an attestation inside the
	// credential, which the node verified against Dezi's keys.
	Attested bool
	// Subjects are the credentialSubject, as a list.
	Subjects []map[string]any
	Issued   time.Time
	Expires  time.Time // zero: never
	// Certificate is the validity of the certificate under a did:x509 issuer; nil for others,
	// and for an X509Credential, which the node compares with its certificate.
	Certificate *Validity
	// Signed tells that it has a proof of its own. Without one it rests on the presentation
	// alone, which is the word of whoever presents it.
	Signed bool
	// Raw is the credential as it was presented, with its proof: JSON, or a JWT.
	Raw string
	// Status is its credentialStatus as JSON, where it can be seen whether it was revoked; nil:
	// nowhere.
	Status json.RawMessage
}

// Validity is the time in which a certificate is valid.
type Validity struct {
	NotBefore, NotAfter time.Time
}

// subject returns the one subject of the credential.
func (c Credential) subject() (map[string]any, bool) {
	if len(c.Subjects) != 1 {
		return nil, false
	}
	return c.Subjects[0], true
}
