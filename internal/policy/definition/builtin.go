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

// builtinTemplate is the built-in presentation definition without types and issuers. It has
// one descriptor for each attribute, named after it, in which the forms of the credential
// ([Forms]) are alternatives: the node matches every credential with every descriptor, and
// that is most of what a definition costs.
//
// The number of an organisation is optional in it, because the guide's form may hold it as an
// object, and the node's filters take texts alone. The guard reads it from the credential.
//
//go:embed consent_definition.json
var builtinTemplate []byte

// proofDezi is the type of the proof in a credential that Dezi attests.
const proofDezi = "DeziIDJWT07"

// Builtin completes the template for a profile: the attributes that somebody is trusted to
// attest, each with the types of credential that those can issue and a constraint on the
// issuer; and what the profile's grounds rest on, which may be left out where there are several
// grounds. Where the operator configured facility types, no credential is needed for one. An
// attribute that nobody may attest is an error. The definition is the same for every scope
// with the same names of claims and the same grounds, so one presentation can serve several
// scopes.
func (r Rules) Builtin() (pe.WalletOwnerMapping, error) {
	definition, err := pe.ParsePresentationDefinition(builtinTemplate)
	if err != nil {
		return nil, fmt.Errorf("built-in presentation definition: %w", err)
	}
	var descriptors []*pe.InputDescriptor
	var problems []error
	choice := false
	for _, descriptor := range definition.InputDescriptors {
		if credentialType, ofGround := groundTypes[descriptor.Id]; ofGround {
			if slices.Contains(r.Grounds.Types, credentialType) {
				r.completeGround(descriptor, credentialType)
				descriptors = append(descriptors, descriptor)
				choice = choice || r.Grounds.Several
			}
			continue
		}
		attribute := trust.Attribute(descriptor.Id)
		accepted := r.Accepted(attribute)
		if len(accepted) > 0 {
			r.complete(descriptor, attribute, accepted)
			descriptors = append(descriptors, descriptor)
			choice = choice || r.optional(descriptor.Id)
		} else if !r.optional(descriptor.Id) {
			problems = append(problems, fmt.Errorf("trust.%s: nobody is trusted who can attest it, but the built-in presentation definition needs it", attribute))
		}
	}
	definition.InputDescriptors = descriptors
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if choice {
		r.require(definition)
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: *definition}, nil
}

// optional reports whether a requester need not show what a descriptor asks for.
func (r Rules) optional(id string) bool {
	if _, ofGround := groundTypes[id]; ofGround {
		return r.Grounds.Several
	}
	attribute := trust.Attribute(id)
	return attribute == trust.Delegation || attribute == trust.FacilityType && r.TypesConfigured
}

// groundTypes are the types of credential that the descriptors ask for which are about a ground,
// by their ids. Each has a field with the credential's id, by which a requester that has several
// in its wallet can select one.
var groundTypes = map[string]string{
	string(trust.Attestation): TypeAttestation,
	"registration":            TypeRegistration,
	string(trust.Membership):  TypeMembership,
}

// completeGround adds the type and the issuers to a descriptor of the template that is about a
// ground. A registration is issued by whoever presents it, which a definition cannot say.
func (r Rules) completeGround(descriptor *pe.InputDescriptor, credentialType string) {
	fields := []pe.Field{{Path: []string{typePath}, Filter: &pe.Filter{Type: "string", Enum: []string{credentialType}}}}
	if issuer := r.issuerField(trust.Attribute(descriptor.Id), nil); issuer != nil {
		fields = append(fields, *issuer)
	}
	descriptor.Constraints.Fields = append(fields, descriptor.Constraints.Fields...)
}

// require says how many credentials each attribute needs. Without submission requirements a
// definition needs all of them, which costs the node less: only with them it compares the
// credentials that it found with each other.
func (r Rules) require(definition *pe.PresentationDefinition) {
	for _, descriptor := range definition.InputDescriptors {
		descriptor.Group = []string{descriptor.Id}
		none, one := 0, 1
		requirement := &pe.SubmissionRequirement{Name: descriptor.Id, Rule: "pick", From: descriptor.Id}
		if r.optional(descriptor.Id) {
			requirement.Min, requirement.Max = &none, &one
		} else {
			requirement.Count = &one
		}
		definition.SubmissionRequirements = append(definition.SubmissionRequirements, requirement)
	}
}

// Accepted returns the forms in which an attribute may be shown: those that somebody who is
// trusted could issue.
func (r Rules) Accepted(attribute trust.Attribute) []Form {
	issuers := r.Trust[attribute]
	return filter(forms, func(form Form) bool {
		switch {
		case form.Attribute != attribute:
			return false
		case slices.Contains(form.Types, TypeDezi):
			return issuers.TrustsDezi()
		case form.Certified:
			return issuers.NamesX509()
		default:
			return issuers.NamesDID()
		}
	})
}

// complete adds the types and the issuers to a descriptor of the template, and leaves in its
// fields what the accepted forms have, by the profile's names.
func (r Rules) complete(descriptor *pe.InputDescriptor, attribute trust.Attribute, accepted []Form) {
	var types []string
	for _, form := range accepted {
		types = append(types, form.Types...)
	}
	fields := []pe.Field{{Path: []string{typePath}, Filter: &pe.Filter{Type: "string", Enum: types}}}
	if issuer := r.issuerField(attribute, accepted); issuer != nil {
		fields = append(fields, *issuer)
	}
	for _, field := range descriptor.Constraints.Fields {
		field.Path = filter(field.Path, func(path string) bool {
			return slices.ContainsFunc(accepted, func(form Form) bool { return form.has(*field.Id, path) })
		})
		if len(field.Path) > 0 {
			name := r.Names.Of(*field.Id)
			field.Id = &name
			fields = append(fields, field)
		}
	}
	descriptor.Constraints.Fields = fields
}

// issuerField returns the constraint on the issuer, nil where there can be none: a definition
// cannot say "the presenter", and the issuer that is named in what Dezi attests proves
// nothing. The guard compares the issuer with the trust in any case.
func (r Rules) issuerField(attribute trust.Attribute, accepted []Form) *pe.Field {
	issuers := r.Trust[attribute]
	if issuers.TrustsHolder() || !issuers.NamesDID() {
		return nil
	}
	field := &pe.Field{Path: []string{issuerPath}, Filter: &pe.Filter{Type: "string", Enum: issuers.Exact()}}
	var others []string
	if slices.ContainsFunc(accepted, func(form Form) bool { return slices.Contains(form.Types, TypeDezi) }) {
		others = []string{proofDezi}
		field.Path = append(field.Path, proofPath)
	}
	if field.Filter.Enum != nil {
		field.Filter.Enum = append(field.Filter.Enum, others...)
	} else {
		pattern := issuers.Pattern(others...)
		field.Filter.Pattern = &pattern
	}
	return field
}

// The JSON paths of a credential's issuer and types, and of the type of its one proof.
const (
	issuerPath = "$.issuer"
	typePath   = "$.type"
	proofPath  = "$.proof.type"
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
// other wallets than the organisation's none is certain: the service grants evaluate one
// definition, and the jwt-bearer grant the organisation's or none.
func Certain(mapping pe.WalletOwnerMapping) []string {
	var claims []string
	definition, forOrganizations := mapping[pe.WalletOwnerOrganization]
	if !forOrganizations || len(mapping) > 1 || len(definition.SubmissionRequirements) > 0 {
		return nil
	}
	for field := range fields(mapping) {
		if field.Id != nil && (field.Optional == nil || !*field.Optional) {
			claims = append(claims, *field.Id)
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
