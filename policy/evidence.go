// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
)

// Evidence is what the node verified about one token request.
type Evidence struct {
	// Subject is the data holder's Nuts subject: who is to issue the token.
	Subject string
	// Claims are the values of the presentation definitions' fields by id.
	Claims map[string]any
	// Credentials are all that were presented, none twice.
	Credentials []Credential
}

// Credential is a presented credential whose proof the node has verified.
type Credential struct {
	Types     []string
	Issuer    string // DID
	Presenter string // DID that signed the presentation: the identity that was proven
}

// checkTrust finds attributes that somebody attested who is not trusted for it,
// and attributes that were attested twice: which of the two counts would be the
// presenter's choice.
//
// The presentation definition constrains the issuers too, but cannot say "the
// presenter itself", and is checked by the node; this is the plugin's own check. The
// definitions that operators write are theirs to constrain.
func (p *Profile) checkTrust(credentials []Credential) Refusals {
	if !p.builtin {
		return nil
	}
	var refusals Refusals
	for _, attribute := range attributes {
		count := 0
		for _, credential := range credentials {
			if !isOneOf(credential.Types, builtinTypes[attribute]) {
				continue
			}
			count++
			if !p.trust[attribute].Trusts(credential.Issuer, credential.Presenter) {
				refusals = append(refusals, refuse(ReasonClaimUntrusted, attributeClaims[attribute]...))
			}
		}
		if count > 1 {
			refusals = append(refusals, refuse(ReasonClaimContradiction, attributeClaims[attribute]...))
		}
		if count == 0 && builtinTypes[attribute] != nil {
			refusals = append(refusals, refuse(ReasonClaimMissing, attributeClaims[attribute]...))
		}
	}
	return refusals
}

func isOneOf(types, accepted []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(accepted, t) })
}
