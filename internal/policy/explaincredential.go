// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
)

// accepted are the credentials with which an attribute can be shown: the descriptors of
// the profile's definition that give one of the attribute's claims.
func (p *Profile) accepted(attribute Attribute) []AcceptedCredential {
	var accepted []AcceptedCredential
	for _, each := range p.descriptors() {
		claims := p.claimSources(attribute, each.InputDescriptor)
		if len(claims) == 0 {
			continue
		}
		credential := AcceptedCredential{
			Descriptor: each.Id, Wallet: string(each.owner), Types: typesIn(each.InputDescriptor), Claims: claims, ByTrust: p.builtin,
		}
		if !p.builtin {
			credential.IssuerFilters = issuerFilters(each.InputDescriptor)
			credential.ByTrust = slices.ContainsFunc(credential.Types, func(t string) bool { return p.sources[t] == attribute })
			if why := p.whyUnproven(each); why != nil && !credential.ByTrust {
				credential.Unproven = why.reason
			}
		}
		accepted = append(accepted, credential)
	}
	return accepted
}

// claimSources are the fields of a descriptor that give a claim of the attribute; with
// the built-in definition also the others, since each descriptor has one attribute.
func (p *Profile) claimSources(attribute Attribute, descriptor *pe.InputDescriptor) []ClaimSource {
	if descriptor.Constraints == nil || p.builtin && !slices.Contains(descriptor.Group, string(attribute)) {
		return nil
	}
	var sources []ClaimSource
	for _, field := range descriptor.Constraints.Fields {
		if field.Id == nil || !p.builtin && !slices.Contains(p.claimNames(attributeClaims[attribute]), *field.Id) {
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
func (p *Profile) pathsOf(name string, field pe.Field, descriptor *pe.InputDescriptor) []string {
	if p.builtin {
		form, _ := formOf(Credential{Types: typesIn(descriptor)})
		for claim, paths := range form.claims {
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

// issuerFilters are what a descriptor demands of the issuer.
func issuerFilters(descriptor *pe.InputDescriptor) []string {
	var filters []string
	for _, field := range descriptor.Constraints.Fields {
		if !slices.ContainsFunc(field.Path, isIssuerPath) || field.Filter == nil {
			continue
		}
		if field.Filter.Enum != nil {
			filters = append(filters, strings.Join(field.Filter.Enum, " or "))
			continue // beside it the node looks at nothing else
		}
		for _, text := range []*string{field.Filter.Const, field.Filter.Pattern} {
			if text != nil {
				filters = append(filters, *text)
			}
		}
	}
	return filters
}

// TrustKind is what an entry of the configured trust names.
type TrustKind string

// The kinds of entries.
const (
	TrustHolder      TrustKind = "holder"      // the presenter itself
	TrustDezi        TrustKind = "dezi"        // Dezi, by its own attestation
	TrustDID         TrustKind = "did"         // one DID
	TrustPrefix      TrustKind = "prefix"      // every DID that begins so
	TrustCertificate TrustKind = "certificate" // certificates under one CA
)

// TrustedIssuer is an entry of the configured trust.
type TrustedIssuer struct {
	Kind TrustKind
	// Entry is as configured: a DID, a prefix that ends in "*", or a word.
	Entry string
	// The CA of a certificate, by the hash of its own certificate (base64url), and what
	// else the certificate must hold, as did:x509 writes it; empty: nothing else.
	HashAlgorithm, Fingerprint, Policies string
}

// Entries are who is trusted: the words first, then DIDs, then prefixes.
func (i Issuers) Entries() []TrustedIssuer {
	var entries []TrustedIssuer
	if i.holder {
		entries = append(entries, TrustedIssuer{Kind: TrustHolder, Entry: trustHolder})
	}
	if i.dezi {
		entries = append(entries, TrustedIssuer{Kind: TrustDezi, Entry: trustDezi})
	}
	for _, did := range i.exact {
		entries = append(entries, entryOf(TrustDID, did))
	}
	for _, prefix := range i.prefixes {
		entries = append(entries, entryOf(TrustPrefix, prefix+"*"))
	}
	return entries
}

// entryOf takes a did:x509 apart (did:x509:0:<hash>:<fingerprint>::<policies>).
func entryOf(kind TrustKind, text string) TrustedIssuer {
	entry := TrustedIssuer{Kind: kind, Entry: text}
	if !isX509(text) {
		return entry
	}
	entry.Kind = TrustCertificate
	authority, policies, _ := strings.Cut(text, "::")
	parts := strings.Split(authority, ":")
	entry.HashAlgorithm, entry.Fingerprint = parts[len(parts)-2], parts[len(parts)-1]
	entry.Policies = wholePolicies(strings.TrimSuffix(policies, "*"))
	return entry
}

// wholePolicies are the policies of a did:x509, or of a prefix, that have a value.
func wholePolicies(text string) string {
	var policies []string
	for _, policy := range strings.Split(text, "::") {
		parts := strings.Split(strings.TrimSuffix(policy, ":"), ":")
		if whole := len(parts) - (len(parts)+1)%2; whole > 1 {
			policies = append(policies, strings.Join(parts[:whole], ":"))
		}
	}
	return strings.Join(policies, "::")
}
