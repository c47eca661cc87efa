// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOnlyTheseMayTakeTheNumberOut keeps the list of who calls BSN.Expose: the encoders
// of the messages to Mitz, the claim for the local record server, the audit log, what is encrypted
// until it is sent to Mitz again, and the simulator, for who asks it what is on record, and what it attests.
func TestOnlyTheseMayTakeTheNumberOut(t *testing.T) {
	allowed := []string{
		"mitzclient/internal/xacml/attributes.go", "mitzclient/internal/location/encode.go", "mitzclient/internal/subscription/encode.go", "mitzclient/internal/registration/encode.go", "internal/policy/permission.go", "internal/nen7513/event.go", "plugin/internal/withdrawal/sealed.go", "mitzclient/mitztest/numbers.go", "mitzclient/mitztest/issuer/attest.go",
	}
	var callers []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), ".Expose()") {
			name, _ := filepath.Rel("..", path)
			callers = append(callers, filepath.ToSlash(name))
		}
		return err
	}))
	assert.ElementsMatch(t, allowed, callers)
}
