// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// assertRulesAreTold checks that the data holder can tell the requester what to do, and that
// no number of a person is in it.
func assertRulesAreTold(t *testing.T, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*Refusal](err)
	require.True(t, ok)
	for _, each := range refusal.faults {
		assert.NotEmpty(t, each.rules, each.text())
	}
	for _, rule := range refusal.Rules() {
		assert.NotRegexp(t, `\b[0-9]{9}\b`, rule)
		assert.NotContains(t, rule, unreadable)
	}
}

func TestFormsAndCrossChecks(t *testing.T) {
	const uziSystem = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|"
	doctor := testPass("900000008", "Z", "12345678", "01.046")
	for _, tc := range []struct {
		name   string
		change func(e *Evidence)
		error  string // empty: a question
	}{
		{"URA from a NutsUraCredential", func(e *Evidence) {
			e.Credentials[theOrganization] = credentialOf("NutsUraCredential", testVektis, object{"organization": object{"ura": "12345678", "name": "Midwives"}})
		}, ""},
		{"URA from a HealthcareProviderCredential, as object", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"}})
		}, ""},
		{"URA from a HealthcareProviderCredential, among other identifiers", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": []any{
				object{"system": "http://fhir.nl/fhir/NamingSystem/agb-z", "value": "08001234"},
				object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"},
			}})
		}, ""},
		{"two URAs in one credential", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": []any{
				object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "87654321"},
				object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"},
			}})
		}, "claim contradiction: organization_ura"},
		{"a HealthcareProviderCredential of another organisation's certificate", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": "87654321"})
		}, "claim untrusted: organization_ura"},
		{"a HealthcareProviderCredential of a person's pass", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", doctor, object{"identifier": "12345678"})
		}, "claim untrusted: organization_ura"},
		{"a HealthcareProviderCredential that outlives its certificate", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": "12345678"})
			e.Credentials[theOrganization].Expires = testNow.Add(48 * time.Hour)
		}, "claim untrusted: organization_ura"},
		{"URA from a HealthcareOrganizationCredential", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareOrganizationCredential", testUZI, object{"organization": object{"ura": "12345678", "name": "Midwives"}})
		}, ""},
		{"a HealthcareOrganizationCredential of another organisation's certificate", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareOrganizationCredential", testUZI, object{"organization": object{"ura": "87654321"}})
		}, "claim untrusted: organization_ura"},
		{"a HealthcareOrganizationCredential of a person's pass", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareOrganizationCredential", doctor, object{"organization": object{"ura": "12345678"}})
		}, "claim untrusted: organization_ura"},
		{"a HealthcareOrganizationCredential that outlives its certificate", func(e *Evidence) {
			e.Credentials[theOrganization] = issuedBy("HealthcareOrganizationCredential", testUZI, object{"organization": object{"ura": "12345678"}})
			e.Credentials[theOrganization].Expires = testNow.Add(48 * time.Hour)
		}, "claim untrusted: organization_ura"},
		{"a HealthcareOrganizationCredential beside another form", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareOrganizationCredential", testUZI, object{"organization": object{"ura": "12345678"}}))
		}, "claim contradiction: organization_ura"},
		{"an X509Credential that is of another type too, by whose rules the node would look at it", func(e *Evidence) {
			e.Credentials[theOrganization].Types = []string{"VerifiableCredential", "NutsOrganizationCredential", "X509Credential"}
		}, "claim malformed: organization_ura"},
		{"an enrolment that is a mandate too", func(e *Evidence) {
			e.Credentials[theEnrollment].Types = append(e.Credentials[theEnrollment].Types, "HealthCareProfessionalDelegationCredential")
		}, "claim malformed: patient_enrollment_identifier"},
		{"a credential of two types that are not known here", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("A", testVektis, object{}))
			e.Credentials[len(e.Credentials)-1].Types = []string{"A", "VerifiableCredential", "B"}
		}, "claim malformed"},
		{"an X509Credential of a person's pass", func(e *Evidence) {
			e.Credentials[theOrganization].Subjects[0] = object{"san": object{"otherName": strings.TrimPrefix(doctor, testFingerprint+"::san:otherName:")}}
		}, "claim malformed: organization_ura"},
		{"two subjects in one credential", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects = append(e.Credentials[theEnrollment].Subjects, object{"patientId": "999996630"})
		}, "claim malformed: patient_enrollment_identifier"},

		{"a professional from Dezi", func(e *Evidence) { e.Credentials[thePractitioner] = dezi("12345678", "900000009", "03.000") }, ""},
		{"a professional from Dezi at another organisation", func(e *Evidence) {
			e.Credentials[thePractitioner] = dezi("87654321", "900000009", "03.000")
		}, "claim contradiction: user_id, user_role"},
		{"a professional from Dezi at no organisation", func(e *Evidence) {
			e.Credentials[thePractitioner] = dezi("", "900000009", "03.000")
		}, "claim contradiction: user_id, user_role"},
		{"a professional from a Dezi that did not attest", func(e *Evidence) {
			e.Credentials[thePractitioner] = dezi("12345678", "900000009", "03.000")
			e.Credentials[thePractitioner].Attested = false
			e.Credentials[thePractitioner].Issuer = testPresenter
		}, "claim untrusted: user_id, user_role"},
		{"Dezi's attestation on something else", func(e *Evidence) {
			e.Credentials[theFacilityType].Attested = true
		}, "claim untrusted: organization_facility_type"},

		{"a professional by the employer's certificate", func(e *Evidence) {
			e.Credentials[thePractitioner] = issuedBy("NutsEmployeeCredential", testUZI, object{"identifier": "900000009", "roleName": "03.000"})
		}, ""},
		{"a professional by the own pass", func(e *Evidence) {
			e.Credentials[thePractitioner] = issuedBy("NutsEmployeeCredential", testPass("900000009", "Z", "12345678", "03.000"), object{"identifier": "900000009", "roleName": "03.000"})
		}, ""},
		{"a professional by another's pass", func(e *Evidence) {
			e.Credentials[thePractitioner] = issuedBy("NutsEmployeeCredential", doctor, object{"identifier": "900000009", "roleName": "01.046"})
		}, "claim untrusted: user_id, user_role"},
		{"a professional in another role than the pass's", func(e *Evidence) {
			e.Credentials[thePractitioner] = issuedBy("NutsEmployeeCredential", testPass("900000009", "Z", "12345678", "00.000"), object{"identifier": "900000009", "roleName": "03.000"})
		}, "claim untrusted: user_id, user_role"},
		{"a professional by an employee's pass, which says no role", func(e *Evidence) {
			e.Credentials[thePractitioner] = issuedBy("NutsEmployeeCredential", testPass("900000009", "N", "12345678", "00.000"), object{"identifier": "900000009", "roleName": "03.000"})
		}, "claim untrusted: user_id, user_role"},

		{"an enrolment in the guide's form", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0] = nestedEnrollment(object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"})
		}, ""},
		{"an enrolment with another organisation", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0] = nestedEnrollment(object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "87654321"})
		}, "claim contradiction: patient_enrollment_identifier"},
		{"an enrolment with another organisation, bare", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0]["registeredBy"] = "87654321"
		}, "claim contradiction: patient_enrollment_identifier"},
		{"an enrolment with an organisation's number that is none", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0]["registeredBy"] = "http://fhir.nl/fhir/NamingSystem/ura|9999"
		}, "claim contradiction: patient_enrollment_identifier"},
		{"an enrolment in both forms about two patients", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0] = nestedEnrollment("12345678")
			e.Credentials[theEnrollment].Subjects[0]["patientId"] = "999996630"
		}, "claim contradiction: patient_enrollment_identifier"},
		{"an enrolment by a professional's pass", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", doctor, nestedEnrollment(uziSystem+"900000008"))
		}, ""},
		{"an enrolment by an employee's pass", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", testPass("900000007", "N", "12345678", "00.000"), nestedEnrollment("12345678"))
		}, ""},
		{"an enrolment by a nameless pass", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", testPass("900000007", "M", "12345678", "00.000"), nestedEnrollment("12345678"))
		}, "claim untrusted: patient_enrollment_identifier"},
		{"an enrolment by a server's certificate", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", testUZI, nestedEnrollment("12345678"))
		}, "claim untrusted: patient_enrollment_identifier"},
		{"an enrolment by a pass of another organisation", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", testPass("900000008", "Z", "87654321", "01.046"), nestedEnrollment("12345678"))
		}, "claim untrusted: patient_enrollment_identifier"},
		{"an enrolment in another professional's name than the pass's", func(e *Evidence) {
			e.Credentials[theEnrollment] = issuedBy("PatientEnrollmentCredential", doctor, nestedEnrollment(uziSystem+"900000007"))
		}, "claim untrusted: patient_enrollment_identifier"},
		{"an enrolment that is too old", func(e *Evidence) {
			e.Credentials[theEnrollment].Issued = testNow.Add(-31 * 24 * time.Hour)
		}, "claim outdated: patient_enrollment_identifier"},

		{"a mandate by the professional's pass", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000008", "01.046")))
		}, ""},
		{"a mandate in the pilots' form", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter,
				object{"registeredBy": "900000008", "roleCode": "01.046", "facilityType": "G3"}))
		}, ""},
		{"a mandate without a word about the kind of organisation", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt(nil))
		}, ""},
		{"a mandate at this kind of organisation, in a list of systems", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt([]any{"http://example.org|V6", "http://nictiz.nl/fhir/NamingSystem/organization-type|G3"}))
		}, ""},
		{"a mandate at another kind of organisation", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt("V6"))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate at another kind of organisation, by the professional's pass", func(e *Evidence) {
			mandate := issuedBy("HealthCareProfessionalDelegationCredential", doctor, mandateAt("V6").Subjects[0])
			e.Credentials = append(e.Credentials, mandate)
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate at two kinds of organisation", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt([]any{"G3", "V6"}))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate at a kind of organisation in words", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt("midwifery practice"))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate at a kind of organisation of another system only", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt("http://example.org|G3"))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate at a kind of organisation where nobody looks", func(e *Evidence) {
			e.Credentials = append(e.Credentials, mandateAt(object{"code": "V6"}))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate in another professional's name than the pass's", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000007", "01.046")))
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a mandate in another role than the pass's", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000008", "01.000")))
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a mandate by an employee's pass", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential",
				testPass("900000008", "N", "12345678", "01.046"), nestedDelegation("900000008", "01.046")))
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a mandate by a pass at another organisation", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential",
				testPass("900000008", "Z", "87654321", "01.046"), nestedDelegation("900000008", "01.046")))
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a mandate older than its certificate", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000008", "01.046")))
			e.Credentials[4].Certificate = validFrom(testNow)
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a mandate whose certificate is not there", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("HealthcareProfessionalDelegationCredential", doctor, nestedDelegation("900000008", "01.046")))
			e.Credentials[4].Certificate = nil
		}, "claim untrusted: delegation_registered_by, delegation_role_code"},
		{"a credential of an unknown type of another organisation's certificate", func(e *Evidence) {
			e.Credentials = append(e.Credentials, issuedBy("OurOwnCredential", testPass("900000008", "S", "87654321", "00.000"), object{}))
		}, "claim untrusted"},
		{"a mandate that names another organisation, in a list", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter,
				object{"registeredBy": "900000008", "roleCode": "01.046", "organization": []any{object{"identifier": []any{object{"value": "87654321"}}}}}))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"a mandate that names an organisation unreadably", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter,
				object{"registeredBy": "900000008", "roleCode": "01.046", "organization": object{"identifier": object{"value": []any{"87654321"}}}}))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
		{"an enrolment about a second patient, in a list", func(e *Evidence) {
			e.Credentials[theEnrollment].Subjects[0]["hasEnrollment"] = []any{nestedEnrollment("12345678")["hasEnrollment"]}
			e.Credentials[theEnrollment].Subjects[0]["patientId"] = "999996630"
		}, "claim contradiction: patient_enrollment_identifier"},
		{"more identifiers than anyone has", func(e *Evidence) {
			many := []any{testBSN}
			for i := range 40 {
				many = append(many, "http://example.org|"+strings.Repeat("x", i))
			}
			e.Credentials[theEnrollment].Subjects[0]["patientId"] = many
		}, "claim malformed: patient_enrollment_identifier"},
		{"a facility type of another organisation", func(e *Evidence) {
			e.Credentials[theFacilityType].Subjects[0]["identifier"] = "87654321"
		}, "claim contradiction: organization_facility_type"},
		{"a facility type from beside the authority's place", func(e *Evidence) {
			e.Credentials[theFacilityType].Issuer = testVektis + ":types:..:evil"
		}, "claim untrusted: organization_facility_type"},
		{"a further credential from nowhere plain", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("OurOwnCredential", testVektis+":x%2F..:evil", object{}))
		}, "claim untrusted"},
		{"a mandate that says nothing", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter, object{"delegatedBy": "900000008"}))
		}, "claim missing: delegation_registered_by, delegation_role_code"},
		{"half a mandate", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter, object{"registeredBy": "900000008"}))
		}, "claim missing: delegation_role_code"},
		{"a mandate that names another organisation", func(e *Evidence) {
			e.Credentials = append(e.Credentials, credentialOf("HealthCareProfessionalDelegationCredential", testPresenter,
				object{"registeredBy": "900000008", "roleCode": "01.046", "organization": "87654321"}))
		}, "claim contradiction: delegation_registered_by, delegation_role_code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPolicy(t, scheme())
			evidence := validEvidence()
			tc.change(&evidence)
			question, claims, err := questionOf(p, p.Profile("birth-care"), evidence)
			if tc.error != "" {
				require.EqualError(t, err, tc.error)
				assertRulesAreTold(t, err)
				return
			}
			require.NoError(t, err)
			assert.True(t, question.Patient.Equal(parseBSN(t, testBSN)))
			assert.EqualValues(t, "12345678", question.Requester.URA)
			if len(evidence.Credentials) > 4 {
				assert.Equal(t, consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000008"}, Role: "01.046"}, question.Requester.Responsible)
				assert.Equal(t, "900000009", question.Requester.Mandated.Extension)
			} else {
				assert.Equal(t, "900000009", question.Requester.Responsible.ID.Extension)
				assert.Nil(t, question.Requester.Mandated)
			}
			assert.Equal(t, "12345678", claims[definition.ClaimOrganizationURA], "in one form, whichever credential it comes from")
			for claim, value := range claims {
				assert.IsType(t, "", value, claim)
			}
		})
	}
}

