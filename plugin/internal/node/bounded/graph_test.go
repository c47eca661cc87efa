// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/piprate/json-gold/ld"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quads writes one N-Quad (RDF 1.1 N-Quads) for each format's i of n; %[1]d is i and
// %[2]d the one after it, the last of which is the first.
func quads(n int, formats ...string) string {
	var lines strings.Builder
	for i := range n {
		for _, format := range formats {
			_, _ = fmt.Fprintf(&lines, format+" .\n", i, (i+1)%n)
		}
	}
	return lines.String()
}

// twins returns two hubs, each with so many links of the format to nodes that look alike.
func twins(links int, format string) string {
	return quads(links, strings.ReplaceAll(format, "hub", "hub1"), strings.ReplaceAll(format, "hub", "hub2"))
}

// square returns five hubs, each with a link of the format to each of five others. Each
// link of a hub has another predicate, and so has each link of another, so that nobody looks
// different.
func square(format string) string {
	var lines strings.Builder
	for i := range 5 {
		for j := range 5 {
			_, _ = fmt.Fprintf(&lines, format+" .\n", i, j, (i+j)%5)
		}
	}
	return lines.String()
}

func TestBlankNodes(t *testing.T) {
	for _, tc := range []struct {
		name, quads string
		bounded     bool
	}{
		{"nothing", "", true},
		{"no blank nodes", quads(500, "<urn:%d> <urn:p> <urn:%d>"), true},
		{"many that look unlike", quads(500, "_:a%[1]d <urn:p> _:a%[2]d", `_:a%[1]d <urn:q> "%[1]d"`), true},
		{"many that look alike, with a link to one that does not", quads(200, "_:a%[1]d <urn:p> _:b%[1]d", `_:b%[1]d <urn:q> "%[1]d"`), true},
		{"many that look alike, below one that does not", quads(200, "_:a <urn:p> _:b%[1]d", `_:b%[1]d <urn:q> "v"`), true},
		{"as long a ring as is allowed", quads(maxLinked, "_:a%[1]d <urn:p> _:a%[2]d"), true},
		{"a longer ring", quads(maxLinked+1, "_:a%[1]d <urn:p> _:a%[2]d"), false},
		{"a ring of graphs", quads(maxLinked+1, "_:a%[1]d <urn:p> <urn:o> _:a%[2]d"), false},
		{"a few alternatives", twins(2, "_:hub <urn:p> _:hub-%[1]d"), true},
		{"more alternatives", twins(3, "_:hub <urn:p> _:hub-%[1]d"), false},
		{"more alternatives the other way around", twins(3, "_:hub-%[1]d <urn:p> _:hub"), false},
		{"more alternatives among graphs", twins(3, "_:hub <urn:p> <urn:o> _:hub-%[1]d"), false},
		{"many alternatives that predicates tell apart", square("_:hub%[1]d <urn:p%[3]d> _:other%[2]d"), true},
		{"many alternatives among graphs, where predicates play no role", square("_:hub%[1]d <urn:p%[3]d> <urn:o> _:other%[2]d"), false},
		{"as many pairs as are allowed", quads(maxLinked/2, "_:a%[1]d <urn:p> _:b%[1]d"), true},
		{"more pairs", quads(maxLinked/2+1, "_:a%[1]d <urn:p> _:b%[1]d"), false},
		{"many links to the same one", twins(50, "_:hub <urn:p> <urn:o%[1]d> _:hub-g"), true},
		{"many links to either of two", twins(4, "_:hub <urn:p> <urn:o%[1]d> _:hub-g1") + twins(4, "_:hub <urn:p> <urn:o%[1]d> _:hub-g2"), false},
		{"a node with links to itself", quads(50, "_:a%[1]d <urn:p> _:a%[1]d"), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dataset, err := ld.ParseNQuads(tc.quads)
			require.NoError(t, err)
			assert.Equal(t, tc.bounded, newBlankNodes(dataset).areBounded())
			if tc.bounded {
				assertCanonicalised(t, func() error {
					ld.NewNormalisationAlgorithm(ld.AlgorithmURDNA2015).Normalize(dataset)
					return nil
				})
			}
		})
	}
}

// assertCanonicalised sees that what is bounded ends. What is not takes years.
func assertCanonicalised(t *testing.T, canonicalise func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- canonicalise() }()
	select {
	case err := <-done:
		assert.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("the node is kept busy")
	}
}

