// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// trustsCredential reports whether a credential comes from one of the issuers. What Dezi
// attests is trusted by that alone, and not by the issuer that the credential names,
// which the node does not compare with the attestation.
func trustsCredential(issuers trust.Issuers, c Credential) bool {
	if c.Attested || slices.Contains(c.Types, definition.TypeDezi) {
		return issuers.TrustsDezi() && c.Attested && slices.Contains(c.Types, definition.TypeDezi)
	}
	return issuers.Trusts(c.Issuer, c.Presenter)
}

// Trusted are who may attest each attribute, in the order of [trust.Issuers.Entries].
func (p *Policy) Trusted() map[trust.Attribute][]trust.Entry {
	trusted := make(map[trust.Attribute][]trust.Entry, len(p.trust))
	for attribute, issuers := range p.trust {
		trusted[attribute] = issuers.Entries()
	}
	return trusted
}
