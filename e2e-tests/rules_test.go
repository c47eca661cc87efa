// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// What the refusals name.
const (
	orgClaim        = "organization_ura"
	typeClaim       = "organization_facility_type"
	userClaims      = "user_id, user_role"
	enrollClaim     = "patient_enrollment_identifier"
	delegateClaims  = "delegation_registered_by, delegation_role_code"
	untrusted       = "claim untrusted: "
	contradiction   = "claim contradiction: "
	malformed       = "claim malformed: "
	missing         = "claim missing: "
	outdated        = "claim outdated: "
	refusedByNode   = ""
	certificateLife = 24 * time.Hour // of the test CA's certificates, which began an hour ago
)

// brokenRule breaks one rule of an attempt that would succeed.
type brokenRule struct {
	name  string
	spoil func(a *fieldAttempt)
	// description is the whole of the refusal's; empty where the node refuses before the plugin.
	description string
}

// assertRules breaks each rule in a world where begin makes an attempt that succeeds.
func assertRules(t *testing.T, shared *sharedField, begin func(*testing.T, *field, harness.Grant) *fieldAttempt, rules []brokenRule) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := shared.fresh(t)
				a := begin(t, f, grant)
				rule.spoil(a)
				assertRefused(t, f.World, a.send(), "invalid_request", rule.description, 0)
			})
		})
	}
}

// optional is the description for a credential that the built-in definition does not
// demand and that does not fit it: with a submission the node refuses first.
func optional(grant harness.Grant, description string) string {
	if grant == harness.VPToken {
		return refusedByNode
	}
	return description
}

// mandatedAttempt is an attempt under the doctor's mandate.
func mandatedAttempt(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
	t.Helper()
	a := newFieldAttempt(t, f, grant)
	a.set.Delegation = a.issue(passDoctor, harness.TypeDelegation, delegation())
	return a
}

func TestDelegationSaysWhatThePassSays(t *testing.T) {
	under := func(pass string, claims map[string]any, options harness.IssueOptions) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Delegation = a.issueWith(options, pass, harness.TypeDelegation, claims)
		}
	}
	nested := func(identifier, role string) map[string]any {
		return harness.NestedDelegationClaims(harness.Identifier(identifier), role)
	}
	right, now := harness.IssueOptions{}, time.Now()
	assertRules(t, openField, mandatedAttempt, []brokenRule{
		{"another professional's number", under(passDoctor, nested(harness.UZIIdentifier("900000009"), "01.046"), right), untrusted + delegateClaims},
		{"the number in another register", under(passDoctor, nested("http://fhir.nl/fhir/NamingSystem/big|"+doctor, "01.046"), right), untrusted + delegateClaims},
		{"another role", under(passDoctor, nested(doctor, "01.015"), right), untrusted + delegateClaims},
		{"another role with a system", under(passDoctor, nested(doctor, harness.RoleIdentifier("01.015")), right), untrusted + delegateClaims},
		{"another professional in the pilots' form", func(a *fieldAttempt) {
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, harness.DelegationClaims("900000009", "01.046"))
		}, untrusted + delegateClaims},
		{"the pass of a named employee", under(passSecretary, nested(secretary, "00.000"), right), untrusted + delegateClaims},
		{"a pass that names nobody", under(passUnnamed, nested(doctor, "00.000"), right), untrusted + delegateClaims},
		{"the organisation's server certificate", under(passServer, nested("900020000", "00.000"), right), untrusted + delegateClaims},
		{"a pass of another organisation", under(passElsewhere, delegation(), right), untrusted + delegateClaims},
		{"a pass of another CA", under(passOtherCA, delegation(), right), untrusted + delegateClaims},
		{"valid for longer than the pass", under(passDoctor, delegation(), harness.IssueOptions{Expires: now.Add(certificateLife + time.Minute)}), untrusted + delegateClaims},
		{"valid for ever", under(passDoctor, delegation(), harness.IssueOptions{Endless: true}), untrusted + delegateClaims},
		{"valid from before the pass", under(passDoctor, delegation(), harness.IssueOptions{Issued: now.Add(-2 * time.Hour)}), untrusted + delegateClaims},
		{"a wrong signature", under(passDoctor, delegation(), harness.IssueOptions{WrongSignature: true}), refusedByNode},
		{"expired", under(passDoctor, delegation(), harness.IssueOptions{Expires: now.Add(-time.Minute)}), refusedByNode},
		{"a DID that does not tell whose pass it is", func(a *fieldAttempt) {
			options := harness.IssueOptions{Issuer: a.field.Passes[passDoctor].NamelessDID()}
			a.set.Delegation = a.issueWith(options, passDoctor, harness.TypeDelegation, delegation())
		}, untrusted + delegateClaims},
		{"a DID that tells twice whose pass it is", func(a *fieldAttempt) {
			pass := a.field.Passes[passDoctor]
			options := harness.IssueOptions{Issuer: pass.DID() + "::" + strings.TrimPrefix(pass.ShortDID(), a.world.UZI.DIDPrefix())}
			a.set.Delegation = a.issueWith(options, passDoctor, harness.TypeDelegation, delegation())
		}, untrusted + delegateClaims},
		{"the DID of another's pass", func(a *fieldAttempt) {
			options := harness.IssueOptions{Issuer: a.field.Passes[passMidwife].DID()}
			a.set.Delegation = a.issueWith(options, passDoctor, harness.TypeDelegation, harness.NestedDelegationClaims(midwife, "03.000"))
		}, refusedByNode},
	})
}

