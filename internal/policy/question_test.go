// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// The credentials of validEvidence.
const (
	theOrganization = iota
	theFacilityType
	thePractitioner
	theEnrollment
)

// validEvidence is a request that is in order. Its claims are those of an operator's
// definition; with the built-in definition the credentials count.
func validEvidence() Evidence {
	return Evidence{
		Basis:   BasisCredentials,
		Subject: "hospital-east",
		Claims: map[string]any{
			definition.ClaimOrganizationURA:          "12345678",
			definition.ClaimOrganizationFacilityType: "G3",
			definition.ClaimUserID:                   "900000009",
			definition.ClaimUserRole:                 "03.000",
			definition.ClaimEnrollmentIdentifier:     "http://fhir.nl/fhir/NamingSystem/bsn|" + testBSN,
		},
		Credentials: []Credential{
			theOrganization: credentialOf("X509Credential", testUZI, object{"san": object{"otherName": "2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0"}}),
			theFacilityType: credentialOf("HealthcareProviderRoleTypeCredential", testVektis, object{"roleCodeNL": "G3"}),
			thePractitioner: credentialOf("NutsEmployeeCredential", testPresenter, object{"identifier": "900000009", "roleName": "03.000"}),
			theEnrollment:   credentialOf("PatientEnrollmentCredential", testPresenter, object{"patientId": "http://fhir.nl/fhir/NamingSystem/bsn|" + testBSN}),
		},
		Now: testNow,
	}
}

type object = map[string]any

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func credentialOf(credentialType, issuer string, subject object) Credential {
	return Credential{
		Types: []string{"VerifiableCredential", credentialType}, Issuer: issuer, Presenter: testPresenter,
		Subjects: []map[string]any{subject}, Issued: testNow.Add(-time.Hour), Expires: testNow.Add(time.Hour),
	}
}

// builtinAndOperators runs a test with the built-in definition and with one of the
// operator's, whose evidence is in the credentials and in the claims.
func builtinAndOperators(t *testing.T, test func(t *testing.T, p *Policy, set func(evidence *Evidence, claim string, value any))) {
	t.Helper()
	t.Run("built-in definition", func(t *testing.T) {
		test(t, newPolicy(t, validConfig()), setInCredential)
	})
	t.Run("operator's definition", func(t *testing.T) {
		operators := trustedDefinition(definition.NeededClaims()...)
		p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
		require.NoError(t, err)
		test(t, p, func(evidence *Evidence, claim string, value any) { evidence.Claims[claim] = value })
	})
}

// setInCredential puts a claim's value where the built-in definition reads it.
func setInCredential(evidence *Evidence, claim string, value any) {
	place := map[string]struct {
		credential int
		member     string
	}{
		definition.ClaimOrganizationFacilityType: {theFacilityType, "roleCodeNL"},
		definition.ClaimUserID:                   {thePractitioner, "identifier"},
		definition.ClaimUserRole:                 {thePractitioner, "roleName"},
		definition.ClaimEnrollmentIdentifier:     {theEnrollment, "patientId"},
	}
	if claim == definition.ClaimOrganizationURA {
		// A URA in words of its own, not in a certificate.
		evidence.Credentials[theOrganization] = credentialOf("NutsUraCredential", testVektis, object{"organization": object{"ura": value}})
		return
	}
	evidence.Credentials[place[claim].credential].Subjects[0][place[claim].member] = value
}

// questionOf returns the question of a case, and the claims that it was made of.
func questionOf(p *Policy, profile *Profile, evidence Evidence) (consent.Question, map[string]any, error) {
	c, err := p.Case(profile, evidence)
	if err != nil {
		return consent.Question{}, nil, err
	}
	return c.Question(), c.Claims(), nil
}

func parseBSN(t *testing.T, digits string) consent.BSN {
	t.Helper()
	bsn, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	return bsn
}

func TestQuestion(t *testing.T) {
	p := newPolicy(t, validConfig())

	t.Run("verified claims become the question", func(t *testing.T) {
		question, _, err := questionOf(p, p.Profile("medication"), validEvidence())

		require.NoError(t, err)
		assert.True(t, question.Patient.Equal(parseBSN(t, testBSN)))
		question.Patient = consent.BSN{}
		assert.Equal(t, consent.Question{
			DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
			Requester: consent.Requester{
				URA: "12345678", FacilityType: "G3",
				Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
			},
			Categories: []consent.Category{"GGC002", "GGC013"},
			Purpose:    consent.PurposeCoordinated,
		}, question)
	})
	t.Run("the data holder is the one that issues the token", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Subject = "hospital-west"
		question, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.Equal(t, consent.DataHolder{URA: "00000660", FacilityType: "V4"}, question.DataHolder)
	})
	t.Run("an issuer that is no data holder is refused", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Subject = ""
		_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		assertRefused(t, err, ReasonDataHolder)
	})
}

