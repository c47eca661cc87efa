// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestAPermissionSaysWhetherToSubscribe(t *testing.T) {
	finding := Finding{Decisions: consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit}, ID: "id-1"}
	for _, tc := range []struct {
		name       string
		configured bool
		ground     GroundName
		subscribes bool
	}{
		{"where the profile says so, on Mitz's answer", true, GroundClosedQuery, true},
		{"not where the profile does not say so", false, GroundClosedQuery, false},
		{"not on what Mitz attested to the requester", true, GroundAttestation, false},
		{"not on what the requester recorded", true, GroundRegistration, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := validConfig()
			config.Profiles[1].Subscribe = tc.configured
			p := newPolicy(t, config)
			permission := permissionFor(t, p, "medication", validEvidence(), finding)
			permission.ground = tc.ground
			assert.Equal(t, tc.subscribes, permission.Subscribes())
			assert.Equal(t, permission.c.Question(), permission.Question())
			assert.Equal(t, tc.configured, p.Subscribes())
			assert.Equal(t, tc.configured, p.Explain(p.Profile("medication")).Subscribes)
		})
	}
	for name, permission := range map[string]*Permission{"none": nil, "one that nothing was decided for": {}} {
		t.Run("not by "+name, func(t *testing.T) {
			assert.False(t, permission.Subscribes())
			assert.Zero(t, permission.Question())
		})
	}
}

func TestOnlyTheClosedQuerySubscribes(t *testing.T) {
	profile := &Profile{Grounds: []GroundName{GroundAttestation}}
	require.EqualError(t, profile.readSubscribe("profiles[0]", ProfileConfig{Subscribe: true}),
		"profiles[0].subscribe: needs the ground mitz-closed-query, which alone rests on what Mitz has on record")
	require.NoError(t, profile.readSubscribe("profiles[0]", ProfileConfig{}))
	profile.Grounds = append(profile.Grounds, GroundClosedQuery)
	require.NoError(t, profile.readSubscribe("profiles[0]", ProfileConfig{Subscribe: true}))
}
