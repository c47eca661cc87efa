// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strings"
)

// element is one element of a message. Its place in the message is known once it
// was recognised, so that it can be named without repeating what was received.
type element struct {
	name       xml.Name
	attributes map[xml.Name]string // namespace declarations are left out
	children   []*element
	text       strings.Builder // all text directly inside
	place      string
}

// holds returns the children, which must be exactly these, in this order.
func (e *element) holds(names ...xml.Name) ([]*element, error) {
	matches := len(e.children) == len(names) && e.onlyElements() == nil
	for i := 0; matches && i < len(names); i++ {
		matches = e.children[i].name == names[i]
	}
	if !matches {
		return nil, deviation("%s: must hold exactly %s", e.place, list(names))
	}
	for _, child := range e.children {
		child.place = e.place + "/" + child.name.Local
	}
	return e.children, nil
}

// onlyElements refuses text between elements.
func (e *element) onlyElements() error {
	if strings.Trim(e.text.String(), " \t\r\n") != "" {
		return deviation("%s: must hold elements only", e.place)
	}
	return nil
}

// carries returns the attributes, which must be exactly these.
func (e *element) carries(names ...xml.Name) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		value, found := e.attributes[name]
		if !found {
			return nil, deviation("%s: attribute %s is missing", e.place, name.Local)
		}
		values[i] = value
	}
	if len(e.attributes) != len(names) {
		if len(names) == 0 {
			return nil, deviation("%s: must carry no attributes", e.place)
		}
		return nil, deviation("%s: must carry no attributes but %s", e.place, list(names))
	}
	return values, nil
}

// says checks that the element holds this text and no elements.
func (e *element) says(want string) error {
	text, err := e.content()
	if err == nil && text != want {
		err = deviation("%s: must be %s", e.place, want)
	}
	return err
}

// content returns the text of an element that holds nothing else.
func (e *element) content() (string, error) {
	if len(e.children) > 0 {
		return "", deviation("%s: must hold text only", e.place)
	}
	return e.text.String(), nil
}

func list(names []xml.Name) string {
	if len(names) == 0 {
		return "nothing"
	}
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = name.Local
		if name.Space != "" {
			words[i] += " (" + name.Space + ")"
		}
	}
	return strings.Join(words, ", ")
}
