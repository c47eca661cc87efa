// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestAStockWalletIsServedByWhatItHolds: the credentials of the first scenario, then those of the
// third, then those of the second too. Nobody tells the requester's node which to present.
func TestAStockWalletIsServedByWhatItHolds(t *testing.T) {
	b := &brought{}
	harness.StartWorld(t, broughtWorld(b))
	store := func(credential harness.Credential, err error) {
		t.Helper()
		require.NoError(t, err)
		require.NoError(t, b.Requester.StoreCredential(t.Context(), b.RequesterOrg.Name, credential))
	}
	rests := func(ground string, queries int) {
		t.Helper()
		reset(b.World)
		permit(t, b.World, patient, "00000659", "GGC002")
		answer, err := b.RequestToken(t.Context(), patient, either)
		require.NoError(t, err)
		introspection := assertPermitted(t, b.World, answer)
		assert.Equal(t, ground, introspection.Text("consent_ground"))
		assert.Len(t, b.Mitz.Queries(), queries)
	}
	holder := b.RequesterOrg.DID
	rests("mitz-closed-query", 1)
	store(b.Signing.Issue(holder, typeMembership, membership(object{"role": "requester"})))
	rests("mitz-closed-query", 1)
	store(b.Requester.IssueCredential(t.Context(), holder, holder, typeRegistration, registeredConsent(nil)))
	store(b.Signing.Issue(holder, typeMembership, membership(nil)))
	rests("consent-registration", 0)
	store(b.Signing.Issue(holder, typeAttestation, attestedConsent(nil)))
	rests("mitz-attestation", 0)
}

// TestADataHolderWithoutMitz has neither an endpoint nor TLS files.
func TestADataHolderWithoutMitz(t *testing.T) {
	b := &brought{}
	config := broughtWorld(b)
	config.Profiles = []harness.MitzProfile{{Scope: attested, Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: []string{"mitz-attestation"}}}
	trusting := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		trusting(section)
		section.Endpoint, section.CertFile, section.CertKeyFile, section.TrustStoreFile = "", "", "", ""
	}
	harness.StartWorld(t, config)
	a := newBringing(t, b, harness.VPToken, attested)
	assertRefused(t, b.World, a.send(), "invalid_request", "", 0) // the definition asks for one
	a = newBringing(t, b, harness.JWTBearer, attested)
	a.brings(a.mitz(harness.IssueOptions{}, typeAttestation, attestedConsent(nil)))
	assertRests(t, a, a.send(), "mitz-attestation")

	health, err := b.DataHolder.Get(t.Context(), "/health")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, health.Status)
	metrics, err := b.DataHolder.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	assert.True(t, metrics.Contains(`nuts_mitz_consults_total{ground="mitz-attestation",outcome="permit"} 1`))
	for _, name := range []string{"mitz.circuit", "mitz.consults", "mitz.certificate"} {
		assert.NotContains(t, string(health.Body), name)
	}
	assert.NotContains(t, string(metrics.Body), "nuts_mitz_circuit_state")
}

// TestARevocationEndsATokenThatIsLookedAtAgain: of what Mitz attested, and of a membership.
func TestARevocationEndsATokenThatIsLookedAtAgain(t *testing.T) {
	for name, bring := range map[string]func(b *bringing) harness.Credential{
		"an attestation": func(b *bringing) harness.Credential {
			attestation := b.revocable(typeAttestation, attestedConsent(nil))
			b.brings(attestation)
			return attestation
		},
		"a membership": func(b *bringing) harness.Credential {
			member := b.revocable(typeMembership, membership(nil))
			b.brings(b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(nil)), member)
			return member
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBringing(t, freshBrought(t), harness.VPToken, watched)
			revocable := bring(b)
			answer := b.send()
			first := assertPermitted(t, b.world, answer)
			require.NoError(t, b.world.Requester.Revoke(t.Context(), revocable))
			require.Eventually(t, func() bool { return !isActive(t, b.world.DataHolder, answer.Token()) }, longest, 100*time.Millisecond)
			assert.False(t, isActive(t, b.world.DataHolder, answer.Token()), "it came back to life")
			assert.Zero(t, b.world.Sessions.Tokens())
			assert.Zero(t, b.world.Mitz.Received())
			assert.NotEmpty(t, first.Text("consent_request_id"))
		})
	}
}
