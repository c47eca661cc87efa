// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"os"
	"path/filepath"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

// authorities returns the CAs that the operator names: in mitz.trust, and in the presentation
// definitions of all scopes.
func (e *Engine) authorities(p *policy.Policy) bounded.Authorities {
	var texts []string
	for _, issuers := range p.Trusted() {
		for _, issuer := range issuers {
			texts = append(texts, issuer.Entry)
		}
	}
	if config, ok := e.node.Policy.Config().(*nutspolicy.Config); ok && config.Directory != "" {
		files, _ := filepath.Glob(filepath.Join(config.Directory, "*.json")) // the pattern is not malformed
		for _, file := range files {
			if content, err := os.ReadFile(file); err == nil { // as the node has read it a moment ago
				texts = append(texts, string(content))
			}
		}
	}
	return bounded.AuthoritiesIn(texts...)
}
