// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// shown are the credentials of the definition below: where each has its claims, and who issues
// it.
var shown = []struct {
	credentialType, issuer string
	members                map[string]string // of the subject, by claim
}{
	{"NutsUraCredential", testAuthority, map[string]string{"organization_ura": "organization"}},
	{"HealthcareProviderRoleTypeCredential", testAuthority, map[string]string{"organization_facility_type": "roleCodeNL"}},
	{"NutsEmployeeCredential", testPresenter, map[string]string{"user_id": "identifier", "user_role": "roleName"}},
	{"PatientEnrollmentCredential", testPresenter, map[string]string{"patient_enrollment_identifier": "patientId"}},
	{"HealthCareProfessionalDelegationCredential", testPresenter, map[string]string{"delegation_registered_by": "registeredBy", "delegation_role_code": "roleCode"}},
}

// sameDefinition is an operator's, in strict mode, that proves who attests what of others.
func sameDefinition() pe.WalletOwnerMapping {
	var descriptors []*pe.InputDescriptor
	for _, each := range shown {
		issuer := each.issuer
		if issuer == testPresenter {
			issuer = "" // which the trust leaves to the holder
		}
		descriptors = append(descriptors, descriptor(each.credentialType, each.credentialType, issuer, slices.Sorted(maps.Keys(each.members))...))
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: descriptors}}
}

// presented is a token that the node wants to store, on credentials that say what its claims say.
type presented struct {
	claims map[string]any
	stored bool
}

func (p *presented) Subject() string        { return hospital }
func (p *presented) Scope() string          { return birthCare }
func (p *presented) Claims() map[string]any { return p.claims }
func (p *presented) Presenters() []string   { return []string{testPresenter} }
func (p *presented) Uses() ([]once.ID, error) {
	return []once.ID{once.IDOf(testPresenter, "nonce")}, nil
}
func (p *presented) Store() error { p.stored = true; return nil }
func (p *presented) Clear()       { p.stored = false }
func (p *presented) StoreWith(string, map[string]any, guard.Beside) error {
	return p.Store()
}

func (p *presented) Evidence(context.Context) (policy.Evidence, error) {
	evidence := policy.Evidence{Basis: policy.BasisCredentials, Claims: p.claims, Submissions: 1}
	for _, each := range shown {
		subject := map[string]any{"id": testPresenter}
		for claim, member := range each.members {
			if value := p.claims[claim]; value != nil {
				subject[member] = value
			}
		}
		if said, has := subject["organization"]; has {
			subject["organization"] = map[string]any{"ura": said}
		}
		if len(subject) > 1 {
			evidence.Credentials = append(evidence.Credentials, policy.Credential{
				ID: "urn:uuid:" + each.credentialType, Types: []string{"VerifiableCredential", each.credentialType}, Issuer: each.issuer, Presenter: testPresenter,
				Subjects: []map[string]any{subject}, Issued: testNow.Add(-time.Hour), Signed: true,
			})
		}
	}
	return evidence, nil
}

type anyTime struct{}

func (anyTime) Claim(context.Context, ...once.ID) error { return nil }

type markStore map[string]string

func (m markStore) Get(place string) (string, error) { return m[place], nil }
func (m markStore) Put(place, mark string) error     { m[place] = mark; return nil }

// newEndpoint is a token endpoint from the guard on, with the policy and the Mitz of a decision
// point.
func newEndpoint(t *testing.T, point *testPoint) *guard.Guard {
	t.Helper()
	now := func() time.Time { return testNow }
	grounds, err := policy.NewGrounds(point.parts.Policy, ground.NewClosedQuery(point.mitz, now))
	require.NoError(t, err)
	requests := drain.New()
	endpoint, err := guard.New(guard.Parts{
		Policy: point.parts.Policy, Grounds: grounds, Once: anyTime{}, Recorder: record.New(now), Requests: requests, Now: now,
		Marks: withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), markStore{}),
		Definitions: func(context.Context) policy.DefinitionOf {
			return func(string) (pe.WalletOwnerMapping, error) { return sameDefinition(), nil }
		},
	})
	require.NoError(t, err)
	requests.Open()
	t.Cleanup(func() { assert.Zero(t, requests.Close(time.Second, time.Second)) })
	return endpoint
}

