// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is wrong with a text. None of these repeats any of it.
var (
	ErrDoubled = errors.New("a member is there twice, or with names that differ in case alone")
	ErrCase    = errors.New("a member's name differs in case from one that is looked for")
	ErrText    = errors.New("text that is not UTF-8")
	ErrShape   = errors.New("a text where an object belongs")
	ErrForm    = errors.New("not JSON as it is expected")
)

// maxDepth bounds how deep values are nested.
const maxDepth = 256

// Object is what a reader looks for in an object, or in the objects of a list.
type Object struct {
	// Members are the names that it looks for, each with what it looks for beneath; nil: the
	// value may be anything.
	Members map[string]*Object
	// OrText reports whether a text may stand in the object's place.
	OrText bool
}

// Check returns an error for a text that can be read differently by a reader that looks for
// these members. A nil object looks for none: then the names must only differ.
func Check(text []byte, object *Object) error {
	if !utf8.Valid(text) {
		return ErrText
	}
	scanner := scanner{text: text}
	if err := scanner.value(object, 0); err != nil {
		return err
	}
	if scanner.next(); scanner.at < len(text) {
		return ErrForm
	}
	return nil
}

// scanner goes through a text once.
type scanner struct {
	text []byte
	at   int
}

// next skips blanks and returns the next byte; 0 at the end, and where that byte is there.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value goes through one value.
func (s *scanner) value(object *Object, depth int) error {
	if depth > maxDepth {
		return ErrForm
	}
	switch s.next() {
	case '{':
		return s.members(object, depth)
	case '[':
		return s.elements(object, depth)
	case '"':
		if object != nil && !object.OrText {
			return ErrShape
		}
		_, err := s.string()
		return err
	default:
		return s.literal()
	}
}

// literal goes through a number, true, false or null.
func (s *scanner) literal() error {
	begin := s.at
	for ; s.at < len(s.text); s.at++ {
		if c := s.text[s.at]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
			break
		}
	}
	if s.at == begin {
		return ErrForm
	}
	return nil
}

func (s *scanner) elements(object *Object, depth int) error {
	s.at++
	if s.next() == ']' {
		s.at++
		return nil
	}
	for {
		if err := s.value(object, depth+1); err != nil {
			return err
		}
		c := s.next()
		s.at++
		if c == ']' {
			return nil
		}
		if c != ',' {
			return ErrForm
		}
	}
}

func (s *scanner) members(object *Object, depth int) error {
	s.at++
	if s.next() == '}' {
		s.at++
		return nil
	}
	var seen names
	for {
		if s.next() != '"' {
			return ErrForm
		}
		name, err := s.string()
		if err != nil {
			return err
		}
		if !seen.add(name) {
			return ErrDoubled
		}
		beneath, err := object.member(name)
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return ErrForm
		}
		s.at++
		if err := s.value(beneath, depth+1); err != nil {
			return err
		}
		c := s.next()
		s.at++
		if c == '}' {
			return nil
		}
		if c != ',' {
			return ErrForm
		}
	}
}

// member returns what is looked for beneath a member, or an error when its name only looks
// like one.
func (o *Object) member(name []byte) (*Object, error) {
	if o == nil {
		return nil, nil
	}
	if beneath, known := o.Members[string(name)]; known {
		return beneath, nil
	}
	for known := range o.Members {
		if bytes.EqualFold(name, []byte(known)) {
			return nil, ErrCase
		}
	}
	return nil, nil
}

// string goes through a text and returns what it says.
func (s *scanner) string() ([]byte, error) {
	s.at++
	begin, escaped := s.at, false
	for {
		end := bytes.IndexByte(s.text[s.at:], '"')
		if end < 0 {
			return nil, ErrForm
		}
		escape := bytes.IndexByte(s.text[s.at:s.at+end], '\\')
		if escape < 0 {
			s.at += end + 1
			break
		}
		escaped = true
		s.at += escape + 2 // with what is escaped, such as a quotation mark
	}
	if !escaped {
		return s.text[begin : s.at-1], nil
	}
	literal := s.text[begin-1 : s.at]
	var text string
	if json.Unmarshal(literal, &text) != nil {
		return nil, ErrForm
	}
	// A half surrogate pair becomes this letter, which else was written as such.
	const replacement = string(unicode.ReplacementChar)
	if written := bytes.Count(literal, []byte(replacement)) + bytes.Count(bytes.ToLower(literal), []byte(`\ufffd`)); strings.Count(text, replacement) != written {
		return nil, ErrText
	}
	return []byte(text), nil
}

// names are the names of an object's members.
type names struct {
	few    [][]byte
	folded map[string]bool // once they are many
}

// fewNames is how many names are compared one by one.
const fewNames = 16

// add adds a name, and reports whether no other is the same but for case.
func (n *names) add(name []byte) bool {
	if n.folded == nil {
		for _, other := range n.few {
			if bytes.EqualFold(name, other) {
				return false
			}
		}
		if len(n.few) < fewNames {
			n.few = append(n.few, name)
			return true
		}
		n.folded = make(map[string]bool, 2*fewNames)
		for _, other := range n.few {
			n.folded[fold(other)] = true
		}
	}
	folded := fold(name)
	if n.folded[folded] {
		return false
	}
	n.folded[folded] = true
	return true
}

// fold returns the same for all names that [bytes.EqualFold] takes for equal.
func fold(name []byte) string {
	return string(bytes.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name))
}
