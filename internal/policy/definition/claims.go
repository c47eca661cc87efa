// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

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

// readClaims are the claims that a question is made of.
var readClaims = []string{
	ClaimOrganizationURA, ClaimOrganizationFacilityType, ClaimUserID, ClaimUserRole,
	ClaimEnrollmentIdentifier, ClaimDelegationRegisteredBy, ClaimDelegationRoleCode,
}

// attributeClaims are the claims that each attribute's credential gives to a question.
var attributeClaims = map[trust.Attribute][]string{
	trust.Organization: {ClaimOrganizationURA},
	trust.FacilityType: {ClaimOrganizationFacilityType},
	trust.Practitioner: {ClaimUserID, ClaimUserRole},
	trust.Enrollment:   {ClaimEnrollmentIdentifier},
	trust.Delegation:   {ClaimDelegationRegisteredBy, ClaimDelegationRoleCode},
}

// neededClaims are the claims without which there is no question.
var neededClaims = []string{
	ClaimOrganizationURA, ClaimOrganizationFacilityType, ClaimUserID, ClaimUserRole, ClaimEnrollmentIdentifier,
}

// renamableClaims are the claims for which a profile may have another name.
var renamableClaims = []string{
	ClaimOrganizationURA, ClaimOrganizationName, ClaimOrganizationFacilityType, ClaimUserID, ClaimUserRole,
	ClaimEnrollmentIdentifier, ClaimEnrollmentRegisteredBy, ClaimDelegationRegisteredBy, ClaimDelegationRoleCode,
}

// Names are the names that claims have in a profile's definition and in its tokens, where
// they differ from those here.
type Names map[string]string

// Of returns the name of a claim.
func (n Names) Of(claim string) string {
	if name, renamed := n[claim]; renamed {
		return name
	}
	return claim
}

// All returns the names of claims.
func (n Names) All(claims []string) []string {
	names := make([]string, len(claims))
	for i, claim := range claims {
		names[i] = n.Of(claim)
	}
	return names
}

// ReadClaims returns the claims that a question is made of.
func ReadClaims() []string { return slices.Clone(readClaims) }

// NeededClaims returns the claims without which there is no question.
func NeededClaims() []string { return slices.Clone(neededClaims) }

// RenamableClaims returns the claims for which a profile may have another name.
func RenamableClaims() []string { return slices.Clone(renamableClaims) }

// ClaimsOf returns the claims that an attribute's credential gives to a question.
func ClaimsOf(attribute trust.Attribute) []string { return slices.Clone(attributeClaims[attribute]) }
