// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import "net/http"

// Refusal is why a request gets nothing: a stable code in snake_case, fit for a log or as
// the label of a metric. It holds nothing that came with the request.
type Refusal string

// About the token and its proof: answered with 401 (RFC 6750, section 3; RFC 9449, section
// 7.1).
const (
	TokenMissing    Refusal = "token_missing"    // no Bearer or DPoP token, or more than one
	TokenNotActive  Refusal = "token_not_active" // the node does not know it, or it was ended
	TokenExpired    Refusal = "token_expired"    // it is past its exp, or has none
	ProofMissing    Refusal = "proof_missing"    // the token is bound to a key, and came without a proof
	ProofInvalid    Refusal = "proof_invalid"    // the proof is not for this token and this request, or was used
	ProofUnexpected Refusal = "proof_unexpected" // a DPoP token that is bound to no key
	BindingUnknown  Refusal = "binding_unknown"  // the token is bound in a way that is not known here
)

// About what the token is for: answered with 403.
const (
	ClaimsMalformed  Refusal = "claims_malformed"     // the introspection answer cannot be read in one way
	ScopeNotAccepted Refusal = "scope_not_accepted"   // the token has none of the scopes that this server accepts
	SeveralScopes    Refusal = "several_scopes"       // it has more than one of them
	NoConsent        Refusal = "no_consent"           // it rests on no consent
	OtherDataHolder  Refusal = "other_data_holder"    // the consent is for the records of another organisation
	OtherPatient     Refusal = "other_patient"        // the request is about another patient than the token
	NotCovered       Refusal = "resource_not_covered" // no permitted category, or not the scope, covers what is asked for
)

// About what the request asks for: answered with 403, because nobody can tell that it is
// allowed.
const (
	NoPatient          Refusal = "no_patient"          // it does not say about whom it is
	SeveralPatients    Refusal = "several_patients"    // it is about more than one
	PatientUnknown     Refusal = "patient_unknown"     // nobody can tell about whom the named resource is
	NoResource         Refusal = "no_resource"         // it does not say what it asks for
	ResourceUnknown    Refusal = "resource_unknown"    // a resource type of which nothing is known here
	MethodRefused      Refusal = "method_refused"      // it does not read, or not in a known way
	PathRefused        Refusal = "path_refused"        // an address that can be read in several ways, or in none
	OperationRefused   Refusal = "operation_refused"   // an operation, such as $everything
	CompartmentRefused Refusal = "compartment_refused" // a compartment also holds what is about others
	HistoryRefused     Refusal = "history_refused"     // earlier versions may be about somebody else
	BundleRefused      Refusal = "bundle_refused"      // a batch or transaction
	ParameterRefused   Refusal = "parameter_refused"   // a search parameter that is not known, or not in this form
	ParameterRepeated  Refusal = "parameter_repeated"  // a search parameter that is there twice
	IncludeRefused     Refusal = "include_refused"     // what it brings along may be about others
	IdentifierInURL    Refusal = "identifier_in_url"   // a patient's number must not be in an address
	BodyRefused        Refusal = "body_refused"        // a body that is too large, or not of the expected kind
	RequestRefused     Refusal = "request_refused"     // by the server's own reader
	HeaderRefused      Refusal = "header_refused"      // a header that would change what the request means
)

// NodeUnavailable is that the node gave no answer, or one that cannot be read. Answered with 503.
const NodeUnavailable Refusal = "node_unavailable"

// Error returns the code.
func (r Refusal) Error() string { return string(r) }

// Status is the HTTP status that a requester gets: 401 when another token or proof could
// help, 503 when asking again could, and 403 else.
func (r Refusal) Status() int {
	switch r {
	case TokenMissing, TokenNotActive, TokenExpired, ProofMissing, ProofInvalid, ProofUnexpected, BindingUnknown:
		return http.StatusUnauthorized
	case NodeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}
