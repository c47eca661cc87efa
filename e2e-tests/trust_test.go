// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestOnlyNamedIssuersAreTrusted presents credentials of parties whose DIDs resemble those
// that the data holder trusts. Their signatures are right.
func TestOnlyNamedIssuersAreTrusted(t *testing.T) {
	registrar := func(names ...string) func(a *fieldAttempt) {
		return func(a *fieldAttempt) {
			issuer := must[*harness.Wallet](a.t)(a.world.NewNamedWallet(names...))
			a.set.Organization = must[harness.Credential](a.t)(issuer.Issue(a.wallet.DID, harness.TypeNutsURA, harness.NutsURAClaims("00001234", "De Eerste Stap")))
		}
	}
	assertRules(t, openField, newFieldAttempt, []brokenRule{
		{"a longer name than the trusted DID", registrar("registrar.evil"), refusedByNode},
		{"a name below the trusted DID", registrar("registrar", "evil"), refusedByNode},
		{"the trusted DID's host", registrar("other"), refusedByNode},
		{"an authority of facility types that says who an organisation is", func(a *fieldAttempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.field.District.Issue(a.wallet.DID, harness.TypeNutsURA, harness.NutsURAClaims("00001234", "")))
		}, refusedByNode},
		{"a proof by another in the trusted DID's name", func(a *fieldAttempt) {
			options := harness.IssueOptions{Issuer: a.field.Registrar.DID}
			a.set.Organization = must[harness.Credential](a.t)(a.otherWallet().IssueWith(options, a.wallet.DID, harness.TypeNutsURA, harness.NutsURAClaims("00001234", "")))
		}, refusedByNode},
		{"a trusted registrar that attests for a professional", func(a *fieldAttempt) {
			a.set.Employee = must[harness.Credential](a.t)(a.field.Registrar.Issue(a.wallet.DID, harness.TypeEmployee, harness.EmployeeClaims(a.world.Employee())))
		}, untrusted + userClaims},
		{"a DID that leads out of the trusted prefix", func(a *fieldAttempt) {
			issuer := must[*harness.Wallet](a.t)(a.world.NewNamedWallet("authority", "..", "elsewhere"))
			a.set.Facility = must[harness.Credential](a.t)(issuer.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, untrusted + typeClaim},
		{"a DID that leads out of the trusted prefix, escaped", func(a *fieldAttempt) {
			issuer := must[*harness.Wallet](a.t)(a.world.NewNamedWallet("authority", "%2E%2E", "elsewhere"))
			a.set.Facility = must[harness.Credential](a.t)(issuer.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, untrusted + typeClaim},
		{"a delegation by a third party", func(a *fieldAttempt) {
			a.set.Delegation = must[harness.Credential](a.t)(a.otherWallet().Issue(a.wallet.DID, harness.TypeDelegation, delegation()))
		}, untrusted + delegateClaims},
	})
	// No credential for a facility type is needed in this world, so with the grant without
	// a submission the plugin alone decides.
	for name, names := range map[string][]string{
		"a longer name than the trusted prefix":     {"authority.evil", "district"},
		"a longer name without a dot":               {"authorityevil", "district"},
		"the trusted prefix itself":                 {"authority"},
		"the trusted prefix in another place":       {"evil", "authority", "district"},
		"the trusted prefix with an encoded colon":  {"authority%3Adistrict"},
		"a registrar that gives out facility types": {"registrar"},
	} {
		t.Run(name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				issuer := f.Registrar
				if names[0] != "registrar" {
					issuer = must[*harness.Wallet](t)(f.NewNamedWallet(names...))
				}
				a.set.Facility = must[harness.Credential](t)(issuer.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
				assertRefused(t, f.World, a.send(), "invalid_request", optional(grant, untrusted+typeClaim), 0)
			})
		})
	}
}

// TestNobodyAttestsAboutItself goes through a world in which the word holder is nowhere.
func TestNobodyAttestsAboutItself(t *testing.T) {
	t.Run("what others attest is enough", func(t *testing.T) {
		bothGrants(t, func(t *testing.T, grant harness.Grant) {
			f := strictField.fresh(t)
			assertPermitted(t, f.World, strictAttempt(t, f, grant).send())
			assertAsked(t, f.World, plainQuestion())
		})
	})
	t.Run("a mandate that the doctor signed is enough", func(t *testing.T) {
		bothGrants(t, func(t *testing.T, grant harness.Grant) {
			f := strictField.fresh(t)
			a := strictAttempt(t, f, grant)
			a.set.Delegation = a.issue(passDoctor, harness.TypeDelegation, delegation())
			assertPermitted(t, f.World, a.send())
			assertAsked(t, f.World, mandatedQuestion())
		})
	})
	assertRules(t, strictField, strictAttempt, []brokenRule{
		{"a professional whom the presenter attests", func(a *fieldAttempt) {
			a.employ(a.world.Employee())
		}, refusedByNode},
		{"an enrolment that the presenter attests", func(a *fieldAttempt) { a.enroll(patient) }, refusedByNode},
		{"an enrolment that the presenter signs", func(a *fieldAttempt) {
			a.set.Enrollment = must[harness.Credential](a.t)(a.wallet.Issue(a.wallet.DID, harness.TypeEnrollment, enrollment(midwife)))
		}, refusedByNode},
		{"another organisation of the same CA", func(a *fieldAttempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.field.Passes[passPharmacy].X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		}, refusedByNode},
		{"a longer name of an organisation of the same CA", func(a *fieldAttempt) {
			server := must[*harness.UZIPass](a.t)(a.world.UZI.Issue(harness.UZISubject{Organization: "Verloskundigen De Eerste Stap BV", Locality: "Utrecht", URA: "00001234"}))
			a.set.Organization = must[harness.Credential](a.t)(server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		}, refusedByNode},
		{"a Dezi professional beside one whom the presenter attests", func(a *fieldAttempt) {
			a.set.More = []harness.Credential{a.attest(harness.TypeEmployee, harness.EmployeeClaims(a.world.Employee()))}
		}, untrusted + userClaims + "; " + contradiction + userClaims},
	})
	for name, sign := range map[string]func(a *fieldAttempt) harness.Credential{
		"a mandate that the presenter attests": func(a *fieldAttempt) harness.Credential { return a.attest(harness.TypeDelegation, delegation()) },
		"a mandate that the presenter signs": func(a *fieldAttempt) harness.Credential {
			return must[harness.Credential](a.t)(a.wallet.Issue(a.wallet.DID, harness.TypeDelegation, delegation()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := strictField.fresh(t)
				a := strictAttempt(t, f, grant)
				a.set.Delegation = sign(a)
				assertRefused(t, f.World, a.send(), "invalid_request", optional(grant, untrusted+delegateClaims), 0)
			})
		})
	}
}
