// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWalletBreaksOneThingAtATime(t *testing.T) {
	world := stockWorld(t)
	wallet, err := world.NewWallet()
	require.NoError(t, err)
	set, err := world.CredentialsFor(t.Context(), wallet, testBSN)
	require.NoError(t, err)
	otherCA, err := NewUZICA("Another CA")
	require.NoError(t, err)
	otherServer, err := otherCA.Issue(UZISubject{Organization: "Impostor", Locality: "Utrecht", URA: "00001234"})
	require.NoError(t, err)

	tests := []struct {
		name            string
		change          func(t *testing.T, request *TokenRequest, set *CredentialSet)
		wantCode        string
		wantDescription string // part of it
	}{
		{name: "nothing wrong", change: func(*testing.T, *TokenRequest, *CredentialSet) {}},
		{name: "client_id is not verified", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.ClientID = "https://somebody.example"
		}},
		{name: "scope twice", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.Scope, r.DefinitionScope = testScope+" "+testScope, testScope
		}},
		{name: "blank scope", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.Scope, r.DefinitionScope = " ", testScope
		}},
		{name: "expired presentation", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.IssuedAt = time.Now().Add(-time.Minute)
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "presentation that lives too long", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.Lifetime = time.Minute
		}, wantCode: "invalid_request", wantDescription: "valid for too long"},
		{name: "another audience", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.Audience = "https://elsewhere.example/oauth2/hospital"
		}, wantCode: "invalid_request", wantDescription: "audience"},
		{name: "wrong signature of the presentation", change: func(_ *testing.T, r *TokenRequest, _ *CredentialSet) {
			r.WrongSignature = true
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "missing enrolment", change: func(_ *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Enrollment = nil
		}, wantCode: "invalid_request", wantDescription: "does not conform"},
		{name: "wrong signature of a credential", change: func(t *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Organization = must(t)(world.Server.X509Credential(wallet.DID, X509CredentialOptions{WrongSignature: true}))
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "expired organisation credential", change: func(t *testing.T, _ *TokenRequest, s *CredentialSet) {
			expired := X509CredentialOptions{Expires: time.Now().Add(-10 * time.Minute)}
			s.Organization = must(t)(world.Server.X509Credential(wallet.DID, expired))
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "URA that the certificate does not have", change: func(t *testing.T, _ *TokenRequest, s *CredentialSet) {
			claimed := X509CredentialOptions{OtherName: "2.16.528.1.1007.99.2110-1-900020000-S-99999999-00.000-00000000"}
			s.Organization = must(t)(world.Server.X509Credential(wallet.DID, claimed))
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "organisation credential of another CA", change: func(t *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Organization = must(t)(otherServer.X509Credential(wallet.DID, X509CredentialOptions{}))
		}, wantCode: "invalid_request", wantDescription: "does not conform"},
		{name: "facility type attested by the wallet itself", change: func(_ *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Facility = wallet.Attest(wallet.DID, TypeFacility, FacilityClaims("V6"))
		}, wantCode: "invalid_request", wantDescription: "does not conform"},
		{name: "facility type in the authority's name without proof", change: func(_ *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Facility = wallet.Attest(world.Authority.DID, TypeFacility, FacilityClaims("V6"))
		}, wantCode: "invalid_request", wantDescription: "verification failed"},
		{name: "facility type signed by the wallet itself", change: func(t *testing.T, _ *TokenRequest, s *CredentialSet) {
			s.Facility = must(t)(wallet.Issue(wallet.DID, TypeFacility, FacilityClaims("V6")))
		}, wantCode: "invalid_request", wantDescription: "does not conform"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			credentials := set
			request := TokenRequest{Issuer: world.Issuer(), Scope: testScope}
			test.change(t, &request, &credentials)
			request.Credentials = credentials.All()
			answer, err := wallet.RequestToken(t.Context(), request)
			require.NoError(t, err)
			got := answer.OAuthError()
			assert.Equal(t, test.wantCode, got.Code, got.Description)
			assert.Contains(t, got.Description, test.wantDescription)
			assert.Equal(t, test.wantCode == "", answer.Token() != "")
		})
	}
	t.Run("a presentation is accepted once", func(t *testing.T) {
		request := TokenRequest{Issuer: world.Issuer(), Scope: testScope, Credentials: set.All(), Nonce: "once"}
		first, err := wallet.RequestToken(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, first.Status)
		second, err := wallet.RequestToken(t.Context(), request)
		require.NoError(t, err)
		assert.Contains(t, second.OAuthError().Description, "nonce has already been used")
	})
}

func must(t *testing.T) func(Credential, error) Credential {
	return func(credential Credential, err error) Credential {
		t.Helper()
		require.NoError(t, err)
		return credential
	}
}
