// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

// The two spellings of the guide, of the same question.
const (
	flat = `{
		"subject": {"type": "organization", "id": "URA|12345678", "properties": {
			"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000", "scope": "birth-care"}},
		"action": {"name": "search"},
		"resource": {"type": "Condition", "id": ""},
		"context": {"data_holder_organization_id": "00000659", "data_holder_facility_type": "V6", "patient_bsn": "900186021",
			"purpose_of_use": "TREAT", "data_categories": ["GGC002"], "mitz_consent": false}}`
	nested = `{
		"subject": {"type": "organization", "id": "midwife", "properties": {
			"client": {"id": "did:web:midwife.example", "scopes": ["openid", "birth-care"]},
			"user": {"id": "900000009", "role": "03.000"},
			"organization": {"ura": "URA|12345678", "name": "Midwives", "facility_type": "G3"}}},
		"action": {"name": "search"},
		"resource": {"type": "Condition", "id": ""},
		"context": {"data_holder": {"organization_id": "URA|00000659", "facility_type": "V6"},
			"patient": {"bsn": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "900186021"}},
			"purpose_of_use": "TREAT", "data_categories": ["GGC002"], "mitz_consent": true}}`
)

// evaluation reads an evaluation as the HTTP layer does.
func evaluation(t *testing.T, text string) (asked authzen.Evaluation) {
	t.Helper()
	var read struct {
		Subject, Resource struct {
			Type, ID   string
			Properties map[string]any
		}
		Action struct {
			Name       string
			Properties map[string]any
		}
		Context map[string]any
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&read), text)
	return authzen.Evaluation{
		Subject: authzen.Entity(read.Subject), Resource: authzen.Entity(read.Resource), Action: authzen.Action(read.Action), Context: read.Context,
	}
}

func TestBothSpellingsAskTheSame(t *testing.T) {
	var asked []consent.Question
	for name, text := range map[string]string{"flat": flat, "nested": nested} {
		for _, decision := range []consent.Decision{consent.Permit, consent.Deny} {
			point := newPoint(t, deciding(decision))
			assert.Equal(t, decision == consent.Permit, point.Begin(hospital).Evaluate(t.Context(), evaluation(t, text)).Permit, name)
			require.Len(t, point.mitz.asked, 1, name)
			asked = append(asked, point.mitz.asked...)
		}
	}
	node := newPoint(t, deciding(consent.Permit))
	node.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims()))
	for _, each := range asked {
		assert.True(t, each.Patient.Equal(bsn(t, testBSN)))
		each.Patient = node.mitz.asked[0].Patient
		assert.Equal(t, node.mitz.asked[0], each, "as a node asks it")
	}
}

