// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// TestWhatMeansNothingAgreesWithNothing: two texts that cannot be read are not the same for that.
func TestWhatMeansNothingAgreesWithNothing(t *testing.T) {
	profile := newPolicy(t, validConfig()).Profile("birth-care")
	claims := map[string]any{
		definition.ClaimOrganizationURA: "12345678", definition.ClaimOrganizationFacilityType: "?", definition.ClaimUserID: "nobody",
		definition.ClaimUserRole: "", definition.ClaimEnrollmentIdentifier: "none", definition.ClaimOrganizationName: unreadable, ClaimConsentCategories: []any{"GGC002"},
	}
	says := func(claim, text string) map[string][]string {
		return map[string][]string{definition.ClaimOrganizationURA: {"12345678"}, claim: {text}}
	}
	assert.NoError(t, profile.CheckToken(claims, says(definition.ClaimOrganizationURA, "12345678"), []string{"GGC002"}))
	for claim, text := range map[string]string{
		definition.ClaimOrganizationURA: "x", definition.ClaimOrganizationFacilityType: "!", definition.ClaimUserID: "somebody",
		definition.ClaimUserRole: "none", definition.ClaimEnrollmentIdentifier: "some", definition.ClaimOrganizationName: unreadable,
	} {
		assert.Error(t, profile.CheckToken(claims, says(claim, text), nil), claim)
	}
	assert.Error(t, profile.CheckToken(claims, nil, []string{"GGC013"}), "more than the token permits")
	assert.Error(t, profile.CheckToken(map[string]any{}, says(definition.ClaimOrganizationURA, "12345678"), nil), "every guarded token names an organisation")
}
