// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestWorldWithMitz(t *testing.T) {
	world := StartWorld(t, WorldConfig{
		LogRoot:  logRoot,
		Binaries: Binaries{Mitz: mitzBinary(t), Stock: stockBinary(t)},
		Profiles: []MitzProfile{{Scope: testScope, Categories: []string{"GGC002"}, Purpose: "TREAT"}},
	})
	records, err := world.StartRecordServer("records", RecordServerConfig{
		Node: world.DataHolder, URA: "00000659", Scopes: []string{testScope}, Category: "GGC002",
		Patients: map[string]Patient{testBSN: {Name: "A. Patient", BirthDate: "1990-01-02", Notes: []string{"first pregnancy"}}},
	})
	require.NoError(t, err)

	denied, err := world.RequestToken(t.Context(), testBSN, testScope)
	require.NoError(t, err)
	assert.Empty(t, denied.Token())
	answers := world.DataHolder.TokenAnswers()
	require.Len(t, answers, 1)
	assert.Equal(t, "access_denied", answers[0].OAuthError().Code)
	require.Len(t, world.Mitz.Queries(), 1)

	require.NoError(t, world.Mitz.Record(mitztest.Consent{
		Patient: testBSN, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit,
	}))
	permitted, err := world.RequestToken(t.Context(), testBSN, testScope)
	require.NoError(t, err)
	require.NotEmpty(t, permitted.Token())
	summary, err := SearchPatient(t.Context(), world.Client(), records.URL, permitted.Token(), testBSN)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, summary.Status)
	assert.True(t, summary.Contains("first pregnancy"))
	other, err := SearchPatient(t.Context(), world.Client(), records.URL, permitted.Token(), "999996642")
	require.NoError(t, err)
	assert.Equal(t, http.StatusForbidden, other.Status)
}

func TestRecordServerWithoutARuleDoesNotStart(t *testing.T) {
	workspace := newWorkspace(t)
	_, err := workspace.StartRecordServer("records", RecordServerConfig{Node: &Node{}, URA: "00000659", Scopes: []string{testScope}})
	require.ErrorContains(t, err, "a data category")
	_, err = workspace.StartRecordServer("records", RecordServerConfig{Node: &Node{}, URA: "00000659", Category: "GGC002"})
	require.ErrorContains(t, err, "no scope")
}

func TestRequestersNodeWrapsTheError(t *testing.T) {
	world := StartWorld(t, WorldConfig{
		LogRoot:  logRoot,
		Binaries: Binaries{Mitz: stockBinary(t), Stock: stockBinary(t)},
		// The stock node prefers a definition of its own: with this one it presents too little.
		ConfigureRequester: func(node *NodeConfig) {
			node.Policies = map[string]string{"weak": `{"birth-care":{"organization":{"id":"weak","input_descriptors":[]}}}`}
		},
		ConfigureDataHolder: withPolicy,
	})
	answer, err := world.RequestToken(t.Context(), testBSN, testScope)
	require.NoError(t, err)
	assert.True(t, answer.Contains("remote authorization server: invalid_request - "))
	answers := world.DataHolder.TokenAnswers()
	require.Len(t, answers, 1)
	assert.Equal(t, http.StatusBadRequest, answers[0].Status)
	assert.Equal(t, "invalid_request", answers[0].OAuthError().Code)
}
