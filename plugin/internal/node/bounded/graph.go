// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// The most that the node is left to canonicalise in one presentation: twice what ten
// credentials take, which look alike nowhere. docs/architecture.md tells what takes how
// long, within these bounds and beyond.
const (
	maxValues   = 320 // JSON values: objects, lists and what they hold
	maxContexts = 40  // contexts that are named in them
	maxLinked   = 32  // blank nodes that look alike and refer to one that does
	maxChoices  = 3   // alternatives that looking alike leaves
)

// jsonSize is how much there is in JSON-LD documents.
type jsonSize struct{ values, contexts int }

func (s *jsonSize) isBounded() bool { return s.values <= maxValues && s.contexts <= maxContexts }

// add counts a document's values. It reports false when they are too many, or when they
// bound nothing: a context that holds another has it read again wherever its terms are used
// (JSON-LD 1.1 section 4.1.8), so that a few hundred uses take as many times 25 ms.
func (s *jsonSize) add(value any) bool { return s.count(value, false) && s.isBounded() }

func (s *jsonSize) count(value any, inContext bool) bool {
	s.values++
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			isContext := key == "@context"
			if inContext && (isContext || key == "@import") {
				return false
			}
			if isContext {
				s.countContexts(member)
			}
			if !s.count(member, inContext || isContext) {
				return false
			}
		}
	case []any:
		for _, element := range value {
			if !s.count(element, inContext) {
				return false
			}
		}
	}
	return true
}

func (s *jsonSize) countContexts(named any) {
	switch named := named.(type) {
	case string:
		s.contexts++
	case []any:
		for _, each := range named {
			s.countContexts(each)
		}
	}
}

// blankNodes are the blank nodes of an RDF dataset, each with the quads that it is in.
type blankNodes map[string][]*ld.Quad

func newBlankNodes(dataset *ld.RDFDataset) blankNodes {
	nodes := blankNodes{}
	for _, quads := range dataset.Graphs {
		for _, quad := range quads {
			for _, node := range []ld.Node{quad.Subject, quad.Object, quad.Graph} {
				if node != nil && ld.IsBlankNode(node) {
					nodes[node.GetValue()] = append(nodes[node.GetValue()], quad)
				}
			}
		}
	}
	return nodes
}

// areBounded reports whether the canonicalisation (URDNA2015, RDF Dataset Canonicalization
// section 4.4) can name the nodes in bounded time. It names at once each node that looks
// like no other: whose quads, without the names of blank nodes, no other one has. From
// every other node it follows the links to nodes that have no name yet, and where several
// of them look alike in the same place, it follows them in every possible order. Only this
// takes time without end. So bounded are
//
//   - the nodes that look alike and have a link to another such node: how far it goes;
//   - what such places hold more than one: without a choice there is one order. With three
//     alternatives in all there are 24 at most, in one place, or fewer, in several.
func (n blankNodes) areBounded() bool {
	looks := make(map[string]look, len(n))
	count := make(map[look]int, len(n))
	for id := range n {
		looks[id] = n.look(id)
		count[looks[id]]++
	}
	linked, choices := 0, 0
	for id := range n {
		if count[looks[id]] == 1 {
			continue
		}
		places := n.places(id, func(other string) (look, bool) { return looks[other], count[looks[other]] > 1 })
		if len(places) > 0 {
			linked++
		}
		for _, links := range places {
			if slices.ContainsFunc(links, func(other string) bool { return other != links[0] }) {
				choices += len(links) - 1
			}
		}
	}
	return linked <= maxLinked && choices <= maxChoices
}

// look is what the algorithm sees of a blank node at first (Hash First Degree Quads,
// section 4.6). It takes nodes for alike that the algorithm can tell apart, such as those
// with texts in different languages, and never the other way around.
type look [sha256.Size]byte

func (n blankNodes) look(id string) look {
	lines := make([]string, len(n[id]))
	for i, quad := range n[id] {
		var line strings.Builder
		for _, node := range []ld.Node{quad.Subject, quad.Predicate, quad.Object, quad.Graph} {
			switch {
			case node == nil:
			case !ld.IsBlankNode(node):
				line.WriteString(node.GetValue())
			case node.GetValue() == id:
				line.WriteString("_:a")
			default:
				line.WriteString("_:z")
			}
			line.WriteByte(0)
		}
		lines[i] = line.String()
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "\n")))
}

// place is where a node refers to nodes that look alike (Hash Related Blank Node, section
// 4.7): in which part of a quad, with which predicate.
type place struct {
	part      int
	predicate string
	look      look
}

// graphPart is the part of a quad that names the graph it is in. The predicate plays no
// role there.
const graphPart = 2

// places returns a node's links to others that look alike, by their place.
func (n blankNodes) places(id string, alike func(other string) (look, bool)) map[place][]string {
	places := map[place][]string{}
	for _, quad := range n[id] {
		for part, node := range []ld.Node{quad.Subject, quad.Object, quad.Graph} {
			if node == nil || !ld.IsBlankNode(node) || node.GetValue() == id {
				continue
			}
			if look, isAlike := alike(node.GetValue()); isAlike {
				at := place{part: part, look: look}
				if part != graphPart {
					at.predicate = quad.Predicate.GetValue()
				}
				places[at] = append(places[at], node.GetValue())
			}
		}
	}
	return places
}
