// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import "github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"

// Bounds of a message, beside those of package strictxml. A notification is about one patient
// and one data holder: it has a Consent or two for each data category, of which there are a
// handful, with seven kinds of care provider.
const (
	maxElements = 8192 // of which the content counts
	maxEntries  = 64
	maxDepth    = 64 // as in XML
)

// element is one element of a resource, in either form.
type element struct {
	name     string
	value    string     // of a primitive type
	valued   bool       // there is a value
	listed   bool       // it stood in a JSON array
	passed   bool       // nothing in it was read
	children []*element // in the order of the message
}

// builder makes a tree. The first refusal stays.
type builder struct {
	refusal  Code
	elements int
}

// fail refuses the message, unless it was refused before.
func (b *builder) fail(code Code) {
	if b.refusal == "" {
		b.refusal = code
	}
}

// add adds a child, and returns it.
func (b *builder) add(parent *element, name string) *element {
	b.elements++
	if b.elements > maxElements {
		b.fail(TooManyElements)
	}
	child := &element{name: name, passed: !read[name]}
	parent.children = append(parent.children, child)
	return child
}

// tree returns the root of a message in one of the two forms.
func tree(media string, message []byte) (root *element, lists bool, refusal Code) {
	switch media {
	case "application/fhir+xml", "application/xml", "text/xml":
		root, refusal = fromXML(message)
		return root, false, refusal
	case "application/fhir+json", "application/json":
		root, refusal = fromJSON(message)
		return root, true, refusal
	default:
		return nil, false, UnknownMediaType
	}
}

// oversized reports whether a message is too large for either form.
func oversized(message []byte) bool { return len(message) > strictxml.MaxSize }
