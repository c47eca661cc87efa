// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestFacilityTypeWithoutAnIssuer has the operator configure the type of a pharmacy.
func TestFacilityTypeWithoutAnIssuer(t *testing.T) {
	for _, tc := range []struct {
		name        string
		server      string // whose certificate is presented
		credential  string // facility type in a trusted credential; empty: none
		description string // of the refusal; empty: permitted, with the configured type
	}{
		{"the configured type is used without a credential", passPharmacy, "", ""},
		{"a credential that agrees is accepted", passPharmacy, "J8", ""},
		{"a credential that says something else is refused", passPharmacy, "G3", contradiction + typeClaim},
		{"an organisation that is not configured needs a credential", passServer, "", missing + typeClaim},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				permitType(t, f.World, "J8")
				a := newFieldAttempt(t, f, grant)
				a.set.Organization = must[harness.Credential](t)(f.Passes[tc.server].X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
				a.set.Facility = nil
				if tc.credential != "" {
					a.set.Facility = must[harness.Credential](t)(f.District.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims(tc.credential)))
				}
				answer := a.send()
				if tc.description != "" {
					assertRefused(t, f.World, answer, "invalid_request", tc.description, 0)
					return
				}
				introspection := assertPermitted(t, f.World, answer)
				assert.Equal(t, "J8", introspection.Text(typeClaim))
				question := plainQuestion()
				question.Requester.URA, question.Requester.FacilityType = pharmacy, "J8"
				assertAsked(t, f.World, question)
			})
		})
	}
	t.Run("an untrusted credential is refused, though the type is configured", func(t *testing.T) {
		bothGrants(t, func(t *testing.T, grant harness.Grant) {
			f := openField.fresh(t)
			permitType(t, f.World, "J8")
			a := newFieldAttempt(t, f, grant)
			a.set.Organization = must[harness.Credential](t)(f.Passes[passPharmacy].X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
			a.set.Facility = a.attest(harness.TypeFacility, harness.FacilityClaims("J8"))
			assertRefused(t, f.World, a.send(), "invalid_request", optional(grant, untrusted+typeClaim), 0)
		})
	})
}

// TestEnrolmentNotOlderThanAllowed has a scope for which half an hour is too old.
func TestEnrolmentNotOlderThanAllowed(t *testing.T) {
	for _, tc := range []struct {
		name        string
		scope       string
		age         time.Duration
		description string
	}{
		{"one that is young enough is accepted", recent, 29 * time.Minute, ""},
		{"one that is too old is refused", recent, 31 * time.Minute, outdated + enrollClaim},
		{"elsewhere its age does not matter", birthCare, 45 * time.Minute, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				a.request.Scope = tc.scope
				options := harness.IssueOptions{Issued: time.Now().Add(-tc.age)}
				a.set.Enrollment = a.issueWith(options, passSecretary, harness.TypeEnrollment, enrollment(secretary))
				if answer := a.send(); tc.description != "" {
					assertRefused(t, f.World, answer, "invalid_request", tc.description, 0)
				} else {
					assertPermitted(t, f.World, answer)
				}
			})
		})
	}
}

func TestNamesOfClaims(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		t.Run("the token has the profile's names", func(t *testing.T) {
			f := openField.fresh(t)
			a := newFieldAttempt(t, f, grant)
			a.request.Scope = renamed
			introspection := assertPermitted(t, f.World, a.send())
			for claim, expected := range map[string]string{
				"subject_organization_id": "00001234", "subject_organization": "Verloskundigen De Eerste Stap", "subject_facility_type": "G3",
				"subject_id": harness.UZIIdentifier(midwife), "subject_role": "03.000", "subject_patient": harness.BSNIdentifier(patient),
				"patient_bsn": patient,
			} {
				assert.Equal(t, expected, introspection.Text(claim), claim)
			}
			for _, claim := range []string{"organization_ura", "organization_name", "organization_facility_type", "user_id", "user_role", "patient_enrollment_identifier"} {
				assert.NotContains(t, introspection.Claims, claim)
			}
			assertAsked(t, f.World, plainQuestion())
		})
		t.Run("so has a refusal", func(t *testing.T) {
			f := openField.fresh(t)
			a := newFieldAttempt(t, f, grant)
			a.request.Scope = renamed
			a.employ(harness.Employee{Identifier: midwife, Name: "M. Jansen", Role: "midwife"})
			assertRefused(t, f.World, a.send(), "invalid_request", malformed+"subject_role", 0)
		})
	})
}

// TestClientIDNamesNobody lies about the client in every way that could matter.
func TestClientIDNamesNobody(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		for name, clientID := range map[string]func(f *field) string{
			"the registrar's":        func(f *field) string { return f.Registrar.DID },
			"another organisation's": func(f *field) string { return f.Passes[passElsewhere].DID() },
			"the data holder's":      func(f *field) string { return f.Issuer() },
			// Its digits pass the eleven test, as those of one random UUID in 800 do.
			"a name that looks like a patient's number": func(*field) string {
				return "did:web:example.com:iam:09b898c7-f306-438d-8861-545040383bca"
			},
			"a text with a colon in it": func(*field) string { return "did:web:example.com:*" },
		} {
			t.Run(name, func(t *testing.T) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				a.request.ClientID = clientID(f)
				assertPermitted(t, f.World, a.send())
				assertAsked(t, f.World, plainQuestion())
			})
		}
		t.Run("it does not make a holder of somebody else", func(t *testing.T) {
			f := openField.fresh(t)
			a := newFieldAttempt(t, f, grant)
			other := a.otherWallet()
			a.request.ClientID = other.DID
			a.set.Enrollment = must[harness.Credential](t)(other.Issue(a.wallet.DID, harness.TypeEnrollment, enrollment(midwife)))
			assertRefused(t, f.World, a.send(), "invalid_request", untrusted+enrollClaim, 0)
		})
	})
}

// permitType records consent for a kind of organisation.
func permitType(t *testing.T, w *harness.World, facilityType consent.FacilityType) {
	t.Helper()
	require.NoError(t, w.Mitz.Record(mitztest.Consent{
		Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: facilityType, Decision: consent.Permit,
	}))
}
