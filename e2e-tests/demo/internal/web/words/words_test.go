// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package words

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLanguagesHaveTheSameKeys(t *testing.T) {
	first, err := Read(languages[0])
	require.NoError(t, err)
	second, err := Read(languages[1])
	require.NoError(t, err)
	for key, text := range first {
		assert.Contains(t, second, key)
		assert.NotEmpty(t, text, key)
		assert.Equal(t, strings.Count(text, "%"), strings.Count(second[key], "%"), key)
	}
	assert.Len(t, second, len(first))
}
