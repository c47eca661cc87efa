// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// wrongBSN fails the eleven test.
const wrongBSN = "900186022"

// attempt is one token request by a wallet, to be spoiled by a test.
type attempt struct {
	t       *testing.T
	world   *harness.World
	wallet  *harness.Wallet
	set     harness.CredentialSet
	request harness.TokenRequest
}

// newAttempt makes an attempt that succeeds when nothing spoils it.
func newAttempt(t *testing.T, w *harness.World, grant harness.Grant) *attempt {
	t.Helper()
	wallet, err := w.NewWallet()
	require.NoError(t, err)
	set, err := w.CredentialsFor(t.Context(), wallet, patient)
	require.NoError(t, err)
	return &attempt{t: t, world: w, wallet: wallet, set: set, request: harness.TokenRequest{
		Issuer: w.Issuer(), Grant: grant, Scope: birthCare,
	}}
}

func (a *attempt) send() harness.Answer {
	a.t.Helper()
	a.request.Credentials = a.set.All()
	answer, err := a.wallet.RequestToken(a.t.Context(), a.request)
	require.NoError(a.t, err)
	return answer
}

// otherWallet is somebody whom nobody trusts.
func (a *attempt) otherWallet() *harness.Wallet {
	a.t.Helper()
	wallet, err := a.world.NewWallet()
	require.NoError(a.t, err)
	return wallet
}

// must returns a value that could be made.
func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return value
	}
}

// bothGrants runs a test for each grant that a wallet can use by itself.
func bothGrants(t *testing.T, test func(t *testing.T, grant harness.Grant)) {
	t.Helper()
	for _, grant := range []harness.Grant{harness.VPToken, harness.JWTBearer} {
		t.Run(string(grant), func(t *testing.T) { test(t, grant) })
	}
}