// somethingElse is a value that a requester could put in the place of a right one.
func somethingElse(random *rand.Rand, right string) any {
	others := []string{
		"", " ", right + " ", right[1:], "0" + right, "999996630", "87654321", "V6", "01.015", "900000008", "\x00", "|", "|" + right, "x|" + right,
		"http://fhir.nl/fhir/NamingSystem/bsn|" + right, "http://fhir.nl/fhir/NamingSystem/ura|" + right, "urn:oid:2.16.528.1.1007.3.1|" + right,
		"http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|" + right, right + "|", right + "\n", "\u200b" + right, "true", "null", "*",
	}
	one := func() string { return others[random.IntN(len(others))] }
	switch random.IntN(12) {
	case 0:
		return nil
	case 1:
		return []any{right, right}
	case 2:
		return []any{right, one()}
	case 3:
		return []any{one(), right}
	case 4:
		return []any{[]any{right}}
	case 5:
		return []any{}
	case 6:
		return json.Number("12345678")
	case 7:
		return random.IntN(2) == 0
	case 8:
		return map[string]any{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": right}
	case 9:
		return map[string]any{"value": []any{right, one()}}
	case 10:
		return slices.Repeat([]any{right}, 33)
	default:
		return one()
	}
}

// TestTheTokenEndpointDecidesTheSame puts something else in the place of claims, and other claims
// beside them. Mitz permits one question alone; whatever the claims, the decision point permits
// what the token endpoint issues a token for, which rests on credentials that say the same.
func TestTheTokenEndpointDecidesTheSame(t *testing.T) {
	captureLog(t)
	config := testConfig()
	config.Profiles = config.Profiles[:1]
	config.Trust = map[string][]string{
		"organization": {testAuthority}, "facilitytype": {testAuthority}, "practitioner": {"holder"}, "enrollment": {"holder"}, "delegation": {"holder"},
	}
	p, err := policy.New(config, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return sameDefinition(), nil })
	require.NoError(t, err)
	require.NoError(t, p.CheckAlone())
	point := newPointOf(t, p, nil)
	point.mitz.answer = func(q consent.Question) (consent.Decision, error) {
		if q.Patient.Equal(bsn(t, testBSN)) && q.Requester.URA == "12345678" && q.Requester.FacilityType == "G3" {
			return consent.Permit, nil
		}
		return consent.Deny, nil
	}
	endpoint := newEndpoint(t, point)
	right := testClaims()
	mandate := map[string]any{"delegation_registered_by": "900000008", "delegation_role_code": "01.046"}
	beside := []string{"mitz_consent", "patient_bsn", "consent_categories", "cnf", "active", "scope", "decision", "policy", "organization", "patient", "organization_name"}
	random := rand.New(rand.NewPCG(7, 2026))
	permitted, asked := 0, 0
	for range 5_000 {
		claims := maps.Clone(right)
		if random.IntN(6) == 0 { // in order, about somebody else
			name := []string{"patient_enrollment_identifier", "organization_ura", "organization_facility_type"}[random.IntN(3)]
			claims[name] = map[string]any{"patient_enrollment_identifier": "999996630", "organization_ura": "87654321", "organization_facility_type": "V6"}[name]
		}
		if random.IntN(4) == 0 {
			maps.Copy(claims, mandate)
		}
		names := slices.Sorted(maps.Keys(claims))
		for range random.IntN(3) {
			name := names[random.IntN(len(names))]
			text, _ := claims[name].(string)
			if claims[name] = somethingElse(random, orElse(text, "x")); claims[name] == nil {
				delete(claims, name)
			}
		}
		if random.IntN(10) == 0 {
			claims[beside[random.IntN(len(beside))]] = somethingElse(random, testBSN)
		}
		point.mitz.asked = nil
		decision := point.Begin(hospital).Evaluate(t.Context(), nodeAsks(birthCare, birthCare, claims))
		questions := point.mitz.asked
		token := &presented{claims: claims}
		err := endpoint.Issue(t.Context(), token)
		require.Equal(t, err == nil, token.stored)
		require.Equal(t, token.stored, decision.Permit, "%v: %v, %s", claims, err, decision.Reason)
		require.Len(t, point.mitz.asked, 2*len(questions), "%v", claims)
		if len(questions) == 1 {
			asked++
			require.True(t, questions[0].Patient.Equal(point.mitz.asked[1].Patient))
			questions[0].Patient, point.mitz.asked[1].Patient = consent.BSN{}, consent.BSN{}
			require.Equal(t, questions[0], point.mitz.asked[1])
		}
		if decision.Permit {
			permitted++
		}
	}
	assert.Greater(t, permitted, 1_000, "some must be right")
	assert.Greater(t, asked-permitted, 200, "some must be about somebody else")
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
