// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func validEvidence() Evidence {
	return Evidence{
		Subject: "hospital-east",
		Claims: map[string]any{
			ClaimOrganizationURA:          "12345678",
			ClaimOrganizationName:         "Midwives",
			ClaimOrganizationFacilityType: "G3",
			ClaimUserID:                   "900000009",
			ClaimUserRole:                 "03.000",
			ClaimEnrollmentIdentifier:     "http://fhir.nl/fhir/NamingSystem/bsn|" + testBSN,
			ClaimEnrollmentRegisteredBy:   nil,
		},
		Credentials: []Credential{
			credentialOf("X509Credential", testUZI),
			credentialOf("HealthcareProviderRoleTypeCredential", testVektis),
			credentialOf("NutsEmployeeCredential", testPresenter),
			credentialOf("PatientEnrollmentCredential", testPresenter),
		},
	}
}

func credentialOf(credentialType, issuer string) Credential {
	return Credential{Types: []string{"VerifiableCredential", credentialType}, Issuer: issuer, Presenter: testPresenter}
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
		question, err := p.Question(p.Profile("medication"), validEvidence())

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
		question, err := p.Question(p.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.Equal(t, consent.DataHolder{URA: "00000660", FacilityType: "V4"}, question.DataHolder)
	})
	t.Run("an issuer that is no data holder is refused", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Subject = ""
		_, err := p.Question(p.Profile("birth-care"), evidence)
		assertRefused(t, err, ReasonDataHolder)
	})
}

func TestQuestionForms(t *testing.T) {
	p := newPolicy(t, validConfig())
	for _, tc := range []struct {
		name, claim, value string
		accepted           bool
	}{
		{"a bare BSN", ClaimEnrollmentIdentifier, testBSN, true},
		{"a BSN with its OID", ClaimEnrollmentIdentifier, "urn:oid:2.16.840.1.113883.2.4.6.3|" + testBSN, true},
		{"a BSN that fails the eleven test", ClaimEnrollmentIdentifier, "900186022", false},
		{"a BSN of zeros", ClaimEnrollmentIdentifier, "000000000", false},
		{"a BSN with a space", ClaimEnrollmentIdentifier, testBSN + " ", false},
		{"a BSN in another system", ClaimEnrollmentIdentifier, "http://example.org|" + testBSN, false},
		{"a BSN in a nameless system", ClaimEnrollmentIdentifier, "|" + testBSN, false},
		{"a BSN after two systems", ClaimEnrollmentIdentifier, "http://fhir.nl/fhir/NamingSystem/bsn|x|" + testBSN, false},
		{"a URA with its system", ClaimOrganizationURA, "http://fhir.nl/fhir/NamingSystem/ura|12345678", true},
		{"a URA of seven digits", ClaimOrganizationURA, "1234567", false},
		{"a URA with a line break", ClaimOrganizationURA, "12345678\n", false},
		{"an organisation type with its OID", ClaimOrganizationFacilityType, "2.16.840.1.113883.2.4.15.1060|G3", true},
		{"an organisation type nobody has heard of", ClaimOrganizationFacilityType, "Q9", true},
		{"an organisation type in words", ClaimOrganizationFacilityType, "hospital", false},
		{"a role with its OID", ClaimUserRole, "urn:oid:2.16.840.1.113883.2.4.15.111|01.015", true},
		{"a role in words", ClaimUserRole, "midwife", false},
		{"a professional with the UZI system", ClaimUserID, "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|900000009", true},
		{"a professional with an AGB code", ClaimUserID, "http://fhir.nl/fhir/NamingSystem/agb-z|01012345", true},
		{"a professional in the employer's own system", ClaimUserID, "urn:oid:1.2.3.4|jansen7", true},
		{"a UZI number of eight digits", ClaimUserID, "90000000", false},
		{"a professional in a system that is none", ClaimUserID, "employees|jansen7", false},
		{"a professional in a nameless system", ClaimUserID, "|900000009", false},
		{"an empty claim", ClaimUserID, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evidence := validEvidence()
			evidence.Claims[tc.claim] = tc.value
			_, err := p.Question(p.Profile("birth-care"), evidence)
			if tc.accepted {
				require.NoError(t, err)
				return
			}
			assertRefused(t, err, ReasonClaimMalformed, tc.claim)
			if value := strings.TrimSpace(tc.value); value != "" {
				assert.NotContains(t, err.Error(), value)
			}
		})
	}
}

