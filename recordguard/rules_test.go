// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

const (
	patient      = "900186021"
	otherPatient = "999996642"
)

func bsn(t *testing.T, digits string) consent.BSN {
	t.Helper()
	number, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	return number
}

// now is when all requests come.
func now() time.Time { return time.Unix(1_772_000_000, 0) }

func rules() recordguard.Rules {
	return recordguard.Rules{DataHolder: "00000659", Scopes: map[string][]string{"birth-care": nil, "lab": {"DiagnosticReport", "Patient"}}}
}

// introspection is the answer about a token that opens records, with some claims changed;
// nil takes one away.
func introspection(t *testing.T, changed map[string]any) []byte {
	t.Helper()
	claims := map[string]any{
		"active": true, "scope": "other birth-care", "exp": now().Add(time.Minute).Unix(), "mitz_consent": true, "patient_bsn": patient,
		"consent_categories": []string{"GGC012", "GGC002"}, "data_holder_organization_id": "00000659", "consent_request_id": "q",
	}
	maps.Copy(claims, changed)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	encoded, err := json.Marshal(claims)
	require.NoError(t, err)
	return encoded
}

func TestJudgeWantsEveryRuleToHold(t *testing.T) {
	about := func(digits ...string) recordguard.Request {
		asked := recordguard.Request{Resources: []string{"Condition"}}
		for _, each := range digits {
			asked.Patients = append(asked.Patients, bsn(t, each))
		}
		return asked
	}
	of := func(resources ...string) recordguard.Request {
		return recordguard.Request{Patients: about(patient).Patients, Resources: resources}
	}
	unresolved := about(patient)
	unresolved.References = []recordguard.Reference{{Type: "Condition", ID: "1"}}
	const laboratory = "Observation?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
	tests := map[string]struct {
		changed map[string]any
		asked   recordguard.Request
		want    error
	}{
		"the patient of the token":                  {nil, about(patient), nil},
		"the patient, named twice":                  {nil, about(patient, patient), nil},
		"another patient":                           {nil, about(otherPatient), recordguard.OtherPatient},
		"two patients":                              {nil, about(patient, otherPatient), recordguard.SeveralPatients},
		"no patient":                                {nil, about(), recordguard.NoPatient},
		"a resource of which nobody told whose":     {nil, unresolved, recordguard.PatientUnknown},
		"a patient that is none":                    {nil, recordguard.Request{Patients: make([]consent.BSN, 1), Resources: []string{"Condition"}}, recordguard.SeveralPatients},
		"a token that is about nobody":              {map[string]any{"patient_bsn": nil}, about(patient), recordguard.OtherPatient},
		"a token that is not active":                {map[string]any{"active": false}, about(patient), recordguard.TokenNotActive},
		"a token that just expired":                 {map[string]any{"exp": now().Unix()}, about(patient), recordguard.TokenExpired},
		"a token that never expires":                {map[string]any{"exp": nil}, about(patient), recordguard.TokenExpired},
		"another scope":                             {map[string]any{"scope": "other"}, about(patient), recordguard.ScopeNotAccepted},
		"a longer scope":                            {map[string]any{"scope": "birth-care-plus"}, about(patient), recordguard.ScopeNotAccepted},
		"a scope with a blank that parts none":      {map[string]any{"scope": "other\u00a0birth-care"}, about(patient), recordguard.ScopeNotAccepted},
		"a scope with a tab":                        {map[string]any{"scope": "other\tbirth-care"}, about(patient), recordguard.ScopeNotAccepted},
		"no scope":                                  {map[string]any{"scope": nil}, about(patient), recordguard.ScopeNotAccepted},
		"two accepted scopes":                       {map[string]any{"scope": "birth-care lab"}, about(patient), recordguard.SeveralScopes},
		"an accepted scope twice":                   {map[string]any{"scope": "birth-care birth-care"}, about(patient), recordguard.SeveralScopes},
		"a scope without consent":                   {map[string]any{"mitz_consent": nil}, about(patient), recordguard.NoConsent},
		"consent that is false":                     {map[string]any{"mitz_consent": false}, about(patient), recordguard.NoConsent},
		"another data holder":                       {map[string]any{"data_holder_organization_id": "00000660"}, about(patient), recordguard.OtherDataHolder},
		"no data holder":                            {map[string]any{"data_holder_organization_id": nil}, about(patient), recordguard.OtherDataHolder},
		"no data category":                          {map[string]any{"consent_categories": nil}, of("Patient"), recordguard.NotCovered},
		"a category that the table lacks":           {map[string]any{"consent_categories": []string{"GGC999"}}, of("Patient"), recordguard.NotCovered},
		"nothing":                                   {nil, of(), recordguard.NoResource},
		"one resource type that is not covered":     {nil, of("Condition", "AuditEvent"), recordguard.NotCovered},
		"two types, each by one category":           {map[string]any{"consent_categories": []string{"GGC012", "GGC013"}}, of("DiagnosticReport", "MedicationRequest"), nil},
		"a type of another category":                {map[string]any{"consent_categories": []string{"GGC013"}}, of("Condition"), recordguard.NotCovered},
		"any observation, with consent for results": {map[string]any{"consent_categories": []string{"GGC012"}}, of("Observation"), recordguard.NotCovered},
		"laboratory results":                        {map[string]any{"consent_categories": []string{"GGC012"}}, of(laboratory), nil},
		"laboratory results, with all treatment":    {map[string]any{"consent_categories": []string{"GGC002"}}, of(laboratory), nil},
		"a scope that opens this type":              {map[string]any{"scope": "lab"}, of("DiagnosticReport"), nil},
		"a scope that opens other types":            {map[string]any{"scope": "lab"}, of("Condition"), recordguard.NotCovered},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			claims, err := recordguard.ReadClaims(introspection(t, test.changed))
			require.NoError(t, err)
			assert.Equal(t, test.want, rules().Judge(claims, test.asked, now()))
		})
	}
	t.Run("a token alone", func(t *testing.T) {
		for name, test := range map[string]struct {
			changed   map[string]any
			resources []string
			want      error
		}{
			"what it opens":            {nil, []string{"Condition"}, nil},
			"and what it does not":     {nil, []string{"Condition", "AuditEvent"}, recordguard.NotCovered},
			"nothing":                  {nil, nil, recordguard.NoResource},
			"one that is not active":   {map[string]any{"active": false}, []string{"Condition"}, recordguard.TokenNotActive},
			"one that just expired":    {map[string]any{"exp": now().Unix()}, []string{"Condition"}, recordguard.TokenExpired},
			"one of another scope":     {map[string]any{"scope": "other"}, []string{"Condition"}, recordguard.ScopeNotAccepted},
			"one without consent":      {map[string]any{"mitz_consent": false}, []string{"Condition"}, recordguard.NoConsent},
			"one of another holder":    {map[string]any{"data_holder_organization_id": "00000660"}, []string{"Condition"}, recordguard.OtherDataHolder},
			"one that is about nobody": {map[string]any{"patient_bsn": nil}, []string{"Condition"}, recordguard.OtherPatient},
		} {
			claims, err := recordguard.ReadClaims(introspection(t, test.changed))
			require.NoError(t, err)
			assert.Equal(t, test.want, rules().JudgeToken(claims, test.resources, now()), name)
		}
	})
	t.Run("rules of nobody open nothing", func(t *testing.T) {
		claims, err := recordguard.ReadClaims(introspection(t, map[string]any{"data_holder_organization_id": nil}))
		require.NoError(t, err)
		assert.Equal(t, recordguard.ScopeNotAccepted, recordguard.Rules{}.Judge(claims, about(patient), now()))
		assert.Equal(t, recordguard.OtherDataHolder, recordguard.Rules{Scopes: rules().Scopes}.Judge(claims, about(patient), now()))
		assert.Equal(t, recordguard.TokenNotActive, rules().Judge(recordguard.Claims{}, about(patient), now()))
	})
	t.Run("a table of one's own is used", func(t *testing.T) {
		claims, err := recordguard.ReadClaims(introspection(t, nil))
		require.NoError(t, err)
		narrow := rules()
		narrow.Categories = recordguard.Categories{"GGC002": {"Encounter"}}
		assert.NoError(t, narrow.Judge(claims, of("Encounter"), now()))
		assert.Equal(t, recordguard.NotCovered, narrow.Judge(claims, of("Condition"), now()))
	})
}

