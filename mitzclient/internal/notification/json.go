// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// jsonBuilder makes a tree of FHIR JSON (FHIR R4 section 2.6.2), of text that has one reading.
type jsonBuilder struct {
	builder
	in    *json.Decoder
	depth int
}

func fromJSON(message []byte) (*element, Code) {
	if oversized(message) {
		return nil, strictxml.Oversized
	}
	// Every name is compared with what is known at its place; so of the spelling only names
	// that differ in case alone are left to be found.
	switch err := strictjson.Check(message, nil); {
	case errors.Is(err, strictjson.ErrDoubled):
		return nil, DuplicateMember
	case errors.Is(err, strictjson.ErrText):
		return nil, strictxml.WrongEncoding
	case err != nil || !json.Valid(message):
		return nil, strictxml.Malformed
	}
	b := &jsonBuilder{in: json.NewDecoder(bytes.NewReader(message))}
	b.in.UseNumber()
	top := &element{}
	if b.next() != json.Delim('{') {
		return nil, WrongShape
	}
	b.resource(top)
	if b.refusal != "" {
		return nil, b.refusal
	}
	return top.children[0], ""
}

// next returns the next token. The text is known to be JSON.
func (b *jsonBuilder) next() json.Token {
	token, err := b.in.Token()
	if err != nil {
		b.fail(strictxml.Malformed)
	}
	return token
}

// more reports whether the list or object goes on, and closes it when not.
func (b *jsonBuilder) more() bool {
	if b.refusal != "" {
		return false
	}
	if b.in.More() {
		return true
	}
	b.next()
	return false
}

// resource reads an object that says of which type it is, and makes that its name, as it is in
// XML.
func (b *jsonBuilder) resource(parent *element) {
	e := b.add(parent, "")
	e.passed = false
	b.members(e, true)
	if e.name == "" {
		b.fail(MissingElement)
	}
}

// members reads what is in an object that was opened.
func (b *jsonBuilder) members(e *element, isResource bool) {
	b.depth++
	if b.depth > maxDepth {
		b.fail(strictxml.TooDeep)
	}
	for b.more() {
		name, _ := b.next().(string)
		if isResource && name == resourceType {
			e.name, _ = b.next().(string)
		} else {
			b.member(e, name)
		}
	}
	b.depth--
	if len(e.children) == 0 {
		b.fail(WrongShape) // FHIR has no empty objects
	}
}

// member reads a value, or all values of a list.
func (b *jsonBuilder) member(parent *element, name string) {
	token := b.next()
	if token != json.Delim('[') {
		b.value(b.add(parent, name), token)
		return
	}
	for empty := true; ; empty = false {
		if !b.more() {
			if empty {
				b.fail(WrongShape)
			}
			return
		}
		child := b.add(parent, name)
		child.listed = true
		b.value(child, b.next())
	}
}

func (b *jsonBuilder) value(e *element, token json.Token) {
	if e.passed {
		b.passOver(token)
		return
	}
	switch token := token.(type) {
	case string:
		e.value, e.valued = token, true
	case json.Delim:
		switch {
		case token != '{':
			b.fail(WrongShape)
		case e.name == "resource":
			b.resource(e)
		default:
			b.members(e, false)
		}
	default: // a number, true, false or null
		b.fail(WrongShape)
	}
}

// passOver reads a value to its end.
func (b *jsonBuilder) passOver(token json.Token) {
	switch token {
	case json.Delim('{'):
		for b.more() {
			if name, _ := b.next().(string); hidden[name] {
				b.fail(UnexpectedElement)
			}
			b.passOver(b.next())
		}
	case json.Delim('['):
		for b.more() {
			b.passOver(b.next())
		}
	}
}