func TestQuestionForms(t *testing.T) {
	for _, tc := range []struct {
		name, claim, value string
		accepted           bool
	}{
		{"a bare BSN", definition.ClaimEnrollmentIdentifier, testBSN, true},
		{"a BSN with its OID", definition.ClaimEnrollmentIdentifier, "urn:oid:2.16.840.1.113883.2.4.6.3|" + testBSN, true},
		{"a BSN that fails the eleven test", definition.ClaimEnrollmentIdentifier, "900186022", false},
		{"a BSN of zeros", definition.ClaimEnrollmentIdentifier, "000000000", false},
		{"a BSN with a space", definition.ClaimEnrollmentIdentifier, testBSN + " ", false},
		{"a BSN in another system", definition.ClaimEnrollmentIdentifier, "http://example.org|" + testBSN, false},
		{"a BSN in a nameless system", definition.ClaimEnrollmentIdentifier, "|" + testBSN, false},
		{"a BSN after two systems", definition.ClaimEnrollmentIdentifier, "http://fhir.nl/fhir/NamingSystem/bsn|x|" + testBSN, false},
		{"a URA with its system", definition.ClaimOrganizationURA, "http://fhir.nl/fhir/NamingSystem/ura|12345678", true},
		{"a URA of seven digits", definition.ClaimOrganizationURA, "1234567", false},
		{"a URA with a line break", definition.ClaimOrganizationURA, "12345678\n", false},
		{"an organisation type with its OID", definition.ClaimOrganizationFacilityType, "2.16.840.1.113883.2.4.15.1060|G3", true},
		{"an organisation type nobody has heard of", definition.ClaimOrganizationFacilityType, "Q9", true},
		{"an organisation type in words", definition.ClaimOrganizationFacilityType, "hospital", false},
		{"a role with its OID", definition.ClaimUserRole, "urn:oid:2.16.840.1.113883.2.4.15.111|01.015", true},
		{"a role in words", definition.ClaimUserRole, "midwife", false},
		{"a professional with the UZI system", definition.ClaimUserID, "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|900000009", true},
		{"a professional with an AGB code", definition.ClaimUserID, "http://fhir.nl/fhir/NamingSystem/agb-z|01012345", true},
		{"a professional in the employer's own system", definition.ClaimUserID, "urn:oid:1.2.3.4|jansen7", true},
		{"a UZI number of eight digits", definition.ClaimUserID, "90000000", false},
		{"a professional in a system that is none", definition.ClaimUserID, "employees|jansen7", false},
		{"a professional in a nameless system", definition.ClaimUserID, "|900000009", false},
		{"an empty claim", definition.ClaimUserID, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			builtinAndOperators(t, func(t *testing.T, p *Policy, set func(*Evidence, string, any)) {
				evidence := validEvidence()
				set(&evidence, tc.claim, tc.value)
				_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
				if tc.accepted {
					require.NoError(t, err)
					return
				}
				assertRefused(t, err, ReasonClaimMalformed, tc.claim)
				if value := strings.TrimSpace(tc.value); value != "" {
					assert.NotContains(t, err.Error(), value)
				}
			})
		})
	}
}

