// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

func explain(t *testing.T, config Config) Explanation {
	t.Helper()
	p := newPolicy(t, config)
	return p.Explain(p.Profile("birth-care"))
}

// named finds a requirement.
func (e Explanation) named(attribute trust.Attribute) (Requirement, bool) {
	at := slices.IndexFunc(e.Requirements, func(r Requirement) bool { return r.Attribute == attribute })
	if at < 0 {
		return Requirement{}, false
	}
	return e.Requirements[at], true
}

func (r Requirement) types() (types []string) {
	for _, credential := range r.Credentials {
		types = append(types, credential.Types...)
	}
	return types
}

func TestExplainBuiltinDefinition(t *testing.T) {
	explanation := explain(t, scheme())
	assert.True(t, explanation.Builtin)
	assert.False(t, explanation.Choices, "the built-in definition's own choices are told as needs")
	t.Run("every credential that is read is told with the places that it is read from", func(t *testing.T) {
		for _, form := range definition.Forms() {
			requirement, found := explanation.named(form.Attribute)
			require.True(t, found, form.Attribute)
			at := slices.IndexFunc(requirement.Credentials, func(c AcceptedCredential) bool { return slices.Equal(c.Types, form.Types) })
			require.GreaterOrEqual(t, at, 0, form.Types)
			assert.True(t, requirement.Credentials[at].ByTrust)
			told := map[string][]string{}
			for _, source := range requirement.Credentials[at].Claims {
				told[source.Claim] = source.Paths
			}
			for claim, paths := range form.Claims {
				assert.Equal(t, paths, told[claim])
			}
		}
	})
	t.Run("a credential that nobody is trusted for is not told", func(t *testing.T) {
		config := scheme()
		config.Trust["organization"] = []string{testVektis}
		config.Trust["practitioner"] = []string{"dezi"}
		delete(config.Trust, "delegation")
		explanation := explain(t, config)
		organization, _ := explanation.named(trust.Organization)
		assert.Equal(t, []string{"NutsUraCredential"}, organization.types())
		practitioner, _ := explanation.named(trust.Practitioner)
		assert.Equal(t, []string{"DeziUserCredential"}, practitioner.types())
		_, found := explanation.named(trust.Delegation)
		assert.False(t, found)
		assert.False(t, explanation.Mandate)
	})
	t.Run("claims have the profile's names", func(t *testing.T) {
		config := scheme()
		config.Profiles[0].Claims = map[string]string{definition.ClaimUserID: "subject_id"}
		explanation := explain(t, config)
		practitioner, _ := explanation.named(trust.Practitioner)
		assert.Equal(t, ClaimSource{Claim: "subject_id", Paths: []string{"identifier"}}, practitioner.Credentials[0].Claims[0])
		assert.Contains(t, explanation.TokenClaims, TokenClaim{Name: "subject_id", Example: "900000009"})
	})
	t.Run("what is needed", func(t *testing.T) {
		config := scheme()
		needs := map[trust.Attribute]Need{}
		for _, requirement := range explain(t, config).Requirements {
			needs[requirement.Attribute] = requirement.Need
		}
		assert.Equal(t, map[trust.Attribute]Need{
			trust.Organization: NeedAlways, trust.FacilityType: NeedAlways, trust.Practitioner: NeedAlways,
			trust.Enrollment: NeedAlways, trust.Delegation: NeedUnderMandate,
		}, needs)
		config.FacilityTypes = map[string]string{"22222222": "V6", "11111111": "G3"}
		explanation := explain(t, config)
		facilityType, _ := explanation.named(trust.FacilityType)
		assert.Equal(t, NeedUnlessConfigured, facilityType.Need)
		assert.Equal(t, []ConfiguredType{{"11111111", "G3"}, {"22222222", "V6"}}, explanation.FacilityTypes)
	})
}

func TestExplainOperatorsDefinition(t *testing.T) {
	operators := definitionOf(definition.NeededClaims()...)
	operators[pe.WalletOwnerOrganization].InputDescriptors[0].Constraints.Fields[0].Path = []string{"$.credentialSubject[0].a.b", "$.credentialSubject.a.b"}
	p, err := New(validConfig(), noDefinitions)
	require.NoError(t, err)
	profile := p.Profile("birth-care")
	profile.Definition, profile.builtin = operators, false
	explanation := p.Explain(profile)

	assert.False(t, explanation.Builtin)
	organization, _ := explanation.named(trust.Organization)
	require.Len(t, organization.Credentials, 1)
	assert.Equal(t, AcceptedCredential{
		Descriptor: "one", Wallet: "organization", Claims: []ClaimSource{{Claim: definition.ClaimOrganizationURA, Paths: []string{"a.b"}}},
		Unproven: "nothing constrains the issuer",
	}, organization.Credentials[0], "only the attribute's own claims, and nobody who may issue it")
	assert.False(t, explanation.Mandate)

	t.Run("the definition's own demand of the issuer is told", func(t *testing.T) {
		pattern, typeName := "^did:web:a\\.example$", "X509Credential"
		descriptor := operators[pe.WalletOwnerOrganization].InputDescriptors[0]
		descriptor.Constraints.Fields = append(descriptor.Constraints.Fields,
			pe.Field{Path: []string{"$.issuer"}, Filter: &pe.Filter{Type: "string", Pattern: &pattern}},
			pe.Field{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Const: &typeName}})
		organization, _ := p.Explain(profile).named(trust.Organization)
		assert.Equal(t, []string{pattern}, organization.Credentials[0].IssuerFilters)
		assert.Empty(t, organization.Credentials[0].Unproven)
		assert.False(t, organization.Credentials[0].ByTrust)
		*descriptor.Constraints.Fields[len(descriptor.Constraints.Fields)-2].Filter.Pattern = "^did:web:a"
		organization, _ = p.Explain(profile).named(trust.Organization)
		assert.NotEmpty(t, organization.Credentials[0].Unproven, "a pattern that lets others pass")

		profile.sources = map[string]trust.Attribute{typeName: trust.Organization}
		organization, _ = p.Explain(profile).named(trust.Organization)
		assert.True(t, organization.Credentials[0].ByTrust)
		assert.Empty(t, organization.Credentials[0].Unproven)
	})
}

