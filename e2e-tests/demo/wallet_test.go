// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestRegistersIssue has the stock node collect what an organisation is from both stand-ins, over
// OpenID4VCI. Vektis issues only to who shows the CIBG's credential, over OpenID4VP.
func TestRegistersIssue(t *testing.T) {
	_, stage := newVisitor(t)
	ctx, wallet := t.Context(), stage.RequesterOrg.Name
	held := func(credentialType string) []harness.Credential {
		found, err := stage.Requester.WalletCredentials(ctx, wallet, credentialType)
		require.NoError(t, err)
		return found
	}
	for _, credentialType := range []string{harness.TypeHealthcareProvider, harness.TypeFacility} {
		for _, each := range held(credentialType) {
			require.NoError(t, stage.Requester.RemoveCredential(ctx, wallet, each))
		}
	}

	refused, err := stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	assert.Equal(t, "access_denied", refused.Code, "%s", refused.Description)
	assert.Empty(t, held(harness.TypeFacility))

	refused, err = stage.Registers.ObtainOrganization(ctx)
	require.NoError(t, err)
	require.Empty(t, refused)
	refused, err = stage.Registers.ObtainFacilityType(ctx)
	require.NoError(t, err)
	require.Empty(t, refused)
	for _, credentialType := range []string{harness.TypeHealthcareProvider, harness.TypeFacility} {
		assert.Len(t, held(credentialType), 1, credentialType)
	}
	require.NoError(t, stage.Mitz.Record(theCast().client.permission()))
	answer, err := stage.RequestToken(ctx, theCast().client.bsn, scope)
	require.NoError(t, err)
	assert.NotEmpty(t, answer.Token(), "the data holder trusts them")
}
