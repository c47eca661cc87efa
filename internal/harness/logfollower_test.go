// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogIsFollowedLineByLine(t *testing.T) {
	workspace := newWorkspace(t)
	path := filepath.Join(t.TempDir(), "node.log")
	log, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	write := func(text string) {
		t.Helper()
		_, err := log.WriteString(text)
		require.NoError(t, err)
	}
	write("an old event\n")
	follower, err := workspace.FollowLog(&Node{process: &process{logPath: path}})
	require.NoError(t, err)
	over, fail := context.WithCancelCause(t.Context())
	fail(errors.New("something else failed"))

	require.EqualError(t, follower.WaitFor(over, "event"), "not in the log: event: something else failed")
	write("an event, hal")
	require.Error(t, follower.WaitFor(over, "event"), "half a line is none")
	write("f of it\nanother event\n")
	require.NoError(t, follower.WaitFor(over, "half of it"))
	require.NoError(t, follower.WaitFor(over, "event"), "the next one")
	require.Error(t, follower.WaitFor(over, "event"), "each line counts once")
}
