// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestMitzIssuesByCommand(t *testing.T) {
	b := newBench(t)
	tell := func(method, path, body string, want int) string {
		t.Helper()
		status, answer := b.tell(method, path, body)
		require.Equal(t, want, status, answer)
		return answer
	}
	tell("POST", "/credentials", exampleCredential, http.StatusBadRequest)
	tell("POST", "/members", exampleMember, http.StatusOK)
	tell("POST", "/members", `{"organization": "12345678", "role": "owner"}`, http.StatusBadRequest)
	tell("POST", "/members", `{"organization": "12345678"} {}`, http.StatusBadRequest)
	var issued issuedView
	require.NoError(t, json.Unmarshal([]byte(tell("POST", "/credentials", exampleCredential, http.StatusOK)), &issued))
	assert.NotEmpty(t, issued.Credential)
	assert.Contains(t, tell("GET", "/credentials", "", http.StatusOK), `"revoked": false`)
	tell("POST", "/members/end", exampleMember, http.StatusOK)
	tell("POST", "/members/end", exampleMember, http.StatusNotFound)
	assert.Contains(t, tell("GET", "/credentials", "", http.StatusOK), `"revoked": true`)

	attest := `{"wallet": "did:web:wallet.example", "consent": {"patient": "` + patient + `", "dataHolder": "00000659", "requester": "12345678", "requesterType": "G3", "categories": ["GGC002"], "purpose": "TREAT"}}`
	assert.NotContains(t, tell("POST", "/credentials", attest, http.StatusBadRequest), patient)
	require.NoError(t, b.Record(mitztest.Consent{
		Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit,
	}))
	tell("POST", "/credentials", attest, http.StatusOK)
	assert.NotContains(t, tell("GET", "/credentials", "", http.StatusOK), patient)
	tell("POST", "/consents/forget", examplePatient, http.StatusOK)
	assert.True(t, b.Issuer().Issued()[1].Revoked, "withdrawn")
}

func TestAMitzThatIssuesNothingSaysSo(t *testing.T) {
	b := newBenchWith(t, func(config *mitztest.Config) { config.Issuer = nil })
	for _, each := range [][3]string{
		{"GET", "/credentials", ""}, {"POST", "/credentials", exampleCredential}, {"POST", "/members", exampleMember}, {"POST", "/members/end", exampleMember},
	} {
		status, answer := b.tell(each[0], each[1], each[2])
		assert.Equal(t, http.StatusNotFound, status)
		assert.Contains(t, answer, "--issuer")
	}
}