// TestWrongRequestsNeverReachMitz spoils one thing at a time. Consent is on record, so
// that only the one thing stands between the requester and a token.
func TestWrongRequestsNeverReachMitz(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(a *attempt)
		// claim is named in the refusal; empty where the node refuses before the plugin.
		claim string
	}{
		{"no organisation credential", func(a *attempt) { a.set.Organization = nil }, ""},
		{"no facility type credential", func(a *attempt) { a.set.Facility = nil }, ""},
		{"no professional credential", func(a *attempt) { a.set.Employee = nil }, ""},
		{"no enrolment credential", func(a *attempt) { a.set.Enrollment = nil }, ""},
		{"an organisation credential of another CA", func(a *attempt) {
			ca := must[*harness.UZICA](a.t)(harness.NewUZICA("Another CA"))
			server := must[*harness.UZIPass](a.t)(ca.Issue(harness.UZISubject{Organization: "Impostor", Locality: "Utrecht", URA: "00001234", AGB: "08001234"}))
			a.set.Organization = must[harness.Credential](a.t)(server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		}, ""},
		{"an organisation credential that claims another organisation than its certificate", func(a *attempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.world.Server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{
				OtherName: "2.16.528.1.1007.99.2110-1-1-S-00009999-00.000-0",
			}))
		}, ""},
		{"an organisation credential with a wrong signature", func(a *attempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.world.Server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{WrongSignature: true}))
		}, ""},
		{"an organisation credential that has expired", func(a *attempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.world.Server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{Expires: time.Now().Add(-time.Minute)}))
		}, ""},
		{"an organisation credential about somebody else", func(a *attempt) {
			a.set.Organization = must[harness.Credential](a.t)(a.world.Server.X509Credential(a.otherWallet().DID, harness.X509CredentialOptions{}))
		}, ""},
		{"an organisation that says itself who it is", func(a *attempt) {
			a.set.Organization = a.wallet.Attest(a.wallet.DID, harness.TypeOrganization, map[string]any{
				"san": map[string]any{"otherName": "2.16.528.1.1007.99.2110-1-1-S-00001234-00.000-0"},
			})
		}, ""},
		{"a facility type that the requester gives itself", func(a *attempt) {
			a.set.Facility = a.wallet.Attest(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3"))
		}, ""},
		{"a facility type that the requester signs itself", func(a *attempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.wallet.Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, ""},
		{"a facility type of somebody who is not trusted", func(a *attempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.otherWallet().Issue(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, ""},
		{"a facility type without a proof, in the authority's name", func(a *attempt) {
			a.set.Facility = a.wallet.Attest(a.world.Authority.DID, harness.TypeFacility, harness.FacilityClaims("G3"))
		}, ""},
		{"an enrolment that a third party attests", func(a *attempt) {
			a.set.Enrollment = must[harness.Credential](a.t)(a.otherWallet().Issue(a.wallet.DID, harness.TypeEnrollment,
				harness.EnrollmentClaims(harness.BSNIdentifier(patient), "")))
		}, "patient_enrollment_identifier"},
		{"an enrolment with a wrong signature", func(a *attempt) {
			a.set.Enrollment = must[harness.Credential](a.t)(a.wallet.IssueBroken(a.wallet.DID, harness.TypeEnrollment,
				harness.EnrollmentClaims(harness.BSNIdentifier(patient), "")))
		}, ""},
		{"an enrolment that has expired", func(a *attempt) {
			a.set.Enrollment = must[harness.Credential](a.t)(a.wallet.IssueUntil(time.Now().Add(-time.Minute), a.wallet.DID, harness.TypeEnrollment,
				harness.EnrollmentClaims(harness.BSNIdentifier(patient), "")))
		}, ""},
		{"a professional whom a third party attests", func(a *attempt) {
			a.set.Employee = must[harness.Credential](a.t)(a.otherWallet().Issue(a.wallet.DID, harness.TypeEmployee, harness.EmployeeClaims(a.world.Employee())))
		}, "user_id, user_role"},
		{"a BSN that fails the eleven test", func(a *attempt) {
			a.enroll(harness.BSNIdentifier(wrongBSN))
		}, "patient_enrollment_identifier"},
		{"a BSN in another system", func(a *attempt) {
			a.enroll("http://example.com/patients|" + patient)
		}, "patient_enrollment_identifier"},
		{"no patient's number at all", func(a *attempt) { a.enroll("") }, "patient_enrollment_identifier"},
		{"a role in words", func(a *attempt) {
			a.employ(harness.Employee{Identifier: "900012345", Name: "M. Jansen", Role: "midwife"})
		}, "user_role"},
		{"a professional's number that is none", func(a *attempt) {
			a.employ(harness.Employee{Identifier: "midwife@example.com", Name: "M. Jansen", Role: "03.000"})
		}, "user_id"},
		{"a malformed URA in a trusted certificate", func(a *attempt) {
			server := must[*harness.UZIPass](a.t)(a.world.UZI.Issue(harness.UZISubject{Organization: "Odd", Locality: "Utrecht", URA: "1234", AGB: "08001234"}))
			a.set.Organization = must[harness.Credential](a.t)(server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		}, "organization_ura"},
		{"a malformed facility type from the authority", func(a *attempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.world.IssueFacilityType(a.t.Context(), a.wallet.DID, "hospital"))
		}, "organization_facility_type"},
		{"a presentation with a wrong signature", func(a *attempt) { a.request.WrongSignature = true }, ""},
		{"a presentation that has expired", func(a *attempt) { a.request.IssuedAt = time.Now().Add(-time.Minute) }, ""},
		{"a presentation that is valid for too long", func(a *attempt) { a.request.Lifetime = time.Minute }, ""},
		{"a presentation for another audience", func(a *attempt) {
			a.request.Audience = a.world.DataHolder.Issuer("hospital-west")
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				w := fresh(t)
				permit(t, w, patient, "00000659", "GGC002")
				a := newAttempt(t, w, grant)
				tc.spoil(a)
				answer := a.send()
				assertRefused(t, w, answer, "invalid_request", "", 0)
				if tc.claim != "" {
					assert.Contains(t, answer.OAuthError().Description, tc.claim)
				}
			})
		})
	}
}

