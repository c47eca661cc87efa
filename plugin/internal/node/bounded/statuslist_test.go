// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/revocation"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// encodedList is a status list of so many bytes.
func encodedList(t *testing.T, size int, encoding *base64.Encoding) string {
	t.Helper()
	return gzipped(t, make([]byte, size), encoding)
}

func gzipped(t *testing.T, list []byte, encoding *base64.Encoding) string {
	t.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := writer.Write(list)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return encoding.EncodeToString(compressed.Bytes())
}

func TestStatusLists(t *testing.T) {
	documents := boundedDocuments{jsonld: newTestJSONLD(t)}
	get := func(t *testing.T, body string) (string, error) {
		t.Helper()
		getter := getter{HTTPRequestDoer: http.DefaultClient, visit: noVisit, largest: door.MaxFetched, check: boundedLists{documents}.check}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		t.Cleanup(server.Close)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		response, err := getter.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(got), nil
	}
	subject := func(name, list string) object { return object{name: list} }
	large := encodedList(t, maxStatusList+1, base64.URLEncoding)
	for _, tc := range []struct {
		name, body string
		refused    bool
	}{
		{"an ordinary list", signedDocument(subject("encodedList", encodedList(t, 16<<10, base64.RawURLEncoding))), false},
		{"the largest list", signedDocument(subject("encodedList", encodedList(t, maxStatusList, base64.URLEncoding))), false},
		{"a larger list", signedDocument(subject("encodedList", large)), true},
		{"a larger list, under a name that the node reads too", signedDocument(subject("ENCODEDLIST", large)), true},
		{"a larger list, in a JWT", `"` + unsignedJWT(`{"vc":`+signedDocument(subject("encodedList", large))+`}`) + `"`, true},
		{"a list without padding, larger", signedDocument(subject("encodedList", strings.TrimRight(large, "="))), true},
		{"what is no list", signedDocument(subject("encodedList", "~")), false},
		{"what is no credential", "<html>", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := get(t, tc.body)
			if tc.refused {
				assert.ErrorIs(t, err, errStatusList)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.body, got, "the node gets something else")
		})
	}
	t.Run("a list with a proof that keeps the node busy", func(t *testing.T) {
		for name, document := range hostileDocuments() {
			_, err := get(t, document)
			assert.ErrorContains(t, err, refusedAlike, name)
		}
	})
	t.Run("a list that cannot be had", func(t *testing.T) {
		getter := getter{HTTPRequestDoer: http.DefaultClient, visit: noVisit, largest: door.MaxFetched, check: boundedLists{documents}.check}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1", nil)
		require.NoError(t, err)
		_, err = getter.Do(request)
		assert.Error(t, err)
	})
}

// networkVerifier knows of one revocation, or of nothing.
type networkVerifier struct {
	verifier.Verifier
	revoked    bool
	err        error
	registered []credential.Revocation
}

func (v *networkVerifier) IsRevoked(ssi.URI) (bool, error) { return v.revoked, v.err }

func (v *networkVerifier) RegisterRevocation(revocation credential.Revocation) error {
	v.registered = append(v.registered, revocation)
	return v.err
}

// TestRevocations sees that what the node's own verifier knows is not forgotten.
func TestRevocations(t *testing.T) {
	id := ssi.MustParseURI("did:nuts:a#1")
	t.Run("a revoked credential", func(t *testing.T) {
		found, err := revocations{&networkVerifier{revoked: true}}.GetRevocations(id)
		require.NoError(t, err)
		assert.Equal(t, []*credential.Revocation{{Subject: id}}, found)
	})
	t.Run("another one", func(t *testing.T) {
		_, err := revocations{&networkVerifier{}}.GetRevocations(id)
		assert.ErrorIs(t, err, verifier.ErrNotFound)
	})
	t.Run("one of which the node cannot tell", func(t *testing.T) {
		_, err := revocations{&networkVerifier{err: errors.New("no store")}}.GetRevocations(id)
		require.Error(t, err)
		assert.NotErrorIs(t, err, verifier.ErrNotFound)
	})
	t.Run("one that is registered", func(t *testing.T) {
		node := &networkVerifier{}
		require.NoError(t, revocations{node}.StoreRevocation(credential.Revocation{Subject: id}))
		assert.Len(t, node.registered, 1)
	})
}

func TestMeaningOfCaseInStatusLists(t *testing.T) {
	list, err := vc.ParseVerifiableCredential(`{"credentialSubject":{"encodedList":"signed","encodedlist":"added"}}`)
	require.NoError(t, err)
	var subjects []revocation.StatusList2021CredentialSubject
	require.NoError(t, list.UnmarshalCredentialSubject(&subjects))
	assert.Equal(t, "added", subjects[0].EncodedList, "the last in the order of letters")
	assert.ErrorContains(t, boundedLists{}.check([]byte(list.Raw())), "an ambiguous status list")
}
