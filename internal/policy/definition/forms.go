// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Form is one type of credential in which an attribute comes.
type Form struct {
	Attribute trust.Attribute
	// Certified says that certificates alone issue it, as did:x509.
	Certified bool
	// Types are the spellings in use of the one type.
	Types []string
	// Claims says where in the credential's subject each claim is. A claim may be in
	// any of several places, of which a credential has one.
	Claims map[string][]string
	// Organization says where the credential names the organisation that it is about.
	Organization []string
	// FacilityType says where the credential names the kind of that organisation.
	FacilityType []string
}

// has reports whether the form has a claim at a JSON path of the built-in definition.
func (f Form) has(claim, path string) bool {
	return slices.ContainsFunc(f.Claims[claim], func(place string) bool {
		return path == "$.credentialSubject."+place || path == "$.credentialSubject[0]."+place
	})
}

// forms are the credentials that the built-in definition accepts: those that pilots use
// and those of the national guide (Generic Functions, draft authorization model).
var forms = []Form{
	{
		Attribute: trust.Organization,
		Certified: true,
		Types:     []string{TypeX509},
		Claims:    map[string][]string{ClaimOrganizationURA: {"san.otherName"}, ClaimOrganizationName: {"subject.O"}},
	},
	{
		Attribute: trust.Organization,
		Types:     []string{TypeNutsURA},
		Claims:    map[string][]string{ClaimOrganizationURA: {"organization.ura"}, ClaimOrganizationName: {"organization.name"}},
	},
	{
		Attribute: trust.Organization,
		Certified: true,
		Types:     []string{TypeHealthcareProvider},
		Claims:    map[string][]string{ClaimOrganizationURA: {"identifier"}},
	},
	{
		Attribute: trust.Organization,
		Certified: true,
		Types:     []string{TypeHealthcareOrganization},
		Claims:    map[string][]string{ClaimOrganizationURA: {"organization.ura"}, ClaimOrganizationName: {"organization.name"}},
	},
	{
		Attribute:    trust.FacilityType,
		Types:        []string{"HealthcareProviderRoleTypeCredential"},
		Claims:       map[string][]string{ClaimOrganizationFacilityType: {"roleCodeNL"}},
		Organization: append([]string{"identifier"}, organizationIn("")...),
	},
	{
		Attribute: trust.Practitioner,
		Types:     []string{"NutsEmployeeCredential"},
		Claims:    map[string][]string{ClaimUserID: {"identifier"}, ClaimUserRole: {"roleName"}},
	},
	{
		Attribute:    trust.Practitioner,
		Types:        []string{TypeDezi},
		Claims:       map[string][]string{ClaimUserID: {"employee.identifier"}, ClaimUserRole: {"employee.role"}},
		Organization: []string{"identifier"},
	},
	{
		Attribute: trust.Enrollment,
		Types:     []string{"PatientEnrollmentCredential"},
		Claims: map[string][]string{
			ClaimEnrollmentIdentifier:   {"patientId", "hasEnrollment.patient.identifier"},
			ClaimEnrollmentRegisteredBy: {"registeredBy", "hasEnrollment.enrolledBy.identifier", "hasEnrollment.enrolledBy"},
		},
		Organization: append([]string{"registeredBy", "hasEnrollment.enrolledBy.identifier", "hasEnrollment.enrolledBy"},
			organizationIn("", "hasEnrollment.")...),
	},
	{
		Attribute: trust.Delegation,
		Types:     []string{"HealthcareProfessionalDelegationCredential", "HealthCareProfessionalDelegationCredential"},
		Claims: map[string][]string{
			ClaimDelegationRegisteredBy: {"registeredBy", "hasDelegation.delegatedBy.identifier"},
			ClaimDelegationRoleCode:     {"roleCode", "hasDelegation.roleCode"},
		},
		Organization: organizationIn("", "hasDelegation."),
		FacilityType: []string{"facilityType"}, // the pilots' form
	},
}

// The types of credential for which there are rules of their own.
const (
	TypeX509                   = "X509Credential"
	TypeNutsURA                = "NutsUraCredential"
	TypeHealthcareProvider     = "HealthcareProviderCredential"
	TypeHealthcareOrganization = "HealthcareOrganizationCredential" // of the Nuts foundation's toolkit for did:x509
	TypeDezi                   = "DeziUserCredential"
)

// The types of credential on which a ground rests. They give no claim of a question.
const (
	TypeAttestation  = "MitzConsentRegistrationAttestation" // Mitz attests what it decided
	TypeMembership   = "MitzMembershipCredential"           // Mitz attests that an organisation is in the scheme
	TypeRegistration = "MitzConsentRegistration"            // the requester recorded a patient's choice
)

// GroundTypes returns the types of credential on which a ground rests.
func GroundTypes() []string { return []string{TypeAttestation, TypeMembership, TypeRegistration} }

// organizationIn returns the places where a credential can name an organisation, below
// each of the prefixes: as an identifier, or as an object that has one.
func organizationIn(prefixes ...string) []string {
	var places []string
	for _, prefix := range prefixes {
		for _, place := range []string{"organization", "organization.identifier", "organization.ura"} {
			places = append(places, prefix+place)
		}
	}
	return places
}

// Forms returns the forms that the built-in definition accepts.
func Forms() []Form { return slices.Clone(forms) }

// FormOf returns the form of a credential of these types, if it is known.
func FormOf(types []string) (Form, bool) {
	for _, form := range forms {
		if slices.ContainsFunc(types, func(t string) bool { return slices.Contains(form.Types, t) }) {
			return form, true
		}
	}
	return Form{}, false
}
