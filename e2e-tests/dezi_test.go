// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

var deziMidwife = harness.DeziUser{Number: midwife, Role: "03.000", URA: "00001234"}

// TestDeziThroughTheRequestersNode gives a stock node the statement that Dezi gave its user.
func TestDeziThroughTheRequestersNode(t *testing.T) {
	ask := func(t *testing.T, f *field, user harness.DeziUser) harness.Answer {
		t.Helper()
		token, err := f.Dezi.IDToken(user, harness.DeziOptions{})
		require.NoError(t, err)
		request := f.ServiceTokenRequest(f.Issuer(), harness.BSNIdentifier(patient), birthCare)
		request.Credentials = []harness.Credential{
			harness.SelfAttested(harness.TypeEnrollment, harness.EnrollmentClaims(harness.BSNIdentifier(patient), midwife)),
		}
		request.IDToken = token
		_, err = f.Requester.RequestServiceToken(t.Context(), f.RequesterOrg.Name, request)
		require.NoError(t, err)
		return lastTokenAnswer(t, f.World)
	}
	t.Run("the professional is whom Dezi names", func(t *testing.T) {
		f := openField.fresh(t)
		introspection := assertPermitted(t, f.World, ask(t, f, deziMidwife))
		assert.Equal(t, midwife, introspection.Text("user_id"))
		assert.Equal(t, "03.000", introspection.Text("user_role"))
		assertAsked(t, f.World, plainQuestion())
	})
	t.Run("at another organisation it is refused", func(t *testing.T) {
		f := openField.fresh(t)
		user := deziMidwife
		user.URA = "00009999"
		assertRefused(t, f.World, ask(t, f, user), "invalid_request", contradiction+userClaims, 0)
	})
}

func TestDeziIsTrustedByItsAttestationAlone(t *testing.T) {
	changed := func(change func(credential map[string]any)) func(a *fieldAttempt) {
		return func(a *fieldAttempt) { a.set.Employee = a.dezi(deziMidwife, change) }
	}
	subject := func(credential map[string]any) map[string]any {
		return credential["credentialSubject"].(map[string]any)
	}
	worker := func(credential map[string]any) map[string]any {
		return subject(credential)["employee"].(map[string]any)
	}
	with := func(options harness.DeziOptions) func(a *fieldAttempt) {
		return func(a *fieldAttempt) { a.set.Employee = a.deziWith(options, deziMidwife, nil) }
	}
	t.Run("what is added to the credential is not read", func(t *testing.T) {
		assertAccepted(t, []acceptedForm{
			{"another issuer", changed(func(c map[string]any) { c["issuer"] = "did:web:example.com" }), nil},
			{"the members of other credentials", changed(func(c map[string]any) {
				subject(c)["roleName"], subject(c)["patientId"], subject(c)["registeredBy"] = "01.046", otherPatient, doctor
				worker(c)["roleName"] = "01.046"
			}), nil},
		})
	})
	assertRules(t, openField, newFieldAttempt, []brokenRule{
		{"the same members in capitals too, which the node compares with the attestation in part", changed(func(c map[string]any) {
			subject(c)["Identifier"], subject(c)["EMPLOYEE"] = "00009999", map[string]any{"identifier": doctor, "role": "01.046"}
			worker(c)["Identifier"], worker(c)["ROLE"] = doctor, "01.046"
		}), "credential ambiguous"},
		{"a role that Dezi did not attest", changed(func(c map[string]any) { worker(c)["role"] = "01.046" }), refusedByNode},
		{"a number that Dezi did not attest", changed(func(c map[string]any) { worker(c)["identifier"] = doctor }), refusedByNode},
		{"an organisation that Dezi did not attest", changed(func(c map[string]any) { subject(c)["identifier"] = "00009999" }), refusedByNode},
		{"two professionals", changed(func(c map[string]any) { c["credentialSubject"] = []any{subject(c), subject(c)} }), refusedByNode},
		{"no attestation", changed(func(c map[string]any) { delete(c, "proof") }), refusedByNode},
		{"no attestation, in the presenter's own name", func(a *fieldAttempt) {
			changed(func(c map[string]any) {
				delete(c, "proof")
				c["issuer"] = a.wallet.DID
			})(a)
		}, refusedByNode},
		{"a longer validity than Dezi's", changed(func(c map[string]any) { c["expirationDate"] = "2099-01-01T00:00:00Z" }), refusedByNode},
		{"an attestation that has expired", with(harness.DeziOptions{Expires: time.Now().Add(-time.Minute)}), refusedByNode},
		{"an attestation with a wrong signature", with(harness.DeziOptions{WrongSignature: true}), refusedByNode},
		{"an attestation with keys from elsewhere", func(a *fieldAttempt) {
			impostor := must[*harness.Dezi](a.t)(a.world.StartDezi())
			token := must[string](a.t)(impostor.IDToken(deziMidwife, harness.DeziOptions{}))
			a.set.Employee = must[harness.Credential](a.t)(impostor.Credential(a.wallet.DID, token, nil))
		}, refusedByNode},
		{"another's attestation in Dezi's name", func(a *fieldAttempt) {
			impostor := must[*harness.Dezi](a.t)(a.world.StartDezi())
			token := must[string](a.t)(impostor.IDToken(deziMidwife, harness.DeziOptions{JKU: a.field.Dezi.JKU}))
			a.set.Employee = must[harness.Credential](a.t)(impostor.Credential(a.wallet.DID, token, nil))
		}, refusedByNode},
		{"a credential that somebody signed as one of Dezi's", func(a *fieldAttempt) {
			claims := map[string]any{"identifier": "00001234", "employee": map[string]any{"identifier": midwife, "role": "03.000"}}
			a.set.Employee = must[harness.Credential](a.t)(a.wallet.Issue(a.wallet.DID, harness.TypeDezi, claims))
		}, refusedByNode},
	})
}

// TestCredentialsOnWhichTheNodePanics presents what makes the node's own validation of
// Dezi's credentials panic: it is answered, and the node lives on.
func TestCredentialsOnWhichTheNodePanics(t *testing.T) {
	for name, change := range map[string]func(credential map[string]any){
		"no end of its validity": func(c map[string]any) { delete(c, "expirationDate") },
		"an attestation of the older kind": func(c map[string]any) {
			c["proof"].(map[string]any)["type"] = "DeziIDJWT2024"
		},
	} {
		t.Run(name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				f := openField.fresh(t)
				a := newFieldAttempt(t, f, grant)
				a.set.Employee = a.dezi(deziMidwife, change)
				answer := a.send()
				assert.Empty(t, answer.Token())
				assert.Equal(t, "invalid_request", answer.OAuthError().Code)
				assert.Zero(t, f.Sessions.Tokens())
				assert.Zero(t, f.Mitz.Received())
				assertPermitted(t, f.World, newFieldAttempt(t, f, grant).send())
			})
		})
	}
}