func TestJSONSize(t *testing.T) {
	texts := func(n int) string { return strings.TrimSuffix(strings.Repeat(`"x",`, n), ",") }
	for _, tc := range []struct {
		name, document string
		bounded        bool
	}{
		{"nothing", `{}`, true},
		{"as many values as are allowed", `{"a":[` + texts(maxValues-2) + `]}`, true},
		{"one more", `{"a":[` + texts(maxValues-1) + `]}`, false},
		{"one more object", `{"a":[` + texts(maxValues-3) + `, {"b":{}}]}`, false},
		{"as many contexts as are allowed", `{"@context":[` + texts(maxContexts-1) + `],"a":{"@context":"x"}}`, true},
		{"one more context", `{"@context":[` + texts(maxContexts-1) + `],"a":{"@context":["x","x"]}}`, false},
		{"a context of terms", `{"@context":{"a":"urn:a","b":{"@id":"urn:b","@type":"@id"}}}`, true},
		{"a context with a context for a term", `{"@context":{"a":{"@id":"urn:a","@context":"x"}}}`, false},
		{"a context with a context in a list", `{"a":[{"@context":[{"a":{"@id":"urn:a","@context":{}}}]}]}`, false},
		{"a context that imports one", `{"@context":{"@import":"x"}}`, false},
		{"a member named import outside a context", `{"@import":"x"}`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var document any
			require.NoError(t, json.Unmarshal([]byte(tc.document), &document))
			assert.Equal(t, tc.bounded, new(jsonSize).add(document))
		})
	}
	t.Run("documents are added up", func(t *testing.T) {
		var size jsonSize
		half := make([]any, maxValues/2)
		assert.True(t, size.add(half[1:]))
		assert.True(t, size.add(half[1:]))
		assert.False(t, size.add(half[:1]))
	})
}

// newTestJSONLD returns what a node in strict mode has on board.
func newTestJSONLD(t testing.TB) jsonld.JSONLD {
	t.Helper()
	instance := jsonld.NewJSONLDInstance()
	require.NoError(t, instance.(core.Configurable).Configure(core.ServerConfig{Strictmode: true}))
	return instance
}

// FuzzBlankNodes has whatever is found to be bounded canonicalised. Three bytes are a quad:
// a subject, an object, and the predicate with the graph.
func FuzzBlankNodes(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 2, 0, 2, 0, 0})                            // a ring
	f.Add([]byte{0, 1, 0, 0, 2, 0, 0, 3, 0, 4, 5, 0, 4, 6, 0, 4, 7, 0}) // twins
	f.Add([]byte{0, 1, 8, 0, 2, 8, 0, 3, 9, 4, 5, 17, 4, 6, 16})        // graphs
	f.Fuzz(func(t *testing.T, input []byte) {
		var text strings.Builder
		for ; len(input) >= 3 && text.Len() < 64<<10; input = input[3:] {
			_, _ = fmt.Fprintf(&text, "_:a%d <urn:p%d> _:a%d", input[0], input[2]%4, input[1])
			if graph := input[2] / 4; graph > 0 {
				_, _ = fmt.Fprintf(&text, " _:a%d", graph)
			}
			text.WriteString(" .\n")
		}
		dataset, err := ld.ParseNQuads(text.String())
		if err != nil || !newBlankNodes(dataset).areBounded() {
			return
		}
		assertCanonicalised(t, func() error {
			ld.NewNormalisationAlgorithm(ld.AlgorithmURDNA2015).Normalize(dataset)
			return nil
		})
	})
}

// FuzzBoundedDocuments has the node canonicalise whatever is found to be bounded.
func FuzzBoundedDocuments(f *testing.F) {
	for _, document := range hostileDocuments() {
		f.Add(document)
	}
	f.Add(`{"@context":["https://www.w3.org/2018/credentials/v1"],"id":"urn:a","credentialSubject":{"id":"_:b","urn:p":{"@list":["a",{"urn:q":{"@graph":[]}}]}}}`)
	f.Add(`{"@context":["https://schema.org",{"x":"_:","r":{"@reverse":"urn:p"}}],"@id":"x:a","r":[{"@id":"x:b"},{"@id":"x:c"}]}`)
	node := newTestJSONLD(f)
	f.Fuzz(func(t *testing.T, text string) {
		var document map[string]any
		if json.Unmarshal([]byte(text), &document) != nil {
			return
		}
		if (boundedDocuments{jsonld: node}).check(document, &jsonSize{}) != nil {
			return
		}
		delete(document, "proof")
		assertCanonicalised(t, func() error {
			_, err := jsonld.LDUtil{LDDocumentLoader: node.DocumentLoader()}.Canonicalize(document)
			return err
		})
	})
}
