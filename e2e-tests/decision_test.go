// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// newerNode asks a decision point as a newer stock node does before it issues a token: without
// authentication, all scopes in one request with the profile's first, and it looks at nothing of
// the answers but their number, their order and the decisions.
type newerNode struct {
	endpoint string
	client   *http.Client
}

// newerNodeOf is one that asks a data holder's node.
func newerNodeOf(node *harness.Node, subject string) newerNode {
	return newerNode{
		endpoint: node.InternalURL() + "/internal/mitz/authzen/" + subject,
		client:   &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 5}},
	}
}

// grant returns the scopes that the token gets, or the OAuth error that the client gets.
func (n newerNode) grant(t *testing.T, claims map[string]any, scopes ...string) (granted []string, oauthError string) {
	t.Helper()
	evaluations := []any{}
	for _, scope := range scopes {
		evaluations = append(evaluations, map[string]any{"resource": map[string]any{"type": "scope", "id": scope}})
	}
	status, answered := n.post(t, "/access/v1/evaluations", map[string]any{
		"subject":     map[string]any{"type": "organization", "id": "did:web:midwife.example", "properties": map[string]any{"organization": claims}},
		"action":      map[string]any{"name": "request_scope"},
		"context":     map[string]any{"policy": scopes[0]},
		"evaluations": evaluations,
	})
	var decisions struct {
		Evaluations []struct{ Decision bool }
	}
	if status != http.StatusOK || json.Unmarshal(answered, &decisions) != nil || len(decisions.Evaluations) != len(scopes) {
		return nil, "server_error"
	}
	if !decisions.Evaluations[0].Decision {
		return nil, "access_denied"
	}
	for i, each := range decisions.Evaluations {
		if each.Decision {
			granted = append(granted, scopes[i])
		}
	}
	return granted, ""
}

// post sends a question, with no more headers than such a node sends.
func (n newerNode) post(t *testing.T, path string, body any) (status int, answered []byte) {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.endpoint+path, bytes.NewReader(content))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := n.client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answered, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	require.NoError(t, err)
	assertNoPatients(t, string(answered))
	return response.StatusCode, answered
}

// claimsAbout are the claims that a node verified of the world's requester, about a patient: those
// of the introspection answer of a token.
func claimsAbout(t *testing.T, w *harness.World, bsn string) map[string]any {
	t.Helper()
	reset(w)
	permit(t, w, patient, "00000659", "GGC002")
	introspection, err := w.DataHolder.Introspect(t.Context(), guardedToken(t, w))
	require.NoError(t, err)
	claims := map[string]any{}
	for _, name := range []string{"organization_ura", "organization_facility_type", "user_id", "user_role"} {
		require.NotEmpty(t, introspection.Claims[name], name)
		claims[name] = introspection.Claims[name]
	}
	claims["patient_enrollment_identifier"] = harness.BSNIdentifier(bsn)
	reset(w)
	return claims
}

func TestANewerNodeAsks(t *testing.T) {
	w := fresh(t)
	claims := claimsAbout(t, w, patient)
	east, west := newerNodeOf(w.DataHolder, "hospital-east"), newerNodeOf(w.DataHolder, "hospital-west")
	for _, tc := range []struct {
		name     string
		permit   bool
		node     newerNode
		scopes   []string
		granted  []string
		expected string // the OAuth error
		queries  int
	}{
		{"with consent", true, east, []string{birthCare}, []string{birthCare}, "", 1},
		{"without", false, east, []string{birthCare}, nil, "access_denied", 1},
		{"at another data holder", true, west, []string{birthCare}, nil, "access_denied", 1},
		{"the same scope again and again", true, east, []string{birthCare, birthCare, birthCare}, []string{birthCare, birthCare, birthCare}, "", 1},
		{"with scopes that are not guarded", true, east, []string{birthCare, plain, "openid"}, []string{birthCare, plain, "openid"}, "", 1},
		{"the same without consent", false, east, []string{birthCare, plain, birthCare}, nil, "access_denied", 1},
		{"a second guarded scope is dropped", true, east, []string{birthCare, results}, []string{birthCare}, "", 1},
		{"for categories of which one is not permitted", true, east, []string{results}, nil, "access_denied", 1},
		{"for a scope that is not guarded", true, east, []string{plain, birthCare}, nil, "access_denied", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reset(w)
			if tc.permit {
				permit(t, w, patient, "00000659", "GGC002")
			}
			granted, oauthError := tc.node.grant(t, claims, tc.scopes...)
			assert.Equal(t, tc.granted, granted)
			assert.Equal(t, tc.expected, oauthError)
			assert.Len(t, w.Mitz.Queries(), tc.queries)
			assert.Zero(t, w.Sessions.Tokens(), "the node that asks issues the token, this one does not")
		})
	}
	t.Run("after a withdrawal", func(t *testing.T) {
		reset(w)
		permit(t, w, patient, "00000659", "GGC002")
		_, oauthError := east.grant(t, claims, birthCare)
		require.Empty(t, oauthError)
		w.Mitz.Forget(patient)
		_, oauthError = east.grant(t, claims, birthCare)
		assert.Equal(t, "access_denied", oauthError)
		assert.Len(t, w.Mitz.Queries(), 2)
	})
	t.Run("for a data holder that is none", func(t *testing.T) {
		_, oauthError := newerNodeOf(w.DataHolder, "hospital-elsewhere").grant(t, claims, birthCare)
		assert.Equal(t, "server_error", oauthError)
	})
}

