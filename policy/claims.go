// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

// Claims that are read from verified credentials: the ids of the presentation
// definition's fields, and the names in the introspection answer.
const (
	ClaimOrganizationURA          = "organization_ura"
	ClaimOrganizationName         = "organization_name"
	ClaimOrganizationFacilityType = "organization_facility_type"
	ClaimUserID                   = "user_id"
	ClaimUserRole                 = "user_role"
	ClaimEnrollmentIdentifier     = "patient_enrollment_identifier"
	ClaimEnrollmentRegisteredBy   = "patient_enrollment_registered_by"
	ClaimDelegationRegisteredBy   = "delegation_registered_by"
	ClaimDelegationRoleCode       = "delegation_role_code"
)

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

// readClaims are the claims that a question is made of.
var readClaims = []string{
	ClaimOrganizationURA, ClaimOrganizationFacilityType, ClaimUserID, ClaimUserRole,
	ClaimEnrollmentIdentifier, ClaimDelegationRegisteredBy, ClaimDelegationRoleCode,
}

// neededClaims are the claims without which there is no question.
var neededClaims = []string{
	ClaimOrganizationURA, ClaimOrganizationFacilityType, ClaimUserID, ClaimUserRole, ClaimEnrollmentIdentifier,
}

// ReservedClaims are the claims that a token may only hold when this software put
// them there: a record server releases data because of them.
func ReservedClaims() []string {
	return []string{
		ClaimConsent, ClaimConsentGround, ClaimConsentCategories, ClaimConsentPurpose, ClaimConsentCheckedAt,
		ClaimConsentRequestID, ClaimPatientBSN, ClaimDataHolderURA, ClaimDataHolderFacilityType,
	}
}
