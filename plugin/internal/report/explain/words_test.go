// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFullPageTellsEveryCrossCheck(t *testing.T) {
	page, err := os.ReadFile("testdata/full.txt")
	require.NoError(t, err)
	for each, words := range checkWords {
		assert.Contains(t, strings.Join(strings.Fields(string(page)), " "), words, "%s", each)
	}
}