func TestNameOfTheOrganisation(t *testing.T) {
	const named = testFingerprint + "::subject:O:De%20Eerste%20Stap:L:Utrecht::san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0"
	guides := object{"identifier": "12345678", "name": "A famous hospital"}
	pilots := object{"organization": object{"ura": "12345678", "name": "A famous hospital"}}
	for _, tc := range []struct {
		name       string
		credential Credential
		expected   any // what is written over the definition's field; nil: nothing
	}{
		{"the certificate's, in the guide's form", issuedBy("HealthcareProviderCredential", named, guides), "De Eerste Stap"},
		{"the certificate's, in the pilots' form", issuedBy("NutsUraCredential", named, pilots), "De Eerste Stap"},
		{"the certificate's, in the toolkit's form", issuedBy("HealthcareOrganizationCredential", named, pilots), "De Eerste Stap"},
		{"none, where the DID does not tell the certificate's, in the guide's form", issuedBy("HealthcareProviderCredential", testUZI, guides), ""},
		{"none, where the DID does not tell the certificate's, in the toolkit's form", issuedBy("HealthcareOrganizationCredential", testUZI, pilots), ""},
		{"none, where the DID does not tell the certificate's", issuedBy("NutsUraCredential", testUZI, pilots), ""},
		{"the registrar's", credentialOf("NutsUraCredential", testVektis, pilots), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPolicy(t, scheme())
			evidence := validEvidence()
			evidence.Credentials[theOrganization] = tc.credential
			_, claims, err := questionOf(p, p.Profile("birth-care"), evidence)
			require.NoError(t, err)
			assert.Equal(t, tc.expected, claims[definition.ClaimOrganizationName])
		})
	}
}

