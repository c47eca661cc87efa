// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

func TestWhatConsentSaysIsTheAnswer(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answer   func(consent.Question) (consent.Decision, error)
		expected authzen.Decision
	}{
		{"Permit", deciding(consent.Permit), authzen.Decision{Permit: true}},
		{"Deny", deciding(consent.Deny), authzen.Decision{Reason: "denied"}},
		{"Indeterminate", deciding(consent.Indeterminate), authzen.Decision{Reason: "indeterminate"}},
		{"NotApplicable", deciding(consent.NotApplicable), authzen.Decision{Reason: "not_applicable"}},
		{"no known answer", deciding(99), authzen.Decision{Reason: "unanswered"}},
		{"timeout", failing(mitzclient.Timeout), authzen.Decision{Reason: "timeout"}},
		{"the circuit is open", failing(mitzclient.CircuitOpen), authzen.Decision{Reason: "circuit_open"}},
		{"a panic", func(consent.Question) (consent.Decision, error) { panic(testBSN) }, authzen.Decision{Reason: "panic"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point := captureLog(t), newPoint(t, tc.answer)
			assert.Equal(t, tc.expected, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
			require.Len(t, point.mitz.asked, 1)
			asked := point.mitz.asked[0]
			assert.True(t, asked.Patient.Equal(bsn(t, testBSN)))
			asked.Patient = consent.BSN{}
			assert.Equal(t, consent.Question{
				DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
				Requester: consent.Requester{
					URA: "12345678", FacilityType: "G3",
					Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
				},
				Categories: []consent.Category{"GGC002"}, Purpose: "TREAT",
			}, asked)
			assert.NotContains(t, out.String(), testBSN)
		})
	}
}

func bsn(t *testing.T, number string) consent.BSN {
	t.Helper()
	patient, err := consent.ParseBSN(number)
	require.NoError(t, err)
	return patient
}

// TestScopesOfOneRequest asks about several scopes in one HTTP request, as a node does.
func TestScopesOfOneRequest(t *testing.T) {
	const yes, no, scope = "", "denied", "scope_unusable"
	for _, tc := range []struct {
		name       string
		decision   consent.Decision
		tokenScope string
		scopes     []string
		expected   []string // reasons; empty: permitted
		asked      int
	}{
		{"the guarded scope alone", consent.Permit, birthCare, []string{birthCare}, []string{yes}, 1},
		{"twice", consent.Permit, birthCare, []string{birthCare, birthCare, birthCare}, []string{yes, yes, yes}, 1},
		{"denied, twice", consent.Deny, birthCare, []string{birthCare, birthCare}, []string{no, no}, 1},
		{"with others", consent.Permit, birthCare, []string{birthCare, "openid", "other"}, []string{yes, yes, yes}, 1},
		{"denied, with others", consent.Deny, birthCare, []string{birthCare, "openid"}, []string{no, no}, 1},
		{"others before it", consent.Deny, birthCare, []string{"openid", birthCare}, []string{no, no}, 1},
		{"a second guarded one", consent.Permit, birthCare, []string{birthCare, "medication"}, []string{yes, scope}, 1},
		{"a second guarded one alone", consent.Permit, birthCare, []string{"medication"}, []string{scope}, 0},
		{"for an unguarded token", consent.Permit, "other", []string{"other", birthCare}, []string{scope, scope}, 0},
		{"for a token that does not say for what", consent.Permit, "", []string{birthCare, ""}, []string{scope, scope}, 0},
		{"two scopes in one", consent.Permit, birthCare, []string{"birth-care other", "", " ", "birth-care "}, []string{scope, scope, scope, scope}, 0},
		{"the token for two", consent.Permit, "birth-care other", []string{birthCare}, []string{scope}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			point := newPoint(t, deciding(tc.decision))
			evaluator := point.Begin(hospital)
			for i, each := range tc.scopes {
				decision := evaluator.Evaluate(t.Context(), nodeAsks(tc.tokenScope, each, testClaims()))
				assert.Equal(t, authzen.Decision{Permit: tc.expected[i] == "", Reason: tc.expected[i]}, decision, each)
			}
			assert.Len(t, point.mitz.asked, tc.asked)
		})
	}
}