func (a *attempt) enroll(patientIdentifier string) {
	a.set.Enrollment = a.wallet.Attest(a.wallet.DID, harness.TypeEnrollment, harness.EnrollmentClaims(patientIdentifier, ""))
}

func (a *attempt) employ(employee harness.Employee) {
	a.set.Employee = a.wallet.Attest(a.wallet.DID, harness.TypeEmployee, harness.EmployeeClaims(employee))
}

// TestTheDataHoldersLogHelpsARefusedRequester reads in its log which rule was broken, by what
// on both sides.
func TestTheDataHoldersLogHelpsARefusedRequester(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	log := must[*harness.LogFollower](t)(w.FollowLog(w.DataHolder))
	a := newAttempt(t, w, harness.JWTBearer)
	claims := harness.EnrollmentClaims(harness.BSNIdentifier(patient), "")
	claims["organization"] = "87654321"
	a.set.Enrollment = a.wallet.Attest(a.wallet.DID, harness.TypeEnrollment, claims)
	assertRefused(t, w, a.send(), "invalid_request", "claim contradiction: patient_enrollment_identifier", 0)

	waiting, done := context.WithTimeout(t.Context(), longest)
	defer done()
	require.NoError(t, log.WaitFor(waiting, `names URA 87654321, and organization_ura is URA `))
}

func TestUnspoiledRequestsAreGranted(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		introspection := assertPermitted(t, w, newAttempt(t, w, grant).send())
		assert.Equal(t, patient, introspection.Text("patient_bsn"))
		assert.Len(t, w.Mitz.Queries(), 1)
	})
}

func TestReplayedPresentation(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		a := newAttempt(t, w, grant)
		a.request.Nonce = uuid.NewString()
		assertPermitted(t, w, a.send())

		answer := a.send()

		assert.Equal(t, "invalid_request", answer.OAuthError().Code)
		assert.Empty(t, answer.Token())
		assert.Equal(t, 1, w.Sessions.Tokens(), "only the first request's token")
		assert.Len(t, w.Mitz.Queries(), 1, "only the first request's query")
	})
}

func TestTwoPatientsInOneRequest(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		a := newAttempt(t, w, grant)
		second := a.wallet.Attest(a.wallet.DID, harness.TypeEnrollment, harness.EnrollmentClaims(harness.BSNIdentifier(otherPatient), ""))
		a.request.Credentials = append(a.set.All(), second)

		answer, err := a.wallet.RequestToken(t.Context(), a.request)

		require.NoError(t, err)
		assertRefused(t, w, answer, "invalid_request", "claim contradiction: patient_enrollment_identifier", 0)
	})
}

func TestSubjectThatIsNoDataHolder(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		subject := "clinic-" + uuid.NewString()
		_, err := w.DataHolder.CreateSubject(t.Context(), subject)
		require.NoError(t, err)
		a := newAttempt(t, w, grant)
		a.request.Issuer = w.DataHolder.Issuer(subject)
		assertRefused(t, w, a.send(), "invalid_scope", "", 0)
	})
}

func TestClientIDDecidesNothing(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		a := newAttempt(t, w, grant)
		a.request.ClientID = w.Authority.DID
		// The authority's name as client does not make it the issuer of this.
		a.set.Facility = a.wallet.Attest(a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3"))
		assertRefused(t, w, a.send(), "invalid_request", "", 0)
	})
}

func TestOversizedTokenRequest(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	a := newAttempt(t, w, harness.JWTBearer)
	padding := make([]byte, 1<<20)
	for i := range padding {
		padding[i] = 'x'
	}
	a.request.ClientID = string(padding)
	assertRefused(t, w, a.send(), "invalid_request", "the request is too large", 0)
}
