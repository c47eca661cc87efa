// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// registers has a request bring a registration that is right, with a membership that is right.
func registers(b *bringing) {
	b.brings(b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(nil)), b.mitz(harness.IssueOptions{}, typeMembership, membership(nil)))
}

// TestARegistrationGivesAToken is what the refusals below differ from in one thing each.
func TestARegistrationGivesAToken(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		b := newBringing(t, freshBrought(t), grant, recorded)
		registers(b)
		assertRests(t, b, b.send(), "consent-registration")
	})
}

func TestRegistrationsThatAreWrong(t *testing.T) {
	saying := func(changes object) func(*bringing) {
		return func(b *bringing) {
			b.set.More[0] = b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(changes))
		}
	}
	issued := func(options harness.IssueOptions) func(*bringing) {
		return func(b *bringing) { b.set.More[0] = b.own(options, typeRegistration, registeredConsent(nil)) }
	}
	assertRefusals(t, recorded, registers, []refusal{
		{"of another patient", saying(object{"patient": patientObject(otherPatient)}), "claim contradiction: registeredConsent.patient.identifier"},
		{"for another data holder", saying(object{"dataHolder": uraObject("00000660")}), "claim contradiction: registeredConsent.dataHolder.identifier"},
		{"replayed at another data holder", func(b *bringing) { b.request.Issuer = b.world.DataHolder.Issuer("hospital-west") },
			"claim contradiction: registeredConsent.dataHolder.identifier"},
		{"about another category", saying(object{"dataCategory": []string{"GGC012"}}), "claim contradiction: registeredConsent.dataCategory"},
		{"for another kind of requester", saying(object{"requesterFacilityType": []string{"V6"}}), "claim contradiction: registeredConsent.requesterFacilityType"},
		{"by another organisation", func(b *bringing) {
			b.set.More[0] = must[harness.Credential](b.t)(b.otherWallet().Issue(b.wallet.DID, typeRegistration, registeredConsent(nil)))
		}, "claim untrusted: registeredConsent"},
		{"without a proof", func(b *bringing) {
			b.set.More[0] = b.wallet.Attest(b.wallet.DID, typeRegistration, registeredConsent(nil))
		}, "credential proof: registeredConsent"},
		{"altered", issued(harness.IssueOptions{WrongSignature: true}), "credential proof"},
		{"expired", issued(harness.IssueOptions{Expires: time.Now().Add(-time.Minute)}), ""},
		{"not yet valid", issued(harness.IssueOptions{Issued: time.Now().Add(time.Hour)}), ""},
		{"without a professional", saying(object{"recordedBy": nil}), "claim missing: registeredConsent.recordedBy.identifier"},
		{"by a professional of elsewhere", saying(object{"recordedBy": object{"identifier": harness.Identifier(harness.UZIIdentifier("900000007")), "roleCode": "03.000"}}),
			"claim contradiction: registeredConsent.recordedBy.identifier"},
		{"by a method that is not accepted", saying(object{"identification": "vouching"}), "claim untrusted: registeredConsent.identification"},
		{"under agreements that are not accepted", saying(object{"agreement": "3.7"}), "claim untrusted: registeredConsent.agreement"},
		{"too old", saying(object{"recordedAt": daysAgo(8)}), "claim outdated: registeredConsent.recordedAt"},
		{"dated in the future", saying(object{"recordedAt": daysAgo(-1)}), "claim premature: registeredConsent.recordedAt"},
		{"doubled", func(b *bringing) {
			b.brings(append(b.set.More, b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(nil)))...)
		}, "claim contradiction: registeredConsent"},
		{"without a membership", func(b *bringing) { b.brings(b.set.More[0]) }, "claim missing: membership"},
	})
}

func TestMembershipsThatAreWrong(t *testing.T) {
	saying := func(changes object) func(*bringing) {
		return func(b *bringing) { b.set.More[1] = b.mitz(harness.IssueOptions{}, typeMembership, membership(changes)) }
	}
	issued := func(options harness.IssueOptions) func(*bringing) {
		return func(b *bringing) { b.set.More[1] = b.mitz(options, typeMembership, membership(nil)) }
	}
	assertRefusals(t, recorded, registers, []refusal{
		{"ended", func(b *bringing) { b.set.More[1] = b.revoked(typeMembership, membership(nil)) }, ""},
		{"expired", issued(harness.IssueOptions{Expires: time.Now().Add(-time.Minute)}), ""},
		{"not yet valid", issued(harness.IssueOptions{Issued: time.Now().Add(time.Hour)}), ""},
		{"that has yet to begin", saying(object{"since": daysAgo(-1)}), "claim premature: membership.since"},
		{"whose status list cannot be reached", issued(harness.IssueOptions{Status: "https://localhost:1/status"}), "credential status"},
		{"of a requester", saying(object{"role": "requester"}), ""},
		{"of a data holder", saying(object{"role": "data-holder"}), ""},
		{"of another organisation", saying(object{"organization": uraObject("00009999")}), "claim contradiction: membership.organization.identifier"},
		{"from another issuer", func(b *bringing) {
			b.set.More[1] = must[harness.Credential](b.t)(b.otherWallet().Issue(b.wallet.DID, typeMembership, membership(nil)))
		}, ""},
		{"self-issued", func(b *bringing) { b.set.More[1] = b.own(harness.IssueOptions{}, typeMembership, membership(nil)) }, ""},
		{"altered", issued(harness.IssueOptions{WrongSignature: true}), ""},
	})
}

// TestObjections: the patient's no wins in every profile, before Mitz is asked.
func TestObjections(t *testing.T) {
	for _, scope := range []string{attested, recorded, continued, either} {
		t.Run(scope, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				for _, objection := range []object{registeredConsent(object{"choice": "deny"}), registeredConsent(object{"choice": "deny", "recordedAt": daysAgo(800), "recordedBy": nil})} {
					b := newBringing(t, freshBrought(t), grant, scope)
					b.brings(
						b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(nil)), b.mitz(harness.IssueOptions{}, typeMembership, membership(nil)),
						b.own(harness.IssueOptions{}, typeRegistration, objection), b.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(nil)),
					)
					assertRefused(t, b.world, b.send(), "access_denied", noConsent, 0)
				}
			})
		})
	}
}

// TestARegistrationAfterADeny: Mitz says Deny also where nothing is on record.
func TestARegistrationAfterADeny(t *testing.T) {
	t.Run("permits where the profile goes on", func(t *testing.T) {
		b := newBringing(t, freshBrought(t), harness.VPToken, continued)
		b.world.Mitz.Forget(patient)
		registers(b)
		introspection := assertPermitted(t, b.world, b.send())
		assert.Equal(t, "consent-registration", introspection.Text("consent_ground"))
		assert.Len(t, b.world.Mitz.Queries(), 1)
	})
	t.Run("is of no account when it is wrong", func(t *testing.T) {
		b := newBringing(t, freshBrought(t), harness.VPToken, continued)
		b.world.Mitz.Forget(patient)
		registers(b)
		b.set.More[0] = b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(object{"agreement": "3.7"}))
		assertRefused(t, b.world, b.send(), "access_denied", noConsent, 1)
	})
	t.Run("permits when Mitz is down", func(t *testing.T) {
		b := newBringing(t, freshBrought(t), harness.VPToken, continued)
		b.world.Mitz.Misbehave(unpausedFaults()[0])
		registers(b)
		introspection := assertPermitted(t, b.world, b.send())
		assert.Equal(t, "consent-registration", introspection.Text("consent_ground"))
	})
}