func TestQuestionRefusals(t *testing.T) {
	p := newPolicy(t, validConfig())
	for _, claim := range definition.NeededClaims() {
		t.Run("a "+claim+" without a value is missing", func(t *testing.T) {
			builtinAndOperators(t, func(t *testing.T, p *Policy, set func(*Evidence, string, any)) {
				evidence := validEvidence()
				set(&evidence, claim, nil)
				_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
				assertRefused(t, err, ReasonClaimMissing, claim)
			})
		})
		for _, other := range []any{12345678.0, true, []any{[]any{"12345678"}}, object{"value": 1.0}, object{"value": "x", "system": 1.0}} {
			t.Run("a "+claim+" that is no text is refused", func(t *testing.T) {
				builtinAndOperators(t, func(t *testing.T, p *Policy, set func(*Evidence, string, any)) {
					evidence := validEvidence()
					set(&evidence, claim, other)
					_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
					assertRefused(t, err, ReasonClaimMalformed, claim)
				})
			})
		}
	}
	t.Run("all that is missing and malformed is told at once", func(t *testing.T) {
		operators := trustedDefinition(definition.NeededClaims()...)
		p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
		require.NoError(t, err)
		evidence := validEvidence()
		evidence.Claims = map[string]any{definition.ClaimUserRole: "midwife", definition.ClaimUserID: "900000009"}
		_, _, err = questionOf(p, p.Profile("birth-care"), evidence)
		assert.EqualError(t, err, "claim missing: organization_facility_type, organization_ura, patient_enrollment_identifier; claim malformed: user_role")
	})
	t.Run("with the built-in definition the claims of other scopes count for nothing", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Claims = map[string]any{definition.ClaimEnrollmentIdentifier: "999996630", definition.ClaimDelegationRegisteredBy: "900000008", definition.ClaimDelegationRoleCode: "01.000"}
		question, claims, err := questionOf(p, p.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.True(t, question.Patient.Equal(parseBSN(t, testBSN)))
		assert.Nil(t, question.Requester.Mandated)
		assert.Equal(t, "http://fhir.nl/fhir/NamingSystem/bsn|"+testBSN, claims[definition.ClaimEnrollmentIdentifier], "the token tells what the question rests on")
	})
	for i, tc := range []struct{ attribute, claims string }{
		{"organisation", "organization_ura"}, {"facility type", "organization_facility_type"},
		{"professional", "user_id, user_role"}, {"enrolment", "patient_enrollment_identifier"},
	} {
		t.Run("an untrusted issuer of the "+tc.attribute+" is refused", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials[i].Issuer = "did:web:somebody.example"
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim untrusted: "+tc.claims)
		})
		t.Run("two credentials for the "+tc.attribute+" contradict", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials = append(evidence.Credentials, evidence.Credentials[i])
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim contradiction: "+tc.claims)
		})
		t.Run("no credential for the "+tc.attribute+" is refused whatever the claims say", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials = append(evidence.Credentials[:i:i], evidence.Credentials[i+1:]...)
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim missing: "+tc.claims)
		})
	}
}

func TestDefinitionForSeveralWallets(t *testing.T) {
	operators := trustedDefinition(definition.NeededClaims()...)
	operators[pe.WalletOwnerUser] = definitionOf("something")[pe.WalletOwnerOrganization]
	operators[pe.WalletOwnerUser].InputDescriptors[0].Id = "two"
	p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
	require.NoError(t, err)
	t.Run("every wallet must have been asked", func(t *testing.T) {
		for submissions, reason := range map[int]Reason{0: ReasonWalletMissing, 1: ReasonWalletMissing, 2: ""} {
			evidence := validEvidence()
			evidence.Submissions = submissions
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			if reason == "" {
				assert.NoError(t, err)
			} else {
				assertRefused(t, err, reason)
			}
		}
	})
	t.Run("it cannot be beside another scope", func(t *testing.T) {
		screening, err := p.Screen("birth-care plain", nil, func(string) (pe.WalletOwnerMapping, error) { return definitionOf("x"), nil })
		assert.Nil(t, screening)
		assertRefused(t, err, ReasonScope)
	})
}

func TestQuestionUnderMandate(t *testing.T) {
	operators := trustedDefinition(append([]string{definition.ClaimDelegationRegisteredBy + "?", definition.ClaimDelegationRoleCode + "?"}, definition.NeededClaims()...)...)
	p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
	require.NoError(t, err)
	delegation := map[string]any{definition.ClaimDelegationRegisteredBy: "900000008", definition.ClaimDelegationRoleCode: "01.046"}

	t.Run("the delegating professional is responsible, the acting one mandated", func(t *testing.T) {
		evidence := validEvidence()
		maps.Copy(evidence.Claims, delegation)
		question, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.Equal(t, consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000008"}, Role: "01.046"}, question.Requester.Responsible)
		assert.Equal(t, &consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, question.Requester.Mandated)
	})
	for _, missing := range []string{definition.ClaimDelegationRegisteredBy, definition.ClaimDelegationRoleCode} {
		t.Run("half a mandate is none: without "+missing, func(t *testing.T) {
			evidence := validEvidence()
			maps.Copy(evidence.Claims, delegation)
			delete(evidence.Claims, missing)
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			assertRefused(t, err, ReasonClaimMissing, missing)
		})
	}
}

func assertRefused(t *testing.T, err error, reason Reason, claims ...string) {
	t.Helper()
	refusal, ok := errors.AsType[*Refusal](err)
	require.True(t, ok, "%v", err)
	require.Len(t, refusal.faults, 1)
	assert.Equal(t, reason, refusal.Reason())
	assert.Equal(t, claims, refusal.faults[0].claims)
}
