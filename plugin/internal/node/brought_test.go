// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"encoding/json"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// TestWhatAGroundNeedsOfACredential reads it from what was presented.
func TestWhatAGroundNeedsOfACredential(t *testing.T) {
	const unsigned = `{"@context":["https://www.w3.org/2018/credentials/v1"],"id":"did:web:a.example#1","type":["VerifiableCredential","MitzConsentRegistration"],` +
		`"issuer":"did:web:a.example","issuanceDate":"2026-01-01T00:00:00Z","credentialSubject":{"id":"did:web:a.example"}`
	const status = `{"id":"https://a.example/1#0","type":"StatusList2021Entry","statusPurpose":"revocation","statusListIndex":"0","statusListCredential":"https://a.example/1"}`
	for _, tc := range []struct {
		name, text string
		signed     bool
		status     string
	}{
		{"without a proof", unsigned + `}`, false, ""},
		{"with a proof", unsigned + `,"proof":{"type":"JsonWebSignature2020"}}`, true, ""},
		{"with a status", unsigned + `,"credentialStatus":` + status + `,"proof":{"type":"JsonWebSignature2020"}}`, true, "[" + status + "]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			presented, err := vc.ParseVerifiableCredential(tc.text)
			require.NoError(t, err)
			evidence := CredentialEvidence(*presented, "did:web:a.example")
			assert.Equal(t, tc.signed, evidence.Signed)
			assert.Equal(t, "did:web:a.example#1", evidence.ID)
			assert.Equal(t, tc.text, evidence.Raw)
			if tc.status == "" {
				assert.Nil(t, evidence.Status)
				return
			}
			assert.JSONEq(t, tc.status, string(evidence.Status))
			kept, err := keptCredential(policy.Kept{ID: evidence.ID, Issuer: evidence.Issuer, Status: evidence.Status})
			require.NoError(t, err)
			assert.Equal(t, presented.CredentialStatus, kept.CredentialStatus)
			assert.True(t, hasKnownStatuses(kept))
		})
	}
}

func TestWhatCannotBeLookedUp(t *testing.T) {
	router := &Router{} // which reaches nothing
	revoked, err := router.IsRevoked(t.Context(), policy.Kept{ID: "urn:uuid:1", Issuer: "did:web:a.example"})
	require.NoError(t, err, "without a status it cannot be revoked")
	assert.False(t, revoked)
	for name, kept := range map[string]policy.Kept{
		"no JSON":             {ID: "urn:uuid:1", Issuer: "did:web:a.example", Status: json.RawMessage(`[`)},
		"another kind":        {ID: "urn:uuid:1", Issuer: "did:web:a.example", Status: json.RawMessage(`[{"type":"BitstringStatusListEntry"}]`)},
		"an id that is no id": {ID: "%", Issuer: "did:web:a.example", Status: json.RawMessage(`[]`)},
	} {
		_, err := router.IsRevoked(t.Context(), kept)
		require.Error(t, err, name)
	}
}
