// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOnlyTheseMayTakeTheNumberOut keeps the list of who calls BSN.Expose: the encoder
// of the message to Mitz, the claim for the local record server, and the audit log.
func TestOnlyTheseMayTakeTheNumberOut(t *testing.T) {
	allowed := []string{"mitzclient/xacml/attributes.go", "policy/decision.go", "nen7513/event.go"}
	var callers []string
	for _, pattern := range []string{"*.go", "*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		require.NoError(t, err)
		for _, file := range files {
			name := filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator)))
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(content), ".Expose()") {
				callers = append(callers, name)
			}
		}
	}
	assert.ElementsMatch(t, allowed, callers)
}
