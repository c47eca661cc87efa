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

func TestDecide(t *testing.T) {
	asked := func(categories ...consent.Category) consent.Question { return consent.Question{Categories: categories} }
	for _, tc := range []struct {
		name      string
		question  consent.Question
		decisions consent.Decisions
		reason    Reason // empty: permitted
	}{
		{"a Permit permits", asked("GGC002"), consent.Decisions{"GGC002": consent.Permit}, ""},
		{"a Permit about every category permits", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit}, ""},
		{"a Deny denies", asked("GGC002"), consent.Decisions{"GGC002": consent.Deny}, ReasonDenied},
		{"one Deny among Permits denies", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Deny}, ReasonDenied},
		{"a Deny outweighs an Indeterminate", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Indeterminate, "GGC013": consent.Deny}, ReasonDenied},
		{"an Indeterminate is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.Indeterminate}, ReasonIndeterminate},
		{"an Indeterminate beside a Permit is no answer", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Indeterminate}, ReasonIndeterminate},
		{"a NotApplicable is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.NotApplicable}, ReasonNotApplicable},
		{"no decision is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.NoDecision}, ReasonUnanswered},
		{"an unknown decision is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.Decision(99)}, ReasonUnanswered},
		{"an empty answer is none", asked("GGC002"), nil, ReasonUnanswered},
		{"a category unanswered is no answer", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit}, ReasonUnanswered},
		{"an answer about another category is none", asked("GGC002"), consent.Decisions{"GGC013": consent.Permit}, ReasonUnanswered},
		{"an answer about more than asked is none", asked("GGC002"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit}, ReasonUnanswered},
		{"nothing asked is nothing permitted", asked(), consent.Decisions{}, ReasonUnanswered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Decide(tc.question, tc.decisions)
			if tc.reason == "" {
				require.NoError(t, err)
				return
			}
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, tc.reason, refusal.Reason)
		})
	}
}

func TestTokenClaims(t *testing.T) {
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	permission := func(digits, requestID string, categories ...consent.Category) Permission {
		return Permission{
			Question: consent.Question{
				Patient:    parseBSN(t, digits),
				DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
				Categories: categories,
				Purpose:    consent.PurposeTreatment,
			},
			Ground: GroundClosedQuery, RequestID: requestID, CheckedAt: at,
		}
	}
	t.Run("a permission becomes the token's claims", func(t *testing.T) {
		claims, err := TokenClaims([]Permission{permission(testBSN, "id-1", "GGC002", "GGC013")})
		require.NoError(t, err)
		assert.Equal(t, map[string]any{
			"mitz_consent":                true,
			"consent_ground":              "mitz-closed-query",
			"consent_categories":          []string{"GGC002", "GGC013"},
			"consent_purpose":             "TREAT",
			"consent_checked_at":          "2026-03-01T12:00:00Z",
			"consent_request_id":          "id-1",
			"patient_bsn":                 testBSN,
			"data_holder_organization_id": "00000659",
			"data_holder_facility_type":   "V6",
		}, claims)
		for claim := range claims {
			assert.Contains(t, ReservedClaims(), claim)
		}
	})
	t.Run("several permissions are told together", func(t *testing.T) {
		later := permission(testBSN, "id-2", "GGC013", "GGC002")
		later.CheckedAt = at.Add(time.Second)
		claims, err := TokenClaims([]Permission{permission(testBSN, "id-1", "GGC002"), later})
		require.NoError(t, err)
		assert.Equal(t, "id-1 id-2", claims[ClaimConsentRequestID])
		assert.Equal(t, "mitz-closed-query", claims[ClaimConsentGround])
		assert.Equal(t, []string{"GGC002", "GGC013"}, claims[ClaimConsentCategories])
		assert.Equal(t, "2026-03-01T12:00:00Z", claims[ClaimConsentCheckedAt])
	})
	t.Run("two patients never share a token", func(t *testing.T) {
		_, err := TokenClaims([]Permission{permission(testBSN, "id-1", "GGC002"), permission("999996630", "id-2", "GGC002")})
		assert.EqualError(t, err, "claim contradiction: patient_enrollment_identifier")
	})
	t.Run("two data holders never share a token", func(t *testing.T) {
		other := permission(testBSN, "id-2", "GGC002")
		other.Question.DataHolder.URA = "00000660"
		_, err := TokenClaims([]Permission{permission(testBSN, "id-1", "GGC002"), other})
		assert.Error(t, err)
	})
	t.Run("no permission gives no claims", func(t *testing.T) {
		claims, err := TokenClaims(nil)
		assert.Error(t, err)
		assert.Nil(t, claims)
	})
}