func TestQuestionRefusals(t *testing.T) {
	p := newPolicy(t, validConfig())
	for _, claim := range neededClaims {
		t.Run("a missing "+claim+" is named", func(t *testing.T) {
			evidence := validEvidence()
			delete(evidence.Claims, claim)
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assertRefused(t, err, ReasonClaimMissing, claim)
		})
		t.Run("a "+claim+" without a value is missing", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Claims[claim] = nil
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assertRefused(t, err, ReasonClaimMissing, claim)
		})
		for _, other := range []any{[]any{"12345678"}, 12345678.0, true, map[string]any{"value": "x"}} {
			t.Run("a "+claim+" that is no text is refused", func(t *testing.T) {
				evidence := validEvidence()
				evidence.Claims[claim] = other
				_, err := p.Question(p.Profile("birth-care"), evidence)
				assertRefused(t, err, ReasonClaimMalformed, claim)
			})
		}
	}
	t.Run("all that is missing and malformed is in one message", func(t *testing.T) {
		evidence := validEvidence()
		evidence.Claims = map[string]any{ClaimUserRole: "midwife", ClaimUserID: "900000009"}
		_, err := p.Question(p.Profile("birth-care"), evidence)
		assert.EqualError(t, err, "claim missing: organization_facility_type, organization_ura, patient_enrollment_identifier; claim malformed: user_role")
	})
	for i, tc := range []struct{ attribute, claims string }{
		{"organisation", "organization_ura"}, {"facility type", "organization_facility_type"},
		{"professional", "user_id, user_role"}, {"enrolment", "patient_enrollment_identifier"},
	} {
		t.Run("an untrusted issuer of the "+tc.attribute+" is refused", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials[i].Issuer = "did:web:somebody.example"
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim untrusted: "+tc.claims)
		})
		t.Run("two credentials for the "+tc.attribute+" contradict", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials = append(evidence.Credentials, evidence.Credentials[i])
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim contradiction: "+tc.claims)
		})
		t.Run("no credential for the "+tc.attribute+" is refused whatever the claims say", func(t *testing.T) {
			evidence := validEvidence()
			evidence.Credentials = append(evidence.Credentials[:i:i], evidence.Credentials[i+1:]...)
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assert.EqualError(t, err, "claim missing: "+tc.claims)
		})
	}
}

func TestQuestionUnderMandate(t *testing.T) {
	operators := definition(append([]string{ClaimDelegationRegisteredBy + "?", ClaimDelegationRoleCode + "?"}, neededClaims...)...)
	p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
	require.NoError(t, err)
	delegation := map[string]any{ClaimDelegationRegisteredBy: "900000008", ClaimDelegationRoleCode: "01.046"}

	t.Run("the delegating professional is responsible, the acting one mandated", func(t *testing.T) {
		evidence := validEvidence()
		maps.Copy(evidence.Claims, delegation)
		question, err := p.Question(p.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.Equal(t, consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000008"}, Role: "01.046"}, question.Requester.Responsible)
		assert.Equal(t, &consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, question.Requester.Mandated)
	})
	for _, missing := range []string{ClaimDelegationRegisteredBy, ClaimDelegationRoleCode} {
		t.Run("half a mandate is none: without "+missing, func(t *testing.T) {
			evidence := validEvidence()
			maps.Copy(evidence.Claims, delegation)
			delete(evidence.Claims, missing)
			_, err := p.Question(p.Profile("birth-care"), evidence)
			assertRefused(t, err, ReasonClaimMissing, missing)
		})
	}
	t.Run("a mandate that the profile's own definition does not declare is not read", func(t *testing.T) {
		builtin := newPolicy(t, validConfig())
		evidence := validEvidence()
		maps.Copy(evidence.Claims, delegation)
		question, err := builtin.Question(builtin.Profile("birth-care"), evidence)
		require.NoError(t, err)
		assert.Nil(t, question.Requester.Mandated)
		assert.Equal(t, "900000009", question.Requester.Responsible.ID.Extension)
	})
}

func assertRefused(t *testing.T, err error, reason Reason, claims ...string) {
	t.Helper()
	var refusals Refusals
	require.ErrorAs(t, err, &refusals)
	require.Len(t, refusals, 1)
	assert.Equal(t, reason, refusals[0].Reason)
	assert.Equal(t, claims, refusals[0].Claims)
}
