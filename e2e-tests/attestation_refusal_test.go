// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestAnAttestationGivesAToken is what the refusals below differ from in one thing each.
func TestAnAttestationGivesAToken(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		b := newBringing(t, freshBrought(t), grant, attested)
		b.brings(b.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(nil)))
		assertRests(t, b, b.send(), "mitz-attestation")
	})
}

func TestAttestationsThatAreWrong(t *testing.T) {
	right := func(b *bringing) { b.brings(b.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(nil))) }
	saying := func(changes object) func(*bringing) {
		return func(b *bringing) { b.brings(b.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(changes))) }
	}
	issued := func(options harness.IssueOptions) func(*bringing) {
		return func(b *bringing) { b.brings(b.mitz(options, typeAttestation, attestedConsent(nil))) }
	}
	assertRefusals(t, attested, right, []refusal{
		{"of another patient", saying(object{"patient": patientObject(otherPatient)}), "claim contradiction: attestedConsent.patient.identifier"},
		{"for another data holder", saying(object{"dataHolder": uraObject("00000660")}), "claim contradiction: attestedConsent.dataHolder.identifier"},
		{"replayed at another data holder", func(b *bringing) { b.request.Issuer = b.world.DataHolder.Issuer("hospital-west") },
			"claim contradiction: attestedConsent.dataHolder.identifier"},
		{"about another category", saying(object{"dataCategory": []string{"GGC012"}}), "claim contradiction: attestedConsent.dataCategory"},
		{"for another requester", saying(object{"requester": object{"identifier": harness.Identifier(harness.URAIdentifier("00009999")), "facilityType": "G3"}}),
			"claim contradiction: attestedConsent.requester.identifier"},
		{"for another kind of requester", saying(object{"requester": object{"identifier": harness.Identifier(harness.URAIdentifier("00001234")), "facilityType": "V6"}}),
			"claim contradiction: attestedConsent.requester.facilityType"},
		{"for another purpose", saying(object{"purposeOfUse": "COC"}), "claim contradiction: attestedConsent.purposeOfUse"},
		{"without a patient", saying(object{"patient": nil}), "claim missing: attestedConsent.patient.identifier"},
		{"decided in the future", saying(object{"decidedAt": daysAgo(-1)}), "claim premature: attestedConsent.decidedAt"},
		{"expired", issued(harness.IssueOptions{Expires: time.Now().Add(-time.Minute)}), ""},
		{"not yet valid", issued(harness.IssueOptions{Issued: time.Now().Add(time.Hour)}), ""},
		{"that nothing ends, of days ago", func(b *bringing) {
			b.brings(b.mitz(harness.IssueOptions{Endless: true}, typeAttestation, attestedConsent(object{"decidedAt": daysAgo(2)})))
		}, "claim outdated: attestedConsent.decidedAt"},
		{"revoked", func(b *bringing) { b.brings(b.revoked(typeAttestation, attestedConsent(nil))) }, ""},
		{"whose status list cannot be reached", issued(harness.IssueOptions{Status: "https://localhost:1/status"}), "credential status"},
		{"of another issuer", func(b *bringing) {
			b.brings(must[harness.Credential](b.t)(b.otherWallet().Issue(b.wallet.DID, typeAttestation, attestedConsent(nil))))
		}, ""},
		{"self-issued", func(b *bringing) { b.brings(b.own(harness.IssueOptions{}, typeAttestation, attestedConsent(nil))) }, ""},
		{"of nobody, in Mitz's name", func(b *bringing) {
			b.brings(b.wallet.Attest(b.brought.Signing.DID, typeAttestation, attestedConsent(nil)))
		}, ""},
		{"signed by the requester in Mitz's name", func(b *bringing) {
			b.brings(b.own(harness.IssueOptions{Issuer: b.brought.Signing.DID}, typeAttestation, attestedConsent(nil)))
		}, ""},
		{"altered", issued(harness.IssueOptions{WrongSignature: true}), ""},
		{"of somebody else's wallet", func(b *bringing) {
			b.brings(must[harness.Credential](b.t)(b.brought.Signing.Issue(b.otherWallet().DID, typeAttestation, attestedConsent(nil))))
		}, ""},
		{"doubled", func(b *bringing) {
			b.brings(b.set.More[0], b.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(object{"patient": patientObject(otherPatient)})))
		}, "claim contradiction: attestedConsent"},
	})
}
