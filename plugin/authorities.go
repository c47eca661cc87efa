// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

// authorities returns the CAs that the operator names: in mitz.trust, and in the presentation
// definitions of all scopes.
func (e *Engine) authorities(p *policy.Policy) bounded.Authorities {
	var entries []string
	for _, issuers := range p.Trusted() {
		for _, issuer := range issuers {
			entries = append(entries, issuer.Entry)
		}
	}
	return e.node.Authorities(entries...)
}
