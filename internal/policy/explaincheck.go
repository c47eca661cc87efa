// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import "github.com/nuts-mitz/nuts-mitz/internal/policy/trust"

// Check is a comparison that neither the node nor a presentation definition can make.
type Check string

// The checks, in the order in which they are told.
const (
	CheckOneCredential      Check = "one_credential"      // an attribute is shown with one credential, not two
	CheckOneValue           Check = "one_value"           // a credential gives one value for a claim
	CheckFacilityType       Check = "facility_type"       // a presented type is the configured one
	CheckOrganization       Check = "organization"        // an organisation that a credential names is the requester
	CheckDeziOrganization   Check = "dezi_organization"   // Dezi names the requester
	CheckPassOrganization   Check = "pass_organization"   // a pass behind a credential is the requester's
	CheckPassValidity       Check = "pass_validity"       // a credential is valid only while its certificate is
	CheckServerCertificate  Check = "server_certificate"  // an organisation's credential comes from a server certificate
	CheckEnrollmentPass     Check = "enrollment_pass"     // an enrolment comes from the pass of the professional it names
	CheckDelegationPass     Check = "delegation_pass"     // a mandate comes from the pass of the professional who gives it
	CheckEnrollmentOutdated Check = "enrollment_outdated" // an enrolment is not older than allowed
)

// checks are those of [Profile.crossCheck] and [Profile.gather] that can apply. With a
// definition of the operator's every kind of credential may be presented.
func (p *Policy) checks(profile *Profile) []Check {
	certificates := func(attributes ...trust.Attribute) bool {
		for _, attribute := range attributes {
			if !profile.builtin || profile.trust[attribute].NamesX509() {
				return true
			}
		}
		return false
	}
	passes := certificates(trust.Organization, trust.Practitioner, trust.Enrollment, trust.Delegation)
	var checks []Check
	for _, each := range []struct {
		check   Check
		applies bool
	}{
		{CheckOneCredential, profile.builtin || len(profile.sources) > 0},
		{CheckOneValue, true},
		{CheckFacilityType, p.typesListed},
		{CheckOrganization, true},
		{CheckDeziOrganization, !profile.builtin || profile.trust[trust.Practitioner].TrustsDezi()},
		{CheckPassOrganization, passes},
		{CheckPassValidity, passes},
		{CheckServerCertificate, certificates(trust.Organization)},
		{CheckEnrollmentPass, certificates(trust.Enrollment)},
		{CheckDelegationPass, certificates(trust.Delegation)},
		{CheckEnrollmentOutdated, profile.enrollmentMaxAge > 0},
	} {
		if each.applies {
			checks = append(checks, each.check)
		}
	}
	return checks
}
