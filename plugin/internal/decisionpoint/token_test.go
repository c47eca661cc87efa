// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// tokens are those of a test, by their text.
type tokens map[string]live.Token

func (f tokens) Find(_ context.Context, subject, token string) (live.Token, bool, error) {
	if token == "trouble" {
		return live.Token{}, false, errors.New("the session database is gone, it had " + token)
	}
	found, ok := f[token]
	return found, ok && found.Subject == subject, nil
}

func testToken() live.Token {
	claims := testClaims()
	maps.Copy(claims, map[string]any{
		"mitz_consent": true, "consent_categories": []any{"GGC002"}, "consent_purpose": "TREAT", "patient_bsn": testBSN,
		"data_holder_organization_id": "00000659", "consent_request_id": "request-1",
	})
	return live.Token{Subject: hospital, Scope: "openid birth-care", Claims: claims, Issued: testNow.Add(-time.Minute), Expires: testNow.Add(time.Minute)}
}

const withToken = `{"subject": {"type": "client", "id": "gateway"}, "action": {"name": "read"},
	"resource": {"type": "Condition", "id": "1"}, "context": {"token": "token-1", "patient_bsn": "900186021"}}`

func TestTheAnswerRestsOnTheToken(t *testing.T) {
	for _, tc := range []struct {
		name, old, changed string
		spoil              func(*live.Token)
		reason             string // empty: permitted
	}{
		{"a live token", "token-1", "token-1", nil, ""},
		{"one that is not there", "token-1", "token-2", nil, "token_not_active"},
		{"one of another data holder", "token-1", "token-1", func(token *live.Token) { token.Subject = "hospital-west" }, "token_not_active"},
		{"one that expired meanwhile", "token-1", "token-1", func(token *live.Token) { token.Expires = testNow }, "token_expired"},
		{"one that is bound to a key", "token-1", "token-1", func(token *live.Token) { token.Thumbprint = "x" }, "proof_missing"},
		{"one of which nobody can tell", "token-1", "trouble", nil, "node_unavailable"},
		{"no text", `"token-1"`, `1`, nil, "token_missing"},
		{"an empty one", "token-1", "", nil, "token_missing"},
		{"null", `"token-1"`, `null`, nil, "token_missing"},
		{"without consent", "token-1", "token-1", func(token *live.Token) { delete(token.Claims, "mitz_consent") }, "no_consent"},
		{"with a consent that is a text", "token-1", "token-1", func(token *live.Token) { token.Claims["mitz_consent"] = "true" }, "claims_malformed"},
		{"unguarded", "token-1", "token-1", func(token *live.Token) { token.Scope = "openid" }, "scope_unusable"},
		{"with two guarded scopes", "token-1", "token-1", func(token *live.Token) { token.Scope = "birth-care medication" }, "scope_unusable"},
		{"for the records of another", "token-1", "token-1", func(token *live.Token) { token.Claims["data_holder_organization_id"] = "00000660" }, "other_data_holder"},
		{"for another purpose than its scope's", "token-1", "token-1", func(token *live.Token) { token.Claims["consent_purpose"] = "COC" }, "scope_not_accepted"},
		{"for another category", "token-1", "token-1", func(token *live.Token) { token.Claims["consent_categories"] = []any{"GGC013"} }, "resource_not_covered"},
		{"another patient", "900186021", "999996630", nil, "other_patient"},
		{"a patient that is none", "900186021", "900186022", nil, "other_patient"},
		{"two patients", `"patient_bsn"`, `"patient": {"bsn": "999996630"}, "patient_bsn"`, nil, "several_patients"},
		{"two patients, one in a list", `"patient_bsn"`, `"patient": [{"bsn": "999996630"}], "patient_bsn"`, nil, "other_patient"},
		{"two patients, one outside its object", `"patient_bsn"`, `"patient": "999996630", "patient_bsn"`, nil, "other_patient"},
		{"no patient", `, "patient_bsn": "900186021"`, ``, nil, "no_patient"},
		{"to write", `"read"`, `"update"`, nil, "method_refused"},
		{"a resource that is none", `"Condition"`, `"record"`, nil, "resource_not_covered"},
		{"for its own scope", `"patient_bsn"`, `"scope": "birth-care", "patient_bsn"`, nil, ""},
		{"for another scope", `"patient_bsn"`, `"scope": "medication", "patient_bsn"`, nil, "scope_not_accepted"},
		{"for an unguarded scope", `"patient_bsn"`, `"scope": "openid", "patient_bsn"`, nil, "scope_unusable"},
		{"for another purpose", `"patient_bsn"`, `"purpose_of_use": "COC", "patient_bsn"`, nil, "claim_contradiction"},
		{"of its own data holder", `"patient_bsn"`, `"data_holder_organization_id": "00000659", "patient_bsn"`, nil, ""},
		{"of another data holder, says the request", `"patient_bsn"`, `"data_holder_organization_id": "00000660", "patient_bsn"`, nil, "claim_contradiction"},
		{"of the requester", `"id": "gateway"`, `"id": "gateway", "properties": {"organization_ura": "12345678"}`, nil, ""},
		{"of another requester", `"id": "gateway"`, `"id": "gateway", "properties": {"organization": {"ura": "87654321"}}`, nil, "claim_contradiction"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point := captureLog(t), newPoint(t, unasked(t))
			token := testToken()
			if tc.spoil != nil {
				tc.spoil(&token)
			}
			point.parts.Tokens = tokens{"token-1": token}
			decision := point.Begin(hospital).Evaluate(t.Context(), evaluation(t, strings.Replace(withToken, tc.old, tc.changed, 1)))
			assert.Equal(t, authzen.Decision{Permit: tc.reason == "", Reason: tc.reason}, decision)
			outcome := tc.reason
			if outcome == "" {
				outcome = "permit"
			}
			assert.InDelta(t, 1, point.counted(t, "token", outcome), 0)
			assert.Contains(t, out.String(), "basis=token")
			assert.NotContains(t, out.String(), testBSN)
			assert.NotContains(t, out.String(), "token-1")
		})
	}
	t.Run("and on the operator's table of categories", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, deciding(consent.Permit))
		point.parts.Tokens, point.parts.Categories = tokens{"token-1": testToken()}, recordguard.Categories{"GGC002": {"Patient"}}
		for _, text := range []string{withToken, flat} {
			assert.Equal(t, authzen.Decision{Reason: "resource_not_covered"}, point.Begin(hospital).Evaluate(t.Context(), evaluation(t, text)))
		}
	})
	t.Run("without a node beside it", func(t *testing.T) {
		captureLog(t)
		assert.Equal(t, authzen.Decision{Reason: "node_unavailable"}, newPoint(t, unasked(t)).Begin(hospital).Evaluate(t.Context(), evaluation(t, withToken)))
	})
	t.Run("at a place that is none", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		point.parts.Tokens = tokens{"token-1": testToken()}
		assert.Equal(t, authzen.Decision{Reason: "data_holder_unknown"}, point.Begin("hospital-north").Evaluate(t.Context(), evaluation(t, withToken)))
	})
	t.Run("one that has stopped", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		point.parts.Tokens = tokens{"token-1": testToken()}
		point.parts.Requests.Close(0, 0)
		assert.Equal(t, authzen.Decision{Reason: "not_running"}, point.Begin(hospital).Evaluate(t.Context(), evaluation(t, withToken)))
	})
	t.Run("several tokens in one request", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		other := testToken()
		other.Claims["patient_bsn"] = "999996630"
		point.parts.Tokens = tokens{"token-1": testToken(), "token-2": other}
		evaluator := point.Begin(hospital)
		assert.True(t, evaluator.Evaluate(t.Context(), evaluation(t, withToken)).Permit)
		assert.False(t, evaluator.Evaluate(t.Context(), evaluation(t, strings.Replace(withToken, "token-1", "token-2", 1))).Permit)
		assert.True(t, evaluator.Evaluate(t.Context(), evaluation(t, strings.NewReplacer("token-1", "token-2", testBSN, "999996630").Replace(withToken))).Permit)
	})
}
