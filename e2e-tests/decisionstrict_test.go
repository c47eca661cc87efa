// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestStrictlyTheDefinitionMustProveWhoAttestsWhat has two guarded scopes on a node in strict mode:
// one with the built-in definition, by which every owner of a certificate could say in a
// credential of some type who it is, and one with an operator's that leaves nothing open. The token
// endpoint sees the credentials and can do with both, the decision point with the second alone.
func TestStrictlyTheDefinitionMustProveWhoAttestsWhat(t *testing.T) {
	t.Parallel()
	config := plainWorld()
	config.Strict = true
	config.Profiles = append(config.Profiles[:1], harness.MitzProfile{Scope: own, Categories: []string{"GGC002"}, Purpose: "TREAT"})
	config.ConfigureDataHolder = func(_ context.Context, w *harness.World, node *harness.NodeConfig) error {
		facility, employee, enrollment := ownFacility(w), ownEmployee(), ownEnrollment()
		facility.issuer = "^" + regexp.QuoteMeta(w.Authority.DID) + "$"
		employee.issuer, enrollment.issuer = "", "" // which a requester may attest itself, by mitz.trust
		node.Policies = map[string]string{own: policyFile(own, map[string]any{
			"organization": definition(own, ownOrganization(w), facility, employee, enrollment),
		})}
		return nil
	}
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	claims := map[string]map[string]any{}
	for _, scope := range []string{birthCare, own} {
		answer, err := w.RequestToken(t.Context(), patient, scope)
		require.NoError(t, err)
		require.NotEmpty(t, answer.Token(), "%s: %s", scope, answer.Body)
		introspection, err := w.DataHolder.Introspect(t.Context(), answer.Token())
		require.NoError(t, err)
		claims[scope] = map[string]any{"patient_enrollment_identifier": harness.BSNIdentifier(patient)}
		for _, name := range []string{"organization_ura", "organization_facility_type", "user_id", "user_role"} {
			claims[scope][name] = introspection.Claims[name]
		}
	}
	w.Mitz.ResetLog()
	node := newerNodeOf(w.DataHolder, "hospital-east")
	granted, _ := node.grant(t, claims[own], own)
	assert.Equal(t, []string{own}, granted)
	assert.Len(t, w.Mitz.Queries(), 1)
	granted, oauthError := node.grant(t, claims[birthCare], birthCare)
	assert.Empty(t, granted)
	assert.Equal(t, "access_denied", oauthError)
	assert.Len(t, w.Mitz.Queries(), 1, "nobody asked about what nobody verified")
	_, answered := node.post(t, "/access/v1/evaluation", map[string]any{
		"subject": map[string]any{"type": "organization", "id": "did:web:midwife.example", "properties": map[string]any{"organization": claims[birthCare]}},
		"action":  map[string]any{"name": "request_scope"}, "context": map[string]any{"policy": birthCare}, "resource": map[string]any{"type": "scope", "id": birthCare},
	})
	var decision map[string]any
	require.NoError(t, json.Unmarshal(answered, &decision))
	assert.Equal(t, map[string]any{"decision": false, "context": map[string]any{"reason": "claim_untrusted"}}, decision)
	log := string(must[[]byte](t)(os.ReadFile(w.DataHolder.LogFile())))
	assert.Contains(t, log, "lets every certificate of a CA pass", "the operator is told why")
}
