// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/piprate/json-gold/ld"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// TestSparseContexts makes the graph of documents with the whole context of schema.org, and
// as boundedDocuments does.
func TestSparseContexts(t *testing.T) {
	// It says what is not in a document that uses it.
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"@context":{"x":"id","y":"birthDate","z":{"@id":"schema:z","@type":"@id"}}}`))
	}))
	defer foreign.Close()
	for _, tc := range []struct {
		name, document string
		whole          int // how often the whole context is read
	}{
		{"terms", `{"@context":"https://schema.org","name":"a","birthDate":"2026-01-01","url":"https://a","sameAs":["https://b"]}`, 0},
		{"types", `{"@context":"https://schema.org","type":["Person","Hospital"],"name":{"type":"HTML","@value":"b"}}`, 0},
		{"names of nodes", `{"@context":"https://schema.org","id":"urn:a","knows":{"id":"_:b","knows":{"@id":"_:c"}}}`, 0},
		{"prefixes", `{"@context":"https://schema.org","schema:name":"a","dct:title":"b","rdf:c":"c","image":"schema:d","name:e":"f"}`, 0},
		{"words that are no terms", `{"@context":"https://schema.org","nobody":"a","no:body":"b"}`, 0},
		{"a context of its own", `{"@context":["https://schema.org",{"x":"id","y":"birthDate","z":{"@id":"url"},"p":"name:"}],"x":"urn:a","y":"2026","z":"https://a","p:q":"r"}`, 0},
		{"another on board", `{"@context":["https://www.w3.org/2018/credentials/v1","https://schema.org"],"name":"a","issuer":"https://a"}`, 0},
		{"a context of others", `{"@context":["https://schema.org","` + foreign.URL + `"],"x":"urn:a","y":"2026-01-01","z":"https://a"}`, 1},
		{"no such context", `{"@context":"https://www.w3.org/2018/credentials/v1","id":"urn:a","type":"VerifiableCredential","issuer":"https://a"}`, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var document map[string]any
			require.NoError(t, json.Unmarshal([]byte(tc.document), &document))
			visit := visitOf(t)
			contexts := boundedContexts{JSONLD: newTestJSONLD(t), http: http.DefaultClient, visit: func() *door.Visit { return visit }}
			graph, err := boundedDocuments{jsonld: contexts}.graphOf(document)
			require.NoError(t, err)
			assertSpent(t, visit, time.Duration(tc.whole)*largeContext)
			options := ld.NewJsonLdOptions("")
			options.DocumentLoader = boundedContexts{JSONLD: contexts.JSONLD, http: http.DefaultClient, visit: noVisit}
			whole, err := ld.NewJsonLdProcessor().ToRDF(document, options)
			require.NoError(t, err)
			assert.Equal(t, nquads(t, whole), nquads(t, graph))
			assert.NotEmpty(t, nquads(t, graph))
		})
	}
	t.Run("the terms that the document does not use are left out", func(t *testing.T) {
		loader := newSparseContexts(boundedContexts{JSONLD: newTestJSONLD(t)}, map[string]any{"name": "a"})
		loaded, err := loader.LoadDocument(jsonld.SchemaOrgContext)
		require.NoError(t, err)
		document, _ := loaded.Document.(map[string]any)
		terms, _ := document["@context"].(map[string]any)
		assert.Contains(t, terms, "name")
		assert.Contains(t, terms, "id")
		assert.Less(t, len(terms), 30)
	})
}

func nquads(t *testing.T, graph any) any {
	t.Helper()
	dataset, ok := graph.(*ld.RDFDataset)
	require.True(t, ok)
	options := ld.NewJsonLdOptions("")
	options.Format = "application/n-quads"
	canonical, err := ld.NewJsonLdApi().Normalize(dataset, options)
	require.NoError(t, err)
	return canonical
}
