// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
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