// TestOneRequestAsksOneQuestion changes something between two evaluations of a request.
func TestOneRequestAsksOneQuestion(t *testing.T) {
	for name, change := range map[string]func(*authzen.Evaluation){
		"another patient": func(e *authzen.Evaluation) {
			claims := testClaims()
			claims["patient_enrollment_identifier"] = "999996630"
			e.Subject.Properties["organization"] = claims
		},
		"one claim less":    func(e *authzen.Evaluation) { delete(e.Subject.Properties["organization"].(map[string]any), "user_id") },
		"another presenter": func(e *authzen.Evaluation) { e.Subject.ID = "did:web:gp.example" },
		"another profile":   func(e *authzen.Evaluation) { e.Context["policy"], e.Resource.ID = "medication", "medication" },
	} {
		t.Run(name, func(t *testing.T) {
			for _, permits := range []consent.Decision{consent.Permit, consent.Deny} {
				point := newPoint(t, deciding(permits))
				evaluator := point.Begin(hospital)
				evaluator.Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims()))
				other := nodeAsks(birthCare, birthCare, testClaims())
				change(&other)
				assert.Equal(t, authzen.Decision{Reason: "second_question"}, evaluator.Evaluate(t.Context(), other))
				assert.Len(t, point.mitz.asked, 1)
			}
		})
	}
	t.Run("after trouble too", func(t *testing.T) {
		point := newPoint(t, failing(mitzclient.Timeout))
		evaluator := point.Begin(hospital)
		for range 3 {
			assert.Equal(t, authzen.Decision{Reason: "timeout"}, evaluator.Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
		}
		assert.Len(t, point.mitz.asked, 1)
	})
	t.Run("another request asks anew", func(t *testing.T) {
		point := newPoint(t, deciding(consent.Permit))
		for range 2 {
			assert.True(t, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())).Permit)
		}
		assert.Len(t, point.mitz.asked, 2)
	})
}

func TestWhatIsNotAsANodeAsksItIsNotPermitted(t *testing.T) {
	for _, tc := range []struct {
		name, reason string
		change       func(*authzen.Evaluation)
	}{
		{"another type of subject", "scope_unusable", func(e *authzen.Evaluation) { e.Subject.Type = "user" }},
		{"another action", "scope_unusable", func(e *authzen.Evaluation) { e.Action.Name = "read" }},
		{"a token beside it", "claim_missing", func(e *authzen.Evaluation) { e.Context["token"], e.Subject.Properties = "token-1", nil }},
		{"another type of resource", "scope_unusable", func(e *authzen.Evaluation) { e.Resource.Type = "Patient" }},
		{"no context", "scope_unusable", func(e *authzen.Evaluation) { e.Context = nil }},
		{"a policy that is no text", "scope_unusable", func(e *authzen.Evaluation) { e.Context["policy"] = []any{birthCare} }},
		{"no properties", "claim_missing", func(e *authzen.Evaluation) { e.Subject.Properties = nil }},
		{"claims in a list", "claim_missing", func(e *authzen.Evaluation) { e.Subject.Properties["organization"] = []any{testClaims()} }},
		{"claims beside the organisation", "claim_missing", func(e *authzen.Evaluation) { e.Subject.Properties = testClaims() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			captureLog(t)
			point := newPoint(t, unasked(t))
			asked := nodeAsks(birthCare, birthCare, testClaims())
			tc.change(&asked)
			assert.Equal(t, authzen.Decision{Reason: tc.reason}, point.Begin(hospital).Evaluate(t.Context(), asked))
		})
	}
	t.Run("a place that is no data holder", func(t *testing.T) {
		out, point := captureLog(t), newPoint(t, unasked(t))
		for _, place := range []string{"", "hospital-north", testBSN} {
			assert.Equal(t, authzen.Decision{Reason: "data_holder_unknown"}, point.Begin(place).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
			assert.False(t, point.Serves(place))
		}
		assert.True(t, point.Serves(hospital))
		assert.NotContains(t, out.String(), testBSN)
	})
	t.Run("one that has stopped", func(t *testing.T) {
		point := newPoint(t, unasked(t))
		point.parts.Requests.Close(0, 0)
		assert.Equal(t, authzen.Decision{Reason: "not_running"}, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
	})
}

func TestClaimsThatDoNotMakeAQuestion(t *testing.T) {
	for _, tc := range []struct {
		name, reason string
		change       map[string]any
	}{
		{"no patient", "claim_missing", map[string]any{"patient_enrollment_identifier": nil}},
		{"two patients", "claim_contradiction", map[string]any{"patient_enrollment_identifier": []any{testBSN, "999996630"}}},
		{"half a mandate", "claim_missing", map[string]any{"delegation_role_code": "01.015"}},
		{"consent that the requester claims itself", "reserved_claim", map[string]any{"mitz_consent": true}},
		{"a patient of the token, claimed", "reserved_claim", map[string]any{"patient_bsn": testBSN}},
		{"a claim of the introspection answer", "reserved_claim", map[string]any{"cnf": "another key"}},
		{"a number", "claim_malformed", map[string]any{"organization_ura": 12345678}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point := captureLog(t), newPoint(t, unasked(t))
			claims := testClaims()
			maps.Copy(claims, tc.change)
			assert.Equal(t, authzen.Decision{Reason: tc.reason}, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, claims)))
			assert.Equal(t, []string{"decision-refused " + tc.reason + " claims"}, point.actions(t))
			assert.NotContains(t, out.String(), testBSN)
		})
	}
}

