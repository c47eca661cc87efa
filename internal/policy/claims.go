// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

// Claims that only this software may put in a token.
const (
	ClaimConsent                = "mitz_consent"
	ClaimConsentGround          = "consent_ground"
	ClaimConsentCategories      = "consent_categories"
	ClaimConsentPurpose         = "consent_purpose"
	ClaimConsentCheckedAt       = "consent_checked_at"
	ClaimConsentRequestID       = "consent_request_id"
	ClaimPatientBSN             = "patient_bsn"
	ClaimDataHolderURA          = "data_holder_organization_id"
	ClaimDataHolderFacilityType = "data_holder_facility_type"
)

// introspectionClaims are the names that an introspection answer has a use for itself
// (RFC 7662 section 2.2, RFC 9449 section 6.2, and those that the node refuses). A
// guarded token holds none of them as a claim: the node would put a credential's value in
// the place of its own, and with "cnf" the key that the token is bound to.
var introspectionClaims = []string{"active", "scope", "client_id", "username", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "cnf"}

// ReservedClaims are the claims that a token may only hold when this software put
// them there: a record server releases data because of them.
func ReservedClaims() []string {
	return []string{
		ClaimConsent, ClaimConsentGround, ClaimConsentCategories, ClaimConsentPurpose, ClaimConsentCheckedAt,
		ClaimConsentRequestID, ClaimPatientBSN, ClaimDataHolderURA, ClaimDataHolderFacilityType,
	}
}

// claimName returns the name that a claim has in a profile's definition and in its tokens.
func (p *Profile) claimName(claim string) string { return p.names.Of(claim) }

func (p *Profile) claimNames(claims []string) []string { return p.names.All(claims) }
