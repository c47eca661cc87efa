// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import "slices"

// occurs says how often an element may stand within another.
type occurs int

const (
	once     occurs = iota + 1 // at most; what must be there is asked for
	repeated                   // a list in JSON
	ignored                    // as often as it likes: FHIR says that it changes no meaning, or it says nothing here
)

// shape says what may stand within an element. An id may stand in each.
type shape map[string]occurs

// reader reads a tree. The first refusal stays; what was read until then is void.
type reader struct {
	refusal Code
	lists   bool // the form says what is a list
}

// fail refuses the message, unless it was refused before.
func (r *reader) fail(code Code) {
	if r.refusal == "" {
		r.refusal = code
	}
}

// check refuses an element that is not of this shape.
func (r *reader) check(e *element, s shape) {
	if e.valued {
		r.fail(WrongShape)
	}
	for i, child := range e.children {
		switch s[child.name] {
		case once:
			if r.lists && child.listed {
				r.fail(WrongShape)
			}
			if slices.ContainsFunc(e.children[:i], func(other *element) bool { return other.name == child.name }) {
				r.fail(DuplicateElement)
				return
			}
		case repeated:
			if r.lists && !child.listed {
				r.fail(WrongShape)
			}
		case ignored:
		default:
			if child.name != "id" {
				r.fail(UnexpectedElement)
				return
			}
		}
	}
}

// one returns a child that must be there.
func (r *reader) one(e *element, name string) *element {
	for _, child := range e.children {
		if child.name == name {
			return child
		}
	}
	r.fail(MissingElement)
	return &element{name: name}
}

// only returns the one child of this name in a list: there must be one, and no other.
func (r *reader) only(e *element, name string) *element {
	if count(e, name) > 1 {
		r.fail(DuplicateElement)
	}
	return r.one(e, name)
}

func count(e *element, name string) (n int) {
	for _, child := range e.children {
		if child.name == name {
			n++
		}
	}
	return n
}

// text returns the value of a primitive.
func (r *reader) text(e *element) string {
	switch {
	case len(e.children) > 0:
		r.fail(WrongShape)
	case e.value == "":
		r.fail(InvalidValue)
	}
	return e.value
}

// value returns the value of a child that must be there.
func (r *reader) value(e *element, name string) string { return r.text(r.one(e, name)) }

// fixed refuses any other value of a child that must be there.
func (r *reader) fixed(e *element, name, want string) {
	if r.value(e, name) != want {
		r.fail(InvalidValue)
	}
}

var (
	conceptShape    = shape{"coding": repeated, "text": ignored}
	codingShape     = shape{"system": once, "version": ignored, "code": once, "display": ignored}
	identifierShape = shape{"system": once, "value": once}
	referenceShape  = shape{"reference": once, "display": ignored}
)

// code returns the code of a CodeableConcept that has one, of this system.
func (r *reader) code(concept *element, system string) string {
	r.check(concept, conceptShape)
	return r.coding(r.only(concept, "coding"), system)
}

// coding returns the code of a Coding of this system.
func (r *reader) coding(coding *element, system string) string {
	r.check(coding, codingShape)
	r.fixed(coding, "system", system)
	return r.value(coding, "code")
}

// identifier returns the one identifier of a resource, of this system.
func (r *reader) identifier(resource *element, system string) string {
	identifier := r.only(resource, "identifier")
	r.check(identifier, identifierShape)
	r.fixed(identifier, "system", system)
	return r.value(identifier, "value")
}

// refersTo refuses a Reference to anything else.
func (r *reader) refersTo(reference *element, url string) {
	r.check(reference, referenceShape)
	if r.value(reference, "reference") != url {
		r.fail(UnresolvedReference)
	}
}
