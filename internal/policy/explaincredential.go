// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// accepted are the credentials with which an attribute can be shown: the descriptors of
// the profile's definition that give one of the attribute's claims.
func (p *Profile) accepted(attribute Attribute) []AcceptedCredential {
	var accepted []AcceptedCredential
	for _, each := range definition.Descriptors(p.Definition) {
		claims := p.claimSources(attribute, each)
		if len(claims) == 0 {
			continue
		}
		credential := AcceptedCredential{
			Descriptor: each.Id, Wallet: string(each.Owner), Types: each.Types(), Claims: claims, ByTrust: p.builtin,
		}
		if !p.builtin {
			credential.IssuerFilters = each.IssuerFilters()
			credential.ByTrust = slices.ContainsFunc(credential.Types, func(t string) bool { return p.sources[t] == attribute })
			if !credential.ByTrust {
				credential.Unproven = p.rules(false).WhyUnproven(each)
			}
		}
		accepted = append(accepted, credential)
	}
	return accepted
}

// claimSources are the fields of a descriptor that give a claim of the attribute; with
// the built-in definition also the others, since each descriptor has one attribute.
func (p *Profile) claimSources(attribute Attribute, descriptor definition.Descriptor) []ClaimSource {
	if descriptor.Constraints == nil || p.builtin && !slices.Contains(descriptor.Group, string(attribute)) {
		return nil
	}
	var sources []ClaimSource
	for _, field := range descriptor.Constraints.Fields {
		if field.Id == nil || !p.builtin && !slices.Contains(p.claimNames(definition.ClaimsOf(attribute)), *field.Id) {
			continue
		}
		sources = append(sources, ClaimSource{
			Claim: *field.Id, Paths: p.pathsOf(*field.Id, field, descriptor),
			Optional: field.Optional != nil && *field.Optional,
		})
	}
	return sources
}

// pathsOf are the places that a claim is read from. With the built-in definition these
// are in the credential itself, and the definition's only choose the credential.
func (p *Profile) pathsOf(name string, field pe.Field, descriptor definition.Descriptor) []string {
	if p.builtin {
		form, _ := formOf(Credential{Types: descriptor.Types()})
		for claim, paths := range form.Claims {
			if p.claimName(claim) == name {
				return slices.Clone(paths)
			}
		}
	}
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
