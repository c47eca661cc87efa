// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// scenario3World has a data holder that asks Mitz, and takes a registration where Mitz knows
// no consent.
func scenario3World() harness.WorldConfig {
	config := plainWorld()
	config.MitzIssues = true
	config.Profiles = []harness.MitzProfile{{
		Scope: birthCare, Categories: []string{"GGC002"}, Purpose: "TREAT",
		Grounds: []string{"mitz-closed-query", "consent-registration"}, AfterDeny: "continue",
	}}
	return config
}

// TestScenario3: the requester records the patient's consent under the Mitz agreements. Its
// stock node issues the registration, and obtained from Mitz that it is a member.
func TestScenario3(t *testing.T) {
	for name, withJSONLD := range map[string]bool{"with a registration as a JWT": false, "with a registration in JSON-LD": true} {
		t.Run(name, func(t *testing.T) { playScenario3(t, withJSONLD) })
	}
}

func playScenario3(t *testing.T, withJSONLD bool) {
	w := harness.StartWorld(t, scenario3World())
	member := issuer.Member{Organization: "00001234", Role: "registrar"}
	ask := func(t *testing.T) harness.Answer {
		t.Helper()
		w.Mitz.ResetLog()
		w.Sessions.Empty()
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		return lastTokenAnswer(t, w)
	}
	t.Run("without consent the first request is refused", func(t *testing.T) {
		assertRefused(t, w, ask(t), "access_denied", noConsent, 1)
	})
	t.Run("Mitz attests that the requester is a member", func(t *testing.T) {
		require.NoError(t, w.Mitz.Issuer().Enroll(member))
		oauthError, err := w.ObtainFromMitz(t.Context(), w.MembershipRequest("registrar"))
		require.NoError(t, err)
		require.Empty(t, oauthError)
		onlyInWallet(t, w, issuer.TypeMembership)
		assertRefused(t, w, ask(t), "access_denied", noConsent, 1)
	})
	var registration harness.Credential
	t.Run("a registration gives a token", func(t *testing.T) {
		var err error
		registration, err = w.IssueRegistration(t.Context(), harness.Registration{
			Patient: patient, DataHolder: w.DataHolders[0], Categories: []string{"GGC002"}, JSONLD: withJSONLD,
		})
		require.NoError(t, err)
		require.NoError(t, w.Requester.StoreCredential(t.Context(), w.RequesterOrg.Name, registration))
		introspection := assertPermitted(t, w, ask(t))
		assert.Equal(t, "consent-registration", introspection.Text("consent_ground"))
		assert.Equal(t, registration.ID(), introspection.Text("consent_request_id"))
		assert.Equal(t, patient, introspection.Text("patient_bsn"))
		assert.Equal(t, []any{"GGC002"}, introspection.Claims["consent_categories"])
		assert.Len(t, w.Mitz.Queries(), 1, "Mitz is asked first")
	})
	t.Run("what Mitz permits goes before it", func(t *testing.T) {
		permit(t, w, patient, "00000659", "GGC002")
		defer w.Mitz.Forget(patient)
		assert.Equal(t, "mitz-closed-query", assertPermitted(t, w, ask(t)).Text("consent_ground"))
	})
	t.Run("when the membership has ended, it is refused", func(t *testing.T) {
		require.True(t, w.Mitz.Issuer().EndMembership(member))
		answer := ask(t)
		assert.NotEmpty(t, answer.OAuthError().Code)
		assert.Empty(t, answer.Token())
		assert.Zero(t, w.Sessions.Tokens(), "a token is live")
	})
}