// TestWhatIsSaidMustBeSo changes one thing of a question that is in order.
func TestWhatIsSaidMustBeSo(t *testing.T) {
	for _, tc := range []struct {
		name, of, old, changed string
		reason                 string // empty: permitted
	}{
		{"without the data holder", flat, `"data_holder_organization_id": "00000659", `, ``, ""},
		{"another data holder", flat, "00000659", "00000660", "claim_contradiction"},
		{"another data holder, nested", nested, "00000659", "00000660", "claim_contradiction"},
		{"a data holder that is none", flat, `"00000659"`, `659`, "claim_contradiction"},
		{"another type of data holder", flat, `"V6"`, `"V4"`, "claim_contradiction"},
		{"no purpose and no categories, by its scope", flat, `"purpose_of_use": "TREAT", "data_categories": ["GGC002"], `, ``, ""},
		{"another purpose", flat, "TREAT", "COC", "claim_contradiction"},
		{"a purpose that is none", flat, "TREAT", "BTG", "claim_malformed"},
		{"a category that the profile does not have", flat, `["GGC002"]`, `["GGC002", "GGC013"]`, "claim_contradiction"},
		{"a category that is none", flat, `["GGC002"]`, `["everything"]`, "claim_malformed"},
		{"no scope, by its purpose and categories", flat, `, "scope": "birth-care"`, ``, ""},
		{"a scope that is null", flat, `, "scope": "birth-care"`, `, "scope": null`, ""},
		{"a scope that is not guarded", flat, `"scope": "birth-care"`, `"scope": "openid"`, "scope_unusable"},
		{"two guarded scopes", flat, `"scope": "birth-care"`, `"scope": "birth-care medication"`, "scope_unusable"},
		{"two guarded scopes, nested", nested, `["openid", "birth-care"]`, `["medication", "birth-care"]`, "scope_unusable"},
		{"a blank scope", flat, `"scope": "birth-care"`, `"scope": " "`, "scope_unusable"},
		{"more scopes than anybody means", flat, `"scope": "birth-care"`, `"scope": ["birth-care"` + strings.Repeat(`, "openid"`, 64) + `]`, "scope_unusable"},
		{"a longer scope than anybody means", flat, `"scope": "birth-care"`, `"scope": "birth-care` + strings.Repeat(" openid", 1000) + `"`, "scope_unusable"},
		{"a scope that is no text", flat, `"scope": "birth-care"`, `"scope": 1`, "scope_unusable"},
		{"a scope beside it in the context", flat, `"mitz_consent": false`, `"scope": "medication"`, "scope_unusable"},
		{"no patient", flat, `"patient_bsn": "900186021",`, ``, "claim_missing"},
		{"a patient that is none", flat, "900186021", "900186022", "claim_malformed"},
		{"two patients", nested, `"purpose_of_use": "TREAT"`, `"patient_bsn": "999996630"`, "claim_contradiction"},
		{"the same patient twice", nested, `"purpose_of_use": "TREAT"`, `"patient_bsn": "900186021"`, ""},
		{"another patient of an enrolment", flat, `"user_id"`, `"patient_enrollment_identifier": "999996630", "user_id"`, "claim_contradiction"},
		{"an organisation in both spellings, and they differ", flat, `"user_id"`, `"organization": {"ura": "87654321"}, "user_id"`, "claim_contradiction"},
		{"several roles", nested, `"role": "03.000"`, `"role": ["03.000", "01.015"]`, "claim_contradiction"},
		{"no professional", nested, `"id": "900000009", `, ``, "claim_missing"},
		{"a professional that is a number", flat, `"900000009"`, `900000009`, "claim_malformed"},
		{"under a mandate", flat, `"user_id"`, `"delegation_registered_by": "900000008", "delegation": {"role_code": "01.046"}, "user_id"`, ""},
		{"half a mandate", flat, `"user_id"`, `"delegation_registered_by": "900000008", "user_id"`, "claim_missing"},
		{"to write", flat, `"search"`, `"create"`, "method_refused"},
		{"to delete", flat, `"search"`, `"DELETE"`, "method_refused"},
		{"a resource that is none", flat, `"Condition"`, `"record"`, "resource_not_covered"},
		{"a resource of nobody", flat, `"Condition"`, `"AuditEvent"`, "resource_not_covered"},
		{"a scope as a resource", flat, `"Condition"`, `"scope"`, "resource_not_covered"},
		{"a resource that limits itself", flat, `"Condition"`, `"Observation?category=a|b"`, "resource_unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point := captureLog(t), newPoint(t, deciding(consent.Permit))
			require.Equal(t, 1, strings.Count(tc.of, tc.old), "it is not there once")
			decision := point.Begin(hospital).Evaluate(t.Context(), evaluation(t, strings.Replace(tc.of, tc.old, tc.changed, 1)))
			assert.Equal(t, authzen.Decision{Permit: tc.reason == "", Reason: tc.reason}, decision)
			if tc.reason != "" {
				assert.Empty(t, point.mitz.asked)
			}
			assert.NotContains(t, out.String(), testBSN)
		})
	}
}

