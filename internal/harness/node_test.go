// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNodeThatCannotStart(t *testing.T) {
	workspace := newWorkspace(t)
	failed, err := workspace.StartExpectFailure(t.Context(), NodeConfig{
		Name: "misconfigured", Binary: stockBinary(t), Settings: map[string]any{"didmethods": []string{"nonsense"}},
	})
	require.NoError(t, err)
	assert.Contains(t, failed.Output, "nonsense")
}

func TestNodeThatStartsWhereFailureWasExpected(t *testing.T) {
	workspace := newWorkspace(t)
	_, err := workspace.StartExpectFailure(t.Context(), NodeConfig{Name: "fine", Binary: stockBinary(t)})
	assert.ErrorContains(t, err, "had to refuse")
}

func TestStartFailsAtOnceWhenTheProcessEnds(t *testing.T) {
	workspace := newWorkspace(t)
	workspace.startTime = time.Hour
	_, err := workspace.StartNode(t.Context(), NodeConfig{
		Name: "misconfigured", Binary: stockBinary(t), Settings: map[string]any{"didmethods": []string{"nonsense"}},
	})
	require.ErrorContains(t, err, "nonsense") // the log's tail
	assert.NotErrorIs(t, err, errNotBound, "it waited for as long as it could")
}

func TestStartAgainOnOtherPorts(t *testing.T) {
	workspace := newWorkspace(t)
	var blockers []net.Listener
	workspace.beforeLaunch = func(ports *PortBlock) {
		if len(blockers) > 0 {
			workspace.startTime = startTime
			return
		}
		workspace.startTime = 3 * time.Second // which it waits in vain
		blocker, err := listenOn(ports.Port(internalPort))
		require.NoError(t, err)
		blockers = append(blockers, blocker)
	}
	node, err := workspace.StartNode(t.Context(), NodeConfig{Name: "second-try", Binary: stockBinary(t)})
	require.NoError(t, err)
	require.Len(t, blockers, 1)
	assert.NotContains(t, node.InternalURL(), blockers[0].Addr().String())
	require.NoError(t, blockers[0].Close())
}

func TestPortBlocksDoNotOverlap(t *testing.T) {
	taken := map[int]bool{}
	for range 50 {
		block, err := ReservePorts()
		require.NoError(t, err)
		defer block.Release()
		require.False(t, taken[block.base])
		taken[block.base] = true
	}
}

func TestStopIsRepeatable(t *testing.T) {
	workspace := newWorkspace(t)
	node, err := workspace.StartNode(t.Context(), NodeConfig{Name: "stopped", Binary: stockBinary(t)})
	require.NoError(t, err)
	assert.Equal(t, -1, node.ExitCode())
	require.NoError(t, node.Stop())
	require.NoError(t, node.Stop())
	assert.Equal(t, 0, node.ExitCode())
}

func newWorkspace(t *testing.T) *Workspace {
	t.Helper()
	workspace, err := NewWorkspace(logRoot)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	return workspace
}
