// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package withdrawal

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAReplacedKeyIsStillTheNodes: the administrator replaces it, and the node's own user reads
// it. Where the test may not give files away, it is the user's own group that is kept.
func TestAReplacedKeyIsStillTheNodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "patients.key")
	require.NoError(t, createKeys(file))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(file, 1234, 1235))
	}
	owner := func() (uid, gid uint32) {
		info, err := os.Stat(file)
		require.NoError(t, err)
		status, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		return status.Uid, status.Gid
	}
	uid, gid := owner()
	require.NoError(t, replaceKeys(file, (*Keys).Added))
	newUID, newGID := owner()
	assert.Equal(t, uid, newUID)
	assert.Equal(t, gid, newGID)
}
