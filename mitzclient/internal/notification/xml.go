// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// xmlBuilder makes a tree of FHIR XML (FHIR R4 section 2.6.1): a primitive is an element with
// the attribute value; the url of an extension is an attribute too, and becomes an element, as
// it is a member in JSON.
type xmlBuilder struct {
	builder
	strictxml.Reader
}

func fromXML(message []byte) (*element, Code) {
	b := &xmlBuilder{}
	top := &element{}
	if b.Open(message) {
		b.element(top)
		b.Finish()
	}
	if code := b.Refusal(); code != "" {
		return nil, code
	}
	return top.children[0], ""
}

// element reads the element opened last.
func (b *xmlBuilder) element(parent *element) {
	if b.Space() != namespaceFHIR {
		b.Fail(ForeignNamespace)
		return
	}
	e := b.add(parent, b.Local())
	if b.refusal != "" {
		b.Fail(b.refusal)
		return
	}
	if e.passed {
		b.passOver()
		return
	}
	b.attributes(e)
	for b.Child() {
		b.element(e)
	}
	if e.valued && len(e.children) > 0 {
		b.Fail(WrongShape)
	}
}

func (b *xmlBuilder) attributes(e *element) {
	allowed := []string{"value", "id"}
	if e.name == "extension" {
		allowed = []string{"url", "id"}
	}
	if !b.OnlyAttributes(allowed...) {
		b.Fail(UnexpectedAttribute)
		return
	}
	if allowed[0] == "value" {
		e.value, e.valued = b.Attribute("value")
	} else if url, present := b.Attribute("url"); present {
		child := b.add(e, "url")
		child.value, child.valued = url, true
	}
}

// passOver closes the element opened last.
func (b *xmlBuilder) passOver() {
	b.Skip(func(space, local string) Code {
		switch {
		case hidden[local]:
			return UnexpectedElement
		case space != namespaceFHIR && space != namespaceXHTML:
			return ForeignNamespace
		default:
			return ""
		}
	})
}
