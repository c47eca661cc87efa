// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"net/http"
	"regexp"
	"strings"
)

// The ways in which a token can be presented (RFC 6750, section 2.1; RFC 9449, section 7.1).
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// algorithms are those with which the node takes a proof to be signed.
const algorithms = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256"

// presented is a token as it came with a request.
type presented struct {
	scheme, token string
	proof         string // "" when there is none
	proofs        int
}

const maxToken = 4 << 10

// tokenShape is b64token (RFC 6750, section 2.1).
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// readPresented reads a token, and the proof that came with it. The header Authorization must be
// there once: of two it would be anybody's choice which one counts.
func readPresented(header http.Header) (presented, error) {
	authorization := header.Values("Authorization")
	if len(authorization) != 1 {
		return presented{}, TokenMissing
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	for _, known := range []string{schemeBearer, schemeDPoP} {
		if !strings.EqualFold(scheme, known) || len(token) > maxToken || !tokenShape.MatchString(token) {
			continue
		}
		shown := presented{scheme: known, token: token, proofs: len(header.Values("DPoP"))}
		if shown.proofs == 1 {
			shown.proof = header.Get("DPoP")
		}
		return shown, nil
	}
	return presented{}, TokenMissing
}

// judgeBinding wants a token that is bound to a key, and no other, to come as a DPoP token with
// one proof (RFC 9449, sections 7.1 and 7.2).
func judgeBinding(shown presented, claims Claims) error {
	switch {
	case claims.Bound && claims.Thumbprint == "":
		return BindingUnknown
	case claims.Bound && (shown.scheme != schemeDPoP || shown.proofs == 0):
		return ProofMissing
	case claims.Bound && shown.proofs > 1:
		return ProofInvalid
	case !claims.Bound && shown.scheme == schemeDPoP:
		return ProofUnexpected
	default:
		return nil
	}
}

// challenge adds what another request needs (RFC 6750, section 3; RFC 9449, section 7.1).
func challenge(header http.Header, refusal Refusal, scheme string) {
	proof := schemeDPoP + ` algs="` + algorithms + `"`
	switch refusal {
	case TokenMissing:
		header.Add("WWW-Authenticate", schemeBearer)
		header.Add("WWW-Authenticate", proof)
	case TokenNotActive, TokenExpired:
		if scheme == schemeDPoP {
			header.Set("WWW-Authenticate", proof+`, error="invalid_token"`)
			return
		}
		header.Set("WWW-Authenticate", schemeBearer+` error="invalid_token"`)
	case ProofUnexpected:
		header.Set("WWW-Authenticate", schemeBearer+` error="invalid_token"`)
	case ProofMissing, BindingUnknown:
		header.Set("WWW-Authenticate", proof+`, error="invalid_token"`)
	case ProofInvalid:
		header.Set("WWW-Authenticate", proof+`, error="invalid_dpop_proof"`)
	case ScopeNotAccepted, SeveralScopes, NoConsent, OtherDataHolder, OtherPatient, NotCovered, PatientUnknown:
		// PatientUnknown too: else one could tell who is a patient here and who is not.
		header.Set("WWW-Authenticate", scheme+` error="insufficient_scope"`)
	default: // another token would not help
	}
}