// TestDelegationThatSaysNothing presents a mandate in no form that is known.
func TestDelegationThatSaysNothing(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		f := openField.fresh(t)
		a := newFieldAttempt(t, f, grant)
		a.set.Delegation = a.attest(harness.TypePilotDelegation, map[string]any{"delegatedBy": doctor})
		assertRefused(t, f.World, a.send(), "invalid_request", optional(grant, missing+delegateClaims), 0)
	})
}

func TestEnrolmentSaysWhatThePassSays(t *testing.T) {
	under := func(pass, enrolledBy string, options harness.IssueOptions) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			a.set.Enrollment = a.issueWith(options, pass, harness.TypeEnrollment, enrollment(enrolledBy))
		}
	}
	right, now := harness.IssueOptions{}, time.Now()
	begin := func(t *testing.T, f *field, grant harness.Grant) *fieldAttempt { return newFieldAttempt(t, f, grant) }
	assertRules(t, openField, begin, []brokenRule{
		{"another professional than the pass's", under(passSecretary, midwife, right), untrusted + enrollClaim},
		{"another professional in the pilots' form", func(a *fieldAttempt) {
			a.set.Enrollment = a.issue(passSecretary, harness.TypeEnrollment, harness.EnrollmentClaims(patient, midwife))
		}, untrusted + enrollClaim},
		{"a pass that names nobody", under(passUnnamed, doctor, right), untrusted + enrollClaim},
		{"the organisation's server certificate", under(passServer, "900020000", right), untrusted + enrollClaim},
		{"a pass of another organisation", under(passElsewhere, doctor, right), untrusted + enrollClaim},
		{"a pass of another CA", under(passOtherCA, doctor, right), untrusted + enrollClaim},
		{"valid for longer than the pass", under(passSecretary, secretary, harness.IssueOptions{Expires: now.Add(certificateLife + time.Minute)}), untrusted + enrollClaim},
		{"valid for ever", under(passSecretary, secretary, harness.IssueOptions{Endless: true}), untrusted + enrollClaim},
		{"valid from before the pass", under(passSecretary, secretary, harness.IssueOptions{Issued: now.Add(-2 * time.Hour)}), untrusted + enrollClaim},
		{"a wrong signature", under(passSecretary, secretary, harness.IssueOptions{WrongSignature: true}), refusedByNode},
		{"a DID that does not tell whose pass it is", func(a *fieldAttempt) {
			options := harness.IssueOptions{Issuer: a.field.Passes[passSecretary].NamelessDID()}
			a.set.Enrollment = a.issueWith(options, passSecretary, harness.TypeEnrollment, enrollment(secretary))
		}, untrusted + enrollClaim},
	})
}

func TestProfessionalSaysWhatThePassSays(t *testing.T) {
	under := func(pass, number, role string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			employee := harness.Employee{Identifier: harness.UZIIdentifier(number), Name: "M. Jansen", Role: role}
			a.set.Employee = a.issue(pass, harness.TypeEmployee, harness.EmployeeClaims(employee))
		}
	}
	assertAccepted(t, []acceptedForm{
		{"the employer attests under its server certificate", under(passServer, midwife, "03.000"), nil},
		{"the professional attests under the own pass", under(passMidwife, midwife, "03.000"), nil},
	})
	assertRules(t, openField, newFieldAttempt, []brokenRule{
		{"another professional's number", under(passMidwife, doctor, "03.000"), untrusted + userClaims},
		{"another role", under(passMidwife, midwife, "01.046"), untrusted + userClaims},
		{"a named employee as a professional", under(passSecretary, doctor, "01.046"), untrusted + userClaims},
		{"a pass that names nobody", under(passUnnamed, doctor, "01.046"), untrusted + userClaims},
		{"a pass of another organisation", under(passElsewhere, doctor, "01.046"), untrusted + userClaims},
	})
}

