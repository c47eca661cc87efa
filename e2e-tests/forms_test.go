// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// acceptedForm is one form in which one attribute is presented.
type acceptedForm struct {
	name    string
	present func(a *fieldAttempt)
	// asks changes the question that the plain world's credentials give; nil: the same.
	asks func(question *consent.Question)
}

// assertAccepted presents each form and checks the whole question that it gives.
func assertAccepted(t *testing.T, forms []acceptedForm) {
	t.Helper()
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				form.present(a)
				assertPermitted(t, f.World, a.send())
				question := plainQuestion()
				if form.asks != nil {
					form.asks(&question)
				}
				assertAsked(t, f.World, question)
			})
		})
	}
}

func TestFormsOfTheOrganization(t *testing.T) {
	provider := func(identifier any) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeHealthcareProvider, harness.HealthcareProviderClaims(identifier, "De Eerste Stap"))
		}
	}
	assertAccepted(t, []acceptedForm{
		{"an X509Credential that is signed with PS256", func(*fieldAttempt) {}, nil},
		{"an X509Credential that is signed with RS256", func(a *fieldAttempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.world.Server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{RS256: true}))
		}, nil},
		{"a NutsUraCredential of a registrar", func(a *fieldAttempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.field.Registrar.Issue(a.wallet.DID, harness.TypeNutsURA, harness.NutsURAClaims("00001234", "De Eerste Stap")))
		}, nil},
		{"a NutsUraCredential under the organisation's server certificate, with a system", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeNutsURA, harness.NutsURAClaims(harness.URAIdentifier("00001234"), "De Eerste Stap"))
		}, nil},
		{"a HealthcareProviderCredential whose identifier is an object", provider(harness.Identifier(harness.URAIdentifier("00001234"))), nil},
		{"a HealthcareProviderCredential whose identifier is an object without a system", provider(harness.Identifier("00001234")), nil},
		{"a HealthcareProviderCredential whose identifier is a list", provider([]any{
			harness.Identifier("http://fhir.nl/fhir/NamingSystem/agb|08001234"), harness.Identifier(harness.URAIdentifier("00001234")),
		}), nil},
		{"a HealthcareOrganizationCredential of the organisation's server certificate", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeHealthcareOrganization, harness.NutsURAClaims("00001234", "De Eerste Stap"))
		}, nil},
		{"a HealthcareProviderCredential whose identifier is an object identifier's", provider(harness.Identifier("urn:oid:2.16.528.1.1007.3.3|00001234")), nil},
	})
}

func TestFormsOfTheFacilityType(t *testing.T) {
	facility := func(code string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.field.District.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims(code)))
		}
	}
	assertAccepted(t, []acceptedForm{
		{"a code", facility("G3"), nil},
		{"a code with a system", facility("http://nictiz.nl/fhir/NamingSystem/organization-type|G3"), nil},
		{"a code with an object identifier", facility("urn:oid:2.16.840.1.113883.2.4.15.1060|G3"), nil},
	})
}

func TestFormsOfThePractitioner(t *testing.T) {
	employee := func(identifier any, role string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Employee = a.attest(harness.TypeEmployee, map[string]any{"identifier": identifier, "name": "M. Jansen", "roleName": role})
		}
	}
	assertAccepted(t, []acceptedForm{
		{"a bare number and role", employee(midwife, "03.000"), nil},
		{"a number and a role with systems", employee(harness.UZIIdentifier(midwife), harness.RoleIdentifier("03.000")), nil},
		{"an identifier that is an object", employee(harness.Identifier(harness.UZIIdentifier(midwife)), "03.000"), nil},
		{"an identifier that is a list", employee([]any{harness.Identifier(harness.UZIIdentifier(midwife))}, "03.000"), nil},
		{"a number in the AGB register", employee("http://fhir.nl/fhir/NamingSystem/agb-z|08012345", "03.000"), func(question *consent.Question) {
			question.Requester.Responsible.ID = consent.ProfessionalID{Root: consent.RootAGB, Extension: "08012345"}
		}},
		{"a statement of Dezi", func(a *fieldAttempt) {
			a.set.Employee = a.dezi(harness.DeziUser{Number: midwife, Role: "03.000", URA: "00001234"}, nil)
		}, nil},
	})
}

