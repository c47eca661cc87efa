// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
)

func TestHealthOfTheCertificate(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name     string
		left     time.Duration
		rejected bool
		status   string
		details  any
	}{
		{"long before its end", 31 * day, false, "UP", nil},
		{"thirty days before its end", 30 * day, false, "UP", nil},
		{"a second later", 30*day - time.Second, false, "UNKNOWN", "the client certificate for Mitz expires in 29 days"},
		{"a second before its end", time.Second, false, "UNKNOWN", "the client certificate for Mitz expires in 0 days"},
		{"at its end", 0, false, "DOWN", "the client certificate for Mitz has expired"},
		{"after its end", -time.Second, false, "DOWN", "the client certificate for Mitz has expired"},
		{"after its end, which comes before bad files", -time.Second, true, "DOWN", "the client certificate for Mitz has expired"},
		{"with bad files", 31 * day, true, "UNKNOWN", "the changed TLS files for Mitz are not good: those before stay in use, and the next start would fail"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			health := certificateHealth(tc.left, tc.rejected)
			assert.Equal(t, core.HealthStatus(tc.status), health.Status)
			assert.Equal(t, tc.details, health.Details)
		})
	}
}

// TestHealthOfTheAuditFile has the cause of an unwritable file go away without any traffic.
func TestHealthOfTheAuditFile(t *testing.T) {
	engine := newTestEngine(t)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var err error
	engine.auditLog, err = nen7513.Open(path, auditHooks())
	require.NoError(t, err)
	t.Cleanup(func() { _ = engine.auditLog.Close() })
	status := func() core.HealthStatus { return engine.CheckHealth()["audit"].Status }
	assert.Equal(t, core.HealthStatusUp, status())
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700)) // a directory in its place
	require.Error(t, engine.auditLog.Append(t.Context(), nen7513.Entry{Action: nen7513.TokenIssued}))
	assert.Equal(t, core.Health{
		Status: core.HealthStatusDown, Details: "the last entry could not be written: guarded scopes get no token",
	}, engine.CheckHealth()["audit"])
	require.NoError(t, os.Remove(path))
	assert.Eventually(t, func() bool { return status() == core.HealthStatusUp }, time.Minute, 10*time.Millisecond)
}

func TestHealthTellsHowMuchIsGuarded(t *testing.T) {
	engine := newTestEngineFor(t, testProfile(guarded, "TREAT", "GGC002"), testProfile("medication", "TREAT", "GGC013"))
	assert.Equal(t, core.Health{Status: core.HealthStatusUp, Details: "2 scopes, for 1 data holders"}, engine.CheckHealth()["guarded"])
	engine.policy.Use(nil)
	assert.Equal(t, "2 scopes, for 0 data holders", engine.CheckHealth()["guarded"].Details)

	off := newEngine(node.Engines{})
	off.off = "mitz.enabled is false"
	assert.Equal(t, map[string]core.Health{"guarded": {Status: core.HealthStatusUp, Details: "0 scopes: mitz.enabled is false"}}, off.CheckHealth())
}

func TestHealthOfTheLists(t *testing.T) {
	engine := newTestEngine(t)
	_, exists := engine.CheckHealth()["lists"]
	assert.False(t, exists, "no files")
	t.Chdir(t.TempDir())
	engine.config.DataHoldersFile = "holders.yaml"
	require.NoError(t, os.WriteFile("holders.yaml", []byte("[]"), 0o600))
	_, watcher, err := lists.Load(lists.Source{DataHolders: "holders.yaml"}, lists.Hooks{})
	require.NoError(t, err)
	engine.lists = watcher
	assert.Equal(t, core.Health{Status: core.HealthStatusUp}, engine.CheckHealth()["lists"])
}
