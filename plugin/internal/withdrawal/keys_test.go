// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoadKeys(t *testing.T) {
	load := func(t *testing.T, content string) (*Keys, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "patients.key")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		return LoadKeys(file)
	}
	one := strings.TrimSpace(string(NewKeys().Lines()))
	for _, tc := range []struct {
		name, content string
		keys          int
		problem       string
	}{
		{"one key", one + "\n", 1, ""},
		{"one key without a line's end", one, 1, ""},
		{"one key with the line ends of Windows", one + "\r\n", 1, ""},
		{"two keys", one + "\n" + string(NewKeys().Lines()), 2, ""},
		{"an empty file", "", 0, "line 1 is no key"},
		{"a key that is too short", base64.StdEncoding.EncodeToString(make([]byte, 31)), 0, "line 1 is no key"},
		{"a key in hexadecimal", strings.Repeat("ab", 32), 0, "line 1 is no key"},
		{"something else after a key", one + "\nsecret", 0, "line 2 is no key"},
		{"a key of zeros", base64.StdEncoding.EncodeToString(make([]byte, 32)), 0, "line 1 is no random key"},
		{"too many keys", strings.Repeat(one+"\n", 5), 0, "5 keys are too many"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			keys, err := load(t, tc.content)
			if tc.problem == "" {
				require.NoError(t, err)
				assert.Len(t, keys.all, tc.keys)
				return
			}
			require.ErrorContains(t, err, tc.problem)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
	t.Run("a file that every user can read is no secret", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "patients.key")
		require.NoError(t, os.WriteFile(file, []byte(one), 0o600))
		require.NoError(t, os.Chmod(file, 0o644))
		_, err := LoadKeys(file)
		require.ErrorContains(t, err, "mode 0644")
		require.ErrorContains(t, err, "defaultMode", "as Kubernetes has it for secrets, whose files are 0644 unless told")
		require.NoError(t, os.Chmod(file, 0o640))
		_, err = LoadKeys(file)
		require.NoError(t, err, "its group may")
	})
	_, err := LoadKeys(filepath.Join(t.TempDir(), "nothing"))
	require.Error(t, err)
	t.Run("what is written is read again", func(t *testing.T) {
		keys := NewKeys().Rotated()
		again, err := load(t, string(keys.Lines()))
		require.NoError(t, err)
		assert.Equal(t, keys, again)
	})
	t.Run("the newest keys stay", func(t *testing.T) {
		keys := NewKeys()
		for range 5 {
			before := keys.all[0]
			keys = keys.Rotated()
			assert.Equal(t, before, keys.all[1])
			assert.NotEqual(t, before, keys.all[0])
		}
		assert.Len(t, keys.all, maxKeys)
	})
}