func TestOrganizationSaysWhatTheCertificateSays(t *testing.T) {
	provider := func(pass, ura string, options harness.IssueOptions) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			claims := harness.HealthcareProviderClaims(harness.Identifier(harness.URAIdentifier(ura)), "De Eerste Stap")
			a.set.Organization = a.issueWith(options, pass, harness.TypeHealthcareProvider, claims)
		}
	}
	right, now := harness.IssueOptions{}, time.Now()
	assertRules(t, openField, newFieldAttempt, []brokenRule{
		{"another organisation than the certificate's", provider(passServer, "00009999", right), untrusted + orgClaim},
		{"a professional's pass", provider(passMidwife, "00001234", right), untrusted + orgClaim},
		{"an employee's pass", provider(passSecretary, "00001234", right), untrusted + orgClaim},
		{"valid for longer than the certificate", provider(passServer, "00001234", harness.IssueOptions{Expires: now.Add(certificateLife + time.Minute)}), untrusted + orgClaim},
		{"a NutsUraCredential about another organisation than the certificate's", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeNutsURA, harness.NutsURAClaims("00009999", "Another"))
		}, untrusted + orgClaim},
		{"a HealthcareOrganizationCredential about another organisation than the certificate's", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeHealthcareOrganization, harness.NutsURAClaims("00009999", "Another"))
		}, untrusted + orgClaim},
		{"a HealthcareOrganizationCredential of a professional's pass", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passMidwife, harness.TypeHealthcareOrganization, harness.NutsURAClaims("00001234", "De Eerste Stap"))
		}, untrusted + orgClaim},
		{"an X509Credential of a person's pass", func(a *fieldAttempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.field.Passes[passMidwife].X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		}, refusedByNode},
		{"two numbers", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeHealthcareProvider, harness.HealthcareProviderClaims([]any{
				harness.Identifier(harness.URAIdentifier("00001234")), harness.Identifier(harness.URAIdentifier("00009999")),
			}, "De Eerste Stap"))
		}, contradiction + orgClaim},
		{"a number in another system only", func(a *fieldAttempt) {
			a.set.Organization = a.issue(passServer, harness.TypeHealthcareProvider, harness.HealthcareProviderClaims(
				harness.Identifier("http://fhir.nl/fhir/NamingSystem/agb|00001234"), "De Eerste Stap"))
		}, malformed + orgClaim},
	})
}