func TestReadClaimsIsStrict(t *testing.T) {
	malformed := map[string]string{
		"nothing":                         "",
		"no JSON":                         "active",
		"a list":                          "[]",
		"no word of being active":         "{}",
		"active as a text":                `{"active": "true"}`,
		"active twice":                    `{"active": false, "active": true}`,
		"active in capitals":              `{"Active": true}`,
		"two answers":                     `{"active": true}{"active": true}`,
		"consent as a text":               `{"active": true, "mitz_consent": "true"}`,
		"a patient's number that is none": `{"active": true, "patient_bsn": "123456789"}`,
		"a patient's number as a number":  `{"active": true, "patient_bsn": 900186021}`,
		"two patients":                    `{"active": true, "patient_bsn": ["900186021"]}`,
		"another patient in capitals":     `{"active": true, "patient_bsn": "900186021", "Patient_BSN": "999996642"}`,
		"categories as a text":            `{"active": true, "consent_categories": "GGC002"}`,
		"a category that is none":         `{"active": true, "consent_categories": ["treatment"]}`,
		"a data holder that is none":      `{"active": true, "data_holder_organization_id": "659"}`,
		"scopes as a list":                `{"active": true, "scope": ["birth-care"]}`,
		"a time as a text":                `{"active": true, "exp": "1772000000"}`,
		"half a second":                   `{"active": true, "exp": 1772000000.5}`,
		"a binding as a text":             `{"active": true, "cnf": "thumbprint"}`,
		"a binding in capitals":           `{"active": true, "CNF": {"jkt": "thumbprint"}}`,
		"a thumbprint in capitals":        `{"active": true, "cnf": {"JKT": "thumbprint"}}`,
		"a thumbprint twice":              `{"active": true, "cnf": {"jkt": "a", "jkt": "b"}}`,
	}
	for name, answer := range malformed {
		t.Run(name, func(t *testing.T) {
			claims, err := recordguard.ReadClaims([]byte(answer))
			assert.Equal(t, recordguard.ClaimsMalformed, err)
			assert.Equal(t, recordguard.Claims{}, claims)
		})
	}
	t.Run("all that is looked at is read", func(t *testing.T) {
		claims, err := recordguard.ReadClaims(introspection(t, map[string]any{"cnf": map[string]any{"jkt": "thumbprint"}, "client_id": "c"}))
		require.NoError(t, err)
		assert.True(t, claims.Patient.Equal(bsn(t, patient)))
		claims.Patient = consent.BSN{}
		assert.Equal(t, recordguard.Claims{
			Active: true, Scope: "other birth-care", Expires: now().Add(time.Minute), Consent: true, Categories: []consent.Category{"GGC012", "GGC002"},
			DataHolder: "00000659", RequestID: "q", Bound: true, Thumbprint: "thumbprint",
		}, claims)
	})
	t.Run("a binding of another kind is one", func(t *testing.T) {
		claims, err := recordguard.ReadClaims([]byte(`{"active": true, "cnf": {"x5t#S256": "x"}}`))
		require.NoError(t, err)
		assert.True(t, claims.Bound)
		assert.Empty(t, claims.Thumbprint)
	})
	t.Run("of a token that is not active nothing is read", func(t *testing.T) {
		claims, err := recordguard.ReadClaims(introspection(t, map[string]any{"active": false}))
		require.NoError(t, err)
		assert.Equal(t, recordguard.Claims{}, claims)
	})
}

