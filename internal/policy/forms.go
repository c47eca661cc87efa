// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"
)

// form is one type of credential in which an attribute comes.
type form struct {
	attribute Attribute
	// types are the spellings in use of the one type.
	types []string
	// claims says where in the credential's subject each claim is. A claim may be in
	// any of several places, of which a credential has one.
	claims map[string][]string
	// organization says where the credential names the organisation that it is about.
	organization []string
	// facilityType says where the credential names the kind of that organisation.
	facilityType []string
}

// forms are the credentials that the built-in definition accepts: those that pilots use
// and those of the national guide (Generic Functions, draft authorization model).
var forms = []form{
	{
		attribute: AttributeOrganization,
		types:     []string{typeX509},
		claims:    map[string][]string{ClaimOrganizationURA: {"san.otherName"}},
	},
	{
		attribute: AttributeOrganization,
		types:     []string{typeNutsURA},
		claims:    map[string][]string{ClaimOrganizationURA: {"organization.ura"}},
	},
	{
		attribute: AttributeOrganization,
		types:     []string{typeHealthcareProvider},
		claims:    map[string][]string{ClaimOrganizationURA: {"identifier"}},
	},
	{
		attribute: AttributeOrganization,
		types:     []string{typeHealthcareOrganization},
		claims:    map[string][]string{ClaimOrganizationURA: {"organization.ura"}},
	},
	{
		attribute:    AttributeFacilityType,
		types:        []string{"HealthcareProviderRoleTypeCredential"},
		claims:       map[string][]string{ClaimOrganizationFacilityType: {"roleCodeNL"}},
		organization: append([]string{"identifier"}, organizationIn("")...),
	},
	{
		attribute: AttributePractitioner,
		types:     []string{"NutsEmployeeCredential"},
		claims:    map[string][]string{ClaimUserID: {"identifier"}, ClaimUserRole: {"roleName"}},
	},
	{
		attribute:    AttributePractitioner,
		types:        []string{typeDezi},
		claims:       map[string][]string{ClaimUserID: {"employee.identifier"}, ClaimUserRole: {"employee.role"}},
		organization: []string{"identifier"},
	},
	{
		attribute: AttributeEnrollment,
		types:     []string{"PatientEnrollmentCredential"},
		claims: map[string][]string{
			ClaimEnrollmentIdentifier:   {"patientId", "hasEnrollment.patient.identifier"},
			ClaimEnrollmentRegisteredBy: {"registeredBy", "hasEnrollment.enrolledBy.identifier", "hasEnrollment.enrolledBy"},
		},
		organization: append([]string{"registeredBy", "hasEnrollment.enrolledBy.identifier", "hasEnrollment.enrolledBy"},
			organizationIn("", "hasEnrollment.")...),
	},
	{
		attribute: AttributeDelegation,
		types:     []string{"HealthcareProfessionalDelegationCredential", "HealthCareProfessionalDelegationCredential"},
		claims: map[string][]string{
			ClaimDelegationRegisteredBy: {"registeredBy", "hasDelegation.delegatedBy.identifier"},
			ClaimDelegationRoleCode:     {"roleCode", "hasDelegation.roleCode"},
		},
		organization: organizationIn("", "hasDelegation."),
		facilityType: []string{"facilityType"}, // the pilots' form
	},
}

const (
	typeX509                   = "X509Credential"
	typeNutsURA                = "NutsUraCredential"
	typeHealthcareProvider     = "HealthcareProviderCredential"
	typeHealthcareOrganization = "HealthcareOrganizationCredential" // of the Nuts foundation's toolkit for did:x509
	typeDezi                   = "DeziUserCredential"
)

// organizationIn gives the places where a credential can name an organisation, below
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

// formOf finds the form of a credential, by its type.
func formOf(credential Credential) (form, bool) {
	for _, form := range forms {
		if isOneOf(credential.Types, form.types) {
			return form, true
		}
	}
	return form{}, false
}

func isOneOf(types, accepted []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(accepted, t) })
}

// valuesAt gives the texts at any of the paths in a credential's subject. An identifier
// may be a text, an object with a system and a value, or a list of these.
func valuesAt(subject map[string]any, paths []string) []string {
	var texts []string
	seen := map[string]bool{}
	for _, path := range paths {
		for _, at := range membersAt(subject, strings.Split(path, ".")) {
			for _, text := range textsOf(at) {
				if !seen[text] {
					seen[text] = true
					texts = append(texts, text)
				}
			}
		}
	}
	return texts
}

// membersAt follows names through objects, and through lists of them.
func membersAt(value any, names []string) []any {
	if len(names) == 0 {
		return []any{value}
	}
	switch value := value.(type) {
	case map[string]any:
		return membersAt(value[names[0]], names[1:])
	case []any:
		var found []any
		for _, each := range value {
			found = append(found, membersAt(each, names)...)
		}
		return found
	}
	return nil
}

// textsOf gives the texts in an identifier, "system|value" where it has a system.
// Anything else, such as a number, is unreadable.
func textsOf(value any) []string {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return []string{value}
	case []any:
		var texts []string
		for _, each := range value {
			if _, nested := each.([]any); nested {
				return []string{unreadable}
			}
			texts = append(texts, textsOf(each)...)
		}
		return texts
	case map[string]any:
		return identifierTexts(value)
	default:
		return []string{unreadable}
	}
}

func identifierTexts(identifier map[string]any) []string {
	raw, exists := identifier["value"]
	if !exists {
		return nil // an object of another kind, whose members have paths of their own
	}
	value, isText := raw.(string)
	system, hasSystem := identifier["system"]
	switch {
	case !isText:
		return []string{unreadable}
	case !hasSystem:
		return []string{value}
	}
	if system, isText := system.(string); isText {
		return []string{system + "|" + value}
	}
	return []string{unreadable}
}

// unreadable stands for a value that is no text; no reader accepts it.
const unreadable = "\x00"