// TestCredentialsAreAboutTheRequester presents credentials that name another organisation
// than the requester.
func TestCredentialsAreAboutTheRequester(t *testing.T) {
	other := harness.Identifier(harness.URAIdentifier("00009999"))
	assertRules(t, openField, mandatedAttempt, []brokenRule{
		{"an enrolment at another organisation", func(a *fieldAttempt) {
			a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.EnrollmentClaims(patient, harness.URAIdentifier("00009999")))
		}, contradiction + enrollClaim},
		{"an enrolment at another organisation, in the guide's form", func(a *fieldAttempt) {
			a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.NestedEnrollmentClaims(harness.Identifier(patient), other))
		}, contradiction + enrollClaim},
		{"an enrolment at two organisations", func(a *fieldAttempt) {
			a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.NestedEnrollmentClaims(
				harness.Identifier(patient), []any{harness.Identifier(harness.URAIdentifier("00001234")), other}))
		}, contradiction + enrollClaim},
		{"an enrolment whose organisation is another", func(a *fieldAttempt) {
			claims := enrollment(midwife)
			claims["hasEnrollment"].(map[string]any)["organization"] = map[string]any{"identifier": other}
			a.set.Enrollment = a.attest(harness.TypeEnrollment, claims)
		}, contradiction + enrollClaim},
		{"a delegation at another organisation", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["organization"] = other
			a.set.Delegation = a.attest(harness.TypePilotDelegation, claims)
		}, contradiction + delegateClaims},
		{"a delegation at another organisation, with an identifier", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["organization"] = map[string]any{"identifier": other}
			a.set.Delegation = a.attest(harness.TypePilotDelegation, claims)
		}, contradiction + delegateClaims},
		{"a delegation at another organisation, in the guide's form", func(a *fieldAttempt) {
			claims := delegation()
			claims["hasDelegation"].(map[string]any)["organization"] = map[string]any{"identifier": other}
			a.set.Delegation = a.issue(passDoctor, harness.TypeDelegation, claims)
		}, contradiction + delegateClaims},
		{"a delegation at another organisation, in a list", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["organization"] = []any{map[string]any{"identifier": []any{other}}}
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, claims)
		}, contradiction + delegateClaims},
		{"a delegation for another kind of organisation", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["facilityType"] = "V6"
			a.set.Delegation = a.attest(harness.TypePilotDelegation, claims)
		}, contradiction + delegateClaims},
		{"a delegation for another kind of organisation, under the doctor's pass", func(a *fieldAttempt) {
			claims := harness.DelegationClaims(doctor, "01.046")
			claims["facilityType"] = "http://nictiz.nl/fhir/NamingSystem/organization-type|V6"
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, claims)
		}, contradiction + delegateClaims},
		{"a second patient in a list", func(a *fieldAttempt) {
			claims := enrollment(midwife)
			claims["hasEnrollment"] = []any{claims["hasEnrollment"]}
			claims["patientId"] = harness.BSNIdentifier(otherPatient)
			a.set.Enrollment = a.attest(harness.TypeEnrollment, claims)
		}, contradiction + enrollClaim},
		{"a professional of something that is no organisation, says Dezi", func(a *fieldAttempt) {
			a.set.Employee = a.dezi(harness.DeziUser{Number: midwife, Role: "03.000", URA: "1234"}, nil)
		}, contradiction + userClaims},
		{"a professional of another organisation, says Dezi", func(a *fieldAttempt) {
			a.set.Employee = a.dezi(harness.DeziUser{Number: midwife, Role: "03.000", URA: "00009999"}, nil)
		}, contradiction + userClaims},
	})
}

// TestOrganisationsNameIsTheCertificates has an organisation give itself another name.
func TestOrganisationsNameIsTheCertificates(t *testing.T) {
	for name, tc := range map[string]struct {
		credentialType string
		claims         map[string]any
	}{
		"a famous name in the guide's form": {
			harness.TypeHealthcareProvider, harness.HealthcareProviderClaims(harness.Identifier("00001234"), "Academic Hospital"),
		},
		"a famous name in the pilots' form": {harness.TypeNutsURA, harness.NutsURAClaims("00001234", "Academic Hospital")},
	} {
		t.Run(name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				a.set.Organization = a.issue(passServer, tc.credentialType, tc.claims)
				introspection := assertPermitted(t, f.World, a.send())
				assert.Equal(t, "Verloskundigen De Eerste Stap", introspection.Text("organization_name"))
				assertAsked(t, f.World, plainQuestion())
			})
		})
	}
}

// TestTwoCredentialsForOneAttribute presents a second, also trusted, credential: which of
// the two counts would be the presenter's choice.
func TestTwoCredentialsForOneAttribute(t *testing.T) {
	for name, tc := range map[string]struct {
		second func(a *fieldAttempt) harness.Credential
		claims string
	}{
		"two organisations": {func(a *fieldAttempt) harness.Credential {
			return must[harness.Credential](a.t)(a.field.Registrar.Issue(a.wallet.DID, harness.TypeNutsURA, harness.NutsURAClaims("00009999", "Another")))
		}, orgClaim},
		"two facility types": {func(a *fieldAttempt) harness.Credential {
			return must[harness.Credential](a.t)(a.field.District.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("J8")))
		}, typeClaim},
		"two professionals": {func(a *fieldAttempt) harness.Credential {
			return a.dezi(harness.DeziUser{Number: doctor, Role: "01.046", URA: "00001234"}, nil)
		}, userClaims},
		"two mandates": {func(a *fieldAttempt) harness.Credential {
			return a.attest(harness.TypePilotDelegation, harness.DelegationClaims(midwife, "03.000"))
		}, delegateClaims},
	} {
		t.Run(name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := mandatedAttempt(t, f, grant)
				a.set.More = []harness.Credential{tc.second(a)}
				assertRefused(t, f.World, a.send(), "invalid_request", contradiction+tc.claims, 0)
			})
		})
	}
}
