// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"os"
	"path/filepath"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

// Authorities returns the CAs that these entries of a configuration name, and those in the
// presentation definitions of all scopes that the node has read from files.
func (e Engines) Authorities(entries ...string) bounded.Authorities {
	texts := append([]string{}, entries...)
	if config, ok := e.Policy.Config().(*nutspolicy.Config); ok && config.Directory != "" {
		files, _ := filepath.Glob(filepath.Join(config.Directory, "*.json")) // the pattern is not malformed
		for _, file := range files {
			if content, err := os.ReadFile(file); err == nil { // as the node has read it a moment ago
				texts = append(texts, string(content))
			}
		}
	}
	return bounded.AuthoritiesIn(texts...)
}
