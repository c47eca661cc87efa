// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/piprate/json-gold/ld"
)

// sparseContexts loads contexts for one document, to look at its graph: of schema.org's
// 2800 terms it leaves out those that make no difference there. The library takes 3 µs for
// each, and the node has it take them once more to verify the proof.
type sparseContexts struct {
	boundedContexts
	words   map[string]bool // all texts in the document
	sparse  bool            // schema.org's context was asked for
	foreign bool            // one was that is not on board
}

var _ ld.DocumentLoader = (*sparseContexts)(nil)

// newSparseContexts returns a loader for a document.
func newSparseContexts(contexts boundedContexts, document map[string]any) *sparseContexts {
	loader := &sparseContexts{boundedContexts: contexts, words: map[string]bool{}}
	loader.addWords(document)
	return loader
}

func (s *sparseContexts) addWords(value any) {
	switch value := value.(type) {
	case string:
		s.words[value] = true
	case map[string]any:
		for key, member := range value {
			s.addWords(key)
			s.addWords(member)
		}
	case []any:
		for _, element := range value {
			s.addWords(element)
		}
	}
}

// isExact reports whether the graph is that of the whole contexts. A context of others may
// use words that are not in the document.
func (s *sparseContexts) isExact() bool { return !s.sparse || !s.foreign }

// LoadDocument loads a context.
func (s *sparseContexts) LoadDocument(address string) (*ld.RemoteDocument, error) {
	_, onBoard := s.config().LocalFileMapping[address]
	if !onBoard {
		s.foreign = true
	}
	if !onBoard || address != jsonld.SchemaOrgContext {
		return s.boundedContexts.LoadDocument(address)
	}
	s.sparse = true
	whole, err := s.JSONLD.DocumentLoader().LoadDocument(address)
	if err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: whole.DocumentURL, Document: s.without(whole.Document)}, nil
}

// without returns the document of a context without the terms that make no difference.
func (s *sparseContexts) without(document any) any {
	outer, _ := document.(map[string]any)
	terms, isMap := outer["@context"].(map[string]any)
	vocabulary, _ := terms["@vocab"].(string)
	if !isMap || vocabulary == "" || terms["schema"] != vocabulary {
		return document
	}
	kept := map[string]any{}
	for term, definition := range terms {
		if s.words[term] || !isUsual(term, definition) {
			kept[term] = definition
		}
	}
	return map[string]any{"@context": kept}
}

// isUsual reports whether a term means what @vocab makes of it anyhow, but for the type of
// its values, and is no prefix (JSON-LD 1.1 section 4.4).
func isUsual(term string, definition any) bool {
	members, isMap := definition.(map[string]any)
	if !isMap || members["@id"] != "schema:"+term {
		return false
	}
	for name := range members {
		if name != "@id" && name != "@type" {
			return false
		}
	}
	return true
}