// TestANewerNodeAsksWhileMitzFails goes through every fault of Mitz, with consent on record.
func TestANewerNodeAsksWhileMitzFails(t *testing.T) {
	w := fresh(t)
	claims := claimsAbout(t, w, patient)
	node := newerNodeOf(w.DataHolder, "hospital-east")
	for _, fault := range unpausedFaults() {
		t.Run(fault.String(), func(t *testing.T) {
			reset(w)
			permit(t, w, patient, "00000659", "GGC002")
			w.Mitz.Misbehave(fault)
			granted, oauthError := node.grant(t, claims, birthCare, plain, birthCare)
			assert.Empty(t, granted)
			assert.Equal(t, "access_denied", oauthError)
			assert.LessOrEqual(t, len(w.Mitz.Queries()), 2, "one consult, in which a query that was not answered may be sent again")
			w.Mitz.Behave()
			granted, oauthError = node.grant(t, claims, birthCare)
			assert.Equal(t, []string{birthCare}, granted, "%s", oauthError)
		})
	}
}

// TestClaimsThatARequesterWouldLike has no consent on record, and puts in claims what could look
// like some.
func TestClaimsThatARequesterWouldLike(t *testing.T) {
	w := fresh(t)
	claims := claimsAbout(t, w, patient)
	permit(t, w, otherPatient, "00000659", "GGC002")
	node := newerNodeOf(w.DataHolder, "hospital-east")
	for name, change := range map[string]map[string]any{
		"consent":                      {"mitz_consent": true, "consent_ground": "mitz-closed-query"},
		"another patient beside it":    {"patient_enrollment_identifier": []any{harness.BSNIdentifier(patient), harness.BSNIdentifier(otherPatient)}},
		"another patient of the token": {"patient_bsn": otherPatient},
		"another data holder":          {"data_holder_organization_id": "00000660"},
		"a decision":                   {"decision": true},
		"a mandate in part":            {"delegation_role_code": "01.015"},
		"an object":                    {"patient_enrollment_identifier": map[string]any{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": patient}},
		"a category":                   {"consent_categories": []any{"GGC001"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := maps.Clone(claims)
			maps.Copy(changed, change)
			granted, oauthError := node.grant(t, changed, birthCare, plain)
			assert.Empty(t, granted)
			assert.Equal(t, "access_denied", oauthError)
		})
	}
}

// TestAGatewayHasAToken asks the decision point of the node that issued it.
func TestAGatewayHasAToken(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	token := guardedToken(t, w)
	east, west := newerNodeOf(w.DataHolder, "hospital-east"), newerNodeOf(w.DataHolder, "hospital-west")
	asks := func(node newerNode, token, bsn, resource string) map[string]any {
		status, answered := node.post(t, "/access/v1/evaluation", map[string]any{
			"subject": map[string]any{"type": "client", "id": "gateway"}, "action": map[string]any{"name": "read"},
			"resource": map[string]any{"type": resource, "id": "1"}, "context": map[string]any{"token": token, "patient_bsn": bsn},
		})
		require.Equal(t, http.StatusOK, status, "%s", answered)
		var decision map[string]any
		require.NoError(t, json.Unmarshal(answered, &decision))
		return decision
	}
	refused := func(reason string) map[string]any {
		return map[string]any{"decision": false, "context": map[string]any{"reason": reason}}
	}
	permitted := map[string]any{"decision": true}
	assert.Equal(t, permitted, asks(east, token, patient, "Condition"))
	assert.Equal(t, refused("other_patient"), asks(east, token, otherPatient, "Condition"))
	assert.Equal(t, refused("resource_not_covered"), asks(east, token, patient, "Invoice"))
	assert.Equal(t, refused("token_not_active"), asks(west, token, patient, "Condition"))
	assert.Equal(t, refused("token_not_active"), asks(east, "another", patient, "Condition"))
	assert.Equal(t, permitted, asks(east, token, patient, "Condition"))
	assert.Len(t, w.Mitz.Queries(), 1, "that of the token")
	answer, err := w.DataHolder.EndTokens(t.Context(), "hospital-east", map[string]any{"patient": patient})
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, answer.Status)
	assert.Equal(t, refused("token_not_active"), asks(east, token, patient, "Condition"))
}

// holdDecisions holds the decision point.
func (d described) holdDecisions(t *testing.T) {
	const at, none = "/internal/mitz/authzen/hospital-east", "/internal/mitz/authzen/hospital-elsewhere"
	const one, several, metadata = "/access/v1/evaluation", "/access/v1/evaluations", "/.well-known/authzen-configuration"
	const question = `"subject": {"type": "client", "id": "gateway"}, "action": {"name": "read"}, "context": {"token": "another"}`
	for _, each := range []call{
		{"evaluate", 200, "POST", at + one, `{` + question + `, "resource": {"type": "Condition", "id": ""}}`, "", false},
		{"evaluate", 400, "POST", at + one, `{` + question + `}`, "", true},
		{"evaluate", 400, "POST", at + one, `{` + question + `}`, "text/plain", true},
		{"evaluate", 404, "POST", none + one, `{` + question + `, "resource": {"type": "Condition", "id": ""}}`, "", false},
		{"evaluateSeveral", 200, "POST", at + several, `{` + question + `, "evaluations": [{"resource": {"type": "Condition", "id": ""}}, {}]}`, "", false},
		{"evaluateSeveral", 400, "POST", at + several, `{` + question + `, "evaluations": {}}`, "", true},
		{"evaluateSeveral", 404, "POST", none + several, `{}`, "", false},
		{"authzenConfiguration", 200, "GET", at + metadata, "", "", false},
		{"authzenConfiguration", 404, "GET", none + metadata, "", "", false},
	} {
		d.hold(t, each)
	}
}