func TestFormsOfTheEnrolment(t *testing.T) {
	bsn := harness.Identifier(harness.BSNIdentifier(patient))
	flat := func(identifier string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) { a.enroll(identifier) }
	}
	nested := func(pass, enrolledBy string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Enrollment = a.issue(pass, harness.TypeEnrollment, enrollment(enrolledBy))
		}
	}
	list := func(a *fieldAttempt) {
		a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.NestedEnrollmentClaims(
			[]any{harness.Identifier("http://example.com/patients|1"), bsn}, harness.Identifier(harness.UZIIdentifier(midwife))))
	}
	assertAccepted(t, []acceptedForm{
		{"flat, with a system", flat(harness.BSNIdentifier(patient)), nil},
		{"flat, with an object identifier", flat("urn:oid:2.16.840.1.113883.2.4.6.3|" + patient), nil},
		{"flat, with a bare number", flat(patient), nil},
		{"nested, with a list of identifiers", list, nil},
		{"nested, under a professional's pass", nested(passMidwife, midwife), nil},
		{"nested, under a named employee's pass", nested(passSecretary, secretary), nil},
		{"flat, under a named employee's pass", func(a *fieldAttempt) {
			a.set.Enrollment = a.issue(passSecretary, harness.TypeEnrollment, harness.EnrollmentClaims(patient, secretary))
		}, nil},
		{"naming the requester's organisation", func(a *fieldAttempt) {
			a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.EnrollmentClaims(patient, harness.URAIdentifier("00001234")))
		}, nil},
		{"under a did:x509 with the otherName alone", func(a *fieldAttempt) {
			a.set.Enrollment = a.issueWith(harness.IssueOptions{Issuer: a.field.Passes[passMidwife].ShortDID()}, passMidwife, harness.TypeEnrollment, enrollment(midwife))
		}, nil},
	})
}

// TestMandate presents a delegation: the question names who delegated as responsible,
// and who acts as mandated.
func TestMandate(t *testing.T) {
	mandated := func(question *consent.Question) { *question = mandatedQuestion() }
	attested := func(credentialType string, claims map[string]any) func(a *fieldAttempt) {
		return func(a *fieldAttempt) { a.set.Delegation = a.attest(credentialType, claims) }
	}
	assertAccepted(t, []acceptedForm{
		{"the pilots' form, attested by the organisation", attested(harness.TypePilotDelegation, harness.DelegationClaims(doctor, "01.046")), mandated},
		{"the pilots' form with systems", attested(harness.TypePilotDelegation,
			harness.DelegationClaims(harness.UZIIdentifier(doctor), harness.RoleIdentifier("01.046"))), mandated},
		{"the guide's form, attested by the organisation", attested(harness.TypeDelegation, delegation()), mandated},
		{"the guide's form with a list of identifiers", attested(harness.TypeDelegation,
			harness.NestedDelegationClaims([]any{harness.Identifier(harness.UZIIdentifier(doctor))}, "01.046")), mandated},
		{"the guide's form under the doctor's own pass", func(a *fieldAttempt) {
			a.set.Delegation = a.issue(passDoctor, harness.TypeDelegation, delegation())
		}, mandated},
		{"the pilots' form under the doctor's own pass", func(a *fieldAttempt) {
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, harness.DelegationClaims(doctor, "01.046"))
		}, mandated},
		{"naming the requester's organisation", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["organization"] = harness.Identifier(harness.URAIdentifier("00001234"))
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, claims)
		}, mandated},
	})
}
