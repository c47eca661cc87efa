// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
)

// codeConstant finds the stable codes that are outcomes in logs and metrics.
var codeConstant = regexp.MustCompile(`\b(?:Code|Reason|State)\s+= "([a-z_]+)"`)

func TestEveryOutcomeOfANotificationIsDocumented(t *testing.T) {
	documented, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	for _, outcome := range notify.Outcomes() {
		assert.Contains(t, string(documented), "`"+string(outcome)+"`")
	}
}

func TestEveryOutcomeIsDocumented(t *testing.T) {
	documented, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	for file, least := range map[string]int{"internal/record/reasons.go": 7, "../internal/policy/refusal.go": 15, "../mitzclient/errors.go": 15} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		codes := codeConstant.FindAllSubmatch(source, -1)
		assert.GreaterOrEqual(t, len(codes), least, "the constants in %s have another form", file)
		for _, code := range codes {
			if strings.HasPrefix(file, "../mitzclient") && !slices.Contains(mitzclient.Codes(), mitzclient.Code(code[1])) {
				continue // about subscriptions, which the plugin does not make yet
			}
			assert.Contains(t, string(documented), "`"+string(code[1])+"`")
		}
	}
}
