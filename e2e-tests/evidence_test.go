// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// evidenceOf reads what a data holder's node keeps of registrations: the state of each, by its id.
func evidenceOf(t *testing.T, w *harness.World) map[string]string {
	t.Helper()
	database, err := sql.Open("sqlite", filepath.Join(w.Path(w.DataHolder.Name), "data", "sqlite.db")+"?_pragma=busy_timeout(60000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close()) }()
	rows, err := database.QueryContext(t.Context(), "SELECT registration, state FROM mitz_evidence")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	kept := map[string]string{}
	for rows.Next() {
		var id, state string
		require.NoError(t, rows.Scan(&id, &state))
		kept[id] = state
	}
	require.NoError(t, rows.Err())
	return kept
}

// TestARecordedConsentIsKeptAndRegistered: Mitz takes no registrations when the token is issued,
// and the node is killed. The evidence is there, without a patient's number, and is registered
// by the node that comes after it; once that is in force, the closed query permits.
func TestARecordedConsentIsKeptAndRegistered(t *testing.T) {
	config := scenario3World()
	configure := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		configure(section)
		section.Registration.Endpoint = section.Endpoint + "/toestemmingen/fhir"
	}
	w := harness.StartWorld(t, config)
	require.NoError(t, w.Mitz.Issuer().Enroll(issuer.Member{Organization: "00001234", Role: "registrar"}))
	oauthError, err := w.ObtainFromMitz(t.Context(), w.MembershipRequest("registrar"))
	require.NoError(t, err)
	require.Empty(t, oauthError)
	registration, err := w.IssueRegistration(t.Context(), harness.Registration{
		Patient: patient, DataHolder: w.DataHolders[0], Categories: []string{"GGC002"},
	})
	require.NoError(t, err)
	require.NoError(t, w.Requester.StoreCredential(t.Context(), w.RequesterOrg.Name, registration))
	ground := func(token string) string {
		introspection, err := w.DataHolder.Introspect(t.Context(), token)
		require.NoError(t, err)
		require.True(t, introspection.Active)
		return introspection.Text("consent_ground")
	}

	w.Mitz.Misbehave(mitztest.Registering{Behaviour: mitztest.HTTPStatus(503)})
	require.Equal(t, "consent-registration", ground(guardedToken(t, w)), "a token does not wait for Mitz")
	w.DataHolder.Kill()
	assert.Equal(t, map[string]string{registration.ID(): "waiting"}, evidenceOf(t, w))
	require.NoError(t, harness.ScanLogs(w.Path(w.DataHolder.Name), patients), "the node's files")
	assert.Empty(t, w.Mitz.Registrations())

	w.Mitz.Behave()
	require.NoError(t, w.DataHolder.Restart(t.Context(), w.Workspace))
	require.NoError(t, w.Mitz.WaitForRegistrations(t.Context(), 1))
	second := guardedToken(t, w)
	require.Equal(t, "consent-registration", ground(second), "accepted is not yet in force")
	assert.Len(t, evidenceOf(t, w), 1, "the same registration is kept once")
	got := w.Mitz.Registrations()[0]
	assert.Equal(t, patient, got.PatientNumber())
	assert.Equal(t, []string{"00000659", "00001234", "wid", "3.8"}, []string{string(got.DataHolder), string(got.Requester), got.Identification, got.Agreement})

	assert.Equal(t, 1, w.Mitz.Process())
	third := guardedToken(t, w)
	require.Equal(t, "mitz-closed-query", ground(third))
	require.Eventually(t, func() bool { return evidenceOf(t, w)[registration.ID()] == "in_force" }, 5*time.Minute, time.Second)

	require.Equal(t, http.StatusNoContent, revoke(t, w.DataHolder, "hospital-east", map[string]string{"patient": patient}))
	for _, token := range []string{second, third} {
		assert.False(t, isActive(t, w.DataHolder, token), "withdrawal ends the tokens of every ground")
	}
	assert.Len(t, evidenceOf(t, w), 1, "what was released on it can still be shown")
	require.NoError(t, harness.ScanLogs(w.Path(w.DataHolder.Name), patients))
}
