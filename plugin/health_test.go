// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"os"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
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
	engine := newTestEngine(t, deciding(consent.Permit))
	path := openAuditFile(t, engine)
	status := func() core.HealthStatus { return engine.CheckHealth()["audit"].Status }
	assert.Equal(t, core.HealthStatusUp, status())
	unwritable(t, path)
	token := testToken(guarded)
	require.Error(t, issueFor(t.Context(), engine, &token))
	assert.Equal(t, core.Health{
		Status: core.HealthStatusDown, Details: "the last entry could not be written: guarded scopes get no token",
	}, engine.CheckHealth()["audit"])
	require.NoError(t, os.Remove(path))
	assert.Eventually(t, func() bool { return status() == core.HealthStatusUp }, time.Minute, 10*time.Millisecond)
}
