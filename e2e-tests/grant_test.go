// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestAuthorizationCode drives the grant in which a browser goes between two nodes. It
// has a world of its own: a requester's wallet presents the one enrolment it holds.
func TestAuthorizationCode(t *testing.T) {
	w := harness.StartWorld(t, plainWorld())
	require.NoError(t, w.StoreForUserGrant(t.Context(), patient))
	ask := func(t *testing.T) harness.UserTokenResult {
		t.Helper()
		w.Mitz.ResetLog()
		w.Sessions.Empty()
		result, err := w.RequestUserToken(t.Context(), birthCare)
		require.NoError(t, err)
		return result
	}
	t.Run("without consent it is refused, with the error that the other grants give", func(t *testing.T) {
		result := ask(t)
		assertRefused(t, w, result.TokenAnswer, "access_denied", noConsent, 1)
		assert.Empty(t, result.Token)
	})
	t.Run("a faulty Mitz gives no token", func(t *testing.T) {
		w.Mitz.Misbehave(mitztest.LeakingFault)
		defer w.Mitz.Behave()
		result := ask(t)
		assertRefused(t, w, result.TokenAnswer, "server_error", undetermined, 1)
		assert.Empty(t, result.Token)
	})
	t.Run("with consent it gives a token", func(t *testing.T) {
		permit(t, w, patient, "00000659", "GGC002")
		result := ask(t)
		introspection := assertPermitted(t, w, result.TokenAnswer)
		assert.Equal(t, result.TokenAnswer.Token(), result.Token)
		assert.Equal(t, patient, introspection.Text("patient_bsn"))
		assert.Equal(t, "mitz-closed-query", introspection.Text("consent_ground"))
		queries := w.Mitz.Queries()
		require.Len(t, queries, 1)
		assert.Equal(t, introspection.Text("consent_request_id"), queries[0].RequestID)
	})
	t.Run("a scope that is not one scope is refused, although there is consent", func(t *testing.T) {
		for name, scope := range map[string]string{
			"none": "", "spaces": "  ", "the same twice": birthCare + " " + birthCare, "one between spaces": " " + birthCare + " ",
			"two guarded": birthCare + " " + results, "one that is not guarded beside it": birthCare + " " + plain,
		} {
			t.Run(name, func(t *testing.T) {
				reset(w)
				permit(t, w, patient, "00000659", "GGC002", "GGC012")
				result, err := w.RequestUserToken(t.Context(), scope)
				// The data holder's node looks for a definition of the whole text, so that it
				// never comes to a token request. The browser is left with a page of the node.
				require.ErrorContains(t, err, "HTTP status 400")
				assert.Empty(t, result.Token)
				assert.Empty(t, w.DataHolder.TokenAnswers())
				assert.Zero(t, w.Sessions.Tokens(), "a token is live")
				assert.Zero(t, w.Mitz.Received(), "requests at Mitz")
			})
		}
	})
}
