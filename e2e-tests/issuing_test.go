// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// issuingWorld is the plain world, in which Mitz issues credentials.
func issuingWorld() harness.WorldConfig {
	config := plainWorld()
	config.MitzIssues = true
	return config
}

// inWallet are the credentials of a type that are valid in the wallet of the requester's node.
func inWallet(t *testing.T, w *harness.World, credentialType string) []harness.Credential {
	t.Helper()
	found, err := w.Requester.WalletCredentials(t.Context(), w.RequesterOrg.Name, credentialType)
	require.NoError(t, err)
	return found
}

func onlyInWallet(t *testing.T, w *harness.World, credentialType string) harness.Credential {
	t.Helper()
	found := inWallet(t, w, credentialType)
	require.Len(t, found, 1)
	return found[0]
}

// problemWith is why the requester's node does not take a credential for valid; empty: it does.
func problemWith(t *testing.T, w *harness.World, credential harness.Credential) string {
	t.Helper()
	problem, err := w.Requester.VerifyCredential(t.Context(), credential)
	require.NoError(t, err)
	return problem
}

// TestAStockNodeObtainsCredentialsFromMitz: over OpenID4VCI, by way of a browser, with nothing
// put into its wallet by hand. The node verifies what it gets, the status list too.
func TestAStockNodeObtainsCredentialsFromMitz(t *testing.T) {
	w := harness.StartWorld(t, issuingWorld())
	var attested harness.Credential

	t.Run("an attestation of consent", func(t *testing.T) {
		permit(t, w, patient, "00000659", "GGC002")
		oauthError, err := w.ObtainFromMitz(t.Context(), w.AttestationRequest(patient, w.DataHolders[0], "GGC002"))
		require.NoError(t, err)
		require.Empty(t, oauthError)
		attested = onlyInWallet(t, w, issuer.TypeAttestation)
		assert.Empty(t, problemWith(t, w, attested))
		assert.Empty(t, w.Mitz.Queries(), "it is no query")
	})
	t.Run("which is revoked when the consent is withdrawn", func(t *testing.T) {
		w.Mitz.Forget(patient)
		assert.Contains(t, problemWith(t, w, attested), "revoked")
	})
	t.Run("a membership, until it ends", func(t *testing.T) {
		member := issuer.Member{Organization: "00001234", Role: "registrar"}
		require.NoError(t, w.Mitz.Issuer().Enroll(member))
		oauthError, err := w.ObtainFromMitz(t.Context(), w.MembershipRequest("registrar"))
		require.NoError(t, err)
		require.Empty(t, oauthError)
		membership := onlyInWallet(t, w, issuer.TypeMembership)
		assert.Empty(t, problemWith(t, w, membership))
		require.True(t, w.Mitz.Issuer().EndMembership(member))
		assert.Contains(t, problemWith(t, w, membership), "revoked")
	})
}

// TestMitzIssuesToNobodyElse: what is not permitted, or was tampered with on the way, leaves
// the wallet empty, and tells the application why.
func TestMitzIssuesToNobodyElse(t *testing.T) {
	w := harness.StartWorld(t, issuingWorld())
	start := func(t *testing.T, request issuer.Request) string {
		t.Helper()
		details, err := w.Mitz.PostRequest(t.Context(), request)
		require.NoError(t, err)
		location, err := w.Requester.StartIssuance(t.Context(), w.RequesterOrg, w.Mitz.Issuer().URL(), details)
		require.NoError(t, err)
		assertNoPatients(t, location)
		return location
	}
	attestation := w.AttestationRequest(patient, w.DataHolders[0], "GGC002")
	stranger, err := w.NewWallet()
	require.NoError(t, err)
	foreign := attestation
	foreign.Wallet = stranger.DID

	for _, tc := range []struct {
		name    string
		request issuer.Request
		alter   func(location url.Values)
		before  func(t *testing.T)
		code    string
	}{
		{name: "no consent", request: attestation, before: func(*testing.T) { w.Mitz.Forget(patient) }, code: "access_denied"},
		{name: "consent of another patient", request: w.AttestationRequest(otherPatient, w.DataHolders[0], "GGC002"), code: "access_denied"},
		{name: "consent for another data holder", request: w.AttestationRequest(patient, w.DataHolders[1], "GGC002"), code: "access_denied"},
		{name: "consent for one category of two", request: w.AttestationRequest(patient, w.DataHolders[0], "GGC002", "GGC012"), code: "access_denied"},
		{name: "a patient who always refuses", request: w.AttestationRequest(mitztest.PatientAlwaysDeny, w.DataHolders[0], "GGC002"), code: "access_denied"},
		{name: "no member", request: w.MembershipRequest("registrar"), code: "access_denied"},
		{name: "another challenge of PKCE", request: attestation, code: "access_denied", alter: func(v url.Values) {
			v.Set("code_challenge", strings.Repeat("A", 43))
		}},
		{name: "no PKCE", request: attestation, code: "invalid_request", alter: func(v url.Values) { v.Del("code_challenge_method") }},
		{name: "another reference", request: attestation, code: "invalid_authorization_details", alter: func(v url.Values) {
			v.Set("authorization_details", strings.Replace(v.Get("authorization_details"), `"mitz_request":"`, `"mitz_request":"x`, 1))
		}},
		{name: "a credential for another wallet", request: foreign, code: "server_error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reset(w)
			permit(t, w, patient, "00000659", "GGC002")
			if tc.before != nil {
				tc.before(t)
			}
			location := start(t, tc.request)
			if tc.alter != nil {
				altered, err := url.Parse(location)
				require.NoError(t, err)
				query := altered.Query()
				tc.alter(query)
				altered.RawQuery = query.Encode()
				location = altered.String()
			}
			oauthError, err := w.Requester.FinishIssuance(t.Context(), location)
			require.NoError(t, err)
			assert.Equal(t, tc.code, oauthError.Code, oauthError.Description)
			assertNoPatients(t, oauthError.Description)
			assert.Empty(t, inWallet(t, w, issuer.TypeAttestation))
			assert.Empty(t, inWallet(t, w, issuer.TypeMembership))
			assert.Empty(t, w.Mitz.Issuer().Issued())
		})
	}

	t.Run("a code that was used", func(t *testing.T) {
		reset(w)
		permit(t, w, patient, "00000659", "GGC002")
		location := start(t, attestation)
		callback, err := w.Requester.Redirected(t.Context(), location)
		require.NoError(t, err)
		code, err := url.Parse(callback)
		require.NoError(t, err)
		oauthError, err := w.Requester.FinishIssuance(t.Context(), callback)
		require.NoError(t, err)
		require.Empty(t, oauthError)
		require.Len(t, w.Mitz.Issuer().Issued(), 1)

		client := w.Client()
		answer, err := client.PostForm(w.Mitz.Issuer().URL()+"/token", url.Values{
			"client_id": {w.Requester.Issuer(w.RequesterOrg.Name)}, "grant_type": {"authorization_code"}, "code": {code.Query().Get("code")},
			"redirect_uri": {w.Requester.Issuer(w.RequesterOrg.Name) + "/callback"}, "code_verifier": {strings.Repeat("x", 43)},
		})
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
		again, err := w.Requester.FinishIssuance(t.Context(), location)
		require.NoError(t, err)
		assert.Equal(t, "invalid_authorization_details", again.Code)
		assert.Len(t, w.Mitz.Issuer().Issued(), 1)
	})
}
