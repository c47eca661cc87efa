// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package recordattacks has the attacks on a record server that docs/recordserver.md lists, in
// one table for all that must withstand them: package recordguard, the node's endpoint access,
// and a proxy before it. It knows a record server by its address alone, and makes no
// tokens: who runs the attacks presents them.
package recordattacks

import (
	"net/http"
	"net/url"

	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// Presents says with which token, and which proofs, a request comes.
type Presents string

// A good token is a Bearer token for Patient, at this data holder, with consent for treatment data; a
// bound one is the same, bound to a key. All that is wrong is what the name says.
const (
	Good            Presents = "a good token"
	NoToken         Presents = "no token"
	TwoTokens       Presents = "two tokens"
	UnknownToken    Presents = "a token that does not exist"
	ExpiredToken    Presents = "an expired token"
	RevokedToken    Presents = "a token that is revoked while in use"
	UnguardedToken  Presents = "a token of another scope, without a guard"
	NoConsent       Presents = "a token of an accepted scope, without consent"
	OtherHolder     Presents = "a token of another data holder"
	Bound           Presents = "a bound token with its proof"
	BoundAsBearer   Presents = "a bound token as a Bearer token"
	BoundWithBearer Presents = "a bound token as a Bearer token, beside its proof"
	NoProof         Presents = "a bound token without a proof"
	TwoProofs       Presents = "a bound token with two proofs"
	OtherMethod     Presents = "a proof for another method"
	OtherPath       Presents = "a proof for another path"
	OtherHost       Presents = "a proof for another host"
	OtherPort       Presents = "a proof for another port"
	Replayed        Presents = "a proof that was used"
	OtherKey        Presents = "a proof by another key"
	OtherToken      Presents = "a proof for another token"
	OldProof        Presents = "a proof of ten minutes ago"
	EarlyProof      Presents = "a proof of ten minutes ahead"
	UnboundAsDPoP   Presents = "a token that is bound to no key, with a proof"
)

// Patient is somebody of whom there are records.
type Patient struct {
	BSN string
	ID  string // of the resource Patient
}

// Attack is a request to a record server, and what it must come to.
type Attack struct {
	// Name is how docs/recordserver.md calls it.
	Name     string
	Presents Presents
	Method   string
	// Path is below the server's base, escaped, with the query.
	Path        string
	ContentType string
	Body        string
	Header      http.Header // besides
	// Want is why it is refused; "": it is no attack, and answered.
	Want recordguard.Refusal
}

const (
	formType  = "application/x-www-form-urlencoded"
	systemBSN = "http://fhir.nl/fhir/NamingSystem/bsn|"
)

// Honest are requests about a patient that must be answered with a good token, and with a
// bound one.
func Honest(of Patient) []Attack {
	requests := []Attack{
		search("a search by number in a body", "Condition", "patient.identifier", systemBSN+of.BSN),
		search("a search for the patient by number", "Patient", "identifier", systemBSN+of.BSN),
		get("a read of the patient", "/Patient/"+of.ID),
		get("a search by id", "/Condition?patient="+of.ID),
		get("a search by a subject, with a filter", "/Observation?subject=Patient/"+of.ID+"&status=final"),
	}
	var honest []Attack
	for _, presents := range []Presents{Good, Bound} {
		for _, each := range requests {
			each.Presents = presents
			honest = append(honest, each)
		}
	}
	return honest
}

// Attacks are all attacks, by somebody who may see the data of one patient.
func Attacks(of, other Patient) []Attack {
	return append(withToken(of), withRequest(of, other)...)
}

// withToken are honest requests with a token or a proof that is not.
func withToken(of Patient) []Attack {
	var attacks []Attack
	for _, each := range []struct {
		presents Presents
		want     recordguard.Refusal
	}{
		{NoToken, recordguard.TokenMissing},
		{TwoTokens, recordguard.TokenMissing},
		{UnknownToken, recordguard.TokenNotActive},
		{ExpiredToken, recordguard.TokenNotActive},
		{RevokedToken, recordguard.TokenNotActive},
		{UnguardedToken, recordguard.ScopeNotAccepted},
		{NoConsent, recordguard.NoConsent},
		{OtherHolder, recordguard.OtherDataHolder},
		{BoundAsBearer, recordguard.ProofMissing},
		{BoundWithBearer, recordguard.ProofMissing},
		{NoProof, recordguard.ProofMissing},
		{TwoProofs, recordguard.ProofInvalid},
		{OtherMethod, recordguard.ProofInvalid},
		{OtherPath, recordguard.ProofInvalid},
		{OtherHost, recordguard.ProofInvalid},
		{OtherPort, recordguard.ProofInvalid},
		{Replayed, recordguard.ProofInvalid},
		{OtherKey, recordguard.ProofInvalid},
		{OtherToken, recordguard.ProofInvalid},
		{OldProof, recordguard.ProofInvalid},
		{EarlyProof, recordguard.ProofInvalid},
		{UnboundAsDPoP, recordguard.ProofUnexpected},
	} {
		attack := search(string(each.presents), "Condition", "patient.identifier", systemBSN+of.BSN)
		attack.Presents, attack.Want = each.presents, each.want
		attacks = append(attacks, attack)
	}
	return attacks
}

// get is a request with GET and a good token.
func get(name, path string) Attack {
	return Attack{Name: name, Presents: Good, Method: http.MethodGet, Path: path}
}

// search is a search with a form in the body, of names and values in turn, and a good token.
func search(name, resourceType string, parameters ...string) Attack {
	body := ""
	for i, each := range parameters {
		body += url.QueryEscape(each)
		if i%2 == 0 {
			body += "="
		} else if i < len(parameters)-1 {
			body += "&"
		}
	}
	return Attack{Name: name, Presents: Good, Method: http.MethodPost, Path: "/" + resourceType + "/_search", ContentType: formType, Body: body}
}
