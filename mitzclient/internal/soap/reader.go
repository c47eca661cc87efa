// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Kind is what a kind of answer adds to SOAP.
type Kind struct {
	Action       string // its wsa:Action
	Space, Local string // the name of the one element in its body
	// Spaces are further namespaces of its elements.
	Spaces []string
	// Parts are the local names of elements that make an answer what it is. None may stand in
	// what is passed over: a reader that searches for the first of them must not find one there.
	Parts []string
}

// Reader walks the one path through an envelope. The zero value is ready for [Reader.Read]; do
// not copy it after that.
type Reader struct {
	strictxml.Reader

	kind      *Kind
	action    string
	relatesTo string
	answered  bool
	fault     *Fault // nil unless there is a Fault in the answer's place
}

// Read reads an answer of a kind (SOAP 1.2 part 1, section 5). The element in the body is
// read by content, which is called at most once: it refuses by Fail, and what it read is void
// when Read returns something. That is why the envelope was refused, or the fault that is in the
// answer's place.
func (r *Reader) Read(answer []byte, kind *Kind, content func()) (refusal Code, fault *Fault) {
	r.kind = kind
	if r.Open(answer) {
		r.envelope(content)
		r.Finish()
	}
	switch refusal := r.Refusal(); {
	case refusal != "":
		return refusal, nil
	case r.fault != nil:
		return "", r.fault
	case r.action != kind.Action:
		return WrongAction, nil
	default:
		return "", nil
	}
}

// RelatesTo returns wsa:RelatesTo, the id of the message that this one answers; it is empty
// when there is none.
func (r *Reader) RelatesTo() string { return r.relatesTo }

// envelope reads section 5.1.
func (r *Reader) envelope(content func()) {
	if !r.Is(Namespace, "Envelope") {
		r.Unexpected()
		return
	}
	var header, body bool
	for r.Child() {
		switch {
		case r.Is(Namespace, "Header") && r.First(&header):
			if body {
				r.Unexpected()
			}
			r.header()
		case r.Is(Namespace, "Body") && r.First(&body):
			r.body(content)
		default:
			r.Unexpected()
		}
	}
	if !r.answered && r.fault == nil {
		r.Fail(MissingElement)
	}
}

// body holds an answer or a Fault, and nothing beside it.
func (r *Reader) body(content func()) {
	for r.Child() {
		switch {
		case r.Is(r.kind.Space, r.kind.Local) && r.First(&r.answered):
			content()
		case r.Is(Namespace, "Fault"):
			if r.fault != nil {
				r.Fail(DuplicateElement)
				return
			}
			r.fault = &Fault{}
			r.readFault()
		default:
			r.Unexpected()
		}
	}
	if r.answered && r.fault != nil {
		r.Fail(UnexpectedElement)
	}
}

// First marks a part as seen, and refuses it when it was before.
func (r *Reader) First(seen *bool) bool {
	if *seen {
		return r.Fail(DuplicateElement)
	}
	*seen = true
	return true
}

// Unexpected refuses the element opened last.
func (r *Reader) Unexpected() {
	if r.ours(r.Space()) {
		r.Fail(UnexpectedElement)
	} else {
		r.Fail(ForeignNamespace)
	}
}

// ours reports whether elements of an answer are in a namespace.
func (r *Reader) ours(space string) bool {
	return space == Namespace || space == NamespaceAddressing || space == r.kind.Space || slices.Contains(r.kind.Spaces, space)
}

// AnyNamespace lets SkipOver accept elements of every namespace.
const AnyNamespace = "*"

// SkipOver passes over what the current element holds, if it is of these namespaces and hides
// no part of an answer.
func (r *Reader) SkipOver(namespaces ...string) {
	r.Skip(func(space, local string) Code {
		switch {
		case r.hidden(local):
			return UnexpectedElement
		case slices.Contains(namespaces, space), slices.Contains(namespaces, AnyNamespace):
			return ""
		default:
			return ForeignNamespace
		}
	})
}

// hidden reports whether an element that is passed over could be taken for a part of the
// answer.
func (r *Reader) hidden(local string) bool {
	switch local {
	case "Envelope", "Header", "Body":
		return true
	default:
		return slices.Contains(r.kind.Parts, local)
	}
}
