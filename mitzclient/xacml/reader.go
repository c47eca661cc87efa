// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"strings"
)

// Limits of an answer.
const (
	maxAnswer     = 1 << 20 // bytes
	maxDepth      = 64      // elements within each other
	maxAttributes = 64      // of one element, and namespace prefixes in scope: looking them up is linear
)

// reader walks over a document element by element, and refuses what another XML
// reader could take for something else. encoding/xml is not used: it hides CDATA
// and comments inside values, and accepts duplicate attributes, undeclared
// prefixes and content after the root.
//
// After [reader.child] or [reader.root] has given an element, the caller consumes
// all of it: by child until that gives false, or by text, empty or skip. The first
// refusal stays in err and ends every loop; what was read until then is void.
type reader struct {
	in  string
	pos int
	err *Error

	el          element   // the element that was opened last
	selfClosing bool      // el has no content, its end is still to be taken
	open        []opened  // the elements in which pos is, the root first
	bindings    []binding // the namespace declarations in scope, innermost last
}

// element is a start tag. Its attributes are valid until the next start tag.
type element struct {
	space, local string
	attributes   []attribute
}

type attribute struct {
	prefix, local string
	space         string // empty without a prefix
	value         string // as written: references are not replaced
}

type opened struct {
	name     string // as written, with its prefix
	bindings int    // how many were in scope before this element
}

type binding struct{ prefix, space string }

// fail keeps the first refusal; it gives false to be returned.
func (r *reader) fail(code Code) bool {
	if r.err == nil {
		r.err = &Error{Code: code}
	}
	return false
}

// is tells whether the element opened last has this name.
func (r *reader) is(space, local string) bool {
	return r.el.local == local && r.el.space == space
}

// root opens the document's root element.
func (r *reader) root() bool {
	return r.checkCharacters() && r.declaration() && r.child()
}

// finish refuses anything but white space after the root element.
func (r *reader) finish() {
	r.skipSpace()
	if r.err == nil && r.pos != len(r.in) {
		r.fail(TrailingContent)
	}
}

// child opens the next element within the current one. It gives false at the end
// of the current one, which it then closes. Only white space and comments may
// stand between elements.
func (r *reader) child() bool {
	if r.err != nil {
		return false
	}
	if r.selfClosing {
		r.close()
		return false
	}
	r.skipSpace()
	for r.at("<!--") {
		if !r.comment() {
			return false
		}
		r.skipSpace()
	}
	switch {
	case r.at("</"):
		r.endTag()
		return false
	case r.at("<"):
		return r.startTag()
	case r.pos < len(r.in):
		return r.fail(UnexpectedText)
	default:
		return r.fail(Malformed)
	}
}

// text gives the content of the current element, which must be one run of
// characters and nothing else, and closes it. A reference, a comment or CDATA is
// refused: readers differ in what they make of a value that is cut up.
func (r *reader) text() string {
	if r.err != nil {
		return ""
	}
	if r.selfClosing {
		r.close()
		return ""
	}
	start := r.pos
	r.pos += length(r.in[start:], '<')
	text := r.in[start:r.pos]
	switch {
	case strings.Contains(text, "&"), r.pos < len(r.in) && !r.at("</"):
		r.fail(UnreadableValue)
	case strings.Contains(text, "]]>"):
		r.fail(Malformed)
	default:
		r.endTag()
	}
	return text
}

// empty closes the current element, which must hold no element and no text.
func (r *reader) empty() {
	if r.child() {
		r.fail(UnreadableValue)
	}
}

// anyNamespace lets skip accept elements of every namespace.
const anyNamespace = "*"

// skip closes the current element without looking at what it holds, except that
// it must be well-formed, be of the namespaces given, and hide no part of an
// answer: a reader that searches for the first Decision must not find one here.
func (r *reader) skip(namespaces ...string) {
	for depth := 1; depth > 0 && r.err == nil; {
		if r.selfClosing {
			r.close()
			depth--
			continue
		}
		r.skipText()
		switch {
		case r.err != nil:
		case r.at("</"):
			r.endTag()
			depth--
		case r.at("<!--"):
			r.comment()
		case r.at("<![CDATA["):
			r.cdata()
		default:
			if r.startTag() {
				r.checkSkipped(namespaces)
			}
			depth++
		}
	}
}

func (r *reader) checkSkipped(namespaces []string) {
	switch r.el.local {
	case "Envelope", "Header", "Body", "Response", "Result", "Decision":
		r.fail(UnexpectedElement)
	}
	for _, space := range namespaces {
		if space == r.el.space || space == anyNamespace {
			return
		}
	}
	r.fail(ForeignNamespace)
}

// attribute gives the value of the current element's XML attribute of no
// namespace. A reference in it is refused: it has no place in a code or number.
func (r *reader) attribute(local string) (text string, present bool) {
	return r.qualified("", local)
}

func (r *reader) qualified(space, local string) (text string, present bool) {
	for i := range r.el.attributes {
		a := &r.el.attributes[i]
		if a.local == local && a.space == space {
			if strings.Contains(a.value, "&") {
				r.fail(UnreadableValue)
			}
			return a.value, true
		}
	}
	return "", false
}

// required is attribute, and refuses an absent or empty one.
func (r *reader) required(local string) string {
	text, _ := r.attribute(local)
	if text == "" {
		r.fail(MissingAttribute)
	}
	return text
}

// close leaves the current element and the namespaces it declared.
func (r *reader) close() {
	last := len(r.open) - 1
	r.bindings = r.bindings[:r.open[last].bindings]
	r.open = r.open[:last]
	r.selfClosing = false
}
