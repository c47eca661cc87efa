// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"slices"
	"strings"
)

// Limits of a document.
const (
	MaxSize       = 1 << 20 // bytes
	maxDepth      = 64      // elements within each other
	maxAttributes = 64      // of one element, and namespace prefixes in scope: looking them up is linear
)

// Reader walks over a document element by element. The zero value is ready for
// [Reader.Open]; do not copy it after that.
//
// After [Reader.Open] or [Reader.Child] has opened an element, the caller consumes all of
// it: by Child until that reports false, or by one call of Text, QName, Empty or Skip. When
// the root has been consumed, the caller calls [Reader.Finish]. The first refusal stays and
// ends every loop; what was read until then is void. So the caller looks at
// [Reader.Refusal] once, at the end.
type Reader struct {
	in      string
	pos     int
	refusal Code

	el          element   // the element that was opened last
	selfClosing bool      // el has no content, its end is still to be taken
	open        []opened  // the elements in which pos is, the root first
	bindings    []binding // the namespace declarations in scope, innermost last

	// Room for what documents commonly hold, so that reading one allocates little.
	openRoom      [16]opened
	bindingRoom   [16]binding
	attributeRoom [16]attribute
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

// Open begins a document and opens its root element. It keeps a copy of the bytes.
func (r *Reader) Open(document []byte) bool {
	if len(document) > MaxSize {
		return r.Fail(Oversized)
	}
	// One byte order mark may stand before everything (XML 1.0, section 4.3.3): .NET writes it.
	r.in = strings.TrimPrefix(string(document), "\uFEFF")
	r.open, r.bindings, r.el.attributes = r.openRoom[:0], r.bindingRoom[:0], r.attributeRoom[:0]
	return r.checkCharacters() && r.declaration() && r.Child()
}

// Refusal returns why the document was refused, or the empty code.
func (r *Reader) Refusal() Code { return r.refusal }

// Fail refuses the document, unless it was refused before. It returns false, for the
// caller to return.
func (r *Reader) Fail(code Code) bool {
	if r.refusal == "" {
		r.refusal = code
	}
	return false
}

// Space returns the namespace of the element opened last; it is empty when it has none.
func (r *Reader) Space() string { return r.el.space }

// Local returns the local name of the element opened last.
func (r *Reader) Local() string { return r.el.local }

// Is reports whether the element opened last has this name.
func (r *Reader) Is(space, local string) bool {
	return r.el.local == local && r.el.space == space
}

// Finish refuses anything but white space after the root element.
func (r *Reader) Finish() {
	r.skipSpace()
	if r.refusal == "" && r.pos != len(r.in) {
		r.Fail(TrailingContent)
	}
}

// Child opens the next element within the current one. It reports false at the end of the
// current one, which it then closes. Only white space and comments may stand between
// elements.
func (r *Reader) Child() bool {
	if r.refusal != "" {
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
		return r.Fail(UnexpectedText)
	default:
		return r.Fail(Malformed)
	}
}

// Text returns the content of the current element, which must be one run of characters and
// nothing else, and closes it. White space around it stays, see [Trim]; line ends stay as
// they are written. A reference, a comment or CDATA is refused: readers differ in what they
// make of a value that is cut up.
func (r *Reader) Text() string {
	if r.refusal != "" {
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
		r.Fail(UnreadableValue)
	case strings.Contains(text, "]]>"):
		r.Fail(Malformed)
	default:
		r.endTag()
	}
	return text
}

// QName is Text for a qualified name (XML Schema part 2, section 3.2.18): it resolves the
// prefix, which may be declared by the element itself. An undeclared one is of no namespace.
func (r *Reader) QName() (space, local string) {
	inScope := r.bindings // Text closes the element, and with it what that declares
	prefix, local, found := strings.Cut(Trim(r.Text()), ":")
	if !found {
		prefix, local = "", prefix
	}
	space, _ = namespaceIn(inScope, prefix)
	return space, local
}

// Empty closes the current element, which must hold no element and no text.
func (r *Reader) Empty() {
	if r.Child() {
		r.Fail(UnreadableValue)
	}
}

// Skip closes the current element without reading what it holds, except that it must be
// well-formed. Of each element within, refuse returns why it may not be there, or the empty
// code: nothing that another reader could take for the thing that counts may hide in what is
// skipped.
func (r *Reader) Skip(refuse func(space, local string) Code) {
	for depth := 1; depth > 0 && r.refusal == ""; {
		if r.selfClosing {
			r.close()
			depth--
			continue
		}
		r.skipText()
		switch {
		case r.refusal != "":
		case r.at("</"):
			r.endTag()
			depth--
		case r.at("<!--"):
			r.comment()
		case r.at("<![CDATA["):
			r.cdata()
		default:
			if r.startTag() {
				if code := refuse(r.el.space, r.el.local); code != "" {
					r.Fail(code)
				}
			}
			depth++
		}
	}
}

// HasAttributes reports whether the element opened last has XML attributes. Namespace
// declarations are none.
func (r *Reader) HasAttributes() bool { return len(r.el.attributes) > 0 }

// OnlyAttributes reports whether the element opened last has no XML attributes but these, of
// no namespace.
func (r *Reader) OnlyAttributes(locals ...string) bool {
	return !slices.ContainsFunc(r.el.attributes, func(a attribute) bool {
		return a.space != "" || !slices.Contains(locals, a.local)
	})
}

// Attribute returns an XML attribute, of no namespace, of the element opened last. A
// reference in it is refused: it has no place in a code or number.
func (r *Reader) Attribute(local string) (text string, present bool) {
	return r.AttributeOf("", local)
}

// AttributeOf is Attribute for one of a namespace.
func (r *Reader) AttributeOf(space, local string) (text string, present bool) {
	for i := range r.el.attributes {
		a := &r.el.attributes[i]
		if a.local == local && a.space == space {
			if strings.Contains(a.value, "&") {
				r.Fail(UnreadableValue)
			}
			return a.value, true
		}
	}
	return "", false
}

// Required is Attribute, and refuses an absent or empty one.
func (r *Reader) Required(local string) string {
	text, _ := r.Attribute(local)
	if text == "" {
		r.Fail(MissingAttribute)
	}
	return text
}

// close leaves the current element and the namespaces it declared.
func (r *Reader) close() {
	last := len(r.open) - 1
	r.bindings = r.bindings[:r.open[last].bindings]
	r.open = r.open[:last]
	r.selfClosing = false
}

// Trim takes off the white space around a value whose type collapses it, such as xs:anyURI
// and xs:boolean (XML Schema part 2, section 4.3.6).
func Trim(s string) string { return strings.Trim(s, white) }