// TestExplainSample: what the explanation shows is what the same requester would have asked.
func TestExplainSample(t *testing.T) {
	p := newPolicy(t, validConfig())
	profile := p.Profile("medication")
	samples := p.Explain(profile).Samples
	require.Len(t, samples, 2, "one for each data holder")
	for _, sample := range samples {
		evidence := validEvidence()
		evidence.Subject = sample.Subject
		question, claims, err := questionOf(p, profile, evidence)
		require.NoError(t, err)
		assert.True(t, question.Patient.Equal(sample.Question.Patient))
		question.Patient, sample.Question.Patient = consent.BSN{}, consent.BSN{}
		assert.Equal(t, question, sample.Question)

		told := map[string]any{}
		for _, claim := range p.Explain(profile).TokenClaims {
			told[claim.Name] = claim.Example
		}
		delete(claims, definition.ClaimEnrollmentIdentifier) // holds the patient's number
		for claim, value := range claims {
			assert.Equal(t, value, told[claim], claim)
		}
		for _, claim := range ReservedClaims() {
			assert.NotNil(t, told[claim], claim)
		}
	}
}

func TestExplanationHoldsNoBSN(t *testing.T) {
	explanation := explain(t, scheme())
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, explanation), samplePatient)
	}
	assert.Contains(t, explanation.TokenClaims, TokenClaim{Name: ClaimPatientBSN, Added: true, Example: explanation.Samples[0].Question.Patient})
}

// TestEveryExplainedCheckIsMade spoils a request in the way that each check is about.
func TestEveryExplainedCheckIsMade(t *testing.T) {
	config := scheme()
	config.FacilityTypes = map[string]string{"12345678": "G3"}
	p := newPolicy(t, config)
	doctor := testPass("900000008", "Z", "12345678", "01.046")
	enrolledBy := func(e *Evidence, pass string) {
		e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", pass, nestedEnrollment("12345678"))
	}
	spoil := map[Check]func(e *Evidence){
		CheckOneCredential:    func(e *Evidence) { e.Credentials = append(e.Credentials, e.Credentials[theEnrollment]) },
		CheckOneValue:         func(e *Evidence) { e.Credentials[thePractitioner].Subjects[0]["roleName"] = []any{"03.000", "01.000"} },
		CheckFacilityType:     func(e *Evidence) { e.Credentials[theFacilityType].Subjects[0]["roleCodeNL"] = "V6" },
		CheckOrganization:     func(e *Evidence) { e.Credentials[theEnrollment].Subjects[0]["registeredBy"] = "87654321" },
		CheckDeziOrganization: func(e *Evidence) { e.Credentials[thePractitioner] = dezi("87654321", "900000009", "03.000") },
		CheckPassOrganization: func(e *Evidence) { enrolledBy(e, testPass("900000008", "Z", "87654321", "01.046")) },
		CheckPassValidity: func(e *Evidence) {
			enrolledBy(e, doctor)
			e.Credentials[theEnrollment].Expires = testNow.Add(365 * 24 * time.Hour)
		},
		CheckServerCertificate: func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", doctor, object{"identifier": "12345678"})
		},
		CheckEnrollmentPass: func(e *Evidence) { enrolledBy(e, testUZI) },
		CheckDelegationPass: func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000007", "01.046")))
		},
		CheckEnrollmentOutdated: func(e *Evidence) { e.Credentials[theEnrollment].Issued = testNow.Add(-31 * 24 * time.Hour) },
	}
	_, _, err := questionOf(p, p.Profile("birth-care"), validEvidence())
	require.NoError(t, err)
	checks := p.Explain(p.Profile("birth-care")).Checks
	assert.Len(t, checks, len(spoil))
	for _, check := range checks {
		t.Run(string(check), func(t *testing.T) {
			require.Contains(t, spoil, check)
			evidence := validEvidence()
			spoil[check](&evidence)
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			assert.Error(t, err)
		})
	}
	t.Run("a check that cannot apply is not told", func(t *testing.T) {
		checks := explain(t, validConfig()).Checks
		for _, check := range []Check{CheckFacilityType, CheckDeziOrganization, CheckEnrollmentPass, CheckDelegationPass, CheckEnrollmentOutdated} {
			assert.NotContains(t, checks, check)
		}
		assert.Contains(t, checks, CheckServerCertificate)
	})
}
