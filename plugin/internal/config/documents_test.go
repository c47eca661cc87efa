// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var (
	// anyConfiguration is a block of a document with our section, and the line before it.
	anyConfiguration = regexp.MustCompile("(?ms)^([^\n]*)\n```yaml\n((?:[^`]*\n)?mitz:\n.*?)^```$")
	// tried are the marks of blocks that some test starts a node, a decision point or this package with.
	tried = regexp.MustCompile(`^<!-- (example|point|file|part)\b`)
	part  = regexp.MustCompile(`^<!-- part\b`)
)

// TestConfigurationsInDocuments: each is tried by some test, and what is a part of one is right when it
// is added to an example.
func TestConfigurationsInDocuments(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	parts := 0
	for _, document := range append(documents, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range anyConfiguration.FindAllStringSubmatch(string(content), -1) {
			assert.Regexp(t, tried, match[1], "%s: no test tries this:\n%s", document, match[2])
			if !part.MatchString(match[1]) {
				continue
			}
			parts++
			var example, added map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(exampleOf(false)), &example))
			require.NoError(t, yaml.Unmarshal([]byte(match[2]), &added), document)
			file, err := yaml.Marshal(merged(map[string]any{"mitz": example}, added))
			require.NoError(t, err)
			section, _, err := readFile(string(file))
			require.NoError(t, err, "%s:\n%s", document, match[2])
			config, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
			require.NoError(t, err, "%s:\n%s", document, match[2])
			config.Close()
		}
	}
	assert.NotZero(t, parts)
}

// merged adds what is in one map to another.
func merged(to, added map[string]any) map[string]any {
	for key, value := range added {
		below, isMap := value.(map[string]any)
		if already, isThere := to[key].(map[string]any); isMap && isThere {
			value = merged(already, below)
		}
		to[key] = value
	}
	return to
}
