// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestRevocation has the authority issue facility types whose status is on a list at the
// requester's node.
func TestRevocation(t *testing.T) {
	issue := func(t *testing.T, a *fieldAttempt) harness.Credential {
		t.Helper()
		return must[harness.Credential](t)(a.world.Requester.IssueRevocable(
			t.Context(), a.world.Authority.DID, a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
	}
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		t.Run("a credential that was not revoked is accepted", func(t *testing.T) {
			f := openField.fresh(t)
			a := newFieldAttempt(t, f, grant)
			a.set.Facility = issue(t, a)
			assertPermitted(t, f.World, a.send())
			assertAsked(t, f.World, plainQuestion())
		})
		t.Run("a credential that was revoked is refused", func(t *testing.T) {
			f := openField.fresh(t)
			a := newFieldAttempt(t, f, grant)
			a.set.Facility = issue(t, a)
			require.NoError(t, f.Requester.Revoke(t.Context(), a.set.Facility))
			assertRefused(t, f.World, a.send(), "invalid_request", "", 0)
		})
	})
}

// TestStatusThatCannotBeTold presents credentials of which nobody can say whether they
// were revoked.
func TestStatusThatCannotBeTold(t *testing.T) {
	const refusal = "credential status"
	assertRules(t, openField, newFieldAttempt, []brokenRule{
		{"a status list at an address where nobody is", func(a *fieldAttempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.field.District.IssueWith(
				harness.IssueOptions{Status: "https://localhost:1/status"}, a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, refusal},
		{"a status list that does not exist", func(a *fieldAttempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.field.District.IssueWith(
				harness.IssueOptions{Status: a.world.Requester.URL + "/statuslist/" + a.world.Authority.DID + "/999"},
				a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, refusal},
		{"a status of a kind that the node does not know", func(a *fieldAttempt) {
			a.set.Facility = must[harness.Credential](a.t)(a.field.District.IssueWith(
				harness.IssueOptions{Status: "https://localhost:1/status", StatusType: "BitstringStatusListEntry"},
				a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		}, refusal},
		{"something else than a status list", func(a *fieldAttempt) {
			a.set.Enrollment = a.issueWith(harness.IssueOptions{Status: a.world.Requester.URL + "/status"},
				passSecretary, harness.TypeEnrollment, enrollment(secretary))
		}, refusal},
		{"a status list of the presenter itself", func(a *fieldAttempt) {
			a.set.Employee = must[harness.Credential](a.t)(a.wallet.IssueWith(
				harness.IssueOptions{Status: "https://localhost:1/status"}, a.wallet.DID, harness.TypeEmployee, harness.EmployeeClaims(a.world.Employee())))
		}, refusal},
	})
}
