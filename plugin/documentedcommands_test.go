// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	// documentedCommand is one of ours in a document, up to what ends it there.
	documentedCommand = regexp.MustCompile("nuts-mitz mitz ([^`|>\n]*)")
	documentedFlag    = regexp.MustCompile(`--([a-z][a-z-]*)`)
)

// TestCommandsInDocuments: every command of ours that a document shows is there, with each flag that it
// is shown with.
func TestCommandsInDocuments(t *testing.T) {
	system := cmd.CreateSystem(func() {})
	root := cmd.CreateCommand(system)
	AddCommands(root, system)
	documents, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	require.NoError(t, err)
	found := 0
	for _, document := range append(documents, filepath.Join("..", "README.md")) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range documentedCommand.FindAllStringSubmatch(string(content), -1) {
			words := strings.Fields(match[1])
			if len(words) == 0 || words[0] == "..." {
				continue
			}
			found++
			name := []string{"mitz"}
			for _, word := range words {
				if !regexp.MustCompile(`^[a-z]+$`).MatchString(word) {
					break
				}
				name = append(name, word)
			}
			command, _, err := root.Find(name)
			require.NoError(t, err, "%s: %s", document, match[0])
			assert.NotEqual(t, "mitz", command.Name(), "%s: there is no command %s", document, match[0])
			for _, flag := range documentedFlag.FindAllStringSubmatch(match[1], -1) {
				assert.NotNil(t, command.Flags().Lookup(flag[1]), "%s: %s has no flag --%s", document, command.CommandPath(), flag[1])
			}
		}
	}
	assert.Greater(t, found, 20)
}
