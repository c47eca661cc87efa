// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

const attestationID = "did:web:mitz.example#1"

// entriesOf are the entries of an audit file.
func entriesOf(t *testing.T, path string) (entries []nen7513.Entry) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, line := range bytes.Split(bytes.TrimSpace(content), []byte("\n")) {
		entry, err := nen7513.Decode(line)
		require.NoError(t, err)
		entries = append(entries, entry)
	}
	return entries
}

// TestATokenOnWhatIsBroughtAlong: no query is told, and the entry says on which ground and on
// which credential the token rests.
func TestATokenOnWhatIsBroughtAlong(t *testing.T) {
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	file, err := nen7513.Open(path, nen7513.Hooks{})
	require.NoError(t, err)
	recorder := New(time.Now)
	recorder.WriteTo(file)
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	d := recorder.Begin(Request{Subject: "hospital-east", Scope: "birth-care"})
	d.Asks(consent.Question{Patient: patient})
	ended := func(ground policy.GroundName, id string, err error) {
		t.Helper()
		_, end := d.Trying(t.Context(), ground)
		require.NoError(t, end(policy.Attempt{Ground: ground, Finding: policy.Finding{ID: id}, Err: err}))
	}
	ended(policy.GroundRegistration, "", policy.ErrNotEstablished)
	ended(policy.GroundClosedQuery, "", &mitzclient.Error{Code: mitzclient.Timeout})
	ended(policy.GroundAttestation, attestationID, nil)
	require.NoError(t, d.Announce(t.Context()))
	d.Issued(t.Context())

	again := recorder.Begin(Request{Subject: "hospital-east", Scope: "birth-care"})
	again.RestsOn(policy.GroundAttestation, attestationID)
	again.Ended(t.Context(), policy.RefuseRevoked(policy.Kept{}), nil)
	require.NoError(t, file.Close())

	entries := entriesOf(t, path)
	require.Len(t, entries, 2)
	for i, action := range []nen7513.Action{nen7513.TokenIssued, nen7513.TokensRevoked} {
		assert.Equal(t, action, entries[i].Action)
		assert.Equal(t, "mitz-attestation", entries[i].Ground)
		assert.Equal(t, []string{attestationID}, entries[i].Credentials)
		assert.Empty(t, entries[i].RequestIDs, "Mitz knows no query")
	}
	text := out.String()
	assert.Contains(t, text, `credential_id="did:web:mitz.example#1"`)
	assert.Contains(t, text, `after="mitz-closed-query: timeout"`)
	assert.Contains(t, text, "ground=mitz-attestation")
	assert.NotContains(t, text, "MitzConsult ")
	assert.NotContains(t, text, testBSN)
}

// TestAnIDThatHoldsANumber is of a credential that the requester issued itself.
func TestAnIDThatHoldsANumber(t *testing.T) {
	d := New(time.Now).Begin(Request{})
	_, end := d.Trying(t.Context(), policy.GroundRegistration)
	require.NoError(t, end(policy.Attempt{Ground: policy.GroundRegistration, Finding: policy.Finding{ID: "urn:bsn:" + testBSN}, Err: errors.New("x")}))
	assert.Equal(t, "urn:bsn:[BSN]", d.fields(outcomePermit)["credential_id"])
}

// TestTheGroundThatIsToldIsTheLastThatWasJudged: one that the request brings nothing for has no
// part in how it ended.
func TestTheGroundThatIsToldIsTheLastThatWasJudged(t *testing.T) {
	tests := []struct {
		name     string
		attempts []policy.Attempt
		want     string
	}{
		{"Mitz was silent, and nothing was brought along", []policy.Attempt{
			{Ground: policy.GroundClosedQuery, Err: &mitzclient.Error{Code: mitzclient.Timeout}},
			{Ground: policy.GroundAttestation, Err: policy.ErrNotEstablished},
			{Ground: policy.GroundRegistration, Err: policy.ErrNotEstablished},
		}, "mitz-closed-query"},
		{"an attestation is wrong, and there is no registration", []policy.Attempt{
			{Ground: policy.GroundAttestation, Finding: policy.Finding{ID: attestationID}, Err: errors.New("x")},
			{Ground: policy.GroundRegistration, Err: policy.ErrNotEstablished},
		}, "mitz-attestation"},
		{"nothing was brought along for any", []policy.Attempt{
			{Ground: policy.GroundAttestation, Err: policy.ErrNotEstablished},
			{Ground: policy.GroundRegistration, Err: policy.ErrNotEstablished},
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := New(time.Now).Begin(Request{})
			for _, attempt := range test.attempts {
				_, end := d.Trying(t.Context(), attempt.Ground)
				require.NoError(t, end(attempt))
			}
			assert.Equal(t, test.want, d.fields("denied")["ground"])
			if entry := d.entry(nen7513.TokenRefused, nil, "denied"); len(entry.Credentials) > 0 {
				assert.Equal(t, test.want, entry.Ground, "the ground of the credential in the entry")
			}
		})
	}
}
