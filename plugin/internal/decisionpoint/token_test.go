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
		{"the patient more often than anybody means", `"900186021"`, `["900186021"` + strings.Repeat(`, "900186021"`, 64) + `]`, nil, "other_patient"},
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
	for first, tc := range map[string]struct{ first, second string }{
		"a second token":       {withToken, strings.Replace(withToken, "token-1", "token-2", 1)},
		"a question besides":   {withToken, flat},
		"a token besides":      {flat, withToken},
		"a token of no effect": {strings.Replace(withToken, "token-1", "token-3", 1), withToken},
	} {
		t.Run(first, func(t *testing.T) {
			captureLog(t)
			point := newPoint(t, deciding(consent.Permit))
			found := counting{tokens{"token-1": testToken(), "token-2": testToken()}, new(int)}
			point.parts.Tokens = found
			evaluator := point.Begin(hospital)
			before := evaluator.Evaluate(t.Context(), evaluation(t, tc.first))
			for range 3 {
				assert.Equal(t, authzen.Decision{Reason: "second_question"}, evaluator.Evaluate(t.Context(), evaluation(t, tc.second)))
			}
			assert.Equal(t, before, evaluator.Evaluate(t.Context(), evaluation(t, tc.first)))
			assert.Equal(t, 1, len(point.mitz.asked)+*found.looked, "a query, or a look that may be one")
		})
	}
	t.Run("which is judged anew for each resource", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		found := counting{tokens{"token-1": testToken()}, new(int)}
		point.parts.Tokens = found
		evaluator := point.Begin(hospital)
		for text, permit := range map[string]bool{
			withToken: true, strings.Replace(withToken, "900186021", "999996630", 1): false,
			strings.Replace(withToken, "Condition", "Invoice", 1): false, strings.Replace(withToken, "Condition", "Encounter", 1): true,
		} {
			assert.Equal(t, permit, evaluator.Evaluate(t.Context(), evaluation(t, text)).Permit)
		}
		assert.Equal(t, 1, *found.looked)
	})
}

// counting counts how often tokens are looked up.
type counting struct {
	tokens
	looked *int
}

func (c counting) Find(ctx context.Context, subject, token string) (live.Token, bool, error) {
	*c.looked++
	return c.tokens.Find(ctx, subject, token)
}

func TestWhatARequestSaysBesidesItsToken(t *testing.T) {
	for _, tc := range []struct {
		name, properties string // of the subject
		spoil            func(claims map[string]any)
		reason           string // empty: permitted
	}{
		{"what the token says", `"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000", "patient_enrollment_identifier": "900186021"`, nil, ""},
		{"the same in objects", `"organization": {"ura": "12345678", "facility_type": "G3"}, "user": {"id": "900000009", "role": "03.000"}`, nil, ""},
		{"the same with the register", `"user_id": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|900000009", "organization_ura": "URA|12345678"`, nil, ""},
		{"its organisation's name", `"organization_name": "Midwife"`, func(claims map[string]any) { claims["organization_name"] = "Midwife" }, ""},
		{"what nobody reads here", `"ip": "192.0.2.1", "department": {"id": 7}`, nil, ""},
		{"another professional", `"user_id": "900000010"`, nil, "claim_contradiction"},
		{"another one besides", `"user_id": "900000009", "user": {"id": "900000010"}`, nil, "claim_contradiction"},
		{"one of another register", `"user_id": "http://fhir.nl/fhir/NamingSystem/agb-z|900000009"`, nil, "claim_contradiction"},
		{"another role", `"user": {"role": "01.015"}`, nil, "claim_contradiction"},
		{"another type of organisation", `"organization_facility_type": "V6"`, nil, "claim_contradiction"},
		{"a professional that is none", `"user_id": 900000009`, nil, "claim_contradiction"},
		{"a user that is a text", `"user": "900000009"`, nil, "claim_contradiction"},
		{"another patient's enrolment", `"patient_enrollment_identifier": "999996630"`, nil, "claim_contradiction"},
		{"a mandate, where the token has none", `"delegation_registered_by": "900000010", "delegation_role_code": "01.015"`, nil, "claim_contradiction"},
		{"a name, where the token has none", `"organization_name": "Midwife"`, nil, "claim_contradiction"},
		{"a professional, where the token has none", `"user_id": "900000009"`, func(claims map[string]any) { delete(claims, "user_id") }, "claim_contradiction"},
		{"a professional, where the token has several", `"user_id": "900000009"`, func(claims map[string]any) { claims["user_id"] = []any{"900000009", "900000010"} }, "claim_contradiction"},
		{"nothing, where the token has no organisation", ``, func(claims map[string]any) { delete(claims, "organization_ura") }, "claim_contradiction"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point, token := captureLog(t), newPoint(t, unasked(t)), testToken()
			if tc.spoil != nil {
				tc.spoil(token.Claims)
			}
			point.parts.Tokens = tokens{"token-1": token}
			asked := evaluation(t, strings.Replace(withToken, `"gateway"`, `"gateway", "properties": {`+tc.properties+`}`, 1))
			assert.Equal(t, authzen.Decision{Permit: tc.reason == "", Reason: tc.reason}, point.Begin(hospital).Evaluate(t.Context(), asked))
			assert.NotContains(t, out.String(), "900000010")
		})
	}
	t.Run("a category that the profile has and the token not", func(t *testing.T) {
		captureLog(t)
		point, token := newPoint(t, unasked(t)), testToken()
		token.Scope, token.Claims["consent_categories"] = "medication", []any{"GGC013"}
		point.parts.Tokens = tokens{"token-1": token}
		text := strings.Replace(withToken, `"Condition"`, `"MedicationRequest"`, 1)
		for category, permit := range map[string]bool{"GGC013": true, "GGC012": false} {
			asked := evaluation(t, strings.Replace(text, `"patient_bsn"`, `"data_categories": ["`+category+`"], "patient_bsn"`, 1))
			assert.Equal(t, permit, point.Begin(hospital).Evaluate(t.Context(), asked).Permit, category)
		}
	})
}
