// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
)

// builtinTemplate is the built-in Mitz-consent presentation definition without
// its issuers. Each descriptor is named after the attribute that it establishes.
//
//go:embed consent_definition.json
var builtinTemplate []byte

// builtinTypes are the types of credential that the built-in definition accepts
// for each attribute.
var builtinTypes = map[Attribute][]string{
	AttributeOrganization: {"X509Credential"},
	AttributeFacilityType: {"HealthcareProviderRoleTypeCredential"},
	AttributePractitioner: {"NutsEmployeeCredential"},
	AttributeEnrollment:   {"PatientEnrollmentCredential"},
}

// attributeClaims are the claims that each attribute's credential gives.
var attributeClaims = map[Attribute][]string{
	AttributeOrganization: {ClaimOrganizationURA},
	AttributeFacilityType: {ClaimOrganizationFacilityType},
	AttributePractitioner: {ClaimUserID, ClaimUserRole},
	AttributeEnrollment:   {ClaimEnrollmentIdentifier},
}

// builtinDefinition completes the template: every descriptor gets a constraint on
// the issuer. An attribute that nobody may attest is an error. The definition is the
// same for every scope, so one presentation can serve several scopes.
func builtinDefinition(trust map[Attribute]Issuers) (pe.WalletOwnerMapping, error) {
	definition, err := pe.ParsePresentationDefinition(builtinTemplate)
	if err != nil {
		return nil, fmt.Errorf("built-in presentation definition: %w", err)
	}
	var problems []error
	for _, descriptor := range definition.InputDescriptors {
		issuers := trust[Attribute(descriptor.Id)]
		if issuers.IsEmpty() {
			problems = append(problems, fmt.Errorf("trust.%s: nobody is trusted, but the built-in presentation definition needs it", descriptor.Id))
			continue
		}
		pattern := issuers.Pattern()
		descriptor.Constraints.Fields = append(descriptor.Constraints.Fields, pe.Field{
			Path:   []string{"$.issuer"},
			Filter: &pe.Filter{Type: "string", Pattern: &pattern},
		})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: *definition}, nil
}

// declaredClaims are the claims that a definition can give: its fields' ids.
func declaredClaims(mapping pe.WalletOwnerMapping) []string {
	var claims []string
	for field := range fields(mapping) {
		if field.Id != nil {
			claims = append(claims, *field.Id)
		}
	}
	slices.Sort(claims)
	return slices.Compact(claims)
}

// certainClaims are the claims that a definition gives to everyone who fulfils it:
// not optional, and in no definition that lets the presenter choose.
func certainClaims(mapping pe.WalletOwnerMapping) []string {
	var claims []string
	for _, definition := range mapping {
		if len(definition.SubmissionRequirements) > 0 {
			continue
		}
		single := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: definition}
		for field := range fields(single) {
			if field.Id != nil && (field.Optional == nil || !*field.Optional) {
				claims = append(claims, *field.Id)
			}
		}
	}
	return claims
}

// fields iterates over all fields of all descriptors of all wallets.
func fields(mapping pe.WalletOwnerMapping) func(yield func(pe.Field) bool) {
	return func(yield func(pe.Field) bool) {
		for _, definition := range mapping {
			for _, descriptor := range definition.InputDescriptors {
				if descriptor.Constraints == nil {
					continue
				}
				for _, field := range descriptor.Constraints.Fields {
					if !yield(field) {
						return
					}
				}
			}
		}
	}
}
