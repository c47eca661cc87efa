// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// permissionFor is what a decision about the evidence makes.
func permissionFor(t *testing.T, p *Policy, scope string, evidence Evidence, finding Finding) *Permission {
	t.Helper()
	c, err := p.Case(p.Profile(scope), evidence)
	require.NoError(t, err)
	grounds, err := NewGrounds(p, &fakeGround{name: GroundClosedQuery, finding: finding})
	require.NoError(t, err)
	permission, err := grounds.Establish(t.Context(), c, &trail{})
	require.NoError(t, err)
	return permission
}

func TestClaimsOfAPermission(t *testing.T) {
	finding := Finding{
		Decisions: consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit},
		ID:        "id-1", At: time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600)),
	}
	t.Run("a permission becomes the token's claims", func(t *testing.T) {
		p := newPolicy(t, validConfig())
		permission := permissionFor(t, p, "medication", validEvidence(), finding)
		claims, err := permission.Claims()
		require.NoError(t, err)
		assert.Equal(t, GroundClosedQuery, permission.Ground())
		ours := map[string]any{
			"mitz_consent":                true,
			"consent_ground":              "mitz-closed-query",
			"consent_categories":          []string{"GGC002", "GGC013"},
			"consent_purpose":             "COC",
			"consent_checked_at":          "2026-03-01T12:00:00Z",
			"consent_request_id":          "id-1",
			"patient_bsn":                 testBSN,
			"data_holder_organization_id": "00000659",
			"data_holder_facility_type":   "V6",
		}
		for claim, value := range ours {
			assert.Equal(t, value, claims[claim], claim)
			assert.Contains(t, ReservedClaims(), claim)
		}
		assert.Len(t, ours, len(ReservedClaims()))
		assert.Equal(t, "900000009", claims[definition.ClaimUserID], "what the question was made of is there too")
	})
	t.Run("what was read is never in place of what this software writes", func(t *testing.T) {
		permission := permissionFor(t, newPolicy(t, validConfig()), "medication", validEvidence(), finding)
		permission.c.claims[ClaimPatientBSN] = "another"
		claims, err := permission.Claims()
		require.NoError(t, err)
		assert.Equal(t, testBSN, claims[ClaimPatientBSN])
		assert.Equal(t, "another", permission.c.claims[ClaimPatientBSN], "changed")
	})
	for name, permission := range map[string]*Permission{"none": nil, "one that nothing was decided for": {}} {
		t.Run("no claims of "+name, func(t *testing.T) {
			claims, err := permission.Claims()
			require.Error(t, err)
			assert.Nil(t, claims)
		})
	}
}
