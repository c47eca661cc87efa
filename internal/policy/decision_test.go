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
	permission := Permission{
		Question: consent.Question{
			Patient:    parseBSN(t, testBSN),
			DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
			Requester:  sampleRequester(),
			Categories: []consent.Category{"GGC002", "GGC013"},
			Purpose:    consent.PurposeTreatment,
		},
		Ground: GroundClosedQuery, RequestID: "id-1", CheckedAt: at,
	}
	t.Run("a permission becomes the token's claims", func(t *testing.T) {
		claims, err := TokenClaims(permission)
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
	t.Run("the claims that the question was made of are there too, and never in place of ours", func(t *testing.T) {
		permission := permission
		permission.Claims = map[string]any{ClaimUserID: "900000009", ClaimPatientBSN: "another"}
		claims, err := TokenClaims(permission)
		require.NoError(t, err)
		assert.Equal(t, "900000009", claims[ClaimUserID])
		assert.Equal(t, testBSN, claims[ClaimPatientBSN])
		assert.Equal(t, map[string]any{ClaimUserID: "900000009", ClaimPatientBSN: "another"}, permission.Claims, "changed")
	})
	for name, spoil := range map[string]func(*Permission){
		"nothing":                     func(p *Permission) { *p = Permission{} },
		"no ground":                   func(p *Permission) { p.Ground = "" },
		"no question":                 func(p *Permission) { p.Question = consent.Question{} },
		"a question about no patient": func(p *Permission) { p.Question.Patient = consent.BSN{} },
		"a question about nothing":    func(p *Permission) { p.Question.Categories = nil },
	} {
		t.Run("no claims for "+name, func(t *testing.T) {
			permission := permission
			spoil(&permission)
			claims, err := TokenClaims(permission)
			assert.EqualError(t, err, "unanswered")
			assert.Nil(t, claims)
		})
	}
}