func TestWhatIsRecorded(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answer   func(consent.Question) (consent.Decision, error)
		expected []string
		outcome  string
	}{
		{"permitted", deciding(consent.Permit), []string{"query asked claims", "consult permit claims", "decision-permitted permit claims"}, "permit"},
		{"denied", deciding(consent.Deny), []string{"query asked claims", "consult denied claims", "decision-refused denied claims"}, "denied"},
		{"trouble", failing(mitzclient.Timeout), []string{"query asked claims", "consult timeout claims", "decision-refused timeout claims"}, "timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, point := captureLog(t), newPoint(t, tc.answer)
			point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims()))
			assert.Equal(t, tc.expected, point.actions(t))
			for _, entry := range point.entries(t) {
				assert.Equal(t, []string{testPresenter}, entry.Presenters)
				assert.Equal(t, hospital, entry.Subject)
				assert.Equal(t, birthCare, entry.Scope)
				assert.True(t, entry.IsAbout(bsn(t, testBSN)))
			}
			assert.InDelta(t, 1, point.counted(t, "claims", tc.outcome), 0)
			assert.Contains(t, out.String(), "basis=claims")
			assert.Contains(t, out.String(), "request_id=request-1")
			assert.NotContains(t, out.String(), testBSN)
		})
	}
	t.Run("what cannot be written is not permitted", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, deciding(consent.Permit))
		point.mitz.answer = func(consent.Question) (consent.Decision, error) {
			assert.NoError(t, os.Remove(point.file))
			assert.NoError(t, os.Mkdir(point.file, 0o700))
			return consent.Permit, nil
		}
		assert.Equal(t, authzen.Decision{Reason: "audit_unwritten"}, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
	})
	t.Run("what cannot be written is not asked", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		require.NoError(t, point.log.Close())
		assert.Equal(t, authzen.Decision{Reason: "audit_unwritten"}, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
	})
	t.Run("who asks wrongly all the time does not fill the log", func(t *testing.T) {
		captureLog(t)
		point := newPoint(t, unasked(t))
		for range 100 {
			point.Begin(hospital).Evaluate(t.Context(), nodeAsks("other", "other", testClaims()))
		}
		assert.InDelta(t, 100, point.counted(t, "claims", "scope_unusable"), 0)
		point.parts.Recorder.Flush()
		require.NoError(t, point.log.Flush(t.Context()))
		entries := point.entries(t)
		require.Len(t, entries, 7)
		assert.Equal(t, "decision-refused", string(entries[6].Action))
	})
}

// TestAnswersThatCannotBeKept has the client gone, or the data holder off the list, by the time
// that Mitz answers.
func TestAnswersThatCannotBeKept(t *testing.T) {
	captureLog(t)
	point := newPoint(t, nil)
	point.mitz.answer = func(consent.Question) (consent.Decision, error) {
		config := testConfig()
		config.DataHolders = config.DataHolders[1:]
		builder := policy.NewListBuilder(1)
		builder.AddConfig(config)
		lists, err := builder.Build()
		assert.NoError(t, err)
		point.parts.Policy.Use(lists)
		return consent.Permit, nil
	}
	assert.Equal(t, authzen.Decision{Reason: "data_holder_unknown"}, point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, testClaims())))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.False(t, newPoint(t, deciding(consent.Permit)).Begin(hospital).Evaluate(ctx, nodeAsks(birthCare, birthCare, testClaims())).Permit)
}

func TestAPartThatIsMissing(t *testing.T) {
	whole := newPoint(t, unasked(t)).parts
	for name, spoil := range map[string]func(*Parts){
		"policy":   func(p *Parts) { p.Policy = nil },
		"grounds":  func(p *Parts) { p.Grounds = nil },
		"recorder": func(p *Parts) { p.Recorder = nil },
		"requests": func(p *Parts) { p.Requests = nil },
		"timeout":  func(p *Parts) { p.Timeout = -time.Second },
		"now":      func(p *Parts) { p.Now = nil },
	} {
		parts := whole
		spoil(&parts)
		_, err := New(parts)
		require.Error(t, err, name)
	}
}