// TestNoPlainDID has an authority trusted by a prefix, and a DID that begins with it and
// leads out of it.
func TestNoPlainDID(t *testing.T) {
	config := scheme()
	config.Trust["facilitytype"] = []string{testVektis + ":types:*"}
	p := newPolicy(t, config)
	evidence := validEvidence()
	evidence.Credentials[theFacilityType].Issuer = testVektis + ":types:east"
	_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
	require.NoError(t, err)
	evidence.Credentials[theFacilityType].Issuer = testVektis + ":types:..:evil"
	_, _, err = questionOf(p, p.Profile("birth-care"), evidence)
	assert.EqualError(t, err, "claim untrusted: organization_facility_type")
}

// TestOperatorsDefinitionReadsElsewhere has a definition of the operator's that reads
// another professional than the form of the credential names.
func TestOperatorsDefinitionReadsElsewhere(t *testing.T) {
	operators := definitionOf(append([]string{definition.ClaimDelegationRegisteredBy, definition.ClaimDelegationRoleCode}, definition.NeededClaims()...)...)
	config := scheme()
	config.Profiles[0].AllowUnconstrained, config.Profiles[1].AllowUnconstrained = true, true
	p, err := New(config, func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
	require.NoError(t, err)
	ask := func(responsible string) error {
		evidence := validEvidence()
		evidence.Claims[definition.ClaimDelegationRegisteredBy], evidence.Claims[definition.ClaimDelegationRoleCode] = responsible, "01.046"
		evidence.Credentials = append(evidence.Credentials, issuedBy("HealthcareProfessionalDelegationCredential",
			testPass("900000008", "Z", "12345678", "01.046"), nestedDelegation("900000008", "01.046")))
		_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		return err
	}
	assert.NoError(t, ask("900000008"))
	assert.EqualError(t, ask("900000007"), "claim untrusted: delegation_registered_by, delegation_role_code")
}

func TestFacilityTypeWithoutAnIssuer(t *testing.T) {
	config := scheme()
	config.FacilityTypes = map[string]string{"12345678": "G3", "11111111": "V6"}
	p := newPolicy(t, config)
	ask := func(change func(e *Evidence)) (consent.Question, error) {
		evidence := validEvidence()
		change(&evidence)
		question, claims, err := questionOf(p, p.Profile("birth-care"), evidence)
		if err == nil {
			assert.Equal(t, string(question.Requester.FacilityType), claims[definition.ClaimOrganizationFacilityType])
		}
		return question, err
	}
	without := func(e *Evidence) { e.Credentials = append(e.Credentials[:1:1], e.Credentials[2:]...) }
	t.Run("the configured type serves where no credential gives one", func(t *testing.T) {
		question, err := ask(without)
		require.NoError(t, err)
		assert.EqualValues(t, "G3", question.Requester.FacilityType)
	})
	t.Run("a credential that agrees is accepted", func(t *testing.T) {
		_, err := ask(func(*Evidence) {})
		assert.NoError(t, err)
	})
	t.Run("a credential that disagrees is refused", func(t *testing.T) {
		_, err := ask(func(e *Evidence) { e.Credentials[theFacilityType].Subjects[0]["roleCodeNL"] = "V6" })
		assert.EqualError(t, err, "claim contradiction: organization_facility_type")
	})
	t.Run("a credential of somebody untrusted is refused, not overlooked", func(t *testing.T) {
		_, err := ask(func(e *Evidence) { e.Credentials[theFacilityType].Issuer = testPresenter })
		assert.EqualError(t, err, "claim untrusted: organization_facility_type")
	})
	t.Run("a credential that says nothing is refused, not overlooked", func(t *testing.T) {
		_, err := ask(func(e *Evidence) { e.Credentials[theFacilityType].Subjects[0] = object{} })
		assert.EqualError(t, err, "claim missing: organization_facility_type")
	})
	t.Run("an organisation that is not configured needs a credential", func(t *testing.T) {
		_, err := ask(func(e *Evidence) {
			without(e)
			e.Credentials[theOrganization] = credentialOf("NutsUraCredential", testVektis, object{"organization": object{"ura": "22222222"}})
		})
		assert.EqualError(t, err, "claim missing: organization_facility_type")
	})
}

// TestTheRuleTellsBothSides has the rules that a data holder is asked about most.
func TestTheRuleTellsBothSides(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(e *Evidence)
		expected string
	}{
		{"another organisation at Dezi", func(e *Evidence) { e.Credentials[thePractitioner] = dezi("87654321", "900000009", "03.000") },
			"all credentials name the same organisation: DeziUserCredential by https://auth.dezi.example names URA 87654321, and organization_ura is URA 12345678"},
		{"an issuer that is not trusted", func(e *Evidence) { e.Credentials[theFacilityType].Issuer = "did:web:elsewhere.example" },
			"trust.facilitytype has the issuer of HealthcareProviderRoleTypeCredential by did:web:elsewhere.example"},
		{"nothing presented", func(e *Evidence) { e.Credentials = e.Credentials[:theEnrollment] },
			"every claim of a question is given: none for patient_enrollment_identifier"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, evidence := newPolicy(t, scheme()), validEvidence()
			tc.change(&evidence)
			_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
			refusal, ok := errors.AsType[*Refusal](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, []string{tc.expected}, refusal.Rules())
		})
	}
}
