// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// builtinTemplate is the built-in Mitz-consent presentation definition without
// its issuers. Each descriptor is named after the attribute that it establishes.
//
//go:embed consent_definition.json
var builtinTemplate []byte

// dezisPattern lets every issuer pass: Dezi's name in a credential proves nothing, its
// attestation inside does, and the node and [trust.Issuers] look at that.
const dezisPattern = "^.+$"

// Builtin completes the template for a profile: the descriptors for whose
// issuers somebody is trusted, each with a constraint on the issuer. Where the operator
// configured facility types, no credential is needed for one. An attribute that nobody
// may attest is an error. The definition is the same for every scope with the same
// names of claims, so one presentation can serve several scopes.
func (r Rules) Builtin() (pe.WalletOwnerMapping, error) {
	definition, err := pe.ParsePresentationDefinition(builtinTemplate)
	if err != nil {
		return nil, fmt.Errorf("built-in presentation definition: %w", err)
	}
	definition.InputDescriptors = filter(definition.InputDescriptors, r.complete)
	provided := func(group string) bool {
		return slices.ContainsFunc(definition.InputDescriptors, func(d *pe.InputDescriptor) bool { return slices.Contains(d.Group, group) })
	}
	var problems []error
	for _, requirement := range definition.SubmissionRequirements {
		attribute := trust.Attribute(requirement.From)
		if attribute == trust.FacilityType && r.TypesConfigured {
			none, one := 0, 1
			requirement.Count, requirement.Min, requirement.Max = nil, &none, &one
		} else if attribute != trust.Delegation && !provided(requirement.From) {
			problems = append(problems, fmt.Errorf("trust.%s: nobody is trusted who can attest it, but the built-in presentation definition needs it", attribute))
		}
	}
	definition.SubmissionRequirements = filter(definition.SubmissionRequirements, func(r *pe.SubmissionRequirement) bool { return provided(r.From) })
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: *definition}, nil
}

// complete constrains a descriptor's issuer, and gives its fields the profile's names.
// It reports false when nobody is trusted who could issue such a credential.
func (r Rules) complete(descriptor *pe.InputDescriptor) bool {
	issuers := r.Trust[trust.Attribute(descriptor.Group[0])]
	credentialType := typesIn(descriptor)
	pattern := issuers.Pattern()
	switch {
	case slices.Contains(credentialType, TypeDezi):
		if !issuers.TrustsDezi() {
			return false
		}
		pattern = dezisPattern
	case slices.Contains(credentialType, TypeX509), slices.Contains(credentialType, TypeHealthcareProvider), slices.Contains(credentialType, TypeHealthcareOrganization):
		if !issuers.NamesX509() {
			return false
		}
	case !issuers.NamesDID():
		return false
	}
	fields := descriptor.Constraints.Fields
	for i, field := range fields {
		if field.Id != nil {
			name := r.Names.Of(*field.Id)
			fields[i].Id = &name
		}
	}
	descriptor.Constraints.Fields = append(fields, pe.Field{
		Path:   []string{issuerPath},
		Filter: &pe.Filter{Type: "string", Pattern: &pattern},
	})
	return true
}

// The JSON paths of a credential's issuer and types.
const (
	issuerPath = "$.issuer"
	typePath   = "$.type"
)

// Types returns the types of credential that the descriptor accepts, or none when it does
// not say.
func (d Descriptor) Types() []string { return typesIn(d.InputDescriptor) }

func typesIn(descriptor *pe.InputDescriptor) []string {
	if descriptor.Constraints == nil {
		return nil
	}
	for _, field := range descriptor.Constraints.Fields {
		if len(field.Path) != 1 || field.Path[0] != typePath || field.Filter == nil || (field.Optional != nil && *field.Optional) {
			continue
		}
		if field.Filter.Enum != nil {
			return field.Filter.Enum
		}
		if field.Filter.Const != nil {
			return []string{*field.Filter.Const}
		}
	}
	return nil
}

// Declared returns the claims that a definition can give: its fields' ids.
func Declared(mapping pe.WalletOwnerMapping) []string {
	var claims []string
	for field := range fields(mapping) {
		if field.Id != nil {
			claims = append(claims, *field.Id)
		}
	}
	slices.Sort(claims)
	return slices.Compact(claims)
}

// Certain returns the claims that a definition gives to everyone who fulfils it:
// not optional, and in no definition that lets the presenter choose. With definitions for
// several wallets none is certain: the service grants evaluate one of them.
func Certain(mapping pe.WalletOwnerMapping) []string {
	var claims []string
	if len(mapping) > 1 {
		return nil
	}
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
