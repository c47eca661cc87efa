// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

var digitRuns = regexp.MustCompile(`[0-9]+`)

func TestPermit(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	before := time.Now().Add(-time.Second)

	answer, err := w.RequestToken(t.Context(), patient, birthCare)

	require.NoError(t, err)
	introspection := assertPermitted(t, w, answer)
	queries := w.Mitz.Queries()
	require.Len(t, queries, 1)
	query := queries[0]

	t.Run("the token's claims say on what it rests", func(t *testing.T) {
		claims := introspection.Claims
		for claim, expected := range map[string]any{
			"organization_ura":                 "00001234",
			"organization_name":                "Verloskundigen De Eerste Stap",
			"organization_facility_type":       "G3",
			"user_id":                          harness.UZIIdentifier("900012345"),
			"user_role":                        "03.000",
			"patient_enrollment_identifier":    harness.BSNIdentifier(patient),
			"patient_enrollment_registered_by": harness.UZIIdentifier("900012345"),
			"mitz_consent":                     true,
			"consent_ground":                   "mitz-closed-query",
			"consent_categories":               []any{"GGC002"},
			"consent_purpose":                  "TREAT",
			"consent_request_id":               query.RequestID,
			"patient_bsn":                      patient,
			"data_holder_organization_id":      "00000659",
			"data_holder_facility_type":        "V6",
			"scope":                            birthCare,
			"iss":                              w.Issuer(),
		} {
			assert.Equal(t, expected, claims[claim], claim)
		}
		checkedAt, err := time.Parse("2006-01-02T15:04:05Z", introspection.Text("consent_checked_at"))
		require.NoError(t, err, "RFC 3339 in UTC")
		assert.WithinRange(t, checkedAt, before, time.Now())
	})
	t.Run("Mitz was asked exactly what was verified", func(t *testing.T) {
		assert.Equal(t, "urn:uuid:"+query.RequestID, query.MessageID)
		bsn, err := consent.ParseBSN(patient)
		require.NoError(t, err)
		assert.True(t, query.Patient.Equal(bsn))
		question := query.Question
		question.Patient = consent.BSN{}
		assert.Equal(t, consent.Question{
			DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
			Requester: consent.Requester{
				URA: "00001234", FacilityType: "G3",
				Responsible: consent.Professional{
					ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900012345"}, Role: "03.000",
				},
			},
			Categories: []consent.Category{"GGC002"},
			Purpose:    consent.PurposeTreatment,
		}, question)
	})
	t.Run("no query is a repeat of an earlier one", func(t *testing.T) {
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		queries := w.Mitz.Queries()
		require.Len(t, queries, 2)
		assert.NotEqual(t, queries[0].RequestID, queries[1].RequestID)
	})
}

func TestSeveralCategories(t *testing.T) {
	t.Run("each must be permitted", func(t *testing.T) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		_, err := w.RequestToken(t.Context(), patient, results)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("all permitted give one token after one query", func(t *testing.T) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002", "GGC012")
		answer, err := w.RequestToken(t.Context(), patient, results)
		require.NoError(t, err)
		introspection := assertPermitted(t, w, answer)
		assert.Equal(t, []any{"GGC002", "GGC012"}, introspection.Claims["consent_categories"])
		assert.Equal(t, "COC", introspection.Text("consent_purpose"))
		assert.Len(t, w.Mitz.Queries(), 1)
	})
}

func TestTwoDataHoldersOnOneNode(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000660", "GGC002")
	ask := func(subject string) {
		t.Helper()
		_, err := w.RequestTokenAt(t.Context(), w.DataHolder.Issuer(subject), harness.BSNIdentifier(patient), birthCare)
		require.NoError(t, err)
	}
	t.Run("consent for the one is none for the other", func(t *testing.T) {
		ask("hospital-east")
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("each is asked about under its own number", func(t *testing.T) {
		ask("hospital-west")
		introspection := assertPermitted(t, w, lastTokenAnswer(t, w))
		assert.Equal(t, "00000660", introspection.Text("data_holder_organization_id"))
		assert.Equal(t, "V4", introspection.Text("data_holder_facility_type"))
		queries := w.Mitz.Queries()
		require.Len(t, queries, 2)
		assert.Equal(t, consent.DataHolder{URA: "00000659", FacilityType: "V6"}, queries[0].DataHolder)
		assert.Equal(t, consent.DataHolder{URA: "00000660", FacilityType: "V4"}, queries[1].DataHolder)
	})
}
