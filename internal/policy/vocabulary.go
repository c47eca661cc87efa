// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Attribute is something about a requester that somebody must attest.
type Attribute = trust.Attribute

// Issuers are who may attest one attribute.
type Issuers = trust.Issuers

// TrustedIssuer is an entry of the configured trust.
type TrustedIssuer = trust.Entry

// The attributes.
const (
	AttributeOrganization = trust.Organization
	AttributeFacilityType = trust.FacilityType
	AttributePractitioner = trust.Practitioner
	AttributeEnrollment   = trust.Enrollment
	AttributeDelegation   = trust.Delegation
	AttributeAttestation  = trust.Attestation
	AttributeMembership   = trust.Membership
)

// The kinds of entries in the trust.
const (
	TrustHolder      = trust.KindHolder
	TrustDezi        = trust.KindDezi
	TrustPrefix      = trust.KindPrefix
	TrustCertificate = trust.KindCertificate
)

// Claims that are read from verified credentials, by the names that they have here.
const (
	ClaimOrganizationURA          = definition.ClaimOrganizationURA
	ClaimOrganizationName         = definition.ClaimOrganizationName
	ClaimOrganizationFacilityType = definition.ClaimOrganizationFacilityType
	ClaimUserID                   = definition.ClaimUserID
	ClaimUserRole                 = definition.ClaimUserRole
	ClaimEnrollmentIdentifier     = definition.ClaimEnrollmentIdentifier
	ClaimEnrollmentRegisteredBy   = definition.ClaimEnrollmentRegisteredBy
	ClaimDelegationRegisteredBy   = definition.ClaimDelegationRegisteredBy
	ClaimDelegationRoleCode       = definition.ClaimDelegationRoleCode
)

var (
	attributes      = trust.Attributes()
	readClaims      = definition.ReadClaims()
	neededClaims    = definition.NeededClaims()
	renamableClaims = definition.RenamableClaims()
)

// trustsCredential reports whether a credential comes from one of the issuers. What Dezi
// attests is trusted by that alone, and not by the issuer that the credential names,
// which the node does not compare with the attestation.
func trustsCredential(issuers Issuers, c Credential) bool {
	if c.Attested || slices.Contains(c.Types, definition.TypeDezi) {
		return issuers.TrustsDezi() && c.Attested && slices.Contains(c.Types, definition.TypeDezi)
	}
	return issuers.Trusts(c.Issuer, c.Presenter)
}

// Trusted are who may attest each attribute, in the order of [Issuers.Entries].
func (p *Policy) Trusted() map[Attribute][]TrustedIssuer {
	trusted := make(map[Attribute][]TrustedIssuer, len(p.trust))
	for attribute, issuers := range p.trust {
		trusted[attribute] = issuers.Entries()
	}
	return trusted
}
