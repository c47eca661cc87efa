// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// withoutMitz takes everything out of a section by which a node reaches Mitz.
func withoutMitz(section *harness.MitzConfig) {
	section.Endpoint, section.CertFile, section.CertKeyFile, section.TrustStoreFile = "", "", "", ""
}

// scenario2World has a requester with Mitz and a data holder without.
func scenario2World() harness.WorldConfig {
	config := plainWorld()
	config.MitzIssues = true
	config.ConfigureMitz = withoutMitz
	config.Profiles = []harness.MitzProfile{
		{Scope: birthCare, Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: []string{"mitz-attestation"}},
	}
	return config
}

// TestScenario2: the requester has Mitz, and the data holder has not. The requester's stock
// node obtains what Mitz attests and presents it; the data holder trusts who issued it.
func TestScenario2(t *testing.T) {
	w := harness.StartWorld(t, scenario2World())
	require.Empty(t, w.MitzConfig.Endpoint)
	require.Empty(t, w.MitzConfig.CertFile)

	t.Run("without an attestation the requester's node has nothing to present", func(t *testing.T) {
		answer, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assert.Empty(t, answer.Token())
		assert.Empty(t, w.DataHolder.TokenAnswers())
		assert.Zero(t, w.Sessions.Tokens(), "a token is live")
	})
	t.Run("with one it gets a token, and Mitz is not asked", func(t *testing.T) {
		permit(t, w, patient, "00000659", "GGC002")
		oauthError, err := w.ObtainFromMitz(t.Context(), w.AttestationRequest(patient, w.DataHolders[0], "GGC002"))
		require.NoError(t, err)
		require.Empty(t, oauthError)
		attestation := onlyInWallet(t, w, issuer.TypeAttestation)
		w.Mitz.ResetLog()

		answer, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		introspection := assertPermitted(t, w, answer)
		assert.Equal(t, "mitz-attestation", introspection.Text("consent_ground"))
		assert.Equal(t, attestation.ID(), introspection.Text("consent_request_id"))
		assert.Equal(t, patient, introspection.Text("patient_bsn"))
		assert.Equal(t, []any{"GGC002"}, introspection.Claims["consent_categories"])
		assert.Equal(t, "TREAT", introspection.Text("consent_purpose"))
		assert.Equal(t, "00000659", introspection.Text("data_holder_organization_id"))
		assert.Equal(t, true, introspection.Claims["mitz_consent"])
		assert.Zero(t, w.Mitz.Received(), "requests at Mitz")
	})
	t.Run("about another patient it does not help", func(t *testing.T) {
		w.Sessions.Empty()
		_, err := w.RequestToken(t.Context(), otherPatient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "invalid_request", "", 0)
	})
	t.Run("after a withdrawal Mitz has revoked it, and a new token is refused", func(t *testing.T) {
		w.Sessions.Empty()
		require.True(t, w.Mitz.Withdraw(mitztest.Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3"}))
		require.True(t, w.Mitz.Issuer().Issued()[0].Revoked)
		w.Mitz.ResetLog()
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		answer := lastTokenAnswer(t, w)
		assert.NotEmpty(t, answer.OAuthError().Code)
		assert.Empty(t, answer.Token())
		assert.Zero(t, w.Sessions.Tokens(), "a token is live")
		assertNoPatients(t, string(answer.Body))
	})
}
