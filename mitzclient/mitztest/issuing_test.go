// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// TestAttestationsRestOnTheConsentsOnRecord: what a requester posts over mutual TLS is
// attested as the closed query is decided, and withdrawing revokes it.
func TestAttestationsRestOnTheConsentsOnRecord(t *testing.T) {
	identity, err := NewIdentity()
	require.NoError(t, err)
	config := identity.Config()
	config.Issuer, err = issuer.New(issuer.Config{URL: "https://mitz.example"})
	require.NoError(t, err)
	simulator, err := Start(config)
	require.NoError(t, err)
	t.Cleanup(simulator.Close)
	const body = `{"wallet":"did:web:wallet.example","consent":{"patient":"900186021","dataHolder":"00000659","requester":"00001234","requesterType":"G3","categories":["GGC002"],"purpose":"TREAT"}}`
	status, answer := postJSON(t, identity, simulator.CredentialRequestURL(), body)
	assert.Equal(t, http.StatusCreated, status)
	assert.Contains(t, answer, `"reference":"`)
	assert.Empty(t, simulator.Queries(), "it is no query")

	request, err := issuer.ParseRequest([]byte(body))
	require.NoError(t, err)
	_, err = simulator.Issuer().Issue(request)
	require.ErrorContains(t, err, "no consent")
	permitted := Consent{Patient: "900186021", DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit}
	for name, end := range map[string]func(){
		"withdrawn": func() { assert.True(t, simulator.Withdraw(permitted)) },
		"forgotten": func() { assert.True(t, simulator.Forget(permitted.Patient)) },
		"denied": func() {
			denied := permitted
			denied.Decision = consent.Deny
			require.NoError(t, simulator.Record(denied))
		},
	} {
		require.NoError(t, simulator.Record(permitted))
		_, err = simulator.Issuer().Issue(request)
		require.NoError(t, err)
		other := permitted
		other.DataHolder = "00000660"
		require.NoError(t, simulator.Record(other))
		simulator.Withdraw(other)
		issued := simulator.Issuer().Issued()
		assert.False(t, issued[len(issued)-1].Revoked, "another consent changed")
		end()
		assert.True(t, simulator.Issuer().Issued()[len(issued)-1].Revoked, name)
	}
}

func TestAMitzThatIsNoIssuerTakesNoRequests(t *testing.T) {
	identity, err := NewIdentity()
	require.NoError(t, err)
	simulator, err := Start(identity.Config())
	require.NoError(t, err)
	t.Cleanup(simulator.Close)
	status, _ := postJSON(t, identity, simulator.CredentialRequestURL(), "{}")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Nil(t, simulator.Issuer())
}

func postJSON(t *testing.T, identity *Identity, address, body string) (int, string) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: identity.ClientTLS()}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}
