// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// accepted are the credentials with which an attribute can be shown.
func (p *Profile) accepted(attribute trust.Attribute) []AcceptedCredential {
	if p.builtin {
		return p.acceptedForms(attribute)
	}
	var accepted []AcceptedCredential
	for _, each := range definition.Descriptors(p.Definition) {
		claims := p.claimSources(attribute, each)
		if len(claims) == 0 {
			continue
		}
		credential := AcceptedCredential{
			Descriptor: each.Id, Wallet: string(each.Owner), Types: each.Types(), Claims: claims, IssuerFilters: each.IssuerFilters(),
		}
		credential.ByTrust = slices.ContainsFunc(credential.Types, func(t string) bool { return p.sources[t] == attribute })
		if !credential.ByTrust {
			credential.Unproven = p.rules(false).WhyUnproven(each)
		}
		accepted = append(accepted, credential)
	}
	return accepted
}

// acceptedForms are those of the built-in definition. The guard reads the claims from the
// credential itself: the paths in the definition only choose it.
func (p *Profile) acceptedForms(attribute trust.Attribute) []AcceptedCredential {
	var accepted []AcceptedCredential
	for _, form := range p.rules(false).Accepted(attribute) {
		credential := AcceptedCredential{
			Descriptor: string(attribute), Wallet: string(pe.WalletOwnerOrganization), Types: slices.Clone(form.Types), ByTrust: true,
		}
		for _, claim := range definition.RenamableClaims() {
			if paths, exists := form.Claims[claim]; exists {
				credential.Claims = append(credential.Claims, ClaimSource{
					Claim: p.claimName(claim), Paths: slices.Clone(paths), Optional: !slices.Contains(definition.ClaimsOf(attribute), claim),
				})
			}
		}
		accepted = append(accepted, credential)
	}
	return accepted
}

// claimSources are the fields of an operator's descriptor that give a claim of the attribute.
func (p *Profile) claimSources(attribute trust.Attribute, descriptor definition.Descriptor) []ClaimSource {
	if descriptor.Constraints == nil {
		return nil
	}
	var sources []ClaimSource
	for _, field := range descriptor.Constraints.Fields {
		if field.Id == nil || !slices.Contains(p.claimNames(definition.ClaimsOf(attribute)), *field.Id) {
			continue
		}
		sources = append(sources, ClaimSource{
			Claim: *field.Id, Paths: subjectPaths(field), Optional: field.Optional != nil && *field.Optional,
		})
	}
	return sources
}

// subjectPaths are the places below the subject that a field is read from.
func subjectPaths(field pe.Field) []string {
	var paths []string
	for _, path := range field.Path {
		for _, subject := range []string{"$.credentialSubject[0].", "$.credentialSubject."} {
			path = strings.TrimPrefix(path, subject)
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}
