// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestWhatAPermissionSaysThatWasRecorded(t *testing.T) {
	p := newPolicy(t, groundsConfig(GroundRegistration))
	wide := registration()
	said("registeredConsent", []any{"GGC012", "GGC002", "GGC002"}, "dataCategory")(&wide)
	permission, err := establish(t, p, fails(GroundClosedQuery, errTrouble), presenting(wide, membership()))
	require.NoError(t, err)
	recorded, is := permission.Recorded()
	require.True(t, is)
	assert.Equal(t, Recorded{
		Categories: []consent.Category{"GGC002", "GGC012"}, RequesterTypes: []consent.FacilityType{"G3", "V6"}, Requester: "12345678",
		Professional: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
		RecordedAt:   testNow.Add(-time.Hour), Identification: "wid", Agreement: "3.8",
	}, recorded)

	for name, permission := range map[string]*Permission{"nothing": nil, "no decision": {}, "another ground": {c: permission.c, ground: GroundAttestation, finding: permission.finding}} {
		_, is := permission.Recorded()
		assert.False(t, is, name)
	}
}