func TestAProfileThatIsNotNamed(t *testing.T) {
	asking := func(t *testing.T, purpose, categories string) string {
		t.Helper()
		text := strings.Replace(flat, `, "scope": "birth-care"`, "", 1)
		text = strings.Replace(text, `"purpose_of_use": "TREAT", "data_categories": ["GGC002"], `, purpose+categories, 1)
		return strings.Replace(text, `"Condition"`, `"DiagnosticReport"`, 1)
	}
	for _, tc := range []struct {
		name, purpose, categories, reason string
		expected                          []consent.Category
	}{
		{"nothing said, of two", ``, ``, "scope_unusable", nil},
		{"a purpose that both have", `"purpose_of_use": "TREAT", `, ``, "scope_unusable", nil},
		{"categories that one has", ``, `"data_categories": ["GGC012"], `, "", []consent.Category{"GGC013", "GGC012"}},
		{"categories that one has all of", ``, `"data_categories": ["GGC012", "GGC013"], `, "", []consent.Category{"GGC013", "GGC012"}},
		{"categories that no one has all of", ``, `"data_categories": ["GGC012", "GGC002"], `, "scope_unusable", nil},
		{"a purpose that none has", `"purpose_of_use": "COC", `, `"data_categories": ["GGC012"], `, "scope_unusable", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			captureLog(t)
			point := newPoint(t, deciding(consent.Permit))
			decision := point.Begin(hospital).Evaluate(t.Context(), evaluation(t, asking(t, tc.purpose, tc.categories)))
			assert.Equal(t, authzen.Decision{Permit: tc.reason == "", Reason: tc.reason}, decision)
			if tc.reason == "" {
				require.Len(t, point.mitz.asked, 1)
				assert.Equal(t, tc.expected, point.mitz.asked[0].Categories, "all of the profile's")
			}
		})
	}
}

// TestResourcesOfOneQuestion asks about several resources of one patient in one request.
func TestResourcesOfOneQuestion(t *testing.T) {
	point := newPoint(t, deciding(consent.Permit))
	evaluator := point.Begin(hospital)
	of := func(resource, properties string) authzen.Evaluation {
		text := strings.Replace(flat, `"scope": "birth-care"`, `"scope": "medication"`, 1)
		text = strings.Replace(text, `"purpose_of_use": "TREAT", "data_categories": ["GGC002"], `, "", 1)
		return evaluation(t, strings.Replace(text, `{"type": "Condition", "id": ""}`, `{"type": "`+resource+`", "id": "1", "properties": `+properties+`}`, 1))
	}
	for _, tc := range []struct{ resource, properties, reason string }{
		{"MedicationRequest", `{}`, ""},
		{"Condition", `{}`, "resource_not_covered"},
		{"DiagnosticReport", `{}`, ""},
		{"Observation", `{}`, "resource_not_covered"},
		{"Observation", `{"category": "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"}`, ""},
		{"Observation", `{"category": "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"}`, "resource_not_covered"},
		{"Observation", `{"category": ["http://terminology.hl7.org/CodeSystem/observation-category|laboratory", "a|b"]}`, "parameter_repeated"},
		{"Patient", `{}`, ""},
	} {
		assert.Equal(t, authzen.Decision{Permit: tc.reason == "", Reason: tc.reason}, evaluator.Evaluate(t.Context(), of(tc.resource, tc.properties)), tc.resource+tc.properties)
	}
	assert.Len(t, point.mitz.asked, 1)
}

// FuzzNothingIsPermittedThatMitzDenies asks whatever can be asked, of a Mitz that denies and a node
// with one token.
func FuzzNothingIsPermittedThatMitzDenies(f *testing.F) {
	for _, each := range []string{flat, nested, strings.Replace(withToken, "token-1", "token-2", 1)} {
		f.Add(each)
	}
	f.Add(`{"subject": {"type": "organization", "id": "did:web:a.example", "properties": {"organization": {"user_id": ["1", {"value": 1}]}}},
		"action": {"name": "request_scope"}, "resource": {"type": "scope", "id": "birth-care"}, "context": {"policy": "birth-care"}}`)
	point := newPoint(f, deciding(consent.Deny))
	point.parts.Tokens = tokens{"token-1-of-nobody": testToken()}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "token-1-of-nobody") || !json.Valid([]byte(text)) {
			return
		}
		var read authzen.Evaluation
		if json.Unmarshal([]byte(text), &read) != nil {
			return
		}
		point.mitz.asked = nil
		decision := point.Begin(hospital).Evaluate(t.Context(), read)
		assert.False(t, decision.Permit)
		assert.NotEmpty(t, decision.Reason)
		assert.NotEqual(t, "panic", decision.Reason)
		assert.LessOrEqual(t, len(point.mitz.asked), 1)
	})
}
