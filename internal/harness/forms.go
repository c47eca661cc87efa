// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import "strings"

// The types of credential in use, the four that a plain world presents first.
const (
	TypeOrganization           = "X509Credential"
	TypeFacility               = "HealthcareProviderRoleTypeCredential"
	TypeEmployee               = "NutsEmployeeCredential"
	TypeEnrollment             = "PatientEnrollmentCredential"
	TypeNutsURA                = "NutsUraCredential"
	TypeHealthcareProvider     = "HealthcareProviderCredential"
	TypeHealthcareOrganization = "HealthcareOrganizationCredential"
	TypeDezi                   = "DeziUserCredential"
	TypeDelegation             = "HealthcareProfessionalDelegationCredential" // the guide's
	TypePilotDelegation        = "HealthCareProfessionalDelegationCredential" // the pilots'
)

// Identifier returns "system|value" as the object that FHIR makes of it; a bare value
// has no system.
func Identifier(identifier string) map[string]any {
	system, value, has := strings.Cut(identifier, "|")
	if !has {
		return map[string]any{"value": identifier}
	}
	return map[string]any{"system": system, "value": value}
}

// FacilityClaims are the claims of a HealthcareProviderRoleTypeCredential.
func FacilityClaims(facilityType string) map[string]any {
	return map[string]any{"roleCodeNL": facilityType}
}

// NutsURAClaims are the claims of a NutsUraCredential.
func NutsURAClaims(ura, name string) map[string]any {
	return map[string]any{"organization": map[string]any{"ura": ura, "name": name}}
}

// HealthcareProviderClaims are the claims of a HealthcareProviderCredential. The
// identifier is an object or a list of them; see [Identifier].
func HealthcareProviderClaims(identifier any, name string) map[string]any {
	return map[string]any{"identifier": identifier, "name": name}
}

// EmployeeClaims are the claims of a NutsEmployeeCredential.
func EmployeeClaims(employee Employee) map[string]any {
	return map[string]any{"identifier": employee.Identifier, "name": employee.Name, "roleName": employee.Role}
}

// EnrollmentClaims are the claims of a PatientEnrollmentCredential in the pilots' flat form.
func EnrollmentClaims(patientIdentifier, registeredBy string) map[string]any {
	return map[string]any{"patientId": patientIdentifier, "registeredBy": registeredBy}
}

// NestedEnrollmentClaims are the claims of a PatientEnrollmentCredential in the guide's
// form. Both identifiers are an object or a list of them.
func NestedEnrollmentClaims(patientIdentifier, enrolledBy any) map[string]any {
	return map[string]any{"hasEnrollment": map[string]any{
		"patient":    map[string]any{"identifier": patientIdentifier},
		"enrolledBy": map[string]any{"identifier": enrolledBy},
	}}
}

// DelegationClaims are the claims of a delegation in the pilots' flat form.
func DelegationClaims(registeredBy, roleCode string) map[string]any {
	return map[string]any{"registeredBy": registeredBy, "roleCode": roleCode}
}

// NestedDelegationClaims are the claims of a delegation in the guide's form. The
// identifier is an object or a list of them.
func NestedDelegationClaims(delegatedBy any, roleCode string) map[string]any {
	return map[string]any{
		"hasDelegation": map[string]any{"delegatedBy": map[string]any{"identifier": delegatedBy}, "roleCode": roleCode},
		"scope":         "treatment",
	}
}