func TestRulesListAllThatIsWrong(t *testing.T) {
	require.NoError(t, rules().Validate())
	whole := rules()
	whole.Categories = recordguard.DefaultCategories()
	require.NoError(t, whole.Validate(), "every resource type of the table can be asked for")
	wrong := recordguard.Rules{
		DataHolder: "659", Scopes: map[string][]string{"two words": nil, "lab": {"Lab"}},
		Categories: recordguard.Categories{"GGC": {"Observation?code=1", "Observation?category=laboratory"}},
	}
	err := wrong.Validate()
	for _, part := range []string{"the data holder", `the scope "two words"`, `"Lab"`, `the category "GGC"`, `"Observation?code=1"`, `"Observation?category=laboratory"`} {
		assert.ErrorContains(t, err, part)
	}
	assert.ErrorContains(t, recordguard.Rules{DataHolder: "00000659"}.Validate(), "no scope")
}

func TestStatusOfRefusals(t *testing.T) {
	assert.Equal(t, 401, recordguard.TokenExpired.Status())
	assert.Equal(t, 403, recordguard.OtherPatient.Status())
	assert.Equal(t, 403, recordguard.Refusal("of a later version").Status())
	assert.Equal(t, 503, recordguard.NodeUnavailable.Status())
	assert.EqualError(t, recordguard.OtherPatient, "other_patient")
}
